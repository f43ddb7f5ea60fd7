"""Cuts the bytes of an input into lines: the same lines, in whatever pieces the bytes come. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from vsync.records.place import InputFile, Start

MAX_LINE_BYTES = 32 * 1024 * 1024
"""A longer line is not read whole."""
START_BYTES = 64 * 1024
"""How much of a line that is too long is kept."""

_BOM = b"\xef\xbb\xbf"
_SLACK = len(_BOM) + len(b"\r")
"""These bytes stand beside a line, and do not count."""


class Line(NamedTuple):
    """A line that is not blank, without its line break.

    | fault | meaning |
    | --- | --- |
    | None | the line is whole |
    | `too-large` | the line has more than MAX_LINE_BYTES: `raw` is its beginning, `size` says how many bytes it has |
    | `cut` | the input ended inside this line, and what is there is no JSON object |

    `end` is the byte of the input behind the line break. `file` is the file that has the line; None: it has no bytes that
    can be found again, such as those of a pipe.
    """

    number: int
    raw: bytes
    fault: str | None = None
    size: int = 0
    end: int = 0
    file: InputFile | None = None


class Splitter:
    """Takes the pieces of one input, and gives its lines. Blank lines count, but are not given.

    `start` is where the first piece begins, and `file` the file that it comes from.
    """

    def __init__(
        self, most: int = MAX_LINE_BYTES, *, start: Start | None = None, file: InputFile | None = None
    ) -> None:
        self._most, self._start = most, min(START_BYTES, most)
        self._lines_seen, self._end = start or Start()
        self._file = file
        # The line that is not complete yet. Of a line that is too long only the beginning is kept.
        self._parts: list[bytes] = []
        self._size = 0
        self._last = b""

    @property
    def lines_seen(self) -> int:
        """How many complete lines have come."""
        return self._lines_seen

    def feed(self, piece: bytes) -> list[Line]:
        """The lines that this piece completes."""
        if self._file is not None:
            self._file.saw(piece)
        raws = piece.split(b"\n")
        rest = raws.pop()
        lines: list[Line] = []
        if raws:
            if self._size:
                self._keep(raws[0])
                lines += self._completed(1)
                del raws[0]
            elif not self._lines_seen:
                whole = len(raws[0])
                raws[0] = raws[0].removeprefix(_BOM)
                self._end += whole - len(raws[0])
            # This loop is passed for every record, so it calls as little as possible.
            number, end, most, file = self._lines_seen, self._end, self._most, self._file
            for raw in raws:
                number += 1
                end += len(raw) + 1
                if raw[-1:] == b"\r":
                    raw = raw[:-1]
                if len(raw) > most:
                    lines.append(Line(number, raw[: self._start], "too-large", len(raw), end, file))
                elif raw and not raw.isspace():
                    lines.append(Line(number, raw, None, 0, end, file))
            self._lines_seen, self._end = number, end
        self._keep(rest)
        return lines

    def end(self) -> list[Line]:
        """The last line, where the input ended without a line break."""
        (line,) = self._completed() or (None,)
        if line is None:
            return []
        return [line if line.fault or _is_json_object(line.raw) else line._replace(fault="cut")]

    def _keep(self, part: bytes) -> None:
        if not part:
            return
        before, most = self._size, self._most + _SLACK
        self._size += len(part)
        self._last = part[-1:]
        if self._size <= most:
            self._parts.append(part)
        elif before <= most:
            self._parts = [_beginning([*self._parts, part], self._start + _SLACK)]

    def _completed(self, line_break: int = 0) -> list[Line]:
        """The line that was not complete, as a line. `line_break` is how many bytes its line break has."""
        raw, size = b"".join(self._parts), self._size
        self._end += size + line_break
        self._parts, self._size = [], 0
        self._lines_seen += bool(size)
        if self._lines_seen == 1 and raw.startswith(_BOM):
            raw, size = raw[len(_BOM) :], size - len(_BOM)
        if size and self._last == b"\r":
            raw, size = raw[: size - 1], size - 1
        if size > self._most:
            return [Line(self._lines_seen, raw[: self._start], "too-large", size, self._end, self._file)]
        return [Line(self._lines_seen, raw, None, 0, self._end, self._file)] if raw and not raw.isspace() else []


def _beginning(parts: Iterable[bytes], size: int) -> bytes:
    """The first bytes. All the parts joined would take their memory once more."""
    found = bytearray()
    for part in parts:
        found += part[: size - len(found)]
        if len(found) == size:
            break
    return bytes(found)


def _is_json_object(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw), dict)
    except (ValueError, RecursionError):
        return False
