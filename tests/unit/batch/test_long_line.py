"""A line that is too long for the memory says whose result it is, like any other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.results import bad, expired, good
from vsync.batch import long_line
from vsync.batch.long_line import LongLine
from vsync.batch.result_line import parse_result


def kept(line: bytes, piece: int) -> bytes | None:
    found = LongLine()
    for at in range(0, len(line), piece):
        found.add(line[at : at + piece])
    return found.end()


LINES = [good("a"), bad("b", 404, 'c"\\{[', "m"), expired("c"), good('é\U0001f600"\\'), bad("d", message='}]"\\')]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize("line", LINES)
def test_what_is_kept_says_the_same_as_the_line(line: bytes, piece: int) -> None:
    for spelled in (line, json.dumps(json.loads(line), ensure_ascii=False).encode()):
        found = kept(spelled, piece)
        assert found is not None
        assert parse_result(found) == parse_result(spelled)


def test_lists_long_texts_and_what_stands_deep_are_left_out() -> None:
    body = {"data": [1, {"x": ["]"]}] * 10, "image": "A" * 2_000_000, "a": {"b": {"c": {"d": "}"}}}, "n": -1.5}
    line = json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None}).encode()
    found = kept(line, 4_096)
    assert found is not None
    assert json.loads(found) == {
        "custom_id": "a",
        "response": {"status_code": 200, "body": {"data": [], "image": "", "a": {"b": {}}, "n": -1.5}},
        "error": None,
    }


@pytest.mark.parametrize("depth", [1, 400, 300_000])
@pytest.mark.parametrize(("opened", "closed"), [(b'[{"a":', b"}]"), (b"[", b"]")])
def test_what_is_nested_deeply_is_left_out(depth: int, opened: bytes, closed: bytes) -> None:
    line = b'{"custom_id":"a","response":{"status_code":200,"body":' + (b"[" + opened * depth)
    line += b"1" + closed * depth + b"]}}"
    assert kept(line, 4_096) == b'{"custom_id":"a","response":{"status_code":200,"body":[]}}'


def test_a_custom_id_of_more_than_a_mebibyte_is_nobodys() -> None:
    found = kept(json.dumps({"custom_id": "a" * 2_000_000}).encode(), 65_536)
    assert found is not None
    assert parse_result(found) is None


def test_what_is_no_utf8_hides_nothing() -> None:
    assert kept(b'{"custom_id":"a","x":[\xff],"y":"\xc3"}', 3) == b'{"custom_id":"a","x":[],"y":"\xc3"}'


def test_members_without_an_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_line, "_MOST_KEPT", 1_000)
    line = b'{"custom_id":"a"' + b',"x":{"y":"z"}' * 100 + b"}"
    assert kept(line, 10) is None
    assert kept(line[:900], 10) is not None


@pytest.mark.parametrize("line", [b"", b"x", b'"', b'"\\', b"]", b"}" * 10, b"{", b'{"custom_id":"a"', b"[" * 10])
def test_a_broken_line_stays_broken(line: bytes) -> None:
    found = kept(line, 1)
    assert found is None or parse_result(found) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.text(min_size=1, max_size=5), st.sampled_from([200, 400]), VALUES, st.integers(1, 9), st.booleans())
def test_law_pieces_of_any_size_give_the_result_of_the_line(
    custom_id: str, status: int, body: Any, piece: int, ascii_only: bool
) -> None:
    response = {"status_code": status, "body": body}
    text = json.dumps({"x": body, "custom_id": custom_id, "response": response}, ensure_ascii=ascii_only)
    line = text.encode("utf-8", "surrogatepass")
    found = kept(line, piece)
    assert (parse_result(found) if found is not None else None) == parse_result(line)
