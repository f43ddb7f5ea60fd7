"""Bytes become lines, in whatever pieces they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.place import Start
from vsync.records.splitter import MAX_LINE_BYTES, START_BYTES, Line, Splitter


def split(*pieces: bytes, most: int = MAX_LINE_BYTES) -> list[Line]:
    splitter = Splitter(most)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return bare(lines + splitter.end())


def bare(lines: list[Line]) -> list[Line]:
    """The lines without their ends."""
    return [line._replace(end=0) for line in lines]


def test_lines_are_numbered_from_one_and_have_no_line_break() -> None:
    assert split(b'{"a":1}\n{"b":2}\n') == [Line(1, b'{"a":1}'), Line(2, b'{"b":2}')]


def test_a_line_is_given_as_soon_as_it_is_complete() -> None:
    splitter = Splitter()
    assert bare(splitter.feed(b"{}\n{")) == [Line(1, b"{}")]
    assert splitter.feed(b"}") == []
    assert bare(splitter.feed(b"\n")) == [Line(2, b"{}")]
    assert splitter.lines_seen == 2


def test_blank_lines_count_and_are_not_given() -> None:
    assert split(b"\n{}\n \t\r\n\r\n{}\n\n") == [Line(2, b"{}"), Line(5, b"{}")]


def test_a_blank_line_may_come_in_pieces() -> None:
    assert split(b" ", b"\r", b"\n{}\n") == [Line(2, b"{}")]


@pytest.mark.parametrize("pieces", [(b"{}\r\n{}\r\n",), (b"{}", b"\r", b"\n{}\r", b"\n")])
def test_the_carriage_return_of_windows_is_dropped(pieces: tuple[bytes, ...]) -> None:
    assert split(*pieces) == [Line(1, b"{}"), Line(2, b"{}")]


def test_a_carriage_return_inside_a_line_stays() -> None:
    assert split(b"a\rb\r\r\n") == [Line(1, b"a\rb\r")]


@pytest.mark.parametrize("pieces", [(b"\xef\xbb\xbf{}\n{}\n",), (b"\xef", b"\xbb\xbf", b"{}", b"\n{}\n")])
def test_a_byte_order_mark_at_the_start_is_dropped(pieces: tuple[bytes, ...]) -> None:
    assert split(*pieces) == [Line(1, b"{}"), Line(2, b"{}")]


def test_a_byte_order_mark_later_stays() -> None:
    assert split(b"{}\n\xef\xbb\xbf{}\n") == [Line(1, b"{}"), Line(2, b"\xef\xbb\xbf{}")]


@pytest.mark.parametrize("last", [b'{"a": {}}', b'{"a": {}}  ', b"\xef\xbb\xbf{}"])
def test_a_last_line_without_a_line_break_is_whole_when_it_is_an_object(last: bytes) -> None:
    assert split(last) == [Line(1, last.removeprefix(b"\xef\xbb\xbf"))]


@pytest.mark.parametrize("last", [b'{"a": ', b"12", b"[1]", b"no json", b"\xff\xfe{", b"[" * 100_000])
def test_a_last_line_that_is_no_whole_object_is_cut(last: bytes) -> None:
    assert split(b"{}\n" + last) == [Line(1, b"{}"), Line(2, last, "cut")]


def test_the_same_text_with_a_line_break_is_not_cut() -> None:
    assert split(b'{"a": \n') == [Line(1, b'{"a": ')]


def test_of_a_line_that_is_too_long_the_beginning_is_given() -> None:
    long = b"x" * (START_BYTES * 2)
    expected = [Line(1, b"{}"), Line(2, long[:START_BYTES], "too-large", len(long)), Line(3, b"{}")]
    assert split(b"{}\n" + long + b"\n{}\n", most=START_BYTES) == expected
    pieces = [long[start : start + 1000] for start in range(0, len(long), 1000)]
    assert split(b"{}\n", *pieces, b"\n{}\n", most=START_BYTES) == expected


def test_a_last_line_that_is_too_long_is_too_long_and_not_cut() -> None:
    assert split(b"x" * 11, most=10) == [Line(1, b"x" * 10, "too-large", 11)]


def test_a_line_of_just_the_most_bytes_is_whole() -> None:
    for end in (b"\n", b"\r\n"):
        assert split(b"\xef\xbb\xbf", b"x" * 5, b"y" * 5, end, most=10) == [Line(1, b"xxxxxyyyyy")]


def test_only_the_beginning_of_an_endless_line_is_kept() -> None:
    splitter = Splitter(START_BYTES)
    for _ in range(100):
        assert splitter.feed(b"x" * START_BYTES) == []
    assert sum(map(len, splitter._parts)) < 2 * START_BYTES


_PARTS = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b" ", b"{}", b'{"a":1}', b"\xef\xbb\xbf", b"\xff", b"x" * 9, b"x" * 10, b"x" * 14, b"y"]
)


@given(st.lists(_PARTS, max_size=20).map(b"".join), st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_the_pieces_make_no_difference(data: bytes, sizes: list[int]) -> None:
    pieces, start = list[bytes](), 0
    while start < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[start : start + size])
        start += size
    assert split(*pieces, most=10) == split(data, most=10)


@given(st.lists(st.binary(max_size=8), max_size=8).map(b"\n".join))
def test_no_line_is_lost_or_made_up(data: bytes) -> None:
    expected = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    stripped = {number: line.removesuffix(b"\r") for number, line in enumerate(expected, 1)}
    given_lines = {line.number: line.raw for line in split(data)}
    assert given_lines == {number: line for number, line in stripped.items() if line.strip()}


@given(st.lists(st.sampled_from([b"{}", b"", b"\r", b" ", b"\xef\xbb\xbf{}", b"x" * 20])), st.data())
def test_the_end_of_a_line_is_the_byte_behind_its_line_break(raws: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(raw + b"\n" for raw in raws)
    splitter, lines, left = Splitter(10), list[Line](), whole
    while left:
        size = data.draw(st.integers(1, len(left)))
        lines += splitter.feed(left[:size])
        left = left[size:]
    starts = [whole[line.end :] for line in lines]
    assert starts == [b"".join(raw + b"\n" for raw in raws[line.number :]) for line in lines]


def test_lines_behind_a_start_are_numbered_on() -> None:
    splitter = Splitter(start=Start(7, 100))
    first, second = [*splitter.feed(b"{}\n{"), *splitter.feed(b"}"), *splitter.end()]
    assert [(line.number, line.end) for line in (first, second)] == [(8, 103), (9, 105)]
