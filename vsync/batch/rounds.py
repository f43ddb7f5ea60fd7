"""Fetches the results of the batches that have ended, again and again as long as others run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial

from vsync.batch.away import Away
from vsync.batch.batch_report import BatchReport, Failed, Fetched, Pending
from vsync.batch.chosen import check_words, chooser
from vsync.batch.decide_fetch import Fetching, ToFetch, decide_fetch
from vsync.batch.download import ChangedMeanwhile, Downloads
from vsync.batch.explain import path_in_command
from vsync.batch.job import BatchJob
from vsync.batch.live import Listing, cancel_twins, now_of, pauses, pending
from vsync.batch.merge import arrange, on_disk_at
from vsync.batch.metadata import Made, OwnBatch
from vsync.batch.part_lines import PartLines
from vsync.batch.present_names import PresentNames
from vsync.batch.request_files import current_files
from vsync.batch.result_downloads import NotDownloaded
from vsync.errors import ApiUnavailable, ConfigurationError, PublicationFailed, VsyncError
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.system.tasks import all_of

_LAST_LOOKS = 2
"""So often a run that waits looks again for batches of request files that seem to have none."""


class Rounds:
    """The batches and request files of a run, and what is fetched of them. What reads files does so in a thread.

    | attribute | meaning |
    | --- | --- |
    | `own` | the batches of this source as they were last seen, the oldest first |
    | `current` | the SHA-256 of each request file, by its path |
    | `present` | the names under which batches stand by these files |
    """

    def __init__(self, job: BatchJob, report: BatchReport, api: Api) -> None:
        self.own: list[OwnBatch] = []
        self.current: dict[str, str] = {}
        self.present = PresentNames(self.current)
        self.results = job.results(report)
        self.chosen = chooser(job.paths, job.source_folder)
        self._job = job
        self._report = report
        self._api = api
        self._listing = Listing(Batches(api), job.source)
        self._part_lines = PartLines(job.root, job.folders, self.results)
        self._downloads = Downloads(job, self.results, api, report)
        self._lasting: list[Failed] = []

    async def begin(self) -> None:
        """Lists the batches and reads the request files. Raises ConfigurationError for a word that means none of them."""
        await self.look()
        await asyncio.to_thread(self._read_files)
        known = [*self.current, *(batch.made.path for batch in self.own)]
        check_words(self._job.paths, known, self._job.source_folder)

    async def look(self) -> None:
        self.own = await self._listing.all()

    # --- Waiting --------------------------------------------------------------------------------------------

    async def until_ended(self, deadline: float, clock: Callable[[], float]) -> None:
        """Fetches what has ended, and waits until every batch has, or until the time is over."""
        waits = pauses(embedded=self._job.embedded)
        away = Away(clock, self._job.note)
        last_looks = _LAST_LOOKS
        while True:
            done = await away.tried(self.once)
            live = self.live()
            self._report.pending = self.pending()
            if done and not live:
                # What another run has made meanwhile is waited for and fetched as well. A new batch may be listed late.
                before = self.own
                done = await away.tried(self.look) and not self.live()
                if done and self.own != before:
                    continue
                if done and (last_looks == 0 or not self.unsubmitted()):
                    return
                last_looks -= done
            left = deadline - clock()
            if left <= 0:
                self._report.deadline_passed = True
                return
            pause = min(next(waits), left)
            self._tell_progress(pause, only_looks=done and not live)
            await self._job.stop.pause(pause)
            await away.tried(partial(self._look_again, live))

    async def _look_again(self, live: list[OwnBatch]) -> None:
        self.own = await self._listing.again(live)
        self._lasting += [self._vanished(batch) for batch in live if not self._listing.shows(batch)]

    def _vanished(self, batch: OwnBatch) -> Failed:
        return vanished(self.name(batch.made), batch.info.id, current=bool(self.present.of(batch.made.sha256)))

    def live(self) -> list[OwnBatch]:
        """The batches that are meant and have not ended."""
        return [batch for batch in self.own if batch.live and self.means(batch)]

    def unsubmitted(self) -> list[str]:
        """The request files that are meant and of which there is neither a batch nor a result."""
        known = {batch.made.sha256 for batch in self.own}
        return [
            path
            for path, sha256 in sorted(self.current.items())
            if self.chosen(path)
            and sha256 not in known
            and not on_disk_at(self.results, self._job.folders.place(path), sha256).batch_ids
        ]

    def _tell_progress(self, pause: float, *, only_looks: bool) -> None:
        """`only_looks`: no batch that is known is waited for, but one that may be listed late."""
        if only_looks:
            self._job.progress.looking(len(self.unsubmitted()), pause)
            return
        meant = [batch for batch in self.own if self.means(batch)]
        live = [batch for batch in meant if batch.live]
        if not live:  # the API is away, and the log says so
            return
        done = sum(batch.info.completed + batch.info.failed for batch in live)
        total = sum(batch.info.total or batch.made.requests for batch in live)
        self._job.progress.waiting(len(meant) - len(live), len(meant), done, total, pause)

    def located(self) -> list[OwnBatch]:
        """The batches of this source, with errors at the lines of their request files."""
        return self._part_lines.located(self.own, self.present)

    def is_settled(self, place: str, sha256: str, batch_id: str) -> bool:
        """Whether nothing more is to come of a batch. What this run found too short may be whole for the next run."""
        return not self._downloads.short.has(place, batch_id) and self.results.is_current(place, sha256, batch_id)

    def means(self, batch: OwnBatch) -> bool:
        """Whether a batch is meant, by one of its names."""
        return self.present.means(self.chosen, batch.made)

    def name(self, made: Made) -> str:
        """The name under which the report shows a batch."""
        return self.present.shown(made, self.chosen)

    def pending(self) -> list[Pending]:
        """The batches that are meant and have not ended."""
        return pending([batch for batch in self.own if self.means(batch)], now_of(self._api), self.name)

    # --- One round ------------------------------------------------------------------------------------------

    async def once(self) -> None:
        """Fetches the results of all batches that have ended.

        What cannot be downloaded or written does not keep the others back, unless a second download fails. Raises the first
        such error.
        """
        report = self._report
        self.own = await cancel_twins(Batches(self._api), self.own, report)
        async with self._job.alone("results"):
            failed_one = await asyncio.to_thread(self._arrange)
        decided = await asyncio.to_thread(self._decided)
        due, awaited = self._downloads.short.due(decided.fetch, last=not self.live())
        # What failed in an earlier round may have come meanwhile.
        report.failed = [*self._lasting, *self._downloads.gone, *awaited, *decided.failed]
        await self._fetch_all(due, [] if failed_one is None else [failed_one])
        report.fetched.sort(key=lambda fetched: fetched.results)

    async def _fetch_all(self, every: Sequence[ToFetch], causes: list[VsyncError]) -> None:
        """Fetches, some at a time. After an error that concerns all, no other is begun. `causes` are the errors so far."""
        slots = asyncio.Semaphore(self._job.concurrency)

        async def one(wanted: ToFetch) -> None:
            async with slots:
                if self._job.stop.requested or _concern_all(causes):
                    return
                try:
                    await self._one(wanted)
                except VsyncError as error:
                    causes.append(error)

        await all_of(map(one, every))
        self._job.stop.check()
        if causes:
            raise next((cause for cause in causes if _concern_all([cause])), causes[0])

    async def _one(self, wanted: ToFetch) -> None:
        try:
            await self._downloads.bring(wanted)
        except ChangedMeanwhile:
            self._report.warn(
                f"{wanted.path} changed while its results were fetched. The next run keeps them under the old hash."
            )
        except NotDownloaded as error:
            self._report.fail(Failed(wanted.path, error.code, error.message, "Run again.", error.batch_id))

    def _arrange(self) -> VsyncError | None:
        """Brings the results of each request file to its place. Gives the first error about one of them, which keeps no others back.

        Raises ConfigurationError when nothing may be written.
        """
        self._read_files()
        places = {path: self._job.folders.place(path) for path in self.current}
        self.results.reserve(places.values())
        first: VsyncError | None = None
        for path, place in places.items():
            if not self.chosen(path):
                continue
            beside = {places[other] for other in places if self.current[other] == self.current[path]} - {place}
            try:
                self._arrange_one(path, place, beside)
            except (ConfigurationError, PublicationFailed) as error:
                first = first or error
        return first

    def _arrange_one(self, path: str, place: str, beside: Collection[str]) -> None:
        sha256 = self.current[path]
        for told in arrange(self.results, place, sha256, path=path, beside=beside):
            self._report.warn(told)
        self._downloads.put_in_order(path, sha256, place)

    def _read_files(self) -> None:
        job = self._job
        self.current = current_files(job.root, job.source_folder, job.results_folder, missing_ok=job.source_optional)
        self.present = PresentNames(self.current)

    def _decided(self, is_merged: Callable[[str, str, str], bool] | None = None) -> Fetching:
        return decide_fetch(
            self.located(),
            self.present,
            self._job.folders,
            is_merged=is_merged or self.results.is_current,
            place_of_old=self.results.place_of_old,
            is_complete=self.results.complete,
            chosen=self.chosen,
            now=now_of(self._api),
        )

    def plan(self) -> None:
        """Reports what would be fetched, as far as the API's own counts tell."""
        decided = self._decided(self.results.is_anywhere)
        self._report.failed += decided.failed
        self._report.fetched += [_expected(wanted) for wanted in decided.fetch]
        self._report.pending = self.pending()


def vanished(path: str, batch_id: str, *, current: bool) -> Failed:
    """What to report of a batch that the API does not show any more. `current`: the request file at the path has its content."""
    return Failed(
        path,
        "batch-gone",
        "The API does not show the batch any more, so nobody can tell what became of it.",
        f"If it stays so, `vsync batch submit {path_in_command(path)}` makes another one, and that is paid again."
        if current
        else "If it stays so, its results are lost. It ran an earlier content of the request file.",
        batch_id,
    )


def _concern_all(causes: Sequence[VsyncError]) -> bool:
    """Whether errors are about more than one results file or one File of the API."""
    of_one = [cause for cause in causes if isinstance(cause, ConfigurationError | PublicationFailed)]
    of_files = [cause for cause in causes if type(cause) is ApiUnavailable]
    return len(of_files) > 1 or len(of_one) + len(of_files) < len(causes)


def _expected(wanted: ToFetch) -> Fetched:
    """What is to be fetched, as far as the API's own counts tell."""
    info = wanted.batches[-1].info
    return Fetched(
        path=wanted.path,
        batch_id=info.id,
        status=info.status,
        results=wanted.place,
        requests=info.total,
        completed=info.completed,
        failed=info.failed,
        current=wanted.current,
        tokens=info.total_tokens,
        batch_ids=tuple(batch.info.id for batch in wanted.batches),
    )
