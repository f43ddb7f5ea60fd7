from __future__ import annotations

import pytest

from vsync.errors import ApiAnswer
from vsync.serve.rest.failure import Failure


def test_the_body_names_only_what_there_is() -> None:
    assert Failure(400, "not_json", "No JSON.").body("id-1") == {
        "error": {"message": "No JSON.", "type": "invalid_request_error", "code": "not_json"},
        "request_id": "id-1",
    }
    full = Failure(422, "x", "m", param="sort", upstream=ApiAnswer(500, "c", "r")).body("id-1")["error"]
    assert full["param"] == "sort"
    assert full["upstream"] == {"status": 500, "code": "c", "request_id": "r"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (502, "upstream_error"),
        (503, "unavailable_error"),
        (504, "server_error"),
    ],
)
def test_each_status_has_its_type(status: int, kind: str) -> None:
    assert Failure(status, "c", "m").body("i")["error"]["type"] == kind


def test_headers_follow_from_the_status() -> None:
    assert Failure(401, "c", "m").all_headers() == {"www-authenticate": "Bearer"}
    assert Failure(429, "c", "m", retry_after=0.01).all_headers() == {"retry-after": "1"}
    assert Failure(413, "c", "m", headers={"connection": "close"}).all_headers() == {"connection": "close"}
