from __future__ import annotations

import json

import pytest

from vsync.serve.rest.access_log import Call, log_line

KEY = "sk-proj-0123456789abcdef"


def line_of(call: Call) -> dict[str, object]:
    text = log_line(call, 1_767_225_600.25, 0.0123)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_says_what_was_called_and_what_came_of_it() -> None:
    call = Call("id-1", "GET", "/vector_stores/vs_1/files", "127.0.0.1", route="/vector_stores/{vector_store_id}/files")
    call.status = 200
    call.requests["GET /vector_stores/{id}/files"] += 3
    assert line_of(call) == {
        "time": "2026-01-01T00:00:00.250Z",
        "request_id": "id-1",
        "method": "GET",
        "path": "/vector_stores/vs_1/files",
        "route": "/vector_stores/{vector_store_id}/files",
        "status": 200,
        "duration_ms": 12.3,
        "upstream_requests": 3,
        "client": "127.0.0.1",
    }


def test_a_key_in_the_path_is_not_shown() -> None:
    own = Call("i", "GET", "/files/my-own-secret-key", "c", secrets=("my-own-secret-key",))
    other = Call("i", "GET", f"/files/{KEY}", "c")
    assert line_of(own)["path"] == "/files/***"
    assert KEY not in str(line_of(other))


@pytest.mark.parametrize("before", [170, 185, 199])
def test_no_part_of_a_key_is_shown_where_a_long_path_is_cut(before: int) -> None:
    line = line_of(Call("i", "GET", "/" + "x" * before + "my-own-secret-key", "c", secrets=("my-own-secret-key",)))
    assert "xm" not in str(line["path"])


def test_a_hostile_path_and_method_stay_on_one_line_and_short() -> None:
    line = line_of(Call("i", "G\x1b[2J" * 30, "/a\nb\x1b[31m" + "x" * 5_000, "c"))
    assert "\x1b" not in str(line)
    assert len(str(line["path"])) < 300
    assert len(str(line["method"])) <= 20


def test_an_answer_that_broke_off_says_why() -> None:
    assert line_of(Call("i", "GET", "/", "c", cut=True, reason="ApiUnavailable"))["cut"] == "ApiUnavailable"
    assert line_of(Call("i", "GET", "/", "c", cut=True))["cut"] == "hung up"
    assert "cut" not in line_of(Call("i", "GET", "/", "c"))
