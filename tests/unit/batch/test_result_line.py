"""One line of the API's results: whose it is, whether it is good, and what went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.results import bad, expired, good
from vsync.batch.result_line import ResultLine, parse_result


def parsed(**members: Any) -> ResultLine:
    found = parse_result(json.dumps({"custom_id": "a", **members}).encode())
    assert found is not None
    return found


def test_a_good_result() -> None:
    assert parse_result(good("a")) == ResultLine("a", ok=True, status_code=200)


def test_a_refused_request_has_the_code_of_its_error_else_of_its_status() -> None:
    assert parse_result(bad("a", 404, "model_not_found", "No such model.")) == ResultLine(
        "a", ok=False, status_code=404, code="model_not_found", message="No such model."
    )
    assert parse_result(bad("a", 400, None)) == ResultLine(
        "a", ok=False, status_code=400, code="http_400", message="It is bad."
    )


def test_a_request_that_was_not_run_has_the_code_of_the_line() -> None:
    found = parse_result(expired("a"))
    assert found is not None
    assert (found.ok, found.status_code, found.code) == (False, 0, "batch_expired")
    assert parsed(response={"status_code": 200, "body": {}}, error={"code": "odd", "message": "m"}).code == "odd"


def test_an_answer_that_says_that_it_failed_is_a_failure_also_with_status_200() -> None:
    error = {"code": "server_error", "message": "It failed."}
    assert parsed(response={"status_code": 200, "body": {"status": "failed", "error": error}}).code == "server_error"
    assert parsed(response={"status_code": 200, "body": {"status": "completed", "error": None}}).ok


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"response": None, "error": None},
        {"response": []},
        {"response": "x"},
        {"response": {}},
        {"response": {"status_code": "20x"}},
        {"response": {"status_code": " 200"}},
        {"response": {"status_code": None}},
        {"response": {"status_code": True}},
        {"response": {"status_code": 200.5}},
        {"response": {"status_code": -1}},
        {"response": {"status_code": 10**30}},
        {"error": 1},
        {"error": []},
        {"error": {"code": [1]}},
        {"response": {"status_code": 200}, "error": {"code": {}}},
    ],
)
def test_a_result_that_says_nothing_is_a_failure_that_says_so(members: dict[str, Any]) -> None:
    found = parsed(**members)
    assert (found.ok, found.code) == (False, "unreadable")


@pytest.mark.parametrize("status", ["200", 200.0])
def test_a_status_may_be_spelled_otherwise(status: object) -> None:
    assert parsed(response={"status_code": status}) == ResultLine("a", ok=True, status_code=200)


@pytest.mark.parametrize("body", [None, [], "x", 1, {"error": None}, {"errors": 1}])
def test_the_body_of_a_good_result_may_be_anything(body: Any) -> None:
    assert parsed(response={"status_code": 201, "body": body}).ok


def test_other_servers_give_a_text_or_a_number() -> None:
    assert parsed(response={"status_code": 500, "body": {"error": "It broke."}}) == ResultLine(
        "a", ok=False, status_code=500, code="http_500", message="It broke."
    )
    assert parsed(response={"status_code": 500, "body": {"error": {"code": 17}}}).code == "17"
    assert parsed(response={"status_code": 502, "body": "<html>"}).code == "http_502"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{}",
        b'{"custom_id": 1}',
        b'{"custom_id": ""}',
        b'{"custom_id": "a"} x',
        b'{"custom_id": "a", "response": {"body": [1,]}}',
        b'{"custom_id": "a", "x": "\xff"}',
        b'{"custom_id": "a", "x": "\xed\xa0\x80"}',
        b'{"custom_id": "\\ud800"}',
        b'{"custom_id": "a", "x": NaN}',
        b'{"custom_id": "a", "x": ' + b"[" * 100_000,
    ],
)
def test_a_line_that_is_not_strict_json_is_not_read_here(line: bytes) -> None:
    assert parse_result(line) is None


def test_hostile_texts_are_short_and_on_one_line() -> None:
    found = parsed(
        error={"code": "a b\n::error::" + "c" * 100, "message": "x\n\ny " + "z " * 9_000 + "sk-abcdefghijkl"}
    )
    assert found.code.startswith("aberrorc")
    assert len(found.code) == 64
    assert found.message.startswith("x y z")
    assert len(found.message) < 2_000
    assert parsed(error={"code": "c", "message": "key sk-abcdefghijkl"}).message == "key ***"
    assert parsed(error={"code": "sk-abcdefghijkl"}).code == "unreadable"


@given(st.binary(max_size=60))
def test_law_no_line_is_fatal(line: bytes) -> None:
    parse_result(line)
    parse_result(b'{"custom_id":"a","response":' + line + b"}")
    parse_result(b'{"custom_id":"a","response":{"status_code":400,"body":' + line + b"}}")
