"""Brings the results of batches into their results file."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import IO

from vsync.batch.batch_report import BatchReport, Failed, Fetched
from vsync.batch.decide_fetch import ToFetch, gone
from vsync.batch.job import BatchJob
from vsync.batch.merge import BatchResults, NewResults, Order, Short, merge
from vsync.batch.metadata import OwnBatch
from vsync.batch.partial import custom_ids_in_order
from vsync.batch.request_files import content_sha256, open_request_file
from vsync.batch.result_downloads import NotDownloaded, ResultFiles
from vsync.batch.results_folder import ResultsFolder
from vsync.batch.short_results import ShortResults
from vsync.batch.summary_file import MergedBatch, Summary
from vsync.store.client import Api
from vsync.system.redaction import redacted


class ChangedMeanwhile(Exception):
    """The request file is not any more what ran."""


class Downloads:
    """Brings results. `gone` are failures that stay, and `short` tells the batches whose Files held too little."""

    def __init__(self, job: BatchJob, results: ResultsFolder, api: Api, report: BatchReport) -> None:
        self._job = job
        self._results = results
        self._files = ResultFiles(job, api, report)
        self._report = report
        self._gone: set[str] = set()
        self.gone: list[Failed] = []
        self.short = ShortResults()
        self._tokens: dict[str, int] = {}
        # The lock against other runs is waited for in a thread. Downloads of this run must not take all threads for that.
        self._writing = asyncio.Lock()

    async def bring(self, wanted: ToFetch) -> None:
        """Writes the results of these batches, or reports why there are none.

        Raises ChangedMeanwhile, NotDownloaded, and a VsyncError when the run cannot go on.
        """
        with contextlib.ExitStack() as stack:
            found, lost = [], []
            for batch in wanted.batches:
                if batch.info.id in self._gone:
                    continue
                self._job.progress.downloading(wanted.path, batch.info.id)
                results = await self._files.of(batch, stack)
                if results is None:
                    lost.append(batch)
                else:
                    found.append(results)
            self._gone.update(batch.info.id for batch in lost if self._files.is_settled(batch))
            if not found:
                await self._settle(wanted)
                self._tell_gone(wanted, lost)
                return
            order = await self._order(wanted, stack)
            new = NewResults(wanted.path, wanted.sha256, order, found)
            async with self._writing, self._job.alone("results"):
                merged = await asyncio.to_thread(merge, self._results, wanted.place, new, self._hidden)
        self._tell_gone(wanted, lost)
        self._note_short(wanted, found, merged.short)
        self._tell_fetched(wanted, found, merged.summary)

    async def _settle(self, wanted: ToFetch) -> None:
        """Lets the summary say what the results hold, where a run died between the two and the API has nothing more."""
        if wanted.current and not self._results.is_sound(wanted.place, wanted.sha256):
            lost = {batch.info.id for batch in wanted.batches}
            async with self._writing, self._job.alone("results"):
                await asyncio.to_thread(self._settled, wanted.path, wanted.sha256, wanted.place, lost)

    def _settled(self, path: str, sha256: str, place: str, lost: Collection[str]) -> None:
        """Writes what is there anew. The batches that are lost keep their names if no result of theirs is missing."""
        before = self._results.summary(place)
        self._write_anew(path, sha256, place)
        after = self._results.summary(place)
        if before is not None and after is not None and after.completed < before.completed:
            self._write_anew(path, sha256, place, lost)

    def put_in_order(self, path: str, sha256: str, place: str) -> None:
        """Writes results again that were kept in another order, while no request file with this content was known."""
        summary = self._results.summary(place)
        if summary is not None and summary.sha256 == sha256 and not summary.in_input_order:
            self._write_anew(path, sha256, place)

    def _write_anew(self, path: str, sha256: str, place: str, lost: Collection[str] = ()) -> None:
        """Writes the results that are there in the order of their requests; without the names of the batches that are lost."""
        # A file that changes or goes meanwhile is seen by the next run.
        with contextlib.suppress(OSError, ChangedMeanwhile), open_request_file(self._job.root, path) as content:
            if self._results.holds(place, sha256) and content_sha256(content) == sha256:
                new = NewResults(path, sha256, _order_of(content, sha256), (), lost)
                merge(self._results, place, new, self._hidden)

    def _tell_fetched(self, wanted: ToFetch, found: Sequence[BatchResults], summary: Summary) -> None:
        """Reports a results file once, with its last numbers and the tokens of all batches that this run brought."""
        last = found[-1].info
        self._tokens |= {each.info.id: each.info.total_tokens for each in found if each.info.total_tokens is not None}
        before = [each for each in self._report.fetched if each.results == wanted.place]
        known = [batch_id for each in before for batch_id in each.batch_ids]
        batch_ids = tuple(dict.fromkeys([*known, *(each.info.id for each in found)]))
        tokens = [self._tokens[batch_id] for batch_id in batch_ids if batch_id in self._tokens]
        fetched = Fetched(
            path=wanted.path,
            batch_id=last.id,
            status=last.status,
            results=wanted.place,
            requests=summary.requests,
            completed=summary.completed,
            failed=summary.failed,
            current=wanted.current,
            in_input_order=summary.in_input_order,
            tokens=sum(tokens) if tokens else None,
            batch_ids=batch_ids,
        )
        self._report.fetched = [*(each for each in self._report.fetched if each not in before), fetched]

    def _hidden(self, text: str) -> str:
        return redacted(text, self._job.secrets)

    def _tell_gone(self, wanted: ToFetch, lost: Sequence[OwnBatch]) -> None:
        """Reports results that the API does not have any more, where something is missing without them."""
        if self._results.complete(wanted.place, wanted.sha256):
            return
        for batch in lost:
            settled = self._files.is_settled(batch)
            told = gone(wanted.path, batch, settled=settled)
            if wanted.current and not self._results.holds(wanted.place, wanted.sha256):
                if settled:
                    self.gone.append(told)
                self._report.fail(told)
            else:
                kept = f" What {wanted.place} holds stays." if self._results.holds(wanted.place, wanted.sha256) else ""
                self._report.warn(f"{wanted.path}: {told.message}{kept} ({batch.info.id})")

    def _note_short(self, wanted: ToFetch, found: Sequence[BatchResults], short: Sequence[Short]) -> None:
        """Takes note of the batches that are short, and tells so."""
        told = {each.info.id: self._tell_short(wanted, each) for each in short}
        for batch_id in (each.info.id for each in found):
            if batch_id in told:
                self.short.was_short(wanted.place, batch_id, told[batch_id])
            else:
                self.short.was_whole(wanted.place, batch_id)

    def _tell_short(self, wanted: ToFetch, short: Short) -> Failed | None:
        """Tells that results are missing: as a failure, or as a warning where they will not come any more."""
        what = (
            f"{short.info.id} has {short.counted:,} results by the API's count, and its Files hold {short.brought:,}."
        )
        remedy = "Run again later: they are asked for again, for a day. Until then no request of the file is submitted again."
        if any(batch.id == short.info.id for batch in self._named(wanted)):
            self._report.warn(f"{wanted.path}: {what} The others will not come any more.")
            return None
        if not wanted.current:
            self._report.warn(f"{wanted.place}: {what} {remedy}")
            return None
        failed = Failed(wanted.path, "results-incomplete", what, remedy, short.info.id)
        self._report.fail(failed)
        return failed

    def _named(self, wanted: ToFetch) -> tuple[MergedBatch, ...]:
        summary = self._results.summary(wanted.place)
        return summary.batches if summary is not None else ()

    # --- The order of the requests --------------------------------------------------------------------------

    async def _order(self, wanted: ToFetch, stack: contextlib.ExitStack) -> Order | None:
        """The requests' ids, in their order; None: nobody knows them any more."""
        if wanted.current:
            try:
                content: IO[bytes] | None = stack.enter_context(open_request_file(self._job.root, wanted.path))
            except OSError as error:
                raise ChangedMeanwhile from error
            if await asyncio.to_thread(_sha256, content) != wanted.sha256:
                raise ChangedMeanwhile
        else:
            content = await self._input(wanted.batches, wanted.sha256, stack)
        return None if content is None else _order_of(content, wanted.sha256)

    async def _input(self, batches: Sequence[OwnBatch], sha256: str, stack: contextlib.ExitStack) -> IO[bytes] | None:
        """What was uploaded as the input of these batches, as far as it is the whole request file."""
        for batch in batches:
            if batch.made.part_sha256 or not batch.info.input_file_id:
                continue
            content = None
            with contextlib.suppress(NotDownloaded):  # some servers give nobody an input File
                content = await self._files.content(batch, batch.info.input_file_id, stack)
            if content is not None and await asyncio.to_thread(_sha256, content) == sha256:
                return content
        return None


def _order_of(content: IO[bytes], sha256: str) -> Order:
    """The requests of a content. Reading them to their end raises ChangedMeanwhile when somebody has written into the file."""

    def order() -> Iterator[tuple[int, str]]:
        content.seek(0)
        yield from custom_ids_in_order(content)
        if _sha256(content) != sha256:
            raise ChangedMeanwhile

    return order


def _sha256(content: IO[bytes] | None) -> str:
    assert content is not None
    content.seek(0)
    return content_sha256(content)
