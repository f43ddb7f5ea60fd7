"""What a run is for: sync, or plan only. Pure: event facts in, a decision with its reason out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUN_ID = re.compile(r"[0-9]{1,20}")
_SYNC_EVENTS = {"workflow_dispatch", "schedule", "repository_dispatch", "workflow_run"}
_PLAN_EVENTS = {"pull_request", "pull_request_target", "merge_group"}


@dataclass(frozen=True, slots=True)
class Event:
    """What GitHub says of the event: its name, the pushed ref, and the repository's default branch."""

    name: str
    ref: str | None = None
    default_branch: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """Whether the run only plans, and why."""

    dry_run: bool
    reason: str


def choose_mode(event: Event, *, wanted: bool | None, branch: str | None) -> Mode:
    """The mode for an event. `wanted` is the input dry-run (None: auto), `branch` the branch that syncs."""
    if wanted is not None:
        return Mode(wanted, f"dry-run is set to {str(wanted).lower()}")
    if event.name == "push":
        return _push(event, branch)
    if event.name in _SYNC_EVENTS:
        return Mode(False, f"the event is {event.name}")
    if event.name in _PLAN_EVENTS:
        return Mode(True, f"the event is {event.name}: it plans and changes nothing")
    return Mode(True, f"the event {event.name or '(none)'} is not one that syncs; set dry-run: false to sync")


def _push(event: Event, branch: str | None) -> Mode:
    if event.deleted:
        return Mode(True, f"the push deleted {event.ref}: nothing to sync")
    syncing = branch or event.default_branch
    if syncing is None:
        return Mode(False, "the event is push, and its payload names no default branch")
    if event.ref == f"refs/heads/{syncing}":
        return Mode(False, f"the push is to {syncing}")
    return Mode(True, f"the push is to {event.ref}, and only {syncing} is synced (input branch)")


def is_late(published: object, run_id: str | None, head: str | None) -> bool:
    """Whether the run that `published` names is newer than this one. An explicit head is a person's order, and obeyed."""
    if head is not None or run_id is None or not isinstance(published, str):
        return False
    return all(_RUN_ID.fullmatch(text) for text in (published, run_id)) and int(run_id) < int(published)
