"""How a listing shows that it is stale, and what the user is told."""

from __future__ import annotations

import pytest

from vsync.errors import ApiUnavailable
from vsync.sync.stale_listing import may_upload_twice, stale_warning, why_stale


@pytest.mark.parametrize(
    ("unlisted", "shows_gone", "why"),
    [
        (0, False, None),
        (-3, False, None),  # entries were added after the count
        (1, False, "the store counts 1 File more than are listed"),
        (2_000, True, "the store counts 2,000 Files more than are listed"),
        (0, True, "entries that it shows are gone"),
    ],
)
def test_a_listing_is_stale_when_it_is_short_or_shows_what_is_gone(
    unlisted: int, shows_gone: bool, why: str | None
) -> None:
    assert why_stale(unlisted, shows_gone=shows_gone) == why


def test_the_error_says_what_to_do_when_waiting_does_not_help() -> None:
    error = may_upload_twice("vs_1", "the store counts 1 File more than are listed")
    assert isinstance(error, ApiUnavailable)
    assert error.exit_code == 3
    for way in ("Run again", "--force", "--vector-store-name"):
        assert way in error.remedy


def test_a_run_that_goes_on_names_the_store_and_the_reason() -> None:
    assert "vs_1 is stale, even after 90 s: it is" in stale_warning("vs_1", "it is")
