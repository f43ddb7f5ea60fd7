"""Which error answers are the API's own."""

from __future__ import annotations

import json

import pytest

from vsync.store import foreign_answer
from vsync.store.foreign_answer import described

PAGE = "<html><h1>Forbidden</h1></html>"


def is_the_apis(status: int, text: str, media_type: str = "application/json") -> bool:
    """As the SDK reads the answer: the object `error` if there is one, else the whole JSON, else the text."""
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return foreign_answer.is_the_apis(
        status, body.get("error", body) if isinstance(body, dict) else body, text, media_type
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"message": "no", "type": "invalid_request_error", "param": null, "code": null}}',
        '{"error": {"message": "Missing scopes: api.files.write"}}',
        ' {"request_id": "r", "error": {"message": ""}}',
    ],
)
def test_openais_own_form_is_the_apis(status: int, text: str) -> None:
    assert is_the_apis(status, text)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 451])
@pytest.mark.parametrize("text", [PAGE, "RBAC: access denied", "", "{", "\x00"])
def test_a_page_a_text_and_nothing_are_not(status: int, text: str) -> None:
    assert not is_the_apis(status, text, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "text",
    [
        '{"message": "Forbidden"}',
        '{"statusCode": 403, "message": "Forbidden"}',
        '{"fault": {"faultstring": "denied"}}',
        '{"success": false, "errors": []}',
        '{"error": "Forbidden"}',
        '{"error": {"code": 403}}',
        '{"error": {"message": 7}}',
        '["no"]',
        "{}",
        "null",
        "[" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_json_with_403_in_another_form_may_be_a_gateways(text: str) -> None:
    body = None if text.startswith("[[") else json.loads(text)
    inner = body.get("error", body) if isinstance(body, dict) else body
    assert not foreign_answer.is_the_apis(403, inner, text, "application/json")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_a_compatible_server_may_have_a_form_of_its_own(status: int) -> None:
    assert is_the_apis(status, '{"detail": "no"}')


def test_any_json_with_401_is_about_the_key() -> None:
    assert is_the_apis(401, '{"error": "Unauthorized"}')
    assert not is_the_apis(401, "")


def test_the_words_of_a_page_are_said() -> None:
    assert described(403, "Access Denied").startswith("the answer 403 (Access Denied) does not come from the API")
    assert "()" not in described(403, "")
