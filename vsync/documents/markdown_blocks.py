"""Which lines of Markdown are prose, code, comments and raw HTML: the blocks of CommonMark 0.31, as far as that needs.

Pure, and linear in the text. Containers beyond CommonMark are known as well, because indented text in them is no code:
footnotes, definitions, and the admonitions and tabs of MkDocs. In MDX indented text is never code.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from vsync.documents.patterns import lazily

BlockKind = Literal["prose", "code", "comment", "raw"]
MAX_DEPTH = 64
"""Quotes and lists nested deeper are prose."""


class Block(NamedTuple):
    """One block. `start` and `end` count characters; `code` holds its fences, and a comment its marks."""

    kind: BlockKind
    start: int
    end: int


def blocks(text: str, *, mdx: bool = False) -> list[Block]:
    """The blocks in their order. What is in none of them is blank, or not sure, and stays untouched."""
    return _Scanner(text, mdx).run()


_PLAIN = lazily(r"(?:[^\W\d_][^\n]*+\n)++")
_BLANKS = lazily(r"(?:[ \t\r]*+\n)++")
_INDENT = lazily(r"[ \t]*+")
_LIST = lazily(r"(?:[-+*]|(\d{1,9})[.)])(?=[ \t\r\n]|\Z)")
_OTHER_CONTAINER = lazily(
    r"(?:\[\^[^\]\s]{1,200}\]:|:(?=[ \t]{1,3}\S)|(?:!!!|\?\?\?\+?)(?=[ \t])|===[!+]?(?=[ \t]+\"))"
)
_RULE = lazily(r"(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)\r?(?:\n|\Z)")
_FENCE = lazily(r"(`{3,}+)(?=[^`\n]*+(?:\n|\Z))|(~{3,}+)")
_HEADING = lazily(r"#{1,6}(?=[ \t\r\n]|\Z)")
_UNDERLINE = lazily(r"(?:=++|-++)[ \t\r]*+(?:\n|\Z)")
_RAW = lazily(r"(?i:<(?:script|pre|style|textarea)(?=[ \t\r\n>]|\Z))")
_RAW_END = lazily(r"(?i:</(?:script|pre|style|textarea)>)")


class _Fence(NamedTuple):
    char: str
    length: int
    depth: int


class _Scanner:
    """Goes through the text line by line. `_at` and `_column` say how far the line at hand was read."""

    def __init__(self, text: str, mdx: bool) -> None:
        self._text = text
        self._mdx = mdx
        self._found: list[Block] = []
        self._containers: list[int] = []
        """From the outside in: 0 is a quote, another number the columns by which a list item's text is indented."""
        self._paragraph = False
        self._fence: _Fence | None = None
        self._html: tuple[BlockKind, int, int] | None = None
        """An open comment or raw HTML: its kind, where it starts, and the depth of its containers."""
        self._last_comment_end = text.rfind("-->")
        self._at = 0
        self._column = 0

    def run(self) -> list[Block]:
        text, start = self._text, 0
        while start < len(text):
            if not (self._containers or self._fence or self._html):
                if blank := _BLANKS().match(text, start):
                    self._paragraph = False
                    start = blank.end()
                if plain := _PLAIN().match(text, start):
                    self._prose(start, plain.end(), self._paragraph)
                    self._paragraph = True
                    start = plain.end()
                if start == len(text):
                    break
            newline = text.find("\n", start)
            end = newline + 1 if newline >= 0 else len(text)
            self._at, self._column = start, 0
            self._line(start, end)
            start = end
        if self._html and self._html[0] == "raw":
            self._found.append(Block("raw", self._html[1], len(text)))
        return self._found

    def _line(self, start: int, end: int) -> None:
        depth = self._continued(end)
        if self._fence:
            if depth >= self._fence.depth:
                self._in_fence(start, end, self._fence)
                return
            self._fence = None
        if self._html:
            if depth >= self._html[2]:
                self._in_html(self._html, start, end)
                return
            self._html = None
        indent, first = self._indent(end)
        if first == end:
            del self._containers[depth:]
            self._paragraph = False
            return
        lazy = self._paragraph and depth < len(self._containers)
        before = len(self._containers)
        opened = self._opened(depth, end)
        indent, first = self._indent(end)
        if opened:
            self._paragraph = False
            lazy = False
        elif not lazy:
            if depth < before:
                self._paragraph = False
            del self._containers[depth:]
        if first == end:
            self._paragraph = False
            return
        self._leaf(start, end, indent, first, lazy, depth)

    # --- Containers ----------------------------------------------------------------------------------------------

    def _continued(self, end: int) -> int:
        """How many of the open containers the line continues. Reads their marks."""
        for depth, container in enumerate(self._containers):
            indent, first = self._indent(end)
            if container:
                if first == end:
                    continue
                if indent < container:
                    return depth
                self._advance(container)
            elif indent < 4 and first < end and self._text[first] == ">":
                self._after_quote_mark(first, indent)
            else:
                return depth
        return len(self._containers)

    def _opened(self, depth: int, end: int) -> bool:
        """Opens the containers whose marks come next; whether there were any."""
        opened = False
        while depth < MAX_DEPTH:
            indent, first = self._indent(end)
            if first == end or (indent >= 4 and not (self._mdx and not self._paragraph)):
                break
            if self._text[first] == ">":
                container = 0
                self._after_quote_mark(first, indent)
            else:
                found = self._item(indent, first, end, depth, fresh=opened)
                if not found:
                    break
                container = found
            del self._containers[depth:]
            self._containers.append(container)
            depth += 1
            opened = True
        return opened

    def _item(self, indent: int, first: int, end: int, depth: int, *, fresh: bool) -> int:
        """Reads the mark of a list item or the like; the columns of its text. 0: there is no mark."""
        text = self._text
        if other := _OTHER_CONTAINER().match(text, first):
            if text[first] in "!?=":
                self._at, self._column = other.end(), self._column + indent + other.end() - first
                return indent + 4
            columns = indent + 4 if text[first] == "[" else indent + self._padding(first, other.end(), end)
            self._read(first, other.end(), indent, columns)
            return columns
        mark = _LIST().match(text, first)
        if not mark or _RULE().match(text, first):
            return 0
        rest = _INDENT().match(text, mark.end())
        empty = rest is None or rest.end() >= end or text[rest.end()] in "\r\n"
        if self._paragraph and not fresh and depth == len(self._containers) and (empty or mark[1] not in (None, "1")):
            return 0
        columns = indent + (mark.end() - first + 1 if empty else self._padding(first, mark.end(), end))
        self._read(first, mark.end(), indent, columns)
        return columns

    def _padding(self, first: int, mark_end: int, end: int) -> int:
        """The columns of a mark with the blanks behind it."""
        width = mark_end - first
        column = self._column_of(first) + width
        blanks, at = 0, mark_end
        while at < end and blanks < 5 and self._text[at] in " \t":
            blanks += 4 - (column + blanks) % 4 if self._text[at] == "\t" else 1
            at += 1
        return width + (blanks if blanks < 5 else 1)

    def _read(self, first: int, mark_end: int, indent: int, columns: int) -> None:
        """Reads a mark, and the blanks behind it up to that many columns from where the line was read to."""
        start = self._column
        self._column = start + indent + mark_end - first
        self._at = mark_end
        self._advance(max(0, start + columns - self._column))

    def _after_quote_mark(self, first: int, indent: int) -> None:
        self._at, self._column = first + 1, self._column + indent + 1
        if self._text[self._at : self._at + 1] in (" ", "\t"):
            self._advance(1)

    def _column_of(self, first: int) -> int:
        return self._column + self._indent(len(self._text))[0] if first >= self._at else self._column

    def _indent(self, end: int) -> tuple[int, int]:
        """The columns of the blanks that come next, and where the text behind them begins (`end`: nowhere)."""
        text, at, column = self._text, self._at, self._column
        while at < end:
            char = text[at]
            if char == " ":
                column += 1
            elif char == "\t":
                column += 4 - column % 4
            elif char in "\r\n":
                return column - self._column, end
            else:
                break
            at += 1
        return column - self._column, at

    def _advance(self, columns: int) -> None:
        """Reads blanks. A tab may be read in part."""
        text = self._text
        while columns > 0 and self._at < len(text) and text[self._at] in " \t":
            width = 1 if text[self._at] == " " else 4 - self._column % 4
            if width > columns:
                self._column += columns
                return
            self._column += width
            columns -= width
            self._at += 1

    # --- Leaves --------------------------------------------------------------------------------------------------

    def _leaf(self, start: int, end: int, indent: int, first: int, lazy: bool, depth: int) -> None:
        text = self._text
        if indent >= 4 and not self._mdx:
            if self._paragraph:
                self._prose(start, end, True)
            else:
                self._found.append(Block("code", start, end))
            return
        opened: tuple[BlockKind, int, int]
        if special := _FENCE().match(text, first):
            self._leaves_paragraph(lazy, depth)
            self._fence = _Fence(text[first], special.end() - first, len(self._containers))
            self._found.append(Block("code", start, end))
        elif text.startswith("<!--", first) and first < self._last_comment_end - 1:
            self._leaves_paragraph(lazy, depth)
            self._html = opened = ("comment", first, len(self._containers))
            self._in_html(opened, first + 4, end)
        elif _RAW().match(text, first):
            self._leaves_paragraph(lazy, depth)
            self._html = opened = ("raw", first, len(self._containers))
            self._in_html(opened, first, end)
        elif _HEADING().match(text, first) or _RULE().match(text, first):
            self._leaves_paragraph(lazy, depth)
            self._prose(start, end, False)
        elif self._paragraph and not lazy and _UNDERLINE().match(text, first):
            self._prose(start, end, True)
            self._paragraph = False
        else:
            self._prose(start, end, self._paragraph)
            self._paragraph = True

    def _leaves_paragraph(self, lazy: bool, depth: int) -> None:
        if lazy:
            del self._containers[depth:]
        self._paragraph = False

    def _in_fence(self, start: int, end: int, fence: _Fence) -> None:
        self._found.append(Block("code", start, end))
        indent, first = self._indent(end)
        if indent < 4 or self._mdx:
            mark = self._text[first:end].rstrip()
            if len(mark) >= fence.length and not mark.strip(fence.char):
                self._fence = None

    def _in_html(self, html: tuple[BlockKind, int, int], start: int, end: int) -> None:
        """A line of a comment or of raw HTML. What comes behind its end is prose."""
        kind, begun, _ = html
        if kind == "comment":
            # `<!-->` and `<!--->` are whole comments.
            from_ = begun + 2 if start == begun + 4 else start
            found = self._text.find("-->", from_, end)
            closes = found + 3 if found >= 0 else -1
        else:
            match = _RAW_END().search(self._text, start, end)
            closes = match.end() if match else -1
        if closes < 0:
            return
        self._html = None
        self._found.append(Block(kind, begun, closes))
        if self._text[closes:end].strip():
            self._prose(closes, end, False)

    def _prose(self, start: int, end: int, goes_on: bool) -> None:
        """Adds lines of prose, to the paragraph before them when it goes on."""
        if goes_on and self._found and self._found[-1].kind == "prose" and self._found[-1].end == start:
            start = self._found.pop().start
        self._found.append(Block("prose", start, end))
