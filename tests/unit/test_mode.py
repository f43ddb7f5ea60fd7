"""Which events sync, which only plan, and which runs come too late."""

from __future__ import annotations

import pytest

from vsync.mode import Event, choose_mode, is_late


def push(ref: str, default: str | None = "main", *, deleted: bool = False) -> Event:
    return Event("push", ref, default, deleted)


@pytest.mark.parametrize(
    ("event", "branch", "dry_run", "reason"),
    [
        (push("refs/heads/main"), None, False, "to main"),
        (push("refs/heads/feature"), None, True, "only main is synced"),
        (push("refs/heads/feature/main"), None, True, "only main is synced"),
        (push("refs/tags/main"), None, True, "only main is synced"),
        (push("refs/heads/release"), "release", False, "to release"),
        (push("refs/heads/main"), "release", True, "only release is synced"),
        (push("refs/heads/any", None), None, False, "no default branch"),
        (push("refs/heads/any", None), "release", True, "only release is synced"),
        (push("refs/heads/main", deleted=True), None, True, "deleted refs/heads/main"),
        (Event("workflow_dispatch", "refs/heads/feature", "main"), None, False, "workflow_dispatch"),
        (Event("schedule"), None, False, "schedule"),
        (Event("repository_dispatch"), None, False, "repository_dispatch"),
        (Event("workflow_run"), None, False, "workflow_run"),
        (Event("pull_request", "refs/pull/1/merge", "main"), None, True, "plans and changes nothing"),
        (Event("pull_request_target"), None, True, "plans and changes nothing"),
        (Event("merge_group"), None, True, "plans and changes nothing"),
        (Event("release"), None, True, "set dry-run: false"),
        (Event(""), None, True, "(none)"),
    ],
)
def test_each_event_has_its_mode(event: Event, branch: str | None, dry_run: bool, reason: str) -> None:
    mode = choose_mode(event, wanted=None, branch=branch)
    assert mode.dry_run is dry_run
    assert reason in mode.reason


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("event", [push("refs/heads/main"), push("refs/heads/x", deleted=True), Event("pull_request")])
def test_what_the_user_wants_goes_before_the_event(event: Event, wanted: bool) -> None:
    mode = choose_mode(event, wanted=wanted, branch=None)
    assert mode.dry_run is wanted
    assert mode.reason == f"dry-run is set to {str(wanted).lower()}"


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
