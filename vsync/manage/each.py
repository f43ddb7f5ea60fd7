"""One request, or a few, for each of many things: side by side, and until something ends the job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from vsync.errors import InternalError, Interrupted, VsyncError
from vsync.manage.bulk_report import INTERRUPTED, Deleted, Failure, failure_of, not_tried
from vsync.report.observer import Observer
from vsync.store.api_errors import Refused, gateway_refused
from vsync.store.failed_try import DENIED
from vsync.system.stop import Stop


@dataclass(frozen=True, slots=True)
class Working:
    """How a bulk job works: who listens, who may stop it, and how many requests it makes at once."""

    observer: Observer = field(default_factory=Observer)
    stop: Stop = field(default_factory=Stop)
    concurrency: int = 16


@dataclass(slots=True)
class Done:
    """What became of each thing. `cause` ended the job early: what is in neither list was not tried."""

    success: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    cause: VsyncError | None = None

    def end_by(self, item: str, error: VsyncError) -> None:
        """This item's error ends the job."""
        unknown = Failure(item, INTERRUPTED)
        self.failed.append(unknown if isinstance(error, Interrupted) else failure_of(item, error))
        if self.cause is None:
            self.cause = error

    def of(self, items: Sequence[str]) -> Deleted:
        """The same, in the order of what was asked for, with what was not tried among the failures."""
        order = {item: place for place, item in enumerate(dict.fromkeys(items))}
        failed = list(self.failed)
        if self.cause is not None:
            seen = {*self.success, *(failure.id for failure in failed)}
            failed += not_tried([item for item in order if item not in seen], self.cause)
        return Deleted(
            sorted(self.success, key=order.__getitem__), sorted(failed, key=lambda failure: order[failure.id])
        )


async def each(
    items: Sequence[str],
    work: Callable[[str], Awaitable[Failure | None]],
    working: Working,
    stage: str,
) -> Done:
    """Does the work for each item. `work` gives a Failure, or None when it has succeeded.

    A refusal is the failure of that item alone. Any other error of the API ends the job, and so does a denial by something
    before the API, which would deny the next request as well. A request to stop ends the job too: requests under way are
    waited for, and no others are sent.
    """
    done = Done()
    defects: list[Exception] = []
    working.observer.stage(stage, len(items))
    waiting = iter(items)

    async def one(item: str) -> None:
        try:
            failure = await work(item)
        except Refused as error:
            if error.by_gateway and error.status in DENIED:
                raise gateway_refused(f"{stage} ({item})", error) from error
            failure = failure_of(item, error)
        if failure is not None:
            done.failed.append(failure)
            working.observer.failed(item, str(failure.status_code or "no answer"), failure.error)
        else:
            done.success.append(item)

    async def next_ones() -> None:
        for item in waiting:
            if done.cause is not None or defects or working.stop.requested:
                return
            try:
                await one(item)
            except VsyncError as error:
                done.end_by(item, error)
            except Exception as error:  # it is raised when the others have ended
                defects.append(error)
            working.observer.advance(stage)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(working.concurrency, len(items))):
            tasks.create_task(next_ones())
    if defects:
        raise defects[0]
    if len(done.success) + len(done.failed) < len(items):
        if working.stop.signum is not None:
            done.cause = Interrupted(working.stop.signum)
        elif done.cause is None:  # a task that was cancelled by itself is no error for its group
            done.cause = InternalError(f"A task ended in the middle of {stage}.", "Run again: it continues from here.")
    return done
