from __future__ import annotations

import pytest

from vsync.serve.rest.caller import Caller, caller_of
from vsync.serve.rest.failure import Failure

KEY, OTHER, TOKEN = "sk-key-0123456789", "sk-other-0123456789", "server-token-0123456789"


def headers(**values: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in values.items()]


def refused(given: list[tuple[bytes, bytes]], token: str | None = None) -> Failure:
    with pytest.raises(Failure) as caught:
        caller_of(given, token)
    return caught.value


def test_the_key_comes_in_its_own_header_or_as_a_bearer() -> None:
    assert caller_of(headers(x_openai_api_key=KEY), None) == Caller(KEY)
    assert caller_of(headers(authorization=f"Bearer {KEY}"), None) == Caller(KEY)
    assert caller_of(headers(authorization=f"bearer  {KEY} "), None) == Caller(KEY)


def test_its_own_header_wins() -> None:
    assert caller_of(headers(x_openai_api_key=KEY, authorization=f"Bearer {OTHER}"), None).api_key == KEY


def test_organization_and_project_are_taken_when_given() -> None:
    given = headers(x_openai_api_key=KEY, openai_organization="org-1", openai_project="proj_2")
    assert caller_of(given, None) == Caller(KEY, "org-1", "proj_2")
    assert caller_of(headers(x_openai_api_key=KEY, openai_organization=""), None) == Caller(KEY)


def test_an_empty_header_counts_as_none() -> None:
    assert caller_of(headers(x_openai_api_key="", authorization=f"Bearer {KEY}"), None) == Caller(KEY)
    assert refused(headers(x_openai_api_key=" ")).code == "missing_api_key"
    assert refused(headers(x_openai_api_key=KEY, x_vsync_token=""), TOKEN).code == "missing_token"


@pytest.mark.parametrize(
    "given", [{}, {"authorization": "Basic abc"}, {"authorization": "Bearer"}, {"authorization": "Bearer  "}]
)
def test_without_a_key_the_call_is_refused(given: dict[str, str]) -> None:
    failure = refused(headers(**given))
    assert (failure.status, failure.code) == (401, "missing_api_key")
    assert "x-openai-api-key" in failure.message


@pytest.mark.parametrize("key", ["a b", "sch\xf6n", "x" * 513, "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    failure = refused(headers(x_openai_api_key=key))
    assert (failure.status, failure.code) == (401, "invalid_api_key")
    assert not key.strip() or key not in failure.message


@pytest.mark.parametrize("name", ["openai_organization", "openai_project"])
def test_an_id_that_no_header_can_carry_is_refused_by_its_name(name: str) -> None:
    failure = refused(headers(x_openai_api_key=KEY, **{name: "org 1"}))
    assert (failure.status, failure.param) == (400, name.replace("_", "-"))


@pytest.mark.parametrize("name", ["x_openai_api_key", "authorization", "openai_project"])
def test_a_header_that_is_given_twice_is_refused(name: str) -> None:
    twice = headers(**{name: "Bearer a"}) * 2
    failure = refused([*twice, *([] if name == "x_openai_api_key" else headers(x_openai_api_key=KEY))])
    assert (failure.status, failure.code, failure.param) == (400, "duplicate_header", name.replace("_", "-"))


def test_the_server_s_token_comes_in_its_header_or_as_a_bearer_beside_the_key() -> None:
    assert caller_of(headers(x_vsync_token=TOKEN, authorization=f"Bearer {KEY}"), TOKEN).api_key == KEY
    assert caller_of(headers(x_vsync_token=TOKEN, x_openai_api_key=KEY), TOKEN).api_key == KEY
    assert caller_of(headers(authorization=f"Bearer {TOKEN}", x_openai_api_key=KEY), TOKEN).api_key == KEY


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"x_openai_api_key": KEY}, "missing_token"),
        ({"authorization": f"Bearer {KEY}"}, "missing_token"),
        ({"authorization": f"Bearer {TOKEN}"}, "missing_token"),
        ({"x_openai_api_key": KEY, "x_vsync_token": "no"}, "wrong_token"),
        ({"x_openai_api_key": KEY, "x_vsync_token": TOKEN[:-1]}, "wrong_token"),
        ({"x_openai_api_key": KEY, "x_vsync_token": "\xff"}, "wrong_token"),
        ({"x_openai_api_key": KEY, "authorization": f"Bearer {OTHER}"}, "wrong_token"),
        ({"x_openai_api_key": TOKEN}, "missing_token"),
        ({"x_vsync_token": TOKEN}, "missing_api_key"),
    ],
)
def test_without_the_token_the_call_is_refused(given: dict[str, str], code: str) -> None:
    failure = refused(headers(**given), TOKEN)
    assert (failure.status, failure.code) == (401, code)
    assert TOKEN not in failure.message


def test_a_caller_does_not_show_its_key() -> None:
    assert KEY not in repr(Caller(KEY, "org", "proj"))
