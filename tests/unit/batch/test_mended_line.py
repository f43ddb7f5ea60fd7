"""A line that no strict reader of JSON takes says whose result it is all the same."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.results import bad, expired, good, lines
from vsync.batch import result_file
from vsync.batch.mended_line import mended
from vsync.batch.result_file import results
from vsync.batch.result_line import ResultLine, parse_result

BODIES = [
    b'{"text": "cut \\ud83d"}',
    b'{"\\udc00": 1}',
    b'{"logprob": NaN, "other": -Infinity}',
    b'{"logprobs": [{"p": Infinity}]}',
    b'{"a": 1, "a": 2}',
    b'{"text": "\xff\xfe"}',
    b'{"list": ["\xed\xa0\x80"]}',
    b'{"text": "\\x41 and a \t tab"}',
    b'{"list": [1, 2,], "n": 01}',
    b'{"n": nan, "m": +1,}',
    b"[" * 50_000 + b"]" * 50_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
]


def read(line: bytes) -> ResultLine | None:
    (found,) = results(io.BytesIO(lines(line)))
    return found.result


def with_body(body: bytes, status: bytes = b"200", custom_id: bytes = b'"a"') -> bytes:
    response = b'{"status_code": ' + status + b', "request_id": "r", "body": ' + body + b"}"
    return b'{"id": "x", "custom_id": ' + custom_id + b', "response": ' + response + b', "error": null}'


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:20].decode("ascii", "replace"))
@pytest.mark.parametrize("piece", [64, 2_000_000])
def test_the_result_belongs_to_its_request(body: bytes, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_file, "PIECE_BYTES", piece)
    assert read(with_body(body)) == ResultLine("a", ok=True, status_code=200)
    assert read(with_body(body, b"500")) == ResultLine("a", ok=False, status_code=500, code="http_500")


def test_reasons_are_found_in_such_lines_too() -> None:
    line = bad("a", 404, "model_not_found", "No such model.").replace(b"model.", b"\\udc00 \\q \xff model.")
    assert parse_result(line) is None
    assert read(line) == ResultLine(
        "a", False, 404, "model_not_found", "No such ? \\\\q \ufffd model.".replace("\\\\", "\\")
    )
    line = expired("a")[:-1] + b', "x": NaN}'
    assert read(line) == parse_result(expired("a"))
    line = with_body(b"{}", b'"429"')[:-5] + b'NaN, "x": "\\ud800"}'
    assert read(line) == ResultLine("a", ok=False, status_code=429, code="http_429")


@pytest.mark.parametrize("error", [b"{}", b'""', b"false", b"null"])
def test_an_error_that_says_nothing_is_none(error: bytes) -> None:
    broken = read(with_body(b'{"error": ' + error + b', "x": NaN}'))
    whole = parse_result(with_body(b'{"error": ' + error + b"}"))

    assert broken == whole == ResultLine("a", ok=True, status_code=200)


def test_an_error_in_another_form_is_a_failure() -> None:
    for error in (b'"It broke \\ud800"', b"[NaN]", b"17", b"true"):
        found = read(with_body(b'{"error": ' + error + b', "x": NaN}'))
        assert found is not None
        assert (found.custom_id, found.ok) == ("a", False)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null NaN",
        b"[]",
        b"{",
        b"{}",
        b'{"custom_id": "a"',
        b'{"custom_id": "a", "response": {"status_code": 200, "body": {"text": "cut off',
        b'{"custom_id": "a"} x',
        b'{"custom_id": "a"} {"custom_id": "b"}',
        b'{"custom_id": "a", "custom_id": "b", "x": NaN}',
        b'{"custom_id": NaN}',
        b'{"custom_id": ["a"]}',
        b'{"custom_id": {"a": 1}, "x": NaN}',
        b'{"custom_id": "", "x": NaN}',
        b'{"custom_id": "\\ud800"}',
        b'{"custom_id": "\xff"}',
        b'{"x" "custom_id": "a"}',
        b'{"custom_id": , "x": 1}',
        b'{x: "custom_id"}',
        b'{"x": {"custom_id": "a", "y": NaN}}',
        b'{"custom_id": "a", "x": ' + b"[" * 100_000,
    ],
)
def test_a_line_without_an_owner_stays_one(line: bytes) -> None:
    assert [each.result for each in results(io.BytesIO(line))] in ([], [None])


def test_lists_that_hold_something_are_not_expected() -> None:
    assert mended(b'{"custom_id": "a", "x": [1]}') is None


@given(st.binary(max_size=60))
def test_law_no_line_is_fatal(line: bytes) -> None:
    for each in (line, b'{"custom_id":"a","x":NaN,"response":' + line + b"}", with_body(line), with_body(b"1", line)):
        found = mended(each)
        assert found is None or isinstance(json.loads(found), dict)
        list(results(io.BytesIO(each)))


@given(st.sampled_from([good("a"), bad("b", 404, "c"), bad("d", 500, None), expired("e"), good('\u00e9"\\\\')]))
def test_law_a_sound_line_says_the_same_when_it_is_mended(line: bytes) -> None:
    found = mended(line)
    assert found is not None
    assert parse_result(found) == parse_result(line)
