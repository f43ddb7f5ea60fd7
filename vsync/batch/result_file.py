"""The lines of a file of results, one after the other, and one line by its place. A line of any length needs little memory."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import IO, NamedTuple

from vsync.batch.long_line import LongLine
from vsync.batch.mended_line import mended
from vsync.batch.result_line import ResultLine, parse_result

PIECE_BYTES = 2 * 1024 * 1024
"""A longer line is never in the memory as a whole."""

_END_BYTES = 64


class Found(NamedTuple):
    """A line that is not empty. `length` is without the line break. `result` None: nobody knows whose result it is."""

    offset: int
    length: int
    result: ResultLine | None


def results(file: IO[bytes]) -> Iterator[Found]:
    """The lines of a file, from its beginning."""
    offset = 0
    while True:
        file.seek(offset)
        first = file.readline(PIECE_BYTES)
        if not first:
            return
        begin = offset
        if len(first) < PIECE_BYTES or first.endswith(b"\n"):
            offset += len(first)
            line = first.removesuffix(b"\n")
            if not line.isspace() and line:
                yield Found(begin, len(line), _read(line))
        else:
            length, ended, result = _long(file, first)
            offset += length + ended
            yield Found(begin, length, result)


def result_at(file: IO[bytes], offset: int, length: int) -> ResultLine | None:
    """The result whose line has this place in a file."""
    if length <= PIECE_BYTES:
        return _read(b"".join(pieces(file, offset, length)))
    line = LongLine()
    for piece in pieces(file, offset, length):
        line.add(piece)
    return _parsed(line)


def pieces(file: IO[bytes], offset: int, length: int) -> Iterator[bytes]:
    """The bytes of a line in pieces. Raises OSError when the file has become shorter."""
    file.seek(offset)
    while length:
        piece = file.read(min(length, PIECE_BYTES))
        if not piece:
            raise OSError(errno.EIO, "a file of results became shorter while it was read")
        length -= len(piece)
        yield piece


def _long(file: IO[bytes], first: bytes) -> tuple[int, int, ResultLine | None]:
    """The length of a line that begins with `first`, the length of its line break (0 or 1), and its result."""
    line, length = LongLine(), 0
    piece = first
    while piece and not piece.endswith(b"\n"):
        line.add(piece)
        length += len(piece)
        piece = file.readline(PIECE_BYTES)
    last = piece.removesuffix(b"\n")
    line.add(last)
    return length + len(last), len(piece) - len(last), _parsed(line)


def _read(line: bytes) -> ResultLine | None:
    found = parse_result(line)
    if found is not None:
        return found
    whole = LongLine()
    whole.add(line)
    return _parsed(whole)


def _parsed(line: LongLine) -> ResultLine | None:
    kept = line.end()
    if kept is None:
        return None
    found = parse_result(kept)
    if found is None and (sound := mended(kept)) is not None:
        found = parse_result(sound)
    return found


def may_be_cut(content: IO[bytes], lines: int) -> bool:
    """Whether results hold fewer lines than they should, or end within one. Afterwards they stand at their beginning."""
    found, last = 0, b""
    while piece := content.read(PIECE_BYTES):
        found += piece.count(b"\n")
        last = (last + piece[-_END_BYTES:])[-_END_BYTES:]
    content.seek(0)
    ended = not last.strip() or last.rstrip().endswith(b"}")
    return found + (not last.endswith(b"\n")) < lines or not ended
