"""Whether the given store is the recorded one, what is recorded of a store, and what is said of one that expires."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import TARGET, state, store_info
from vsync.auth.api_address import EMBEDDED_API, OPENAI_API
from vsync.config.targets import Target
from vsync.errors import ManifestError
from vsync.state.manifest import TargetState
from vsync.sync.same_store import check_live_name, check_store, expiry_warnings, has_unknown_name, with_store

NAMED = replace(state(), vector_store_name="docs")
OTHER = "http://gateway.test/v1"


def given(**values: Any) -> Target:
    return replace(TARGET, **values)


@pytest.mark.parametrize(
    "target",
    [
        given(),
        given(api=OPENAI_API),
        given(vector_store_id="vs_1"),
        given(vector_store_name="docs"),
        given(vector_store_id="vs_1", vector_store_name="renamed"),
    ],
    ids=["nothing", "the API", "the id", "the name", "the id and another name"],
)
def test_the_recorded_store_is_accepted(target: Target) -> None:
    check_store(NAMED, target, "m.json")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (given(api=OTHER), OTHER),
        (given(api=EMBEDDED_API), "the embedded store"),
        (given(vector_store_id="vs_2"), "vs_2"),
        (given(vector_store_name="two"), "'two'"),
        (given(vector_store_id="vs_2", vector_store_name="docs"), "vs_2"),
        (given(vector_store_name="Docs"), "'Docs'"),
        (given(api=OTHER, vector_store_id="vs_1"), OTHER),
    ],
    ids=["API", "embedded", "id", "name", "id with the name", "case", "API with the id"],
)
def test_another_store_is_refused_with_what_is_recorded_and_what_is_given(target: Target, told: str) -> None:
    with pytest.raises(ManifestError) as error:
        check_store(NAMED, target, "m.json")
    assert error.value.exit_code == 2
    assert "m.json" in error.value.message
    assert told in error.value.message
    assert "--target" in error.value.remedy or "--manifest" in error.value.remedy


def test_nothing_recorded_refuses_nothing() -> None:
    check_store(None, given(api=OTHER, vector_store_id="vs_2", vector_store_name="two"), "m.json")


@pytest.mark.parametrize(
    ("recorded", "used", "way_back"),
    [
        (OPENAI_API, OTHER, "leave out OPENAI_BASE_URL"),
        (OTHER, OPENAI_API, "to its address, if you know it and trust it"),
        (EMBEDDED_API, OPENAI_API, "give --local"),
        (OPENAI_API, EMBEDDED_API, "leave out --local"),
        (OTHER, EMBEDDED_API, "leave out --local"),
    ],
)
def test_the_way_back_to_the_recorded_api_is_told(recorded: str, used: str, way_back: str) -> None:
    with pytest.raises(ManifestError) as error:
        check_store(replace(NAMED, api=recorded), given(api=used), "m.json")
    assert way_back in error.value.remedy
    assert OTHER not in error.value.remedy  # whoever may push wrote it


def test_a_name_that_is_not_recorded_is_checked_against_the_store_itself() -> None:
    unnamed, wanted = state(), given(vector_store_name="docs")
    check_store(unnamed, wanted, "m.json")
    check_live_name(unnamed, wanted, store_info(name="docs"), "m.json")
    for name in ("other", None):
        with pytest.raises(ManifestError, match="'docs' is given"):
            check_live_name(unnamed, wanted, store_info(name=name), "m.json")


def test_a_name_that_is_recorded_is_not_checked_against_a_store_that_was_renamed() -> None:
    check_live_name(NAMED, given(vector_store_name="docs"), store_info(name="renamed"), "m.json")
    check_live_name(state(), given(vector_store_id="vs_1", vector_store_name="x"), store_info(name="y"), "m.json")


@pytest.mark.parametrize(
    ("recorded", "target", "unknown"),
    [
        (state(), given(vector_store_name="docs"), True),
        (NAMED, given(vector_store_name="docs"), False),
        (state(), given(), False),
        (state(), given(vector_store_id="vs_1", vector_store_name="docs"), False),
        (None, given(vector_store_name="docs"), False),
    ],
)
def test_the_store_is_asked_for_its_name_only_where_nothing_else_can_tell(
    recorded: TargetState | None, target: Target, unknown: bool
) -> None:
    assert has_unknown_name(recorded, target) == unknown


@pytest.mark.parametrize(
    ("recorded", "target", "live", "name"),
    [
        (state(), given(), "docs", "docs"),
        (NAMED, given(), "renamed", "docs"),
        (NAMED, given(vector_store_name="docs"), "renamed", "docs"),
        (NAMED, given(vector_store_id="vs_1"), "renamed", "renamed"),
        (NAMED, given(vector_store_id="vs_1", vector_store_name="renamed"), "renamed", "renamed"),
        (replace(NAMED, vector_store_id="vs_0"), given(), "new", "new"),
        (state(), given(), None, None),
    ],
    ids=["unknown", "renamed", "old name given", "id given", "id and name given", "another store", "without a name"],
)
def test_the_name_is_recorded_and_stays_until_the_id_is_given(
    recorded: TargetState, target: Target, live: str | None, name: str | None
) -> None:
    assert with_store(recorded, target, store_info(name=live)).vector_store_name == name


def test_api_and_expiry_are_recorded_as_they_are_now() -> None:
    before = replace(NAMED, expires_after_days=7)
    after = with_store(before, given(api=OTHER), replace(store_info(), expires_after_days=30))
    assert (after.vector_store_id, after.api, after.expires_after_days) == ("vs_1", OTHER, 30)
    assert with_store(after, given(), store_info()).expires_after_days is None
    assert with_store(after, given(), store_info()).api == OTHER


def test_an_expiry_is_told_with_what_it_means_and_the_way_out() -> None:
    (warning,) = expiry_warnings("vs_1", 30)
    assert "vs_1" in warning
    assert "30 days without use" in warning
    assert "expires_after" in warning
    assert "1 day without" in expiry_warnings("vs_1", 1)[0]
    assert expiry_warnings("vs_1", None) == ()
