"""Makes batches of just the requests that failed."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from typing import IO

from vsync.batch.batch_report import BatchReport, Failed, Submitted
from vsync.batch.check_requests import Checked, check_requests
from vsync.batch.decide_resubmit import ToResubmit
from vsync.batch.job import BatchJob
from vsync.batch.limits import WINDOW
from vsync.batch.live import now_of
from vsync.batch.make_batch import BatchMaker, Wanted
from vsync.batch.merge import with_good_result
from vsync.batch.metadata import Made
from vsync.batch.partial import write_partial
from vsync.batch.request_files import content_sha256, open_request_file
from vsync.batch.results_folder import ResultsFolder
from vsync.batch.submit import changed, not_taken, unread
from vsync.store.api_errors import Refused
from vsync.store.batch_files import BatchFiles
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.upload_body import FileChanged


async def resubmit(
    job: BatchJob, report: BatchReport, results: ResultsFolder, wanted: Sequence[ToResubmit], api: Api
) -> None:
    """Makes a batch for each. What comes to nothing is reported. Raises a VsyncError when the run cannot go on."""
    files = BatchFiles(api, job.rates)
    maker = BatchMaker(Batches(api), files, await files.list(), now_of(api), api.sleep)
    for each in wanted:
        job.stop.check()
        try:
            with open_request_file(job.root, each.path) as content, tempfile.TemporaryFile() as part:
                checked = await asyncio.to_thread(_prepared, results, each, content, part)
                if not checked.requests:
                    report.warn(f"{each.path}: each request has a good result, although its summary names failures.")
                    continue
                report.submitted.append(await _made(job, maker, each, part, checked))
        except OSError as error:
            report.failed.append(unread(each.path, error))
        except FileChanged:
            report.failed.append(changed(each.path))
        except Refused as error:
            report.failed.append(not_taken(each.path, error))


def _prepared(results: ResultsFolder, each: ToResubmit, content: IO[bytes], part: IO[bytes]) -> Checked:
    """Copies the lines that are to run again, and checks them. Raises FileChanged."""
    if content_sha256(content) != each.sha256:
        raise FileChanged
    _copy(results, each, content, part)
    content.seek(0)
    if content_sha256(content) != each.sha256:
        raise FileChanged
    part.seek(0)
    return check_requests(part)


def planned(job: BatchJob, results: ResultsFolder, each: ToResubmit) -> Submitted | Failed:
    """What `resubmit` would make of one request file."""
    try:
        with open_request_file(job.root, each.path) as content, tempfile.TemporaryFile() as part:
            _copy(results, each, content, part)
            part.seek(0)
            return _reported(each, check_requests(part), None)
    except OSError as error:
        return unread(each.path, error)


def _copy(results: ResultsFolder, each: ToResubmit, content: IO[bytes], part: IO[bytes]) -> None:
    """Copies the lines that are to run again."""
    content.seek(0)
    good = set() if each.place is None else with_good_result(results, each.place, each.sha256)
    write_partial(content, good, part)


async def _made(job: BatchJob, maker: BatchMaker, each: ToResubmit, part: IO[bytes], checked: Checked) -> Submitted:
    whole = checked.sha256 == each.sha256
    made = Made(
        source=job.source,
        path=each.path,
        sha256=each.sha256,
        requests=checked.requests,
        attempt=each.attempt,
        part_sha256="" if whole else checked.sha256,
        retry_of="" if whole else each.retry_of,
    )
    wanted = Wanted(made, checked.bytes, checked.endpoint or "", WINDOW)
    job.progress.uploading(each.path, checked.bytes)
    batch = await maker.make(wanted, lambda: os.fdopen(os.dup(part.fileno()), "rb"))
    return _reported(each, checked, batch.info.id, found=batch.found)


def _reported(each: ToResubmit, checked: Checked, batch_id: str | None, *, found: bool = False) -> Submitted:
    return Submitted(
        path=each.path,
        sha256=each.sha256,
        batch_id=batch_id,
        requests=checked.requests,
        bytes=checked.bytes,
        endpoint=checked.endpoint or "",
        model=checked.model,
        found=found,
        resubmission=True,
    )
