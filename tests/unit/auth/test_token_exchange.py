"""How often a token is tried for, and what the failures on the way mean."""

from __future__ import annotations

import base64
import json

import httpx2
import openai
import pytest

from vsync.auth.credentials import WorkloadIdentity
from vsync.auth.identity_token import claims
from vsync.auth.token_exchange import MAX_TRIES, Exchange, NoTokenYet
from vsync.errors import ApiUnavailable, CredentialsRefused, VsyncError
from vsync.system.secrets import Secrets

IDENTITY = WorkloadIdentity("idp_1", "svcacct_1", "https://aud.example")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Gives tokens, or what it was told to raise."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: VsyncError | None = None

    def __call__(self) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return token({"repository": "acme/docs", "ref": "refs/heads/main"})


def token(said: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.sig"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def exchange(clock: Clock, source: Source) -> Exchange:
    return Exchange(IDENTITY, source, Secrets(), clock=clock)


def subject_token(exchange: Exchange) -> str:
    return exchange.for_sdk()["provider"]["get_token"]()


def failed() -> openai.OpenAIError:
    return openai.OpenAIError("Token exchange failed with status 503")


def oauth_error(status: int, body: object) -> openai.OAuthError:
    request = httpx2.Request("POST", "https://auth.openai.com/oauth/token")
    return openai.OAuthError(response=httpx2.Response(status, json=body, request=request), body=body)


def test_the_sdk_is_given_both_ids_and_refreshes_a_minute_before_the_end(exchange: Exchange) -> None:
    given = exchange.for_sdk()
    assert (given["identity_provider_id"], given["service_account_id"]) == ("idp_1", "svcacct_1")
    assert given["refresh_buffer_seconds"] == 60
    assert given["provider"]["token_type"] == "jwt"


def test_every_exchange_gets_a_token_of_its_own(exchange: Exchange, source: Source) -> None:
    for _ in range(20):
        subject_token(exchange)
        exchange.used("Bearer t")
    assert source.calls == 20


def test_tries_side_by_side_are_one_try(exchange: Exchange, source: Source, clock: Clock) -> None:
    subject_token(exchange)
    first = exchange.explain(failed())
    assert isinstance(first, NoTokenYet)
    assert 0.75 <= first.wait_s <= 1.0
    for _ in range(16):
        with pytest.raises(NoTokenYet) as early:
            subject_token(exchange)
        assert early.value.wait_s == first.wait_s
        assert exchange.explain(early.value) is early.value
    assert source.calls == 1
    clock.now += first.wait_s
    subject_token(exchange)
    assert source.calls == 2


def test_tries_end_after_a_handful_within_a_minute(exchange: Exchange, source: Source, clock: Clock) -> None:
    started = clock.now
    for _ in range(MAX_TRIES - 1):
        subject_token(exchange)
        explained = exchange.explain(failed())
        assert isinstance(explained, NoTokenYet)
        clock.now += explained.wait_s
    subject_token(exchange)
    final = exchange.explain(failed())
    assert isinstance(final, ApiUnavailable)
    assert "503" in final.message
    assert clock.now - started < 20  # and each try has ten seconds for the exchange, and five for GitHub
    with pytest.raises(ApiUnavailable):
        subject_token(exchange)
    assert source.calls == MAX_TRIES == 5


def test_no_thread_tries_once_more_before_the_last_failure_is_told(
    exchange: Exchange, source: Source, clock: Clock
) -> None:
    for _ in range(MAX_TRIES):
        subject_token(exchange)
        clock.now += 60
    with pytest.raises(ApiUnavailable):
        subject_token(exchange)
    assert source.calls == MAX_TRIES


def test_a_token_that_is_used_ends_the_count(exchange: Exchange, clock: Clock) -> None:
    for _ in range(3 * MAX_TRIES):
        subject_token(exchange)
        assert isinstance(exchange.explain(failed()), NoTokenYet)
        clock.now += 60
        subject_token(exchange)
        exchange.used("Bearer t")
        clock.now += 60


def test_a_passing_failure_of_github_is_tried_again_and_is_told_as_githubs(
    exchange: Exchange, source: Source, clock: Clock
) -> None:
    source.error = ApiUnavailable("GitHub is out", "Wait.")
    for _ in range(MAX_TRIES - 1):
        with pytest.raises(NoTokenYet, match="GitHub is out") as trouble:
            subject_token(exchange)
        clock.now += trouble.value.wait_s
    with pytest.raises(ApiUnavailable, match="GitHub is out"):
        subject_token(exchange)


def test_a_refusal_of_github_is_final_at_once_and_for_everybody(exchange: Exchange, source: Source) -> None:
    source.error = CredentialsRefused("GitHub says no", "")
    for _ in range(2):
        with pytest.raises(CredentialsRefused, match="GitHub says no"):
            subject_token(exchange)
    assert source.calls == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_status_of_the_exchange_is_tried_again(exchange: Exchange, status: int) -> None:
    subject_token(exchange)
    error = openai.OpenAIError(f"Token exchange failed with status {status}")
    assert isinstance(exchange.explain(error), NoTokenYet)


@pytest.mark.parametrize("status", [302, 404, 405, 422])
def test_any_other_status_of_the_exchange_is_final(exchange: Exchange, status: int) -> None:
    subject_token(exchange)
    error = openai.OpenAIError(f"Token exchange failed with status {status}")
    assert isinstance(exchange.explain(error), ApiUnavailable)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": "no mapping"}, "400 invalid_grant: no mapping"),
        (401, {"error": "invalid_subject_token"}, "401 invalid_subject_token"),
        (403, {"error": {"code": "forbidden", "message": "not\nallowed"}}, "403 forbidden: not allowed"),
        (403, {"error": 7, "error_description": None}, "403 no reason given"),
        (400, ["odd"], "400 no reason given"),
        (400, None, "400 no reason given"),
    ],
)
def test_a_refused_exchange_says_what_to_check_and_who_the_job_is(
    exchange: Exchange, status: int, body: object, words: str
) -> None:
    subject_token(exchange)
    explained = exchange.explain(oauth_error(status, body))
    assert isinstance(explained, CredentialsRefused)
    assert words in explained.message
    for part in ("identity-provider-id", "service-account-id", "https://aud.example", "workflow_ref", "environment"):
        assert part in explained.remedy
    assert "repository 'acme/docs', ref 'refs/heads/main'" in explained.remedy


def test_a_refused_exchange_is_not_tried_again(exchange: Exchange, source: Source) -> None:
    subject_token(exchange)
    exchange.explain(oauth_error(403, {"error": "access_denied"}))
    with pytest.raises(CredentialsRefused):
        subject_token(exchange)
    assert source.calls == 1


def test_an_echoed_token_is_not_told(source: Source) -> None:
    secrets = Secrets()
    exchange = Exchange(IDENTITY, source, secrets)
    subject = subject_token(exchange)
    secrets.add(subject)
    told = exchange.explain(
        oauth_error(400, {"error": "invalid_grant", "error_description": f"bad <{subject}> {subject}"})
    )
    assert subject not in str(told)
    assert "***" in str(told)


@pytest.mark.parametrize(
    "error",
    [
        openai.OpenAIError("Something else"),
        RuntimeError("Event loop is closed"),
        openai.APIConnectionError(request=httpx2.Request("GET", "https://api.openai.com/v1/files")),
        ValueError("Token exchange"),
    ],
)
def test_errors_about_something_else_are_left_alone(exchange: Exchange, error: Exception) -> None:
    assert exchange.explain(error) is None


def test_tokens_that_leave_in_a_header_are_secrets(source: Source) -> None:
    told: list[str] = []
    exchange = Exchange(IDENTITY, source, Secrets(added=told.append))
    exchange.used("Bearer one")
    exchange.used("Bearer one")
    exchange.used("")
    exchange.used("Bearer two")
    assert told == ["one", "two"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (token({"repository": "acme/docs", "ref": "", "actor": "x"}), {"repository": "acme/docs"}),
        (token(["repository"]), {}),
        (token(7), {}),
        ("no token", {}),
        ("a.b.c", {}),
        ("a.é.c", {}),
        ("", {}),
    ],
)
def test_claims_are_read_from_what_is_a_token_and_nothing_else(given: str, found: dict[str, str]) -> None:
    assert claims(given) == found
