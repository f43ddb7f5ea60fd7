"""What each event means."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.github.mode import Event, Trigger, choose_mode


def push(ref: str = "refs/heads/main", default: str | None = "main", **facts: Any) -> Event:
    return Event("push", ref=ref, default_branch=default, **facts)


def after(trigger: Trigger | None) -> Event:
    return Event("workflow_run", ref="refs/heads/main", default_branch="main", trigger=trigger)


@pytest.mark.parametrize(
    ("event", "branch", "dry_run", "reason"),
    [
        (push(), None, False, "is to main"),
        (push(created=True), None, False, "created main"),
        (push(forced=True), None, False, "rewrote the history of main"),
        (push("refs/heads/feature"), None, True, "only main is synced"),
        (push("refs/heads/feature/main"), None, True, "only main is synced"),
        (push("refs/tags/main"), None, True, "the tag main, and only branches"),
        (push("refs/tags/v1", None), None, True, "the tag v1"),
        (push("refs/heads/release"), "release", False, "to release"),
        (push(), "release", True, "only release is synced"),
        (push("refs/heads/any", None), None, False, "no default branch"),
        (push("refs/heads/any", None), "release", True, "only release is synced"),
        (push(deleted=True), None, True, "deleted refs/heads/main"),
        (push("refs/heads/x", None, deleted=True), None, True, "nothing to sync"),
        (Event("workflow_dispatch", ref="refs/heads/feature", default_branch="main"), None, False, "asked for it"),
        (Event("schedule", default_branch="main"), None, False, "schedule"),
        (Event("repository_dispatch"), None, False, "repository_dispatch"),
        (after(None), None, False, "after a run on the default branch"),
        (after(Trigger("push", "main")), None, False, "after a run on main"),
        (after(Trigger("push", "feature")), None, True, "only main is synced"),
        (after(Trigger("push", "feature")), "feature", False, "after a run on feature"),
        (after(Trigger("push", "main", fork=True)), None, True, "for a fork"),
        (after(Trigger("pull_request", "main")), None, True, "for a pull request"),
        (after(Trigger("pull_request_target", "main")), None, True, "for a pull request"),
        (Event("pull_request", action="opened", default_branch="main"), None, True, "pull_request (opened)"),
        (Event("pull_request", action="closed"), None, True, "plans and changes nothing"),
        (Event("pull_request_target"), None, True, "plans and changes nothing"),
        (Event("merge_group"), None, True, "the push that follows syncs"),
        (Event("release"), None, True, "set dry-run: false"),
        (Event(""), None, True, "(none)"),
    ],
)
def test_each_event_has_its_mode(event: Event, branch: str | None, dry_run: bool, reason: str) -> None:
    mode = choose_mode(event, wanted=None, branch=branch)
    assert mode.dry_run is dry_run
    assert reason in mode.reason
    assert mode.warning is None


@pytest.mark.parametrize("event", [push(), push("refs/heads/x", deleted=True), Event("pull_request"), Event("release")])
@pytest.mark.parametrize("wanted", [True, False])
def test_the_input_overrides_the_event(event: Event, wanted: bool) -> None:
    assert choose_mode(event, wanted=wanted, branch=None).dry_run is wanted


@pytest.mark.parametrize("wanted", [True, False, None])
def test_what_anybody_can_start_never_syncs(wanted: bool | None) -> None:
    mode = choose_mode(Event("pull_request_target"), wanted=wanted, branch=None)
    assert mode.dry_run
    assert (mode.warning is not None) is (wanted is False)
