"""Runs that died on a machine that is gone: what they may have uploaded, from the seal they left and their commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .documents import upload_filename
from .errors import VsyncError
from .journal import Attempt
from .manifest import TargetState
from .planning import Comparison
from .source import Source
from .survey import Brief, survey


@dataclass(frozen=True, slots=True)
class DeadRun:
    """A run that left its seal open. `since` is when it took it, in seconds since the epoch by its own clock."""

    id: str
    since: int
    head: str | None


def dead_runs(unsettled: Iterable[tuple[str, str, str | None]]) -> list[DeadRun]:
    """The runs that a seal names. One whose time cannot be read is left out: nothing can be told of it. Pure."""
    found = []
    for run, since, head in unsettled:
        try:
            found.append(DeadRun(run, int(datetime.fromisoformat(since).timestamp()), head))
        except (ValueError, OverflowError):
            continue
    return found


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
        Attempt(upload_filename(operation.path), operation.document.bytes, run.since)
        for operation in plan.of("upload", "replace")
        if operation.document is not None and operation.document.bytes is not None
    ]
