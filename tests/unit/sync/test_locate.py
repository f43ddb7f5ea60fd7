"""Which vector store belongs to a target."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.builders import state, store_info
from vsync.config.targets import Target
from vsync.errors import StoreConflict
from vsync.state.manifest import TargetState
from vsync.store.choose import store_metadata
from vsync.store.entries import StoreInfo
from vsync.sync.locate import locate_to_read
from vsync.sync.store_name import store_name

DEFAULT = Target(source="acme/docs")
CODE = Target("code", "acme/docs")


class Listed:
    """The stores of a project."""

    def __init__(self, *stores: StoreInfo) -> None:
        self._stores = list(stores)

    async def list(self) -> Any:
        return self._stores


def find(target: Target, recorded: TargetState | None, *stores: StoreInfo) -> str:
    listed: Any = Listed(*stores)
    return asyncio.run(locate_to_read(listed, target, recorded))


@pytest.mark.parametrize(
    ("target", "old", "name"),
    [
        (DEFAULT, None, "acme/docs"),
        (CODE, None, "acme/docs (code)"),
        (CODE, "old name", "old name"),
        (Target("code", "acme/docs", vector_store_name="given"), "old name", "given"),
    ],
)
def test_the_name_is_the_given_one_else_that_of_the_old_store_else_the_sources_with_the_targets(
    target: Target, old: str | None, name: str
) -> None:
    assert store_name(target, old) == name


def test_the_store_that_is_given_is_read_whatever_the_manifest_says() -> None:
    assert find(Target(source="acme/docs", vector_store_id="vs_9"), state(["a.md"])) == "vs_9"


def test_else_the_manifests_store_is_read() -> None:
    assert find(DEFAULT, state(["a.md"]), store_info("vs_7")) == "vs_1"


def test_else_the_one_store_of_that_name_is_read() -> None:
    assert find(DEFAULT, None, store_info("vs_7"), store_info("vs_8", "other")) == "vs_7"
    given = Target("code", "acme/docs", vector_store_name="acme/docs")
    assert find(given, None, store_info("vs_7"), store_info("vs_8", "acme/docs (code)")) == "vs_7"


def test_a_target_without_a_manifest_never_reads_the_default_targets_store() -> None:
    both = store_info("vs_default", "acme/docs"), store_info("vs_code", "acme/docs (code)")
    assert find(CODE, None, *both) == "vs_code"
    with pytest.raises(StoreConflict, match="'acme/docs \\(code\\)' there is none"):
        find(CODE, None, both[0])


def test_a_store_that_vsync_made_for_the_target_is_read_under_any_name() -> None:
    made = store_info("vs_code", "renamed", store_metadata("acme/docs", "code", "owner-1"))
    assert find(CODE, None, store_info("vs_default", "acme/docs"), made) == "vs_code"


def test_a_name_that_is_given_is_the_only_one() -> None:
    made = store_info("vs_code", "renamed", store_metadata("acme/docs", "code", "owner-1"))
    with pytest.raises(StoreConflict, match="'given' there is none"):
        find(Target("code", "acme/docs", vector_store_name="given"), None, made)


@pytest.mark.parametrize(
    ("stores", "named"),
    [([], "none"), ([store_info("vs_8", "other")], "none"), ([store_info("vs_7"), store_info("vs_8")], "vs_7, vs_8")],
)
def test_a_store_that_is_not_clear_is_not_guessed(stores: list[StoreInfo], named: str) -> None:
    with pytest.raises(StoreConflict, match=named) as caught:
        find(DEFAULT, None, *stores)
    assert "--vector-store-id" in caught.value.remedy
