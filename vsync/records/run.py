"""A stream from its start to its report: lock, index, store, what earlier runs left, the records, what this run left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from vsync.errors import EXIT_INCOMPLETE, Interrupted, VsyncError
from vsync.records.apply import Applier
from vsync.records.dead_letters import DeadLetters
from vsync.records.decide import IsOlder, Terms
from vsync.records.described import describe
from vsync.records.formats import Read, reader
from vsync.records.index import Index
from vsync.records.job import StreamJob, StreamSettings
from vsync.records.left_over import delete_left_over
from vsync.records.lines import Lines
from vsync.records.open_stream import FIGURES, Opened, figures, lost_warnings, minted_in, open_stream, told_of_state
from vsync.records.order import is_older
from vsync.records.orphans import remove_orphans
from vsync.records.pace import Pace
from vsync.records.receiver import Counting
from vsync.records.removed import stayed
from vsync.records.resume import place_to_go_on, recorder, tell
from vsync.records.state_lock import held
from vsync.records.stream import Pacing, Stream
from vsync.records.stream_report import StreamReport
from vsync.recovery.proof import Proofs
from vsync.state.journal import Journal
from vsync.state.journal_key import JournalKey
from vsync.store.client import Api
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.system.atomic_write import remove_stale_temporaries
from vsync.system.redaction import redacted
from vsync.system.stop import Stop

DRAIN_S = 4.0
"""For so long after a request to stop, what is under way goes on. GitHub kills a cancelled container after ten seconds."""


def run(job: StreamJob) -> StreamReport:
    """Applies a stream. An error that ends it early stands in the report. Raises VsyncError where nothing was done."""
    # One state has one lock and one place for its journals, by whatever links it is named.
    job = replace(job, settings=replace(job.settings, state=Path(os.path.realpath(job.settings.state))))
    settings, drained = job.settings, Stop()
    read = reader(settings.format, raw=settings.raw, key_field=settings.key_field, delete_field=settings.delete_field)
    with contextlib.ExitStack() as stack:
        lines = Lines(settings.input, stop=job.stop, follow=settings.follow, note=job.note)
        stack.enter_context(contextlib.closing(lines))
        lines.open()  # before anything is made: a wrong name of the input leaves no state
        stack.enter_context(held(settings.state, job.lock_timeout_s, job.stop))
        index = stack.enter_context(contextlib.closing(Index.open(settings.state)))
        hidden = partial(redacted, secrets=job.secrets)
        letters = stack.enter_context(contextlib.closing(DeadLetters(settings.dead_letter, hidden=hidden)))
        letters.open()
        place = place_to_go_on(job, index)
        lines.begin(place)
        warnings = tell(job, place, lines)
        work = _Work(job, read, index, letters, lines, drained, warnings)
        return ask(job.connect(drained), work.all, drained)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a stream works with. `drained` is the stop of requests: it comes `DRAIN_S` after the user's."""

    job: StreamJob
    read: Read
    index: Index
    letters: DeadLetters
    lines: Lines
    drained: Stop
    warnings: Sequence[str] = ()

    async def all(self, api: Api) -> StreamReport:
        """Opens the store, applies the records, and looks for what is left. In this order."""
        job = self.job
        job.stop.attach()
        async with _draining(job.stop, self.drained):
            older = _never if job.settings.order == "arrival" else is_older
            report, opened = await self._recovered(api, older)
            with self._journal() as journal:
                applier = self._applier(api, opened, journal)
                receiver = self._receiver(report)
                stream = self._stream(applier, receiver, older)
                await stream.run()
                await self._sweep(applier, journal, receiver, stream)
            ended_well = stream.cause is None or isinstance(stream.cause, Interrupted)
            if ended_well and (report.changed or self.index.fact(FIGURES) != figures(opened.info)):
                await self._remember_figures(api, opened, report)
        report.error = told_of_state(stream.cause, job)
        report.duration_s = time.monotonic() - receiver.began
        report.requests, report.bytes_uploaded = dict(api.traffic.requests), api.traffic.bytes_uploaded
        receiver.end()
        if stream.defect is not None:
            raise stream.defect
        return report

    async def _recovered(self, api: Api, older: IsOlder) -> tuple[StreamReport, Opened]:
        """Opens the store, and brings to an end what runs before this one left: uploads, deletes, lost answers."""
        with self._journal() as journal:
            opened = await open_stream(self.job, api, self.index, journal, older)
            report = self._report(opened)
            applier = self._applier(api, opened, journal)
            left = await delete_left_over(applier, Proofs(recorded=opened.recorded))
            if left.cause is not None:
                raise left.cause
            report.add(stayed(list(left.left), left), left.orphans)
            # The index names the Files of runs that died, or they are gone. What is still to be deleted needs the proof.
            journal.mark_recorded(list(journal.uploaded))
            try:
                orphans, warnings = await remove_orphans(applier, journal, self.drained.pause)
            except VsyncError as error:
                report.add([f"Files of runs that died could not be looked for: {error.message}"])
            else:
                report.add(warnings, orphans)
                journal.close(settled=True)
        remove_stale_temporaries(self.job.settings.state.parent)
        return report, opened

    async def _sweep(self, applier: Applier, journal: Journal, receiver: Counting, stream: Stream) -> None:
        """Looks for Files of uploads without an answer. After an error the next run does that."""
        if stream.cause is not None and stream.cause.exit_code != EXIT_INCOMPLETE:
            return
        try:
            orphans, warnings = await remove_orphans(applier, journal, self.drained.pause)
        except VsyncError as error:
            stream.cause = stream.cause or error
            return
        receiver.report.add(warnings, orphans)
        journal.close(settled=True)

    async def _remember_figures(self, api: Api, opened: Opened, report: StreamReport) -> None:
        """Records what the store shows of its size, so that the next run sees when something else came or went."""
        if self.drained.requested:
            return  # no request is answered any more, so the next run lists the store
        try:
            info = await Stores(api).get(opened.info.id)
        except VsyncError as error:
            report.add([f"The size of the store could not be asked, so the next run lists it: {error.message}"])
        else:
            self.index.set_facts(**{FIGURES: figures(info)})

    @contextlib.contextmanager
    def _journal(self) -> Iterator[Journal]:
        """A journal of this run. It is closed at the end; what is not settled then stays for the next run."""
        state = self.job.settings.state
        # By the state's own id: a state that is moved or renamed takes its journals along.
        key = f"records-{minted_in(self.index)}"
        journal = Journal(state.parent, key, self.job.note, JournalKey(self.job.state_home, None, str(state)))
        journal.open(f"records {time.time_ns()}")
        try:
            yield journal
        finally:
            journal.close(settled=False)

    def _applier(self, api: Api, opened: Opened, journal: Journal) -> Applier:
        job = self.job
        return Applier(
            api,
            Stores(api).open(opened.info.id, job.rates, journal),
            self.index,
            journal,
            opened.identity,
            job.target.chunking,
            job.settings.workers,
            job.index_timeout_s,
            self.drained,
            no_more=lambda: job.stop.requested,
        )

    def _receiver(self, report: StreamReport) -> Counting:
        job = self.job
        attributes = job.settings.rules.attributes.keys()
        reached = recorder(job, self.index)
        return Counting(report, self.letters, job.acks, job.progress, job.note, attributes, reached)

    def _stream(self, applier: Applier, receiver: Counting, older: IsOlder) -> Stream:
        job, settings = self.job, self.job.settings
        rules = settings.rules
        terms = Terms(
            job.target.source, job.target.attributes, job.target.chunking, partial(describe, rules=rules), older
        )
        pacing = Pacing(settings.batch, settings.batch_delay_s, settings.workers, _rate(settings, job.stop))
        return Stream(
            self.lines,
            self.read,
            terms,
            self.index,
            applier,
            pacing,
            job.stop,
            receiver,
            stop_at_bad=settings.on_error == "stop",
        )

    def _report(self, opened: Opened) -> StreamReport:
        settings = self.job.settings
        return StreamReport(
            target=self.job.target.name,
            source=self.job.target.source,
            vector_store_id=opened.info.id,
            input="-" if settings.input is None else str(settings.input),
            state=str(settings.state),
            dead_letter=str(settings.dead_letter),
            warnings=[*self.warnings, *lost_warnings(opened)],
        )


def _never(one: str, other: str) -> bool:
    """With `--order arrival` no record is older than another that came before it."""
    return False


def _rate(settings: StreamSettings, stop: Stop) -> Pace | None:
    """How fast records may come; None: as they come."""
    return Pace(settings.rate, settings.burst_of_rate, sleep=stop.pause) if settings.rate > 0 else None


@contextlib.asynccontextmanager
async def _draining(stop: Stop, drained: Stop) -> AsyncIterator[None]:
    """Inside, a request to stop reaches `drained` some seconds later."""

    async def pass_on() -> None:
        await stop.wait()
        await asyncio.sleep(max(0.0, DRAIN_S - (stop.requested_for or 0.0)))
        drained.request(stop.signum or 0)

    passing = asyncio.create_task(pass_on())
    try:
        yield
    finally:
        passing.cancel()
