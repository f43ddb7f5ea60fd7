"""The lock of a target: a context manager that takes the seal, and leaves it as the run's end demands.

| how the run ends                               | what becomes of the seal                           |
| ---------------------------------------------- | -------------------------------------------------- |
| it closed the seal, or gave it back            | it stays so                                        |
| an error, before anything was written          | it is given back as it was                         |
| an error, or an end before all was done, later | it stays open: the next run lists the store first  |
| another run took over                          | a mark has the next run list the store             |
"""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from vsync.errors import GitUnavailable, PublicationFailed, PushRefused, SealHeld, VsyncError
from vsync.recovery.crashed_runs import CrashedRun, bounded, crashed_runs, run_key
from vsync.report.observer import Observer
from vsync.state.journal import Journal
from vsync.state.publication import RENEW_EVERY_S, Publication
from vsync.state.seal import Seal, unfinished_runs
from vsync.sync.api_clock import api_ahead
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports


@dataclass(slots=True)
class Lock:
    """The seal that this run holds.

    `replaced` is the seal before it, and `crashed` are the runs that died under that seal. `minted` is the owner that a
    first sync takes; `owner` is the owner of the documents as far as it is known. `wrote` says that the store may have
    been changed. `settled` says that nothing of this run or of earlier runs is left to do.
    """

    seal: Seal
    replaced: Seal | None
    crashed: Sequence[CrashedRun]
    minted: str
    owner: str | None
    wrote: bool = False
    settled: bool = False


def mint_owner() -> str:
    """A new owner, which nobody can guess."""
    return secrets.token_hex(16)


@contextmanager
def locked(ports: Ports, context: RunContext, owner: str | None) -> Iterator[Lock]:
    """Holds the seal. Raises SealHeld when another run keeps it for longer than the lock's timeout."""
    publication, observer = ports.publication, context.observer
    # The prefix keeps the id from looking like the number of a workflow's run: those tell which run is late.
    run_id = context.origin.run_id or f"local-{secrets.token_hex(8)}"
    seal = Seal("open", run_id, ports.now().isoformat(timespec="seconds"), ports.source.head, owner=owner)
    if ports.embedded is not None:
        ports.embedded.make_folder()
    timeout_s, pause = context.settings.lock_timeout, context.stop.pause_thread
    replaced = publication.take(seal, timeout_s, observer.note, pause, api_ahead(ports, context))
    lock = Lock(seal, replaced, crashed_runs(unfinished_runs(replaced)), mint_owner(), owner)
    try:
        ports.journal.open(run_key(seal.run, seal.since))
        ports.journal.end_attempts(lambda record: bounded(record.attempts, record.runs, lock.crashed))
        yield lock
    except SealHeld:
        publication.doubt(seal)
        _name_uploads(ports.journal, observer)
        raise
    except BaseException:
        if not lock.wrote:
            _give_back(publication, observer)
        raise
    finally:
        observer.finished()
        _close_journal(ports.journal, observer, settled=lock.settled)
        publication.release()


@asynccontextmanager
async def renewing(ports: Ports, context: RunContext) -> AsyncIterator[None]:
    """Renews the seal while the run goes on. When another run has taken over, this run stops; publishing then says why."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                await asyncio.to_thread(ports.publication.renew)
            except SealHeld:
                context.stop.request(signal.SIGTERM)
                return
            except (GitUnavailable, PublicationFailed, PushRefused) as error:
                context.observer.note(f"The seal could not be renewed: {error.message}")

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()


def doubt_when_overtaken(lock: Lock, publication: Publication, observer: Observer) -> None:
    """Leaves a mark when another run has taken over: it may keep what this run deleted last."""
    try:
        publication.check()
    except SealHeld:
        publication.doubt(lock.seal)
    except VsyncError as error:  # the report says already why the run ended
        observer.note(f"It cannot be known whether another run has taken over: {error.message}")


def _give_back(publication: Publication, observer: Observer) -> None:
    try:
        publication.abandon()
    except VsyncError as error:  # the run ends with the error that led here
        observer.note(f"The seal could not be given back: {error.message}")


def _close_journal(journal: Journal, observer: Observer, *, settled: bool) -> None:
    try:
        journal.close(settled=settled)
    except VsyncError as error:  # the journal's file stays, and the next run reads it
        observer.note(error.message)


def _name_uploads(journal: Journal, observer: Observer) -> None:
    """Names what this run uploaded: the run that took over did not look for what came after that."""
    uploaded = sorted(journal.uploaded)
    if uploaded:
        observer.note(
            f"This run uploaded these Files before it stopped: {', '.join(uploaded)}. The next run deletes those that a "
            "store lists and no document uses. A File that no store lists must be deleted by hand."
        )
    unanswered = sorted({attempt.filename for attempt in journal.lost})
    if unanswered:
        observer.note(
            f"These uploads of this run were never answered: {', '.join(unanswered)}. Each may have left a File of that "
            "name that no store lists. If nobody needs such a File, delete it by hand."
        )
