"""Every error carries the API's answer: its status, its code, its request id, and when to come back."""

from __future__ import annotations

import httpx2
import openai
import pytest

from vsync.errors import ApiAnswer, ApiUnavailable, StoreGone, VsyncError
from vsync.store.api_errors import BY_GATEWAY, AnswerLost, Refused, answered, gateway_refused, unexpected_refusal
from vsync.store.failed_try import FailedTry, answer_lost, for_request, hopeless_error, read_failure, too_late_error

REQUEST = httpx2.Request("DELETE", "http://store.test/v1/files/file-1")
KEY = "sk-proj-Abc123_not-to-be-shown-0123456789"


def failed(
    status: int, body: object = None, code: object = "a_code", *, of_document: bool = False, **headers: str
) -> FailedTry:
    """What one answer with that status becomes, as a request meets it."""
    if body is None:
        body = {"error": {"message": "no", "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, str):
        response = httpx2.Response(status, request=REQUEST, headers={"content-type": "text/html"} | named, text=body)
    else:
        response = httpx2.Response(status, request=REQUEST, headers=named, json=body)
    inner = body["error"] if isinstance(body, dict) else body
    error = openai.APIStatusError("no", response=response, body=inner)
    found = read_failure("deleting file-1", error, secrets=[KEY], keyless=False, now=0.0)
    assert found is not None
    return for_request(found, "deleting file-1", of_document=of_document)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503, 504, 529])
def test_every_status_is_kept_with_code_and_request_id(status: int) -> None:
    found = failed(status, x_request_id="req_abc-1.2", retry_after="7")
    assert found.error.answer == ApiAnswer(status, "a_code", "req_abc-1.2", 7.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 451, 502])
@pytest.mark.parametrize("of_document", [False, True])
def test_a_page_of_a_gateway_is_an_answer_too(status: int, of_document: bool) -> None:
    found = failed(status, "<html>denied</html>", of_document=of_document, x_request_id="req_1")
    assert found.error.answer is not None
    assert (found.error.answer.status, found.error.answer.request_id) == (status, "req_1")


@pytest.mark.parametrize(
    "hostile",
    ["", "a b", "a\x1b[31mb", "x" * 129, KEY, "req_<script>", "req/../..", "réq", "::error::x y"],
)
def test_a_hostile_request_id_is_dropped(hostile: str) -> None:
    response = httpx2.Response(
        404, request=REQUEST, headers=[(b"x-request-id", hostile.encode("latin-1", "replace"))], json={"error": {}}
    )
    error = openai.APIStatusError("no", response=response, body={})
    found = read_failure("deleting file-1", error, secrets=[KEY], keyless=False, now=0.0)
    assert found is not None
    assert found.error.answer == ApiAnswer(404)


@pytest.mark.parametrize("code", [None, {"a": 1}, ["x"], "a b", "<b>", KEY, "x" * 200])
def test_a_code_that_is_no_word_is_dropped(code: object) -> None:
    found = failed(409, code=code)
    assert found.error.answer == ApiAnswer(409)


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf", ""])
def test_a_wait_that_makes_no_sense_is_none(text: str) -> None:
    found = failed(429, retry_after=text)
    assert found.error.answer is not None
    assert found.error.answer.wait_s is None


ANSWER = ApiAnswer(429, "busy", "req_1", 7.0)


def with_answer(error: Refused | VsyncError) -> Refused | VsyncError:
    error.answer = ANSWER
    return error


@pytest.mark.parametrize(
    "error",
    [
        hopeless_error(with_answer(Refused(500, "x", "no"))),
        hopeless_error(with_answer(ApiUnavailable("no"))),
        too_late_error(with_answer(Refused(500, "x", "no")), 700.0),
        too_late_error(with_answer(ApiUnavailable("no")), 700.0),
        too_late_error(with_answer(StoreGone("no")), 700.0),
        AnswerLost(with_answer(Refused(500, "x", "no"))).error,
        AnswerLost(with_answer(ApiUnavailable("no"))).error,
        unexpected_refusal("listing", with_answer(Refused(500, "x", "no"))),  # type: ignore[arg-type]  # it stays a Refused
        unexpected_refusal("listing", with_answer(Refused(403, BY_GATEWAY, "no"))),  # type: ignore[arg-type]  # the same
        gateway_refused("listing", with_answer(Refused(403, BY_GATEWAY, "no"))),  # type: ignore[arg-type]  # the same
        answered(StoreGone("gone"), with_answer(Refused(404, "x", "no"))),
        with_answer(ApiUnavailable("no")).mapped(str.upper),  # type: ignore[union-attr]  # it stays a VsyncError
    ],
    ids=lambda error: f"{type(error).__name__}: {error}"[:40],
)
def test_what_an_error_becomes_keeps_its_answer(error: VsyncError) -> None:
    assert error.answer == ANSWER


def test_a_lost_answer_of_a_server_error_keeps_it() -> None:
    found = failed(503, x_request_id="req_1")
    for hopeless in (False, True):
        assert answer_lost(found, hopeless=hopeless).error.answer == ApiAnswer(503, "a_code", "req_1")


def test_without_an_answer_there_is_none() -> None:
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectError("All connection attempts failed")
    found = read_failure("deleting file-1", error, secrets=[], keyless=False, now=0.0)
    assert found is not None
    assert found.error.answer is None
