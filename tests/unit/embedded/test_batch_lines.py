from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.embedded.helpers import line
from vsync.embedded.batch_lines import BatchRequest, LineFault, lines, read_line

CHAT = "/v1/chat/completions"


@given(st.lists(st.sampled_from([b"\n", b"a", b"\r\n", b"bc", b"\n\n"])), st.lists(st.integers(0, 20)))
def test_lines_are_the_same_however_a_file_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(parts)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in pairwise(places)]
    expected = whole.split(b"\n")
    assert list(lines(pieces)) == (expected if expected[-1] else expected[:-1])


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(1, 5))
def test_a_line_past_the_limit_is_left_out_and_the_others_are_kept(sizes: list[int], cut: int) -> None:
    whole = b"".join(b"x" * size + b"\n" for size in sizes)
    pieces = [whole[start : start + cut] for start in range(0, len(whole), cut)]
    assert list(lines(pieces, 5)) == [b"x" * size if size <= 5 else None for size in sizes]


def test_a_request_is_read() -> None:
    text = line("id-1", body={"model": "m", "input": "fox"}, extra=1)
    assert read_line(text, CHAT) == BatchRequest("id-1", {"model": "m", "input": "fox"}, len(text))


@pytest.mark.parametrize("custom_id", ["ü", "\ud800", "a\nb", "x" * 1000])
def test_a_custom_id_may_be_any_text(custom_id: str) -> None:
    request = read_line(line(custom_id), CHAT)
    assert isinstance(request, BatchRequest)
    assert request.custom_id == custom_id


def fault(text: bytes | None) -> tuple[str, str | None]:
    found = read_line(text, CHAT)
    assert isinstance(found, LineFault), found
    assert found.message.endswith(".")
    return found.code, found.param


@pytest.mark.parametrize(
    "text",
    [b"", b" \r", b"{", b"nonsense", b"\xff", b"\xef\xbb\xbf" + line(), line().decode().encode("utf-16"), b'{"a": NaN}',
     b"[" * 100_000, b"9" * 5000, b"[]", b"null", b'"text"'],
)  # fmt: skip
def test_a_line_that_is_no_json_object_is_named(text: bytes) -> None:
    assert fault(text) == ("invalid_json_line", None)


@pytest.mark.parametrize("name", ["custom_id", "method", "url", "body"])
def test_a_member_that_is_missing_is_named(name: str) -> None:
    value = json.loads(line())
    del value[name]
    assert fault(json.dumps(value).encode()) == ("missing_required_parameter", name)
    value[name] = ""
    assert fault(json.dumps(value).encode()) == ("missing_required_parameter", name)


@pytest.mark.parametrize(
    ("members", "code", "param"),
    [
        ({"custom_id": 7}, "invalid_type", "custom_id"),
        ({"method": "GET"}, "invalid_method", "method"),
        ({"method": ["POST"]}, "invalid_method", "method"),
        ({"url": "/v1/responses"}, "url_mismatch", "url"),
        ({"url": {}}, "url_mismatch", "url"),
        ({"body": []}, "invalid_type", "body"),
        ({"body": "text"}, "invalid_type", "body"),
    ],
)
def test_a_member_that_is_wrong_is_named(members: dict[str, object], code: str, param: str) -> None:
    assert fault(json.dumps(json.loads(line()) | members).encode()) == (code, param)


def test_a_line_that_is_too_long_is_named() -> None:
    assert fault(None) == ("line_too_long", None)
