"""Whether the branch that is to be synced exists. A misspelled branch would make every run a plan, and nobody would see why."""

from __future__ import annotations

import contextlib

from vsync.errors import GitUnavailable, PushRefused
from vsync.git.remote import Remote
from vsync.github.mode import Event
from vsync.system.nearest import nearest

_HEADS = "refs/heads/"


def missing_branch(branch: str | None, event: Event, remote: Remote | None) -> str | None:
    """A warning when the remote has no such branch; None when it has it, or when nothing tells.

    A branch that the event names is not looked up. Else that takes one request to the remote, or two when it is missing.
    """
    if branch is None or remote is None or branch in {event.branch, event.default_branch}:
        return None
    with contextlib.suppress(GitUnavailable, PushRefused):
        if remote.refs(_HEADS + branch):
            return None
        every = [ref.removeprefix(_HEADS) for ref in remote.refs(_HEADS + "*")]
        meant = nearest(branch, every)
        guess = f"Did you mean {meant!r}?" if meant else "Correct it."
        return f"The remote has no branch {branch!r} (input or config: branch), and no push to another branch syncs. {guess}"
    return None
