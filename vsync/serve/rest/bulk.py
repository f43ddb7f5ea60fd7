"""Reports of bulk deletes as answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse, Response

from vsync.manage.bulk_report import BulkReport
from vsync.manage.chosen import Rules, Words
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import DeleteOptions
from vsync.serve.rest.service import Session
from vsync.serve.rest.upstream import failure_of, said_of, without_signals
from vsync.store.stores import Stores
from vsync.system.redaction import redacted

DONE, PARTLY = 200, 207


def rules_of(query: DeleteOptions, ids: list[str] | None) -> Rules:
    """What a bulk delete may do besides. `all` is about a filter: with ids it says nothing."""
    return Rules(
        every=query.all and ids is None,
        missing_ok=query.missing_ok,
        names=False,
        only_shows=query.dry_run,
        words=Words(every="all=true"),
    )


async def check_key(session: Session, ids: list[str] | None) -> None:
    """Lets the API refuse a wrong key where an empty list leaves nothing to ask it."""
    if ids is not None and not ids:
        async for _ in Stores(session.api).pages():
            return


_MIN_SECRET = 16
"""A shorter key is one of the embedded store, and may stand in an id by chance."""


def report_answer(report: BulkReport, session: Session) -> Response:
    """200 when everything was done, and 207 when a part failed.

    Raises Failure when the API refused the caller before anything was done: nothing of the report would help then.
    """
    if report.error is not None and not report.did_anything:
        raise failure_of(report.error)
    api, call = session.api, session.call

    def in_words(text: str) -> str:
        return without_signals(redacted(text, api.secrets))

    shown = replace(report, requests=dict(call.requests)).mapped(in_words).to_json()
    if report.error is not None:
        shown["error"] = redacted(said_of(report.error), api.secrets)
    for part in (shown, shown.get("files", {})):
        _hide(part, call.secrets)
    status = PARTLY if report.failed_count or report.error is not None else DONE
    return JSONResponse(shown, status, {"cache-control": "no-store"})


def _hide(part: dict[str, Any], secrets: Iterable[str]) -> None:
    """Hides ids that are no ids, but a secret of the call in the wrong place."""
    known = [secret for secret in secrets if len(secret) >= _MIN_SECRET]
    for item in (*part.get("failed", ()), *part.get("spared", ())):
        if any(secret in item["id"] for secret in known):
            item["id"] = "***"


def single_answer(report: BulkReport, session: Session) -> Response:
    """The same for a call on one thing. What does not exist is 404 then."""
    failed = report.deleted.failed
    if failed and report.error is None:
        status = failed[0].status_code
        code = "not_found" if status == 404 else "refused"
        raise Failure(status if status in {400, 404, 409, 422} else 502, code, failed[0].error)
    return report_answer(report, session)
