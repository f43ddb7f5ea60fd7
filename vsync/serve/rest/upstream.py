"""What an error of the API behind vsync means for the caller. Pure."""

from __future__ import annotations

import re

from vsync.errors import (
    ApiAnswer,
    ConfigurationError,
    CredentialsRefused,
    InternalError,
    Interrupted,
    LimitExceeded,
    PermissionDenied,
    StoreGone,
    VsyncError,
)
from vsync.serve.rest.failure import Failure, defect
from vsync.store.api_errors import Refused
from vsync.store.refusals import not_there
from vsync.system.redaction import printable

STOPPING = "The server is stopping."

STOPPING_S = 5.0
"""When a caller may try again that was refused because the server stops."""

_RETRY_LATER_S = 20.0
"""When a caller may try again after a rate limit of the API that named no time."""

_WAIT = "Try again later."

_BY_SIGNAL = re.compile(r"Interrupted by SIG[A-Z]+\.")
"""How a run that a signal ends says so."""


def failure_of(error: VsyncError | Refused, *, access: str = "Files and Vector Stores") -> Failure:
    """The failure to answer with. The API's own status, code and request id stand in it.

    `access` is what a key needs that may not do what the call asks for.
    """
    if isinstance(error, Refused):
        return _of_refusal(error)
    answer, message = error.answer, printable(error.message)
    if isinstance(error, Interrupted):
        return stopping()
    if isinstance(error, CredentialsRefused):
        return Failure(401, _code(answer, "invalid_api_key"), f"{message} Check the key.", upstream=answer)
    if isinstance(error, PermissionDenied):
        advice = f"Give the key access to {access}, or use another key."
        return Failure(403, _code(answer, "permission_denied"), f"{message} {advice}", upstream=answer)
    if isinstance(error, StoreGone):
        return Failure(404, "vector_store_not_found", message, upstream=answer)
    if isinstance(error, LimitExceeded):
        return Failure(400, "needs_all", f"{message} {error.remedy}".rstrip())
    if isinstance(error, ConfigurationError):
        return Failure(400, "invalid_request", f"{message} {error.remedy}".rstrip())
    if isinstance(error, InternalError):
        return defect()
    if answer is not None and answer.status == 429:
        wait = None if answer.code == "insufficient_quota" else answer.wait_s or _RETRY_LATER_S
        return Failure(429, _code(answer, "rate_limit"), message, upstream=answer, retry_after=wait)
    return Failure(502, "upstream_unavailable", f"{message} {_WAIT}", upstream=answer)


def _of_refusal(error: Refused) -> Failure:
    answer = error.answer or ApiAnswer(error.status, error.code)
    message = f"The API refused the request: {printable(error.message).rstrip('.')}."
    if not_there(error):
        return Failure(404, "not_found", message, upstream=answer)
    if error.by_api and error.status in {400, 422}:
        return Failure(error.status, _code(answer, "refused"), message, upstream=answer)
    return Failure(502, "upstream_refused", message, upstream=answer)


def stopping() -> Failure:
    """The failure of a call that comes or is under way when the server stops."""
    closing = {"connection": "close"}
    return Failure(503, "stopping", f"{STOPPING} {_WAIT}", retry_after=STOPPING_S, headers=closing)


def said_of(error: VsyncError) -> str:
    """What ended a job early, in words for a caller. The error's own advice names options of the command line."""
    return failure_of(error).message


def without_signals(text: str) -> str:
    """The same text without the name of a signal: a caller does not know how its server is told to stop."""
    return _BY_SIGNAL.sub(STOPPING, text)


def _code(answer: ApiAnswer | None, otherwise: str) -> str:
    return answer.code if answer is not None and answer.code else otherwise
