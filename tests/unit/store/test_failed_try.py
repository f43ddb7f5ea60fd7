"""An error of the SDK becomes an error of ours, and says whether another try may succeed."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest

from vsync.auth.token_exchange import NoTokenYet
from vsync.errors import (
    ApiUnavailable,
    CredentialsRefused,
    GatewayRefused,
    Interrupted,
    PermissionDenied,
    VsyncError,
)
from vsync.store.api_errors import Refused, unexpected_refusal
from vsync.store.failed_try import (
    FailedTry,
    StoppedInFlight,
    answer_lost,
    for_request,
    hopeless_error,
    read_failure,
    too_late_error,
)
from vsync.store.response_limit import TooLarge

REQUEST = httpx2.Request("POST", "http://store.test/v1/files")


def read(error: Exception, *, keyless: bool = False) -> FailedTry:
    found = read_failure("uploading a.md", error, secrets=["s3cr3t"], keyless=keyless, now=0.0)
    assert found is not None
    return found


def by_status(status: int, message: str = "no", code: str | None = None, **headers: str) -> openai.APIStatusError:
    body = {"message": message, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, request=REQUEST, headers=named, json={"error": body})
    return openai.APIStatusError(message, response=response, body=body)


def connection(cause: Exception) -> openai.APIConnectionError:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("status", "kind", "may_pass", "ambiguous"),
    [
        (400, Refused, False, False),
        (401, CredentialsRefused, False, False),
        (403, PermissionDenied, False, False),
        (404, Refused, False, False),
        (408, Refused, True, True),
        (409, Refused, True, False),
        (429, ApiUnavailable, True, False),
        (500, Refused, True, True),
        (501, Refused, False, False),
        (503, ApiUnavailable, True, True),
        (505, Refused, False, False),
    ],
)
def test_the_status_decides(status: int, kind: type[Exception], may_pass: bool, ambiguous: bool) -> None:
    failed = read(by_status(status))
    assert type(failed.error) is kind
    assert (failed.may_pass, failed.ambiguous, failed.status) == (may_pass, ambiguous, status)


def test_the_server_may_forbid_or_order_another_try() -> None:
    assert not read(by_status(503, x_should_retry="false")).may_pass
    assert not read(by_status(500, x_should_retry="false")).may_pass
    assert read(by_status(400, x_should_retry="true")).may_pass


@pytest.mark.parametrize("keyless", [False, True])
def test_a_401_about_scopes_is_about_permissions(keyless: bool) -> None:
    failed = read(by_status(401, "Missing scopes: api.files.write"), keyless=keyless)
    assert isinstance(failed.error, PermissionDenied)
    assert ("service account" in failed.error.message) == keyless


@pytest.mark.parametrize("status", [400, 429])
@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached"])
def test_an_exhausted_quota_does_not_pass(status: int, code: str) -> None:
    failed = read(by_status(status, code=code))
    assert isinstance(failed.error, ApiUnavailable)
    assert (failed.may_pass, "quota" in failed.error.message) == (False, True)


def test_a_rate_limit_that_names_a_wait_comes_from_a_server_that_works() -> None:
    failed = read(by_status(429, retry_after="7"))
    assert (failed.wait_s, failed.told_when_to_return) == (7.0, True)
    assert not read(by_status(429)).told_when_to_return
    assert not read(by_status(503, retry_after="7")).told_when_to_return


def test_a_page_of_a_proxy_is_no_refusal_of_the_api() -> None:
    error = openai.APIStatusError("no", response=httpx2.Response(404, request=REQUEST), body="<html>no</html>")
    failed = read(error)
    assert isinstance(failed.error, Refused)
    assert not failed.error.by_api


def page(status: int, body: str = "<html><h1>Access denied</h1></html>", **headers: str) -> openai.APIStatusError:
    """What the SDK makes of a page: its body is the error's text, and its message where it is empty is the status."""
    response = httpx2.Response(status, request=REQUEST, headers={"content-type": "text/html"} | headers, text=body)
    return openai.APIStatusError(body or f"Error code: {status}", response=response, body=body)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 407, 410, 413, 415, 418, 422, 431, 451])
@pytest.mark.parametrize("body", ["<html><h1>Access denied</h1></html>", ""])
def test_a_refusal_that_is_not_the_apis_is_a_gateways(status: int, body: str) -> None:
    failed = read(page(status, body))
    assert isinstance(failed.error, Refused)
    assert (failed.error.by_gateway, failed.error.by_api, failed.error.status) == (True, False, status)
    assert (failed.may_pass, failed.ambiguous) == (False, False)
    assert ("Access denied" in failed.error.message) is bool(body)
    assert "<" not in failed.error.message
    assert "Error code" not in failed.error.message


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_a_page_of_a_server_that_is_busy_or_broken_is_tried_again(status: int) -> None:
    assert read(page(status)).may_pass


@pytest.mark.parametrize("status", [401, 403, 407, 451])
def test_a_gateway_that_denies_a_request_without_a_document_ends_the_run(status: int) -> None:
    failed = read(page(status))
    assert for_request(failed, "uploading a.md", of_document=True) is failed
    error = for_request(failed, "listing the Files", of_document=False).error
    assert isinstance(error, GatewayRefused)
    assert "Listing the Files was refused: the answer" in error.message
    assert "cannot tell whether the cause is the key, the gateway or the network" in error.message


@pytest.mark.parametrize("status", [400, 404, 405, 413])
def test_another_refusal_of_a_gateway_is_for_the_caller_to_judge(status: int) -> None:
    failed = read(page(status))
    assert for_request(failed, "listing the Files", of_document=False) is failed


@pytest.mark.parametrize("of_document", [False, True])
def test_the_apis_own_refusals_stay_as_they_are(*, of_document: bool) -> None:
    for failed in (read(by_status(401)), read(by_status(403)), read(by_status(400)), read(by_status(503))):
        assert for_request(failed, "uploading a.md", of_document=of_document) is failed


def test_an_answer_that_cannot_be_read_may_be_the_page_of_a_gateway_that_refuses_one_document() -> None:
    failed = read(ValueError("<html>Request unsuccessful</html>"))
    assert for_request(failed, "listing the Files", of_document=False) is failed
    of_document = for_request(failed, "uploading a.md", of_document=True)
    assert isinstance(of_document.error, Refused)
    assert of_document.error.by_gateway
    assert (of_document.may_pass, of_document.ambiguous) == (failed.may_pass, failed.ambiguous)


@pytest.mark.parametrize(
    ("cause", "ambiguous"),
    [
        (httpx2.ConnectError("refused"), False),
        (httpx2.ConnectTimeout("slow"), False),
        (httpx2.PoolTimeout("full"), False),
        (httpx2.ReadError("reset"), True),
        (httpx2.ReadTimeout("slow"), True),
    ],
)
def test_a_broken_connection_is_ambiguous_unless_nothing_was_sent(cause: Exception, ambiguous: bool) -> None:
    failed = read(connection(cause))
    assert isinstance(failed.error, ApiUnavailable)
    assert (failed.may_pass, failed.ambiguous) == (True, ambiguous)


@pytest.mark.parametrize("error", [ValueError("x"), TypeError("x"), KeyError("x"), RecursionError("x")])
def test_an_answer_that_cannot_be_read_is_strange_and_may_pass(error: Exception) -> None:
    failed = read(error)
    assert (failed.strange, failed.may_pass, failed.ambiguous) == (True, True, True)
    assert "OPENAI_BASE_URL" in str(failed.error)


def test_an_answer_that_is_too_large_does_not_pass() -> None:
    for error in (TooLarge("an answer of 9 bytes"), connection(TooLarge("an answer of 9 bytes"))):
        failed = read(error)
        assert (failed.may_pass, failed.ambiguous, failed.detail) == (False, True, "an answer of 9 bytes")


def test_a_request_without_an_answer_at_the_end_of_a_stopped_run_interrupts_it() -> None:
    failed = read(StoppedInFlight(15))
    assert isinstance(failed.error, Interrupted)
    assert (failed.may_pass, failed.ambiguous) == (False, True)


def test_a_timeout_is_ambiguous() -> None:
    failed = read(TimeoutError())
    assert (failed.may_pass, failed.ambiguous, "no answer" in failed.error.message) == (True, True, True)


def test_a_missing_token_is_waited_for() -> None:
    final = ApiUnavailable("no token", "later")
    failed = read(NoTokenYet(final, 2.0))
    assert (failed.error, failed.may_pass, failed.wait_s, failed.ambiguous) == (final, True, 2.0, False)


@pytest.mark.parametrize("error", [OSError("disk"), ApiUnavailable("x", "y"), Refused(400, "c", "m")])
def test_an_error_that_is_not_about_the_request_is_not_read(error: Exception) -> None:
    assert read_failure("uploading a.md", error, secrets=[], keyless=False, now=0.0) is None


def test_no_secret_stands_in_an_error() -> None:
    assert "s3cr3t" not in read(by_status(400, "the key s3cr3t is wrong")).error.message


# What becomes of a failure in the end

OUTAGE = ApiUnavailable("down", "later")
REFUSED = Refused(500, "server_error", "it broke")


@pytest.mark.parametrize(
    ("failed", "hopeless", "again", "words"),
    [
        (FailedTry(OUTAGE, may_pass=True, wait_s=3.0), False, True, "down"),
        (FailedTry(OUTAGE, may_pass=True), True, False, "failed at every try"),
        (FailedTry(Interrupted(15)), False, False, "nterrupted"),
    ],
    ids=["may pass", "hopeless", "final"],
)
def test_a_lost_answer_says_whether_to_try_again(failed: FailedTry, hopeless: bool, again: bool, words: str) -> None:
    lost = answer_lost(failed, hopeless=hopeless)
    assert (lost.again, words in str(lost.error)) == (again, True)
    assert lost.wait_s == failed.wait_s


def test_a_hopeless_request_says_that_the_api_fails_for_long() -> None:
    assert "failed at every try" in hopeless_error(REFUSED).message


@pytest.mark.parametrize(
    ("last", "asked_s", "message"),
    [
        (OUTAGE, None, "down"),
        (OUTAGE, 400.0, "down It asks to wait for 400 s."),
        (REFUSED, None, "it broke"),
        (REFUSED, 400.0, "it broke It asks to wait for 400 s."),
        (CredentialsRefused("no", "y"), 400.0, "no"),
    ],
)
def test_a_wait_that_is_too_long_is_told(last: Any, asked_s: float | None, message: str) -> None:
    error = too_late_error(last, asked_s)
    assert isinstance(error, VsyncError)
    assert error.message == message


def test_a_sentence_of_the_api_ends_with_one_full_stop() -> None:
    error = unexpected_refusal("listing", Refused(404, "not_found", "No store of that id."))
    assert "No store of that id. " in str(error)
    strange = FailedTry(ApiUnavailable("The answer is not one of the API."), ambiguous=True, strange=True)
    assert str(for_request(strange, "deleting", of_document=True).error) == "The answer is not one of the API"


def test_an_answer_that_the_sdk_cannot_read_has_words_for_people() -> None:
    failed = read(AttributeError("'str' object has no attribute '_set_private_attributes'"))
    assert failed.detail == "the answer has not the form of an answer of the API"
    assert failed.strange


def test_an_error_ends_with_a_full_stop_before_what_to_do() -> None:
    failed = read(by_status(429, "You exceeded your quota", "insufficient_quota"))
    assert str(failed.error) == (
        "The OpenAI account has no quota left: You exceeded your quota. Add credit or raise its limit, then run again."
    )
