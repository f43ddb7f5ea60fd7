from __future__ import annotations

import signal

import pytest

from vsync.errors import (
    ApiAnswer,
    ApiUnavailable,
    ConfigurationError,
    CredentialsRefused,
    GatewayRefused,
    HandshakeFailed,
    InternalError,
    Interrupted,
    LimitExceeded,
    PermissionDenied,
    StoreGone,
    VsyncError,
)
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.upstream import failure_of
from vsync.store.api_errors import Refused


def with_answer(error: VsyncError, status: int, code: str = "", wait_s: float | None = None) -> VsyncError:
    error.answer = ApiAnswer(status, code, "req_1", wait_s)
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (with_answer(CredentialsRefused("No."), 401, "invalid_api_key"), 401, "invalid_api_key"),
        (CredentialsRefused("No."), 401, "invalid_api_key"),
        (with_answer(PermissionDenied("No."), 401), 403, "permission_denied"),
        (with_answer(PermissionDenied("No."), 403, "missing_scope"), 403, "missing_scope"),
        (StoreGone("Gone."), 404, "vector_store_not_found"),
        (LimitExceeded("All."), 400, "needs_all"),
        (ConfigurationError("None."), 400, "invalid_request"),
        (with_answer(ApiUnavailable("Wait."), 429, "rate_limit_exceeded"), 429, "rate_limit_exceeded"),
        (with_answer(ApiUnavailable("Down."), 503), 502, "upstream_unavailable"),
        (ApiUnavailable("Not reached."), 502, "upstream_unavailable"),
        (HandshakeFailed("TLS."), 502, "upstream_unavailable"),
        (with_answer(GatewayRefused("Page."), 403), 502, "upstream_unavailable"),
        (InternalError("Defect."), 500, "internal_error"),
        (Interrupted(signal.SIGTERM), 503, "stopping"),
    ],
)
def test_each_error_of_the_api_has_its_status(error: VsyncError, status: int, code: str) -> None:
    failure = failure_of(error)
    assert (failure.status, failure.code) == (status, code)


def test_the_api_s_own_answer_is_passed_on() -> None:
    failure = failure_of(with_answer(CredentialsRefused("The API refused the key."), 401, "invalid_api_key"))
    assert failure.body("id-1")["error"]["upstream"] == {
        "status": 401,
        "code": "invalid_api_key",
        "request_id": "req_1",
    }


@pytest.mark.parametrize(("asked", "told"), [(7.2, "8"), (None, "20"), (0.0, "20")])
def test_a_rate_limit_says_when_to_come_back(asked: float | None, told: str) -> None:
    failure = failure_of(with_answer(ApiUnavailable("Wait."), 429, "rate_limit_exceeded", asked))
    assert failure.all_headers()["retry-after"] == told


def test_a_quota_that_is_used_up_does_not_come_back_by_itself() -> None:
    failure = failure_of(with_answer(ApiUnavailable("No quota."), 429, "insufficient_quota", 3.0))
    assert "retry-after" not in failure.all_headers()


@pytest.mark.parametrize(
    ("refused", "status", "code"),
    [
        (Refused(404, "not_found", "No such File."), 404, "not_found"),
        (Refused(400, "bad_id", "Invalid id."), 400, "bad_id"),
        (Refused(409, "conflict", "Busy."), 502, "upstream_refused"),
        (Refused(404, "x", "page", by_api=False), 502, "upstream_refused"),
    ],
)
def test_a_refusal_of_one_request_has_its_status(refused: Refused, status: int, code: str) -> None:
    failure = failure_of(refused)
    assert (failure.status, failure.code) == (status, code)
    assert failure.upstream is not None


def test_words_of_the_api_cannot_act_on_a_terminal() -> None:
    assert "\x1b" not in failure_of(ApiUnavailable("\x1b[31mred")).message


def test_an_error_shows_no_secret_of_its_call() -> None:
    failure = Failure(404, "x", "There is no vector store 'my-very-own-secret'.")
    assert "my-very-own-secret" not in str(failure.body("id", ["my-very-own-secret"]))
    assert "sk-abcdefgh12345678" not in str(Failure(404, "x", "no sk-abcdefgh12345678").body("id"))
