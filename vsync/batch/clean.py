"""Deletes Files of the Batch API that nobody needs any more: of batches whose results are on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from vsync.batch.batch_report import BatchReport
from vsync.batch.chosen import chooser
from vsync.batch.decide_fetch import ended_at
from vsync.batch.job import BatchJob
from vsync.batch.live import now_of
from vsync.batch.metadata import OwnBatch, content_in, is_input_of, own_batches
from vsync.batch.present_names import PresentNames
from vsync.batch.request_files import current_files
from vsync.errors import VsyncError
from vsync.store.api_errors import Refused
from vsync.store.batch_files import BatchFiles
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.entries import UploadedFile
from vsync.store.files import Files

_OUTPUT = "batch_output"
_OTHERS_S = 7 * 24 * 3600
"""Results of a content that is no request file here may be those of another checkout: a branch, or somebody else's clone. It has
so many seconds to fetch them."""

_YOUNG_S = 24 * 3600
"""An input File that no batch names may belong to a run that is about to make the batch."""


async def clean(job: BatchJob, report: BatchReport, api: Api, *, needed: Collection[str] = ()) -> None:
    """Deletes what is not needed. An error stands in the report. The Files of the batches with the ids `needed` stay."""
    files = BatchFiles(api, job.rates)
    try:
        listed = await Batches(api).list()
        own = own_batches(listed, job.source)
        inputs = await files.list()
        outputs = [file async for page in Files(api).pages(_OUTPUT) for file in page]
        found = await asyncio.to_thread(_on_disk, job, report, own, now_of(api))
        done = [batch for batch in found if batch.info.id not in needed]
        going = needless_inputs(inputs, listed, own, done, job.source, now_of(api))
        # A server may list no Files of results. Those that were just downloaded are there all the same.
        brought = {batch_id for each in report.fetched for batch_id in each.batch_ids}
        fresh = _results_of([batch for batch in done if batch.info.id in brought])
        going += sorted(_results_of(done) & ({file.id for file in outputs} | fresh))
        for file_id in going:
            job.stop.check()
            try:
                report.cleaned += await files.delete(file_id)
            except Refused as error:
                report.warnings.append(f"The File {file_id} could not be deleted: {error.message}")
    except VsyncError as error:
        report.error = job.stop.cause(error)
    report.requests = dict(api.traffic.requests)


def _on_disk(job: BatchJob, report: BatchReport, own: Sequence[OwnBatch], now: int) -> list[OwnBatch]:
    """The batches that have ended and whose results are surely in the results folder, or that never had any."""
    results = job.results(report)
    chosen = chooser(job.paths, job.source_folder)
    present = PresentNames(
        current_files(job.root, job.source_folder, job.results_folder, missing_ok=job.source_optional)
    )

    def is_done(batch: OwnBatch) -> bool:
        if batch.live or not present.means(chosen, batch.made):
            return False
        made = batch.made
        beside = [job.folders.place(path) for path in present.of(made.sha256)]
        kept = results.places_of(made.sha256)
        if not beside and now - (ended_at(batch) or now) < _OTHERS_S:
            return False
        return batch.info.status == "failed" or (
            all(results.is_whole(place, made.sha256, batch.info.id) for place in beside)
            if beside
            else any(results.is_whole(place, made.sha256, batch.info.id) for place in kept)
        )

    return [batch for batch in own if is_done(batch)]


def _results_of(batches: Sequence[OwnBatch]) -> set[str]:
    """The Files with the results of these batches."""
    found = (file_id for batch in batches for file_id in (batch.info.output_file_id, batch.info.error_file_id))
    return {file_id for file_id in found if file_id is not None}


def needless_inputs(
    inputs: Sequence[UploadedFile],
    listed: Collection[BatchInfo],
    own: Sequence[OwnBatch],
    done: Sequence[OwnBatch],
    source: str,
    now: int,
) -> list[str]:
    """The input Files of this source that no batch needs. Pure.

    A File is of this source by its name. It is needless when a batch that is done ran it, or when no batch names it and it is
    a day old. It is needed as long as any batch of the project that has not ended names it.
    """
    running = {info.input_file_id for info in listed if not info.ended}
    known = {info.input_file_id for info in listed}
    ran = {batch.info.input_file_id for batch in done}
    contents = {batch.made.part_sha256 or batch.made.sha256 for batch in own if batch.live}
    return [
        file.id
        for file in inputs
        if is_input_of(file.filename, source)
        and file.id not in running
        and content_in(file.filename) not in contents
        and (file.id in ran or (file.id not in known and now - file.created_at > _YOUNG_S))
    ]
