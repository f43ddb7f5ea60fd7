"""Tables that fit the width of a terminal. Pure.

A cell holds what a server may have written, so nothing in it acts. A letter of Chinese or Japanese and most emoji take two
cells of a terminal, and an accent that stands alone takes none: https://www.unicode.org/reports/tr11/.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from vsync.system.redaction import printable

_GAP = 2
_HOLE = "…"
_WIDEST = 1_000
"""Of a cell, also where nothing else is cut: every other row would be filled up with as many blanks."""


class Column(NamedTuple):
    """A column of a table.

    | field | meaning |
    | --- | --- |
    | `right` | numbers stand at the right side |
    | `least` | where the table is too wide, the cells are cut to this width at least; None: they are never cut |
    | `drop` | where the table is still too wide, the columns with the greatest number go first; 0: the column never goes |
    | `spare` | before a column goes, the cells are cut to this width at least; None: to `least` |
    """

    title: str
    right: bool = False
    least: int | None = None
    drop: int = 0
    spare: int | None = None


class Fitted(NamedTuple):
    """The lines of a table, and the titles of the columns that did not fit."""

    lines: list[str]
    left_out: list[str]


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Fitted:
    """The table in at most `width` cells a line; None: as wide as it is. The first line holds the titles.

    A table whose columns cannot go or be cut any more stays wider.
    """
    shown = [[cut(printable(cell), _WIDEST) for cell in row] for row in rows]
    natural = [
        max(text_width(text) for text in (column.title, *(row[place] for row in shown)))
        for place, column in enumerate(columns)
    ]
    places = list(range(len(columns)))
    if width is not None and _total([_least(*pair) for pair in zip(columns, natural, strict=True)]) > width:
        columns = [column if column.spare is None else column._replace(least=column.spare) for column in columns]
    while width is not None and _total([_least(columns[place], natural[place]) for place in places]) > width:
        going = max(places, key=lambda place: columns[place].drop)
        if not columns[going].drop:
            break
        places.remove(going)
    widths = _narrowed([columns[place] for place in places], [natural[place] for place in places], width)
    lines = [
        _line([columns[place] for place in places], [row[place] for place in places], widths)
        for row in ([column.title for column in columns], *shown)
    ]
    return Fitted(lines, [column.title for place, column in enumerate(columns) if place not in places])


def text_width(text: str) -> int:
    """How many cells of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells. Of a longer text the beginning and the end stay: a name may end in a number."""
    if text_width(text) <= width:
        return text
    if width < 1:
        return ""
    after = (width - 1) // 3
    end = _beginning(text[::-1], after)[::-1]
    return f"{_beginning(text, width - 1 - after)}{_HOLE}{end}"


def _beginning(text: str, width: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += _cells(char)
        if taken > width:
            return text[:place]
    return text


def _cells(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _least(column: Column, natural: int) -> int:
    return natural if column.least is None else min(natural, max(column.least, text_width(column.title)))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * max(len(widths) - 1, 0)


def _narrowed(columns: Sequence[Column], natural: Sequence[int], width: int | None) -> list[int]:
    """The widths of the columns: the widest that may be cut gives a cell, until all fit or none can give any more."""
    widths = list(natural)
    while width is not None and _total(widths) > width:
        giving = [place for place, column in enumerate(columns) if widths[place] > _least(column, natural[place])]
        if not giving:
            break
        widths[max(giving, key=widths.__getitem__)] -= 1
    return widths


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for column, cell, width in zip(columns, cells, widths, strict=True):
        text = cut(cell, width)
        room = " " * (width - text_width(text))
        parts.append(room + text if column.right else text + room)
    return (" " * _GAP).join(parts).rstrip()
