"""The lines of a request file, read from its beginning in bounded memory. It touches nothing but the file that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from vsync.batch.limits import MAX_LINE_BYTES

_PIECE_BYTES = 256 * 1024

_BLANKS = b" \t\r\v\f"
"""What Python takes for blank in a line of bytes."""
_MARKED = bytes(byte if byte == 0x0A else 0x78 for byte in range(256))
"""Makes each byte an `x` that is no line feed."""

LineBytes = bytes | bytearray


def lines_of(
    file: IO[bytes], saw: Callable[[bytes], object] = lambda _: None, *, most: int = MAX_LINE_BYTES
) -> Iterator[tuple[int, LineBytes | None]]:
    """The number of each line, from 1, and its bytes without the line feed. None: the line has more than `most` bytes.

    A line feed at the end of the file begins no further line. `saw` is given each piece of the file before its lines come.
    A line is not changed once it is given. Raises OSError when the file cannot be read.
    """
    number = 0
    begun = _Begun(most)
    while piece := file.read(min(_PIECE_BYTES, most)):
        saw(piece)
        *whole, rest = piece.split(b"\n")
        for part in whole:
            number += 1
            if begun:
                begun.add(part)
                yield number, begun.end()
            else:
                yield number, part
        begun.add(rest)
    if begun:
        yield number + 1, begun.end()


def read_on(file: IO[bytes], saw: Callable[[bytes], object]) -> None:
    """Gives `saw` the pieces of the rest of a file. Raises OSError when the file cannot be read."""
    while piece := file.read(_PIECE_BYTES):
        saw(piece)


class LineCount:
    """Counts the lines that are not blank, piece by piece: far faster than by looking at each line."""

    def __init__(self) -> None:
        self.lines = 0
        self._inside = False
        """Whether the piece before ended within a line that was counted."""

    def add(self, piece: bytes) -> None:
        found = piece.translate(_MARKED, _BLANKS)
        if not found:
            return
        self.lines += found.count(b"\nx") + (found.startswith(b"x") and not self._inside)
        self._inside = found.endswith(b"x")


class _Begun:
    """A line whose end has not been read yet. Of a line that is too long nothing is kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = bytearray()
        self._size = 0

    def __bool__(self) -> bool:
        return self._size > 0

    def add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._most:
            self._bytes = bytearray()
        else:
            self._bytes += part

    def end(self) -> LineBytes | None:
        """The line. The next one begins empty."""
        line = None if self._size > self._most else self._bytes
        self._bytes, self._size = bytearray(), 0
        return line
