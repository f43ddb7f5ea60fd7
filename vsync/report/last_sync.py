"""The last complete sync, as the manifest records it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from vsync.state.manifest import TargetState


class LastSync(NamedTuple):
    """The commit that was synced last (None: a plain folder has no commits), and when (None: not known)."""

    commit: str | None
    when: str | None


def last_sync(state: TargetState | None) -> LastSync | None:
    """What the manifest records of the last complete sync. None when no sync was completed."""
    if state is None:
        return None
    head = state.run.get("head")
    if state.commit is None and (head is not None or not state.settings):
        return None
    # A later run that was not completed has another head. Its time is not the time of the last complete sync.
    return LastSync(state.commit, _shown(state.run.get("when")) if head == state.commit else None)


def _shown(when: object) -> str | None:
    """A recorded time as people read it, such as `2026-11-28 14:03 UTC`. None when it is no time."""
    if not isinstance(when, str):
        return None
    try:
        moment = datetime.fromisoformat(when)
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
