"""`vsync batch status`: how the batches of this source stand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from vsync.batch.decide_fetch import Folders
from vsync.batch.decide_submit import refused_for_good
from vsync.batch.job import BatchJob
from vsync.batch.live import now_of
from vsync.batch.merge import on_disk_at
from vsync.batch.metadata import Made, made_of, own_batches
from vsync.batch.part_lines import PartLines
from vsync.batch.present_names import PresentNames
from vsync.batch.request_files import current_files
from vsync.batch.results_folder import ResultsFolder
from vsync.batch.status_report import BatchRow, StatusReport
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.session import ask


def run(job: BatchJob, *, everybody: bool = False) -> StatusReport:
    """Asks for the batches; with `everybody` also for those that are not of this source. Changes nothing."""
    assert job.connect is not None, "batches are asked for with a key"
    return ask(job.connect, partial(status, job, everybody=everybody), job.stop)


async def status(job: BatchJob, api: Api, *, everybody: bool = False) -> StatusReport:
    """How the batches stand."""
    listed = await Batches(api).list()
    # Request files are hashed: that takes long, and a server has other things to do meanwhile.
    return await asyncio.to_thread(_compared, job, listed, now_of(api), everybody=everybody)


def _compared(job: BatchJob, listed: Sequence[BatchInfo], now: int, *, everybody: bool) -> StatusReport:
    """The batches, compared with the request files and the results on disk."""
    current = current_files(job.root, job.source_folder, job.results_folder, missing_ok=job.source_optional)
    results = ResultsFolder(job.root, job.results_folder)
    present = PresentNames(current)
    own = own_batches(listed, job.source)
    located = {batch.info.id: batch.info for batch in PartLines(job.root, job.folders, results).located(own, present)}
    rows = [_row(job, results, located.get(info.id, info), present, now) for info in listed]
    shown = [row for row in rows if everybody or row.ours]
    shown.sort(key=lambda row: (row.info.created_at, row.info.id), reverse=True)
    report = StatusReport(job.source, shown)
    for path, sha256 in sorted(current.items()):
        batches = [batch for batch in own if batch.made.sha256 == sha256]
        here = on_disk_at(results, job.folders.place(path), sha256)
        if any(batch.live for batch in batches):
            continue
        if here.failed:
            report.failing.append(path)
        elif here.batch_ids or results.places_of(sha256) or any(batch.info.status != "failed" for batch in batches):
            continue
        elif refused_for_good(batches):
            report.refused.append(path)
        else:
            report.unsubmitted.append(path)
    return report


def _row(job: BatchJob, results: ResultsFolder, info: BatchInfo, present: PresentNames, now: int) -> BatchRow:
    made = made_of(info.metadata)
    ours = made is not None and made.source == job.source
    paths = present.of(made.sha256) if ours and made is not None else ()
    left = None if info.ended or info.expires_at is None else max(0, info.expires_at - now)
    return BatchRow(
        info=info,
        made=made,
        ours=ours,
        paths=paths,
        fetched=ours and made is not None and _is_fetched(results, job.folders, made, info, paths),
        age_s=max(0, now - info.created_at),
        left_s=left,
    )


def _is_fetched(results: ResultsFolder, folders: Folders, made: Made, info: BatchInfo, paths: Sequence[str]) -> bool:
    """Whether the results stand beside a request file of this content, or where old ones are kept."""
    places = [folders.place(path) for path in paths] + results.places_of(made.sha256)
    return any(results.is_current(place, made.sha256, info.id) for place in places)
