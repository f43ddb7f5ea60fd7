"""A text in pieces: prose, code, comments, and raw HTML whose text is not markup. Pure, and linear in the text."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import NamedTuple

from vsync.documents.markdown_blocks import BlockKind, blocks
from vsync.documents.patterns import lazily

_MARK = lazily(r"\\[!-/:-@\[-`{-~]|`++|<!--|<(?i:(pre|code|script|style|textarea))(?=[\s>])")
_TICKS = lazily(r"`++")
_HTML_MARK = lazily(r"<!--|<(?i:(pre|code|script|style|textarea))(?=[\s>])")


class Piece(NamedTuple):
    """One piece. `start` and `end` count characters; `block` is the number of the paragraph that prose is part of."""

    kind: BlockKind
    start: int
    end: int
    block: int


def markdown_pieces(text: str, *, mdx: bool = False) -> list[Piece]:
    """The pieces of Markdown in their order. Blank lines, and what is not sure, are in none of them."""
    ends = NextEnds(text)
    found: list[Piece] = []
    for number, block in enumerate(blocks(text, mdx=mdx)):
        if block.kind == "prose":
            found += _inline(text, block.start, block.end, number, ends)
        else:
            found.append(Piece(block.kind, block.start, block.end, number))
    return found


def html_pieces(text: str) -> list[Piece]:
    """The pieces of HTML in their order. Prose holds the tags."""
    ends = NextEnds(text)
    found: list[Piece] = []
    at = start = 0
    while mark := _HTML_MARK().search(text, at):
        kind, end = _marked(text, mark.start(), mark[1], len(text), ends)
        at = mark.end()
        if end >= 0:
            if start < mark.start():
                found.append(Piece("prose", start, mark.start(), 0))
            found.append(Piece(kind, mark.start(), end, 0))
            at = start = end
    if start < len(text):
        found.append(Piece("prose", start, len(text), 0))
    return found


class NextEnds:
    """Where marks come next. Asked in the order of the text, each mark is looked for once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, int] = {}

    def of(self, mark: str, at: int) -> int:
        """Where the mark, or the end tag of that name (`/pre`), comes next; -1: nowhere."""
        known = self._known.get(mark, 0)
        if known < 0 or (mark in self._known and known >= at):
            return known
        if mark.startswith("/"):
            match = _END_TAGS[mark]().search(self._text, at)
            known = match.start() if match else -1
        else:
            known = self._text.find(mark, at)
        self._known[mark] = known
        return known


_END_TAGS = {f"/{name}": lazily(rf"(?i:</{name}[^\S\n]*+>)") for name in ("pre", "code", "script", "style", "textarea")}


def _marked(text: str, start: int, tag: str | None, limit: int, ends: NextEnds) -> tuple[BlockKind, int]:
    """What begins with a mark, and where it ends; -1: it does not, before the limit."""
    if tag:
        found = ends.of(f"/{tag.lower()}", start)
        end = text.find(">", found) + 1 if found >= 0 else -1
        return "raw", end if end <= limit else -1
    if text.startswith(("<!-->", "<!--->"), start):
        return "comment", text.find(">", start) + 1
    found = ends.of("-->", start + 4)
    return "comment", found + 3 if 0 <= found <= limit - 3 else -1


def _inline(text: str, start: int, end: int, number: int, ends: NextEnds) -> Iterator[Piece]:
    """The pieces of a paragraph. What begins first wins, as in CommonMark."""
    runs = _runs(text, start, end)
    at = start
    while mark := _MARK().search(text, at, end):
        at = mark.end()
        kind: BlockKind = "code"
        closes = -1
        if mark[0][0] == "`":
            closes = _closing(runs, mark.end() - mark.start(), at)
        elif mark[0][0] == "<":
            kind, closes = _marked(text, mark.start(), mark[1], end, ends)
        if closes >= 0:
            if start < mark.start():
                yield Piece("prose", start, mark.start(), number)
            yield Piece(kind, mark.start(), closes, number)
            at = start = closes
    if start < end:
        yield Piece("prose", start, end, number)


def _runs(text: str, start: int, end: int) -> dict[int, list[int]]:
    """Where runs of backticks start, by their length."""
    runs: dict[int, list[int]] = {}
    for run in _TICKS().finditer(text, start, end):
        runs.setdefault(run.end() - run.start(), []).append(run.start())
    return runs


def _closing(runs: dict[int, list[int]], length: int, at: int) -> int:
    """Where the code ends that a run of backticks before `at` began; -1: the run is text."""
    starts = runs.get(length, [])
    index = bisect.bisect_left(starts, at)
    return starts[index] + length if index < len(starts) else -1
