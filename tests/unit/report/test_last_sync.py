"""What the manifest says of the last complete sync."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from vsync.report.last_sync import LastSync, last_sync
from vsync.state.manifest import TargetState

COMMIT = "c" * 40
WHEN = "2026-11-28T15:03:21+01:00"


def state(**facts: Any) -> TargetState:
    given = {"commit": COMMIT, "settings": "s", "run": {"head": COMMIT, "when": WHEN}, **facts}
    return TargetState("vs_1", **given)


def test_a_complete_sync_has_its_commit_and_its_time_in_utc() -> None:
    assert last_sync(state()) == LastSync(COMMIT, "2026-11-28 14:03 UTC")


def test_the_time_of_a_later_run_that_was_not_complete_is_not_the_time_of_the_sync() -> None:
    assert last_sync(state(run={"head": "d" * 40, "when": WHEN})) == LastSync(COMMIT, None)


def test_a_folder_has_no_commit() -> None:
    assert last_sync(state(commit=None, run={"head": None, "when": WHEN})) == LastSync(None, "2026-11-28 14:03 UTC")


@pytest.mark.parametrize(
    "unfinished",
    [None, state(commit=None), state(commit=None, settings="", run={"head": None, "when": WHEN})],
    ids=["never synced", "a commit that is not done", "a folder that is not done"],
)
def test_without_a_complete_sync_there_is_none(unfinished: TargetState | None) -> None:
    assert last_sync(unfinished) is None


@pytest.mark.parametrize(
    "when", [None, 5, "", "yesterday", "2026-11-28T15:03:21", "0001-01-01T00:00:00+23:00", "<b>2026</b>"]
)
def test_what_is_no_time_is_not_shown(when: object) -> None:
    found = last_sync(replace(state(), run={"head": COMMIT, "when": when}))
    assert found == LastSync(COMMIT, None)
