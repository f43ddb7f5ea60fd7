"""`vsync batch submit`: checks the request files, and makes a batch of each that is new or changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from vsync.batch.attempts import OnDisk
from vsync.batch.batch_report import BatchReport, Failed, Invalid, Skipped, Submitted
from vsync.batch.check_requests import check_requests
from vsync.batch.chosen import check_words, chooser
from vsync.batch.decide_submit import Decided, ToSubmit, Valid, decide, known_elsewhere
from vsync.batch.job import BatchJob
from vsync.batch.limits import WINDOW
from vsync.batch.live import cancel_twins, cancel_unmarked, now_of, pending
from vsync.batch.make_batch import BatchMaker, Wanted
from vsync.batch.merge import on_disk_at
from vsync.batch.metadata import Made, OwnBatch, own_batches, without_cancelled_twins
from vsync.batch.part_lines import PartLines
from vsync.batch.present_names import PresentNames
from vsync.batch.request_files import RequestFile, current_files, find_requests, open_request_file
from vsync.batch.results_folder import ResultsFolder
from vsync.errors import VsyncError
from vsync.store.api_errors import Refused
from vsync.store.batch_files import BatchFiles
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.session import ask
from vsync.store.upload_body import FileChanged


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """What the user asked for.

    | field | meaning |
    | --- | --- |
    | `endpoint` | the only endpoint that is allowed; None: each file names its own |
    | `limit` | how many batches are made at most; None: all |
    | `again` | patterns of request files that get another batch, whatever there is |
    """

    endpoint: str | None = None
    window: str = WINDOW
    limit: int | None = None
    again: tuple[str, ...] = ()


def run(job: BatchJob, options: SubmitOptions) -> BatchReport:
    """Submits. An error that ends the run early stands in the report. Raises VsyncError where nothing was done."""
    began = time.monotonic()
    report = job.report("submit")
    valid = check(job, options, report)
    if job.connect is None:
        report.warnings.append(
            "No key is given, so only the files were checked: which of them have a batch already is not known."
        )
        report.checked += [file.path for file in valid]
    elif valid:
        ask(job.connect, partial(submit, job, options, report, valid), job.stop)
    report.duration_s = time.monotonic() - began
    return report


# --- The files ----------------------------------------------------------------------------------------------


def check(job: BatchJob, options: SubmitOptions, report: BatchReport) -> list[Valid]:
    """Checks the request files that are meant, and reports each that is not sound. Makes no request."""
    found = find_requests(job.root, job.source_folder, job.results_folder, missing_ok=job.source_optional)
    report.skipped += [Skipped(each.path, each.reason) for each in found.skipped]
    check_words((*job.paths, *options.again), [file.path for file in found.files], job.source_folder)
    meant = chooser(job.paths, job.source_folder)
    files = [file for file in found.files if meant(file.path)]
    valid = []
    for n, file in enumerate(files, 1):
        job.stop.check()
        sound = _checked(job, options, report, file)
        if sound is not None:
            valid.append(sound)
        job.progress.validated(file.path, n, len(files))
    return valid


def _checked(job: BatchJob, options: SubmitOptions, report: BatchReport, file: RequestFile) -> Valid | None:
    try:
        with open_request_file(job.root, file.path) as content:
            checked = check_requests(content, endpoint=options.endpoint, stop=job.stop.check)
    except OSError as error:
        report.failed.append(unread(file.path, error))
        return None
    if checked.mistakes or checked.endpoint is None:
        report.invalid.append(Invalid(file.path, checked.mistakes, checked.more))
        return None
    return Valid(file.path, checked.sha256, checked.bytes, checked.requests, checked.endpoint, checked.model)


def unread(path: str, error: OSError) -> Failed:
    """What to report of a request file that cannot be read."""
    return Failed(path, "unreadable", f"It cannot be read: {error.strerror}.", "Repair that, and run again.")


# --- The batches --------------------------------------------------------------------------------------------


async def submit(
    job: BatchJob, options: SubmitOptions, report: BatchReport, valid: Sequence[Valid], api: Api
) -> BatchReport:
    """Makes the batches that are missing. An error that ends the run stands in the report."""
    try:
        if job.dry_run:
            await _plan(job, options, report, valid, Batches(api), api)
        else:
            async with job.alone("submit"):
                await _carry_out(job, options, report, valid, Batches(api), api)
    except VsyncError as error:
        report.error = job.stop.cause(error)
    report.requests, report.bytes_uploaded = dict(api.traffic.requests), api.traffic.bytes_uploaded
    return report


def _own(listed: Iterable[BatchInfo], source: str) -> list[OwnBatch]:
    return without_cancelled_twins(own_batches(listed, source))


def _present(job: BatchJob, valid: Sequence[Valid], own: Sequence[OwnBatch]) -> PresentNames:
    """The request files that are there, as far as batches under way have their contents. Those that were checked are known."""
    known = {file.path: file.sha256 for file in valid}
    if {batch.made.sha256 for batch in own if batch.live} <= set(known.values()):
        return PresentNames(known)
    return PresentNames(current_files(job.root, job.source_folder, job.results_folder, missing_ok=job.source_optional))


async def _plan(
    job: BatchJob, options: SubmitOptions, report: BatchReport, valid: Sequence[Valid], batches: Batches, api: Api
) -> None:
    listed = await batches.list()
    own = _own(listed, job.source)
    decided = await asyncio.to_thread(_decided, job, options, report, valid, own)
    report.warnings += known_elsewhere(decided.submit, listed, job.source)
    report.submitted += [_submitted(each, None) for each in decided.submit]
    present = await asyncio.to_thread(_present, job, valid, own)
    report.pending += pending(own, now_of(api), present.shown)


async def _carry_out(
    job: BatchJob, options: SubmitOptions, report: BatchReport, valid: Sequence[Valid], batches: Batches, api: Api
) -> None:
    """Lists, makes what is missing, lists again: another run may have made the same at the same time. In this order."""
    listed = await batches.list()
    own = _own(listed, job.source)
    decided = await asyncio.to_thread(_decided, job, options, report, valid, own)
    report.warnings += known_elsewhere(decided.submit, listed, job.source)
    if decided.submit:
        await _make_all(job, options, report, decided, api)
        listed = await batches.list()
        await cancel_unmarked(batches, listed, report)
        own = _own(listed, job.source)
    own = await cancel_twins(batches, own, report)
    present = await asyncio.to_thread(_present, job, valid, own)
    report.pending += pending(own, now_of(api), present.shown)


def _decided(
    job: BatchJob, options: SubmitOptions, report: BatchReport, valid: Sequence[Valid], own: Sequence[OwnBatch]
) -> Decided:
    """What becomes of each file. What needs no batch is reported."""
    results = job.results(report)
    chosen = chooser(options.again, job.source_folder)
    part_lines = PartLines(job.root, job.folders, results)
    decided = decide(
        valid,
        part_lines.located(own, PresentNames({file.path: file.sha256 for file in valid})),
        again=lambda path: bool(options.again) and chosen(path),
        has_results=lambda file: _has_results(results, job.folders.place(file.path), file.sha256),
        on_disk=lambda file: _on_disk(results, job.folders.place(file.path), file.sha256),
        limit=options.limit,
    )
    report.unchanged += decided.unchanged
    report.failed += decided.failed
    report.left += decided.left
    return decided


def _has_results(results: ResultsFolder, place: str, sha256: str) -> bool:
    """Whether there is a result for each request of this content. Results that were edited, or half written, count: fetch mends them."""
    found = results.nearest(place, sha256)
    return results.holds(found, sha256) and not _on_disk(results, place, sha256).failed


def _on_disk(results: ResultsFolder, place: str, sha256: str) -> OnDisk:
    """What the results of this content lack, wherever they are."""
    return on_disk_at(results, results.nearest(place, sha256), sha256)


async def _make_all(job: BatchJob, options: SubmitOptions, report: BatchReport, decided: Decided, api: Api) -> None:
    """Makes the batches, some at a time. After an error that is not about one file, no other is begun. Raises that error."""
    files = BatchFiles(api, job.rates)
    maker = BatchMaker(Batches(api), files, await files.list(), now_of(api), api.sleep)
    slots = asyncio.Semaphore(job.concurrency)
    causes: list[VsyncError] = []

    async def one(each: ToSubmit) -> None:
        async with slots:
            if causes or job.stop.requested:
                return
            try:
                await _make(job, options, report, maker, each)
            except VsyncError as error:
                causes.append(error)

    await asyncio.gather(*map(one, decided.submit))
    job.stop.check()
    if causes:
        raise causes[0]


async def _make(job: BatchJob, options: SubmitOptions, report: BatchReport, maker: BatchMaker, each: ToSubmit) -> None:
    file = each.file
    made = Made(job.source, file.path, file.sha256, file.requests, each.attempt)
    wanted = Wanted(made, file.bytes, file.endpoint, options.window)
    job.progress.uploading(file.path, file.bytes)
    try:
        batch = await maker.make(wanted, lambda: open_request_file(job.root, file.path))
    except OSError as error:
        report.failed.append(unread(file.path, error))
    except FileChanged:
        report.failed.append(changed(file.path))
    except Refused as error:
        report.failed.append(not_taken(file.path, error))
    else:
        report.submitted.append(_submitted(each, batch.info.id, found=batch.found))


def _submitted(each: ToSubmit, batch_id: str | None, *, found: bool = False) -> Submitted:
    file = each.file
    return Submitted(
        file.path, file.sha256, batch_id, file.requests, file.bytes, file.endpoint, file.model, found=found
    )


def changed(path: str) -> Failed:
    message = "The file changed while it was uploaded, so no batch was made."
    return Failed(path, "changed", message, "Run again: the file is checked anew.")


def not_taken(path: str, error: Refused) -> Failed:
    """What to report of a request file whose upload or batch the API refused."""
    message = f"The API did not take it ({error.status} {error.code}): {error.message}"
    return Failed(path, error.code, message, "Correct what the API names, and run again.")
