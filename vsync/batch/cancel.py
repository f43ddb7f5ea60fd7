"""`vsync batch cancel`: tells batches of this source to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from vsync.batch.batch_report import BatchReport, Cancelled, Failed, Pending, Unchanged
from vsync.batch.chosen import chooser
from vsync.batch.job import BatchJob
from vsync.batch.live import now_of, pending
from vsync.batch.metadata import OwnBatch, own_batches
from vsync.batch.present_names import PresentNames
from vsync.batch.request_files import current_files
from vsync.errors import ConfigurationError, UnknownName, VsyncError
from vsync.store.api_errors import Refused
from vsync.store.batch_info import BatchInfo
from vsync.store.batches import Batches
from vsync.store.client import Api
from vsync.store.session import ask

_ID = "batch_"


@dataclass(frozen=True, slots=True)
class CancelOptions:
    """Which batches are meant: by id, by the path of their request file, or all that have not ended."""

    names: tuple[str, ...] = ()
    all_pending: bool = False


Confirm = Callable[[list[Pending]], bool]


def run(job: BatchJob, options: CancelOptions, confirm: Confirm) -> BatchReport:
    """Cancels. `confirm` is asked before; with False nothing is cancelled. Raises VsyncError where nothing was done."""
    assert job.connect is not None, "a batch is cancelled with a key"
    if not options.names and not options.all_pending:
        raise ConfigurationError(
            "No batch is named.", "Give the paths of request files or ids of batches, or --pending for all that run."
        )
    began = time.monotonic()
    report = job.report("cancel")
    ask(job.connect, partial(_cancel, job, options, confirm, report), job.stop)
    report.duration_s = time.monotonic() - began
    return report


async def _cancel(job: BatchJob, options: CancelOptions, confirm: Confirm, report: BatchReport, api: Api) -> None:
    batches = Batches(api)
    listed = await batches.list()
    # Whoever names a batch by its id needs no folder with request files.
    files = partial(current_files, job.root, job.source_folder, job.results_folder, missing_ok=True)
    present = PresentNames(await asyncio.to_thread(files))
    name = partial(present.shown, chosen=chooser(options.names, job.source_folder))
    found = chosen_batches(listed, own_batches(listed, job.source), options, job, present)
    meant = [batch for batch in found if batch.live]
    report.unchanged = [_ended(name(batch.made), batch) for batch in found if not batch.live]
    report.pending = pending(meant, now_of(api), name)
    if not job.dry_run and report.pending and confirm(report.pending):
        report.pending = []
        for batch in meant:
            job.stop.check()
            try:
                info = await batches.cancel(batch.info.id)
            except Refused as error:
                message = f"It was not cancelled ({error.status} {error.code}): {error.message}"
                report.failed.append(Failed(name(batch.made), error.code, message, "Run again.", batch.info.id))
            except VsyncError as error:
                report.error = job.stop.cause(error)
                break
            else:
                report.cancelled.append(Cancelled(name(batch.made), info.id, info.status))
    report.requests = dict(api.traffic.requests)


def chosen_batches(
    listed: Sequence[BatchInfo],
    own: Sequence[OwnBatch],
    options: CancelOptions,
    job: BatchJob,
    present: PresentNames,
) -> list[OwnBatch]:
    """The batches that are meant: those that have not ended, and of a word without such a batch the last that has ended.

    Pure. Raises UnknownName for a word that means no batch of this source.
    """
    if options.all_pending:
        return [batch for batch in own if batch.live]
    found: dict[str, OwnBatch] = {}
    for word in options.names:
        means = chooser([word], job.source_folder)
        hits = [batch for batch in own if batch.info.id == word or present.means(means, batch.made)]
        if not hits:
            raise _unknown(word, listed, job.source)
        live = [batch for batch in hits if batch.live]
        found |= {batch.info.id: batch for batch in live or hits[-1:]}
    return list(found.values())


def _ended(path: str, batch: OwnBatch) -> Unchanged:
    reason = f"Its batch has ended: its state is {batch.info.status}."
    return Unchanged(path, batch.made.sha256, reason, batch.info.id, batch.info.status)


def _unknown(word: str, listed: Sequence[BatchInfo], source: str) -> UnknownName:
    if any(info.id == word for info in listed):
        return UnknownName(
            f"{word} is a batch of the project, but not one of {source}.",
            "vsync cancels only what it made for this repository. `vsync batch status --all` shows whose it is.",
        )
    return UnknownName(
        f"{word!r} is no batch of {source}.", "`vsync batch status` shows the batches of this repository."
    )
