"""One line of a request file: what it asks for, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.request_lines import LEFT_OUT, request
from vsync.batch.limits import ENDPOINTS, MAX_TEXT_BYTES, NEEDS_MODEL
from vsync.batch.request_line import RequestLine, RequestReader, custom_id_of


def parse(line: bytes) -> RequestLine:
    return RequestReader().parse(line)


def faults(line: bytes) -> list[tuple[str, str]]:
    return [(fault.code, fault.value) for fault in parse(line).faults]


def body(**members: Any) -> dict[str, Any]:
    return {"model": "m", "input": "x", **members}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_sound_request_has_no_faults(endpoint: str) -> None:
    inputs = 1 if endpoint == "/v1/embeddings" else 0
    assert parse(request(7, url=endpoint, body=body())) == RequestLine("request-7", endpoint, "m", inputs)


def test_members_that_nobody_knows_are_no_fault() -> None:
    assert faults(request(more=1, body=body(stream=False, messages=[{"stream": True, "model": 3}]))) == []


@pytest.mark.parametrize("line", [b"", b" ", b"\t\r", b"\x0b"])
def test_a_blank_line_is_empty(line: bytes) -> None:
    assert faults(line) == [("empty-line", "")]


@pytest.mark.parametrize("name", ["custom_id", "method", "url", "body"])
def test_a_member_that_is_missing_is_named(name: str) -> None:
    assert faults(request(**{name: LEFT_OUT})) == [("no-member", name)]


@pytest.mark.parametrize("name", ["custom_id", "method", "url"])
@pytest.mark.parametrize("value", [None, 3, True, ["x"], {}])
def test_a_member_that_is_no_text_is_named(name: str, value: Any) -> None:
    assert faults(request(**{name: value})) == [("not-text", name)]


@pytest.mark.parametrize("name", ["custom_id", "method", "url"])
def test_a_member_that_is_an_empty_text_is_named(name: str) -> None:
    assert faults(request(**{name: ""})) == [("empty-text", name)]


@pytest.mark.parametrize("name", ["custom_id", "method", "url"])
def test_a_member_without_a_sensible_length_is_named(name: str) -> None:
    line = request(**{name: "x" * MAX_TEXT_BYTES})
    assert faults(line) == [("text-too-long", name)]
    assert parse(request(custom_id="x" * (MAX_TEXT_BYTES - 2))).custom_id == "x" * (MAX_TEXT_BYTES - 2)


@pytest.mark.parametrize("method", ["GET", "post", "POST "])
def test_the_only_method_is_post(method: str) -> None:
    assert faults(request(method=method)) == [("wrong-method", method)]


def test_a_url_that_is_no_endpoint_is_no_endpoint_of_the_request() -> None:
    found = parse(request(url="/v1/files"))
    assert (found.endpoint, [(fault.code, fault.value) for fault in found.faults]) == (
        None,
        [("wrong-url", "/v1/files")],
    )


@pytest.mark.parametrize("value", [None, 3, "{}", []])
def test_a_body_that_is_no_object_is_called_so(value: Any) -> None:
    assert faults(request(body=value)) == [("body-not-object", "")]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_model_is_needed_where_the_endpoint_has_no_default(endpoint: str) -> None:
    expected = [("no-member", "body.model")] if endpoint in NEEDS_MODEL else []
    assert faults(request(url=endpoint, body={"input": "x"})) == expected


@pytest.mark.parametrize("endpoint", ["/v1/responses", "/v1/moderations"])
def test_a_model_is_a_text_wherever_there_is_one(endpoint: str) -> None:
    assert faults(request(url=endpoint, body=body(model=3))) == [("not-text", "body.model")]
    assert faults(request(url=endpoint, body=body(model=""))) == [("empty-text", "body.model")]


def test_a_request_for_a_stream_is_a_fault() -> None:
    assert faults(request(body=body(stream=True))) == [("stream", "")]


@pytest.mark.parametrize("value", [False, None, "true", 1])
def test_only_true_asks_for_a_stream(value: Any) -> None:
    assert faults(request(body=body(stream=value))) == []


def test_the_inputs_of_an_embedding_request_are_counted() -> None:
    def line(value: Any) -> bytes:
        return request(url="/v1/embeddings", body={"model": "m", "input": value})

    assert parse(line(["a", [1, 2]])).inputs == 2
    assert faults(line(None)) == [("wrong-input", "")]
    assert faults(line([])) == [("wrong-input", "")]
    assert faults(request(url="/v1/embeddings", body={"model": "m"})) == [("no-member", "body.input")]


def test_members_that_stand_twice_are_named() -> None:
    line = request().replace(b'"method"', b'"url": "/v1/x", "method"').replace(b'"model"', b'"input": "y", "model"')
    assert faults(line) == [("duplicate-member", "url"), ("duplicate-member", "body.input")]


def test_a_name_that_stands_twice_is_shortened_and_printable() -> None:
    name = "\\u001b" + "x" * 500
    (found,) = parse(request().replace(b"{", f'{{"{name}": 1, "{name}": 2, '.encode(), 1)).faults
    assert found.code == "duplicate-member"
    assert found.value.startswith("\\x1bxxx")
    assert len(found.value) < 130


def test_all_faults_of_a_line_are_told_and_the_rest_is_read() -> None:
    found = parse(request(5, method="GET", url=3, body=body(stream=True)))
    assert [fault.code for fault in found.faults] == ["wrong-method", "not-text", "stream"]
    assert (found.custom_id, found.endpoint, found.model) == ("request-5", None, "m")


def test_a_line_that_is_broken_has_one_fault_and_nothing_else() -> None:
    found = parse(request()[:-1])
    assert ([fault.code for fault in found.faults], found.custom_id) == (["not-json"], None)
    found = parse(request().replace(b"hello", b"\xff"))
    assert ([fault.code for fault in found.faults], found.custom_id) == (["not-utf-8"], None)


def test_the_custom_id_of_a_line_is_read_whatever_else_is_wrong_with_it() -> None:
    assert custom_id_of(request(3, method="GET", body=None)) == "request-3"
    assert custom_id_of(rb'{"custom_id": "\u00e9"}') == "é"
    for line in (
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"custom_id": 3}',
        b'{"custom_id": "\xff"}',
        b'{"custom_id": "a", "x": ' + b"[" * 9_999,
    ):
        assert custom_id_of(line) is None
