"""Runs that died on a machine that is gone: what they may have uploaded, from the seal they left and their commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .documents import upload_filename
from .errors import VsyncError
from .journal import Attempt
from .manifest import TargetState, Unsettled
from .planning import Comparison
from .publish import STALE_AFTER_S
from .source import Source
from .survey import Brief, survey


@dataclass(frozen=True, slots=True)
class DeadRun:
    """A run that left its seal open: from when to when it may have uploaded, in seconds since the epoch by its own clock.

    Without a renewed seal nobody uploads for longer than it takes to be taken over. `until` None: no sign of life is known.
    """

    id: str
    since: int
    head: str | None
    until: int | None = None


def dead_runs(unsettled: Iterable[Unsettled]) -> list[DeadRun]:
    """The runs that a seal names. One whose time cannot be read is left out: nothing can be told of it. Pure."""
    found = []
    for run, since, head, seen in unsettled:
        try:
            until = None if seen is None else _seconds(seen) + int(STALE_AFTER_S)
            found.append(DeadRun(run, _seconds(since), head, until))
        except (ValueError, OverflowError):
            continue
    return found


def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def bounded(attempts: Sequence[Attempt], runs: Collection[str], dead: Sequence[DeadRun]) -> list[Attempt]:
    """The attempts of journals with an end: when these runs were known to be dead, if that is known of all. Pure."""
    ends = {run.id: run.until for run in dead}
    known = [ends.get(run) for run in runs]
    last = None if None in known or not known else max(end for end in known if end is not None)
    return [replace(attempt, until=last) if attempt.until is None else attempt for attempt in attempts]


def planned_by(
    run: DeadRun, at: Callable[[str], Source | None], source: Source, state: TargetState, brief: Brief
) -> Sequence[Attempt]:
    """The uploads of a dead run's plan, each once: what its commit holds, and the manifest does not record.

    `state` is what the manifest records. None are told where that commit cannot be had: then nothing is inferred.
    """
    try:
        then = source if run.head in {None, source.head} else at(run.head or "")
        if then is None:
            return ()
        plan = survey(then, state, brief, because=Comparison("full", "what a dead run had to do")).plan
    except VsyncError:
        return ()
    return [
        Attempt(upload_filename(operation.path), operation.document.bytes, run.since, run.until)
        for operation in plan.of("upload", "replace")
        if operation.document is not None and operation.document.bytes is not None
    ]
