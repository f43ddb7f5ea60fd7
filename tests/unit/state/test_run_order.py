"""Which of two workflow runs is newer, and whether a run is late."""

from __future__ import annotations

import pytest

from vsync.state.run_order import is_late, newest_run


@pytest.mark.parametrize(
    ("published", "run_id", "head", "late"),
    [
        ("200", "100", None, True),
        ("200", "200", None, False),
        ("200", "300", None, False),
        ("1000", "999", None, True),
        ("200", "100", "main", False),
        ("200", None, None, False),
        ({}, "100", None, False),
        (None, "100", None, False),
        (200, "100", None, False),
        ("x200", "100", None, False),
        ("200", "x100", None, False),
        ("", "100", None, False),
        ("²", "100", None, False),
        ("2" * 5_000, "100", None, False),
    ],
)
def test_a_run_is_late_when_a_newer_one_has_published(
    published: object, run_id: str | None, head: str | None, late: bool
) -> None:
    assert is_late(published, run_id, head) is late


def test_the_newest_of_several_runs_is_that_of_the_highest_number() -> None:
    assert newest_run("9", None, "10", "local-4f", 11, "²") == "10"
    assert newest_run(None, "local-1") is None
