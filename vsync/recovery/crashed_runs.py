"""Runs that died on a machine that is gone: what they may have uploaded, by the seal that they left and by their commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from vsync.config.targets import Target
from vsync.errors import VsyncError
from vsync.plan.comparison import Comparison
from vsync.plan.scan import list_documents, scan
from vsync.source.base import Source
from vsync.state.journal_record import Attempt
from vsync.state.manifest import TargetState
from vsync.state.publication import STALE_AFTER_S
from vsync.state.seal import UnfinishedRun
from vsync.system.clocks import APART_S

LONGEST_RUN_S = 6 * 3600
"""For so long the runs of a seal are believed to have uploaded, all together."""

OLDEST_RUN_S = 30 * 24 * 3600
"""From a run that died longer ago, no File is inferred any more."""


@dataclass(frozen=True, slots=True)
class CrashedRun:
    """A run that left its seal open, and the time in which it may have uploaded.

    Times are seconds since the epoch by the API's clock, as far as the run knew it. A run that does not renew its seal is
    taken over after STALE_AFTER_S, and uploads nothing after that. `until` None: the last renewal is not known. `id` is
    what a journal calls the run. `clock`: the run's own clock was so many seconds behind the API's; 0: by a few at most.
    """

    id: str
    since: int
    head: str | None
    until: int | None = None
    clock: int = 0

    @property
    def clock_is_wrong(self) -> bool:
        return abs(self.clock) >= APART_S


def believed(runs: Sequence[CrashedRun], now: int) -> Sequence[CrashedRun]:
    """The runs whose times are such that a File may be inferred from them, the newest first. Pure.

    Whoever may push can write any runs with any times into a seal. So all of them together are believed to have uploaded
    for LONGEST_RUN_S at most. `now` is the server's time.
    """
    found, left = [], LONGEST_RUN_S + STALE_AFTER_S
    for run in reversed(runs):
        if run.until is None or run.clock_is_wrong or not 0 <= run.until - run.since <= left:
            continue
        if now - run.until <= OLDEST_RUN_S:
            found.append(run)
            left -= run.until - run.since
    return found


def run_key(run: str, since: str) -> str:
    """What a journal calls a run. A workflow's run that is run again has the same number, so the time is part of it."""
    return f"{run} since {since}"


def crashed_runs(unfinished: Iterable[UnfinishedRun]) -> list[CrashedRun]:
    """The runs that a seal names. A run whose time cannot be read is left out: nothing follows from it. Pure."""
    found = []
    for run, since, head, seen, clock in unfinished:
        try:
            until = None if seen is None else _seconds(seen) + clock + int(STALE_AFTER_S)
            found.append(CrashedRun(run_key(run, since), _seconds(since) + clock, head, until, clock))
        except (ValueError, OverflowError):
            continue
    return found


def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def bounded(attempts: Sequence[Attempt], runs: Collection[str], dead: Sequence[CrashedRun]) -> list[Attempt]:
    """The attempts of journals, each with an end: the time when all these runs were dead. Pure.

    Where that time is not known of every run, the attempts stay as they are.
    """
    ends = {run.id: run.until for run in dead}
    known = [ends.get(run) for run in runs]
    last = None if None in known or not known else max(end for end in known if end is not None)
    return [replace(attempt, until=last) if attempt.until is None else attempt for attempt in attempts]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a dead run may have uploaded.

    `attempts` are the uploads of its plan for which no entry shows an answer. `doubtful` are the other documents of its
    commit: that run or an earlier run has already brought them. When the times of the run cannot be believed, or its clock
    was minutes apart from the API's, everything is doubtful.
    """

    attempts: Sequence[Attempt]
    doubtful: Sequence[Attempt]


def planned_by(
    run: CrashedRun,
    at: Callable[[str], Source | None],
    source: Source,
    state: TargetState,
    target: Target,
    answered: Collection[str],
    *,
    certain: bool,
) -> Planned | None:
    """The uploads of a dead run. None where its commit cannot be had: then nothing is known of its uploads.

    `state` is what the manifest records. `answered` are the paths of which the store lists entries that the manifest does
    not name. `certain`: the times of the run are believed.
    """
    try:
        then = source if run.head in {None, source.head} else at(run.head or "")
        if then is None:
            return None
        plan = scan(then, state, target, because=Comparison("full", "what a dead run had to do")).plan
        documents = list_documents(then, target)
    except VsyncError:
        return None
    sizes = {
        operation.path: operation.document.bytes for operation in plan.of("upload", "replace") if operation.document
    }
    attempts = [
        _attempt(run, target.sent_as(path), size)
        for path, size in sizes.items()
        if path not in answered and size is not None
    ]
    doubtful = [
        _attempt(run, target.sent_as(path), size)
        for path, size in sizes.items()
        if path in answered and size is not None
    ]
    for path, document in documents.items():
        entry = state.files.get(path)
        if path not in sizes and entry is not None and entry.blob == document.blob:
            doubtful.append(_attempt(run, document.sent_as, entry.bytes))
    return Planned(attempts, doubtful) if certain else Planned((), [*attempts, *doubtful])


def _attempt(run: CrashedRun, filename: str, size: int) -> Attempt:
    return Attempt(filename, size, run.since, run.until)
