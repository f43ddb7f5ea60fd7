"""The lines of a file are the same, in whatever pieces its bytes come."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.batch.request_lines import LineCount, lines_of, read_on


class Pieces(io.BytesIO):
    """A file whose reads give less than they were asked for."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self._most = most

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0
        return super().read(min(size, self._most))


def lines(content: bytes, *, piece: int = 1_000, most: int = 1_000) -> list[tuple[int, bytes | None]]:
    found = lines_of(Pieces(content, piece), most=most)
    return [(number, None if line is None else bytes(line)) for number, line in found]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\n\n\rb\r", [b"a\r", b"", b"\rb\r"]),
        (b"\n\n", [b"", b""]),
    ],
)
def test_a_line_ends_with_a_line_feed_or_with_the_file(content: bytes, found: list[bytes]) -> None:
    assert lines(content) == list(enumerate(found, 1))


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_a_line_that_is_too_long_is_not_given(piece: int) -> None:
    assert lines(b"abcd\nabcde\nab\nabcde", piece=piece, most=4) == [(1, b"abcd"), (2, None), (3, b"ab"), (4, None)]


def test_each_piece_is_seen_before_its_lines_come() -> None:
    seen: list[bytes] = []
    found = lines_of(Pieces(b"a\nb\nc", 3), seen.append)
    assert seen == []
    next(found)
    assert seen == [b"a\nb"]
    list(found)
    assert b"".join(seen) == b"a\nb\nc"


@given(
    content=st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bcd", b" "])).map(b"".join),
    piece=st.integers(1, 9),
    most=st.integers(1, 9),
)
def test_lines_are_those_of_the_whole_content(content: bytes, piece: int, most: int) -> None:
    whole = content.split(b"\n")
    if not whole[-1]:
        whole.pop()
    assert lines(content, piece=piece, most=most) == [
        (number, line if len(line) <= most else None) for number, line in enumerate(whole, 1)
    ]


def test_a_line_that_was_given_does_not_change() -> None:
    given_lines = [line for _, line in lines_of(Pieces(b"abc\ndef\nghi", 2))]
    assert given_lines == [b"abc", b"def", b"ghi"]


@given(
    content=st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bcd", b" ", b"\t\v\f", b"\x1c", b"\xff"])).map(b"".join),
    piece=st.integers(1, 9),
)
def test_the_lines_that_are_not_blank_are_counted_in_whatever_pieces_they_come(content: bytes, piece: int) -> None:
    counted = LineCount()
    for start in range(0, len(content), piece):
        counted.add(content[start : start + piece])
    assert counted.lines == sum(bool(line.strip()) for line in content.split(b"\n"))


def test_the_rest_of_a_file_is_seen_piece_by_piece() -> None:
    seen: list[bytes] = []
    file = Pieces(b"abcdefg", 3)
    file.read(1)
    read_on(file, seen.append)
    assert seen == [b"bcd", b"efg"]
