"""What is sent of files whose own bytes a store indexes badly. Pure: bytes in, bytes out.

A conversion never depends on anything but the bytes. So the same file always gives the same document, and whoever needs
a document's bytes makes them again.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vsync.documents import notebook
from vsync.documents.filetypes import ConversionName, file_type
from vsync.documents.selection import SkipReason


class NotConvertible(Exception):
    """The bytes cannot be converted. `reason` is the reason for which the file is skipped."""

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Converted:
    """The bytes that are sent.

    `parts` names parts of the file, in its order, each with the first line of its text (counted from 1).
    """

    data: bytes
    parts: tuple[tuple[int, str], ...] = ()

    def part_at(self, line: int) -> str:
        """The part of the file from which a line comes. Empty: there are no parts."""
        at = bisect.bisect_right(self.parts, line, key=lambda part: part[0])
        return self.parts[at - 1][1] if at else ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One way to convert. Raise `version` when the same file gives other bytes: such documents are then uploaded again.

    `convert` refuses more than `max_bytes`.
    """

    version: int
    max_bytes: int
    convert: Callable[[bytes], Converted]

    def of(self, pieces: Iterable[bytes]) -> Converted:
        """The bytes that are sent, from those of the file. Raises NotConvertible. Leaves pieces of large files unread."""
        data = bytearray()
        for piece in pieces:
            data += piece
            if len(data) > self.max_bytes:
                break
        return self.convert(bytes(data))


def _of_notebook(data: bytes) -> Converted:
    try:
        text, cells = notebook.to_markdown(data)
    except notebook.NotNotebook:
        raise NotConvertible("not-notebook") from None
    return Converted(text.encode(), tuple((line, f"cell {number}") for line, number in cells))


_CONVERSIONS: Mapping[ConversionName, Conversion] = MappingProxyType(
    {"notebook": Conversion(1, notebook.MAX_BYTES, _of_notebook)}
)

MARKS = tuple(f"{name} {conversion.version}" for name, conversion in _CONVERSIONS.items())
"""All conversions with their versions. A run compares the whole tree when these are not those of the last run."""


def conversion_mark(name: ConversionName) -> str:
    """The conversion and its version, for a document's fingerprint."""
    return f"{name} {_CONVERSIONS[name].version}"


def conversion_of(path: str) -> Conversion | None:
    """How the file at that path is converted. None: it is sent as it is."""
    kind = file_type(path)
    return _CONVERSIONS[kind.conversion] if kind and kind.conversion else None
