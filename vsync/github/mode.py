"""What a run is for: sync, or plan only. Pure: event facts in, a decision with its reason out.

The events: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_ALWAYS_SYNC = {"schedule": "it syncs the default branch", "repository_dispatch": "a program asked for it"}
PULL_REQUEST_EVENTS = {"pull_request", "pull_request_target"}


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the event shows it. A commit is None where the payload does not name it.

    `fork`: its files come from another repository. `merge` is GitHub's trial merge of base and head.
    """

    number: int
    state: Literal["open", "closed", "merged"] = "open"
    base: str | None = None
    head: str | None = None
    merge: str | None = None
    fork: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """The run before a `workflow_run` event: its own event, its branch, and whether its files come from a fork."""

    event: str | None = None
    branch: str | None = None
    fork: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What GitHub says about the event. Some events have more than a name, the ref and the default branch."""

    name: str
    action: str | None = None
    ref: str | None = None
    default_branch: str | None = None
    created: bool = False
    deleted: bool = False
    forced: bool = False
    pull_request: PullRequest | None = None
    trigger: Trigger | None = None

    @property
    def branch(self) -> str | None:
        """The branch that the ref names; None for tags and pull requests."""
        return self.ref.removeprefix("refs/heads/") if self.ref and self.ref.startswith("refs/heads/") else None


@dataclass(frozen=True, slots=True)
class Mode:
    """Whether the run only plans, and why. `warning`: the user asked for something that is not done."""

    dry_run: bool
    reason: str
    warning: str | None = None


def choose_mode(event: Event, *, wanted: bool | None, branch: str | None) -> Mode:
    """The mode for an event. `wanted` is the input dry-run (None: auto). Pushes to `branch` are synced."""
    if event.name == "pull_request_target":
        return _pull_request_target(event, wanted)
    branch = branch.removeprefix("refs/heads/") if branch else branch
    if wanted is not None:
        return Mode(wanted, f"dry-run is set to {str(wanted).lower()}")
    if event.name == "push":
        return _push(event, branch or event.default_branch)
    if event.name == "pull_request":
        return Mode(True, f"{_of_pull_request(event)}: it plans and changes nothing")
    if event.name == "merge_group":
        return Mode(True, "the event is merge_group: it plans, and the push that follows syncs")
    if event.name == "workflow_run":
        return _workflow_run(event.trigger or Trigger(), branch or event.default_branch)
    if event.name == "workflow_dispatch":
        return Mode(
            False, f"the event is workflow_dispatch{f' on {event.ref}' if event.ref else ''}: somebody asked for it"
        )
    if event.name in _ALWAYS_SYNC:
        return Mode(False, f"the event is {event.name}: {_ALWAYS_SYNC[event.name]}")
    return Mode(True, f"the event {event.name or '(none)'} is not one that syncs; set dry-run: false to sync")


def _of_pull_request(event: Event) -> str:
    action = f" ({event.action})" if event.action else ""
    fork = ", from a fork" if event.pull_request is not None and event.pull_request.fork else ""
    return f"the event is {event.name}{action}{fork}"


def _pull_request_target(event: Event, wanted: bool | None) -> Mode:
    """Anybody can start this event, and it runs with the repository's secrets. So its files never reach the store."""
    reason = f"{_of_pull_request(event)}: it plans and changes nothing"
    if wanted is False:
        return Mode(True, reason, "dry-run: false has no effect on pull_request_target, which anybody can start.")
    return Mode(True, reason)


def _push(event: Event, syncing: str | None) -> Mode:
    if event.deleted:
        return Mode(True, f"the push deleted {event.ref or 'a ref'}: nothing to sync")
    if event.ref is not None and event.ref.startswith("refs/tags/"):
        return Mode(
            True, f"the push is of the tag {event.ref.removeprefix('refs/tags/')}, and only branches are synced"
        )
    if syncing is None:
        return Mode(False, "the event is push, and its payload names no default branch")
    if event.branch != syncing:
        where = event.branch or event.ref or "a ref that is not named"
        return Mode(True, f"the push is to {where}, and only {syncing} is synced (input or config: branch)")
    how = "created" if event.created else "rewrote the history of" if event.forced else "is to"
    return Mode(False, f"the push {how} {syncing}")


def _workflow_run(trigger: Trigger, syncing: str | None) -> Mode:
    name = "the event is workflow_run"
    if trigger.fork:
        return Mode(True, f"{name}, after a run for a fork, whose files are not synced")
    if trigger.event is not None and trigger.event.startswith("pull_request"):  # reviews and comments as well
        return Mode(True, f"{name}, after a run for a pull request, whose files are not synced")
    if trigger.branch is not None and syncing is not None and trigger.branch != syncing:
        return Mode(
            True, f"{name}, after a run on {trigger.branch}, and only {syncing} is synced (input or config: branch)"
        )
    return Mode(False, f"{name}, after a run on {trigger.branch or 'the default branch'}")
