"""What a call on batches does. Checking, hashing and joining happen in threads, so other calls are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vsync.batch.batch_report import BatchReport, Command
from vsync.batch.clean import clean
from vsync.batch.fetch import FetchOptions, fetch
from vsync.batch.job import BatchJob
from vsync.batch.status import status
from vsync.batch.submit import SubmitOptions, check, submit
from vsync.errors import VsyncError
from vsync.serve.rest.batch_bodies import FetchBatches, SubmitBatches
from vsync.serve.rest.batch_failures import batch_failure
from vsync.serve.rest.bulk import DONE, PARTLY
from vsync.serve.rest.call_end import to_its_end
from vsync.serve.rest.offered_batches import OfferedBatches
from vsync.serve.rest.service import Service, Session
from vsync.serve.rest.upstream import without_signals
from vsync.system.redaction import redacted
from vsync.system.stop import Stop

_Work = Callable[[Session, Stop], Coroutine[Any, Any, Response]]
_Run = Callable[[BatchJob, BatchReport, Session], Coroutine[Any, Any, None]]


async def listed(service: Service, offered: OfferedBatches, request: Request, *, everybody: bool) -> Response:
    """How the batches stand."""

    async def work(session: Session, stop: Stop) -> Response:
        job = offered.job(session.api, session.rates, stop)
        report = await status(job, session.api, everybody=everybody)
        return await asyncio.to_thread(lambda: _answer(report.to_json(), DONE, session))

    return await _in_folder(service, offered, request, work, changes=False)


async def submitted(service: Service, offered: OfferedBatches, request: Request, body: SubmitBatches) -> Response:
    """Makes the batches that are missing."""
    options = SubmitOptions(endpoint=body.endpoint, limit=body.limit, again=tuple(body.again or ()))

    async def run(job: BatchJob, report: BatchReport, session: Session) -> None:
        valid = await asyncio.to_thread(check, job, options, report)
        # Also where no file is sound: so a wrong key is refused, and the answer says what is under way.
        await submit(job, options, report, valid, session.api)

    return await _reported(service, offered, request, body, "submit", run)


async def fetched(service: Service, offered: OfferedBatches, request: Request, body: FetchBatches) -> Response:
    """Writes the results of the batches that have ended."""
    options = FetchOptions(resubmit_failed=body.resubmit_failed)

    async def run(job: BatchJob, report: BatchReport, session: Session) -> None:
        if not job.dry_run:
            await asyncio.to_thread(job.results(report).check_writable)
        await fetch(job, options, report, session.api)
        if body.clean and not job.dry_run and report.error is None:
            await clean(job, report, session.api)

    return await _reported(service, offered, request, body, "fetch", run)


async def _reported(
    service: Service,
    offered: OfferedBatches,
    request: Request,
    body: SubmitBatches | FetchBatches,
    command: Command,
    run: _Run,
) -> Response:
    async def work(session: Session, stop: Stop) -> Response:
        job = offered.job(session.api, session.rates, stop, paths=body.paths or (), dry_run=body.dry_run)
        report = job.report(command)
        # The client counts for all calls of its key. Of these only one uploads at a time.
        began, uploaded = time.monotonic(), session.api.traffic.bytes_uploaded
        await run(job, report, session)
        report.duration_s = time.monotonic() - began
        report.bytes_uploaded = session.api.traffic.bytes_uploaded - uploaded
        report.requests = dict(session.call.requests)
        return await asyncio.to_thread(_report_answer, report, offered, session)

    return await _in_folder(service, offered, request, work, body.paths or (), changes=not body.dry_run)


async def _in_folder(
    service: Service,
    offered: OfferedBatches,
    request: Request,
    work: _Work,
    paths: Collection[str] = (),
    *,
    changes: bool,
) -> Response:
    """Works in the folder as soon as nobody is in the way, and to the end."""
    async with service.session(request) as session, offered.at_work(changes=changes):
        try:
            return await to_its_end(lambda stop: work(session, stop), service.stop)
        except VsyncError as error:
            raise batch_failure(error, offered.folders.root, paths) from error


# --- Answers ------------------------------------------------------------------------------------------------


def _report_answer(report: BatchReport, offered: OfferedBatches, session: Session) -> Response:
    """200 when the job came to its end, and 207 when an error ended it after a part.

    Raises the error where nothing was done: nothing of the report would help then.
    """
    error = report.error
    if error is not None and (report.dry_run or not (report.submitted or report.fetched or report.cleaned)):
        raise error
    shown = {"ok": report.exit_code == 0, **report.to_json(), "error": None}
    if error is None:
        return _answer(shown, DONE, session)
    failure = batch_failure(error, offered.folders.root)
    shown["error"] = failure.body(session.call.request_id, session.call.secrets)["error"]
    return _answer(shown, PARTLY, session)


def _answer(shown: Any, code: int, session: Session) -> Response:
    secrets = tuple({*session.api.secrets, *session.call.secrets})

    def clean_text(text: str) -> str:
        return without_signals(redacted(text, secrets))

    body = json.dumps(_mapped(shown, clean_text), ensure_ascii=False).encode()
    return Response(body, code, {"cache-control": "no-store"}, media_type="application/json")


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The same JSON, with `change` applied to every text in it that is not a name."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    return value
