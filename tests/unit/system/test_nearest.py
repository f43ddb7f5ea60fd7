from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.system.nearest import nearest

KNOWN = ("VSYNC_INCLUDE", "VSYNC_EXCLUDE", "VSYNC_DRY_RUN", "VSYNC_MAX_DELETE")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VSYNC_INCLUDES", "VSYNC_INCLUDE"),
        ("VSYNC_DRYRUN", "VSYNC_DRY_RUN"),
        ("vsync_max_delete", "VSYNC_MAX_DELETE"),
        ("mian", "main"),
        ("MAIN", "main"),
    ],
)
def test_a_name_with_a_slip_is_recognized(name: str, meant: str) -> None:
    assert nearest(name, (*KNOWN, "main")) == meant


@pytest.mark.parametrize("name", ["", "x", "gh-pages", "🦄"])
def test_a_name_that_is_like_none_has_no_nearest_name(name: str) -> None:
    assert nearest(name, KNOWN) is None


def test_without_known_names_there_is_no_nearest_name() -> None:
    assert nearest("main", ()) is None


@given(st.text(max_size=20), st.lists(st.text(max_size=20)))
def test_the_nearest_name_is_a_known_one_and_does_not_depend_on_their_order(name: str, known: list[str]) -> None:
    found = nearest(name, known)
    assert found is None or found in known
    assert found == nearest(name, list(reversed(known)))


@given(st.text(min_size=1, max_size=20), st.lists(st.text(max_size=20)))
def test_a_known_name_is_its_own_nearest_but_for_its_case(name: str, others: list[str]) -> None:
    found = nearest(name, [*others, name])
    assert found is not None
    assert found.casefold() == name.casefold()


def test_of_equally_like_names_the_first_in_alphabetical_order_is_taken() -> None:
    assert nearest("release-3", ("release-2", "release-1")) == "release-1"
