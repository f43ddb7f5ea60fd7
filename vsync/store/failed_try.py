"""What a failed try of a request means: an error of the SDK becomes one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vsync.auth.token_exchange import NoTokenYet
from vsync.errors import (
    ApiAnswer,
    ApiUnavailable,
    CredentialsRefused,
    HandshakeFailed,
    Interrupted,
    PermissionDenied,
    RedirectRefused,
    VsyncError,
)
from vsync.network.redirects import RedirectNotFollowed
from vsync.network.trust import handshake_fault
from vsync.store.api_errors import BY_GATEWAY, AnswerLost, Refused, answered, gateway_refused
from vsync.store.foreign_answer import described, is_the_apis
from vsync.store.response_limit import TooLarge
from vsync.system.redaction import one_line
from vsync.system.retry import retry_after
from vsync.system.wording import sentence

if TYPE_CHECKING:
    import openai

_RETRIED = {408, 409, 429}
_NEVER_RETRIED = {501, 505}
"""The server does not have this function, so the next try fails too."""

DENIED = {401, 403, 407, 451}
"""Who may not do one thing may not do others. With any other status only the one request is refused."""

ALLOWED = "Files and Vector Stores"
"""What a key must be allowed to use. `batch_permission` has other words for the Batch API."""

_NO_MONEY = {"insufficient_quota", "billing_hard_limit_reached"}
"""Codes of an account that has nothing left to pay with. No other try helps."""


class StoppedInFlight(Exception):
    """The run was told to stop while a request waited for its answer, and the answer did not come in time."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


@dataclass(frozen=True, slots=True)
class FailedTry:
    """One try of a request that failed.

    | field | meaning |
    | --- | --- |
    | `error` | what to raise when the request is not tried again |
    | `may_pass` | whether another try may succeed |
    | `wait_s` | how many seconds the server asks to wait before the next try |
    | `ambiguous` | the server may have done what it was asked to do |
    | `strange` | the answer was not one of the API |
    | `status` | the HTTP status of the answer; None when no answer came |
    | `detail` | words for the log |
    """

    error: VsyncError | Refused
    may_pass: bool = False
    wait_s: float | None = None
    ambiguous: bool = False
    strange: bool = False
    status: int | None = None
    detail: str = ""

    @property
    def told_when_to_return(self) -> bool:
        """Whether a rate limit or the token exchange says when to come back: then the server works."""
        return self.wait_s is not None and self.status in {429, None}


def read_failure(what: str, error: Exception, *, secrets: Iterable[str], keyless: bool, now: float) -> FailedTry | None:
    """The meaning of an error of one try; None when the error is not about the request. `now` is the time of day."""
    import httpx2
    import openai

    if isinstance(error, NoTokenYet):
        return FailedTry(error.final, may_pass=True, wait_s=error.wait_s)
    if isinstance(error, StoppedInFlight):
        return FailedTry(Interrupted(error.signum), ambiguous=True)
    if isinstance(error, TooLarge) or isinstance(error.__cause__, TooLarge):
        # The next try would bring the same answer.
        return FailedTry(_not_of_the_api(what), ambiguous=True, strange=True, detail=str(error.__cause__ or error))
    if isinstance(error, RedirectNotFollowed):
        return FailedTry(RedirectRefused(*error.fault), ambiguous=True)
    if isinstance(error.__cause__ or error, httpx2.TooManyRedirects):
        return FailedTry(_not_of_the_api(what), ambiguous=True, strange=True, detail="the server redirects in a circle")
    if isinstance(error, TimeoutError):
        return FailedTry(_unreachable(what, str(error) or "no answer"), may_pass=True, ambiguous=True)
    if isinstance(error, openai.APIStatusError):
        return _by_status(error, _words(error, secrets), keyless=keyless, now=now)
    if isinstance(error, openai.APIConnectionError):
        words = _words(error.__cause__ or error, secrets)
        fault = handshake_fault(words, error.request.url.host)
        if fault is not None:
            return FailedTry(HandshakeFailed(*fault), ambiguous=not _never_sent(error))
        return FailedTry(_unreachable(what, words), may_pass=True, ambiguous=not _never_sent(error))
    if isinstance(error, openai.OpenAIError | ValueError | AttributeError | TypeError | RecursionError | LookupError):
        # The SDK takes every body with status 200 for an answer, and raises any of these when it cannot read the body.
        return FailedTry(
            _not_of_the_api(what), may_pass=True, ambiguous=True, strange=True, detail=_why_unread(error, secrets)
        )
    return None


def _why_unread(error: Exception, secrets: Iterable[str]) -> str:
    """Why the SDK could not read an answer. What Python says of a value of another type helps nobody."""
    if isinstance(error, AttributeError | TypeError | LookupError):
        return "the answer has not the form of an answer of the API"
    return _words(error, secrets)


def for_request(failed: FailedTry, what: str, *, of_document: bool) -> FailedTry:
    """What an answer that is not the API's own means for the request.

    It refuses a document for its content, perhaps. Any other request has no content, so a denial ends the run.
    """
    error = failed.error
    if of_document and failed.strange:
        refused = Refused(failed.status or 200, BY_GATEWAY, error.message.rstrip("."), by_api=False)
        refused.answer = error.answer
        return replace(failed, error=refused)
    if not of_document and isinstance(error, Refused) and error.by_gateway and error.status in DENIED:
        return replace(failed, error=gateway_refused(what, error))
    return failed


def answer_lost(failed: FailedTry, *, hopeless: bool) -> AnswerLost:
    """The error of an ambiguous try of a request that must not be sent again blindly."""
    if not failed.may_pass:
        return AnswerLost(failed.error, again=False)
    return AnswerLost(hopeless_error(failed.error) if hopeless else failed.error, failed.wait_s, again=not hopeless)


def hopeless_error(last: VsyncError | Refused) -> VsyncError:
    """The error when no request of this kind has succeeded for a long time."""
    hopeless = ApiUnavailable(
        f"The API has failed at every try for some time: {last.message}", "Run again later: it continues from here."
    )
    return answered(hopeless, last)


def too_late_error(last: VsyncError | Refused, asked_s: float | None) -> VsyncError:
    """The error when the next try would come too late. `asked_s` is the wait that the server asked for."""
    if isinstance(last, VsyncError) and (asked_s is None or not isinstance(last, ApiUnavailable)):
        return last
    asks = "" if asked_s is None else f" It asks to wait for {asked_s:.0f} s."
    remedy = last.remedy if isinstance(last, VsyncError) else "Run again later: it continues from here."
    return answered(ApiUnavailable(f"{last.message}{asks}", remedy), last)


# --- By the status of the answer ----------------------------------------------------------------------------


def _by_status(error: openai.APIStatusError, text: str, *, keyless: bool, now: float) -> FailedTry:
    found, may_pass = _meaning(error, text, keyless=keyless)
    wait_s = retry_after(dict(error.response.headers), now)
    found.answer = ApiAnswer(error.status_code, _word(error.code), _word(error.request_id), wait_s)
    return FailedTry(
        found,
        may_pass=may_pass,
        wait_s=wait_s,
        ambiguous=_is_retried_5xx(error.status_code) or error.status_code == 408,
        status=error.status_code,
    )


_WORD = re.compile(r"(?!sk-)[A-Za-z0-9_.:-]{1,128}")


def _word(text: object) -> str:
    """A code or an id of an answer. Empty for anything else: the text goes into reports and headers."""
    return text if isinstance(text, str) and _WORD.fullmatch(text) else ""


def _meaning(error: openai.APIStatusError, text: str, *, keyless: bool) -> tuple[VsyncError | Refused, bool]:
    """The error that a status stands for, and whether it may pass."""
    status, code = error.status_code, str(error.code or "")
    response = error.response
    by_api = is_the_apis(status, error.body, response.text, response.headers.get("content-type", ""))
    if status == 401 and by_api:
        lacks_scope = re.search(r"missing scopes|insufficient permissions", text, re.IGNORECASE)
        return _permission_denied(text, keyless=keyless) if lacks_scope else _refused(text, keyless=keyless), False
    if status == 403 and by_api:
        return _permission_denied(text, keyless=keyless), False
    if _NO_MONEY & {code, str(error.type or "")}:
        return ApiUnavailable(
            sentence(f"The OpenAI account has no quota left: {text}"), "Add credit or raise its limit, then run again."
        ), False
    outage = _outage(status, text)
    should_retry = response.headers.get("x-should-retry")
    if should_retry != "false" and (status in _RETRIED or _is_retried_5xx(status) or should_retry == "true"):
        return outage or Refused(status, code or "server_error", f"The API answers {status}: {text}"), True
    if not by_api and 400 <= status < 500:
        return outage or Refused(status, BY_GATEWAY, described(status, text if error.body else ""), by_api=False), False
    return outage or Refused(status, code or f"http_{status}", text, by_api=by_api), False


def _is_retried_5xx(status: int) -> bool:
    return status >= 500 and status not in _NEVER_RETRIED


def _outage(status: int, text: str) -> ApiUnavailable | None:
    """The error of a status that is about the API as a whole. A 500 may be about one document; 502 to 504 never are."""
    if status == 429:
        return ApiUnavailable(f"The API refuses for its rate limit: {text}", "Run again later, or lower the rates.")
    if status in {502, 503, 504}:
        return ApiUnavailable(
            f"The API is not available ({status}): {text}", "Run again later: it continues from here."
        )
    return None


def _refused(text: str, *, keyless: bool) -> CredentialsRefused:
    if keyless:
        return CredentialsRefused(
            f"The API refused the service account's token: {text}",
            "Check that the service account still exists, and that openai-organization and openai-project are its own.",
        )
    return CredentialsRefused(
        f"The API refused the key: {text}",
        "Check the secret that holds the key: the key may be revoked, or belong to another project.",
    )


def _permission_denied(text: str, *, keyless: bool) -> PermissionDenied:
    if keyless:
        return PermissionDenied(
            f"The service account may not do this: {text}",
            f"Let its role in the project read and write {ALLOWED}. If the mapping names permissions, it must name these too.",
        )
    return PermissionDenied(
        f"The key may not do this: {text}",
        f"Give it write access to {ALLOWED}, or use an unrestricted key.",
    )


# --- Without an answer of the API ---------------------------------------------------------------------------


def _unreachable(what: str, words: str) -> ApiUnavailable:
    return ApiUnavailable(
        f"The API cannot be reached ({what}: {words}).",
        "Check the network, the proxy and OPENAI_BASE_URL, then run again: it continues from here.",
    )


def _not_of_the_api(what: str) -> ApiUnavailable:
    """The error for an answer that no OpenAI API gives."""
    return ApiUnavailable(
        f"The answer to {what} is not one of the OpenAI API.", "Check OPENAI_BASE_URL and any proxy between."
    )


def _never_sent(error: Exception) -> bool:
    """Whether the request surely did not reach the server, so that no answer can be lost."""
    import httpx2

    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _words(error: BaseException, secrets: Iterable[str]) -> str:
    """The error's own words on one line, without secrets."""
    said = _said(getattr(error, "body", None)) or getattr(error, "message", None) or str(error)
    return one_line(str(said), secrets) or type(error).__name__


def _said(body: object) -> str:
    """The message in an error's body, in OpenAI's form or in the form of another framework."""
    if isinstance(body, dict):
        for key in ("message", "detail", "error", "msg"):
            if isinstance(body.get(key), str) and body[key].strip():
                return str(body[key])
    return body if isinstance(body, str) else json.dumps(body, default=str) if body else ""
