"""Which comparison is made, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import COMMIT, state
from vsync.plan.comparison import choose_comparison
from vsync.state.manifest import TargetState

DONE = state(["a.md"])
OTHER = "e" * 40


@pytest.mark.parametrize(
    ("known", "settings", "full", "base_known", "base", "mode", "reason"),
    [
        (None, "s1", False, False, None, "full", "first sync"),
        (None, "s1", True, True, COMMIT, "full", "first sync"),
        (DONE, "s1", True, True, None, "full", "asked for"),
        (replace(DONE, commit=None, run={"head": OTHER}), "s1", False, False, None, "full", "no run has completed"),
        (DONE, "s2", False, True, None, "full", "settings changed"),
        (replace(DONE, settings=""), "s1", False, True, None, "full", "documents to retry"),
        (replace(DONE, run={"head": OTHER}), "s1", False, True, None, "full", "documents to retry"),
        (replace(DONE, run={}), "s1", False, True, None, "full", "documents to retry"),
        (DONE, "s1", False, False, None, "full", f"does not have the last synced commit {COMMIT[:12]}, which is usual"),
        (DONE, "s1", False, True, OTHER, "full", f"base {OTHER[:12]} is not the last synced commit {COMMIT[:12]}"),
        (DONE, "s1", False, True, COMMIT, "diff", COMMIT[:12]),
        (DONE, "s1", False, True, None, "diff", COMMIT[:12]),
    ],
)
def test_only_what_git_changed_is_compared_where_that_tells_all(
    known: TargetState | None,
    settings: str,
    full: bool,
    base_known: bool,
    base: str | None,
    mode: str,
    reason: str,
) -> None:
    found = choose_comparison(known, settings, full=full, base_known=base_known, base=base)
    assert found.mode == mode
    assert reason in found.reason
