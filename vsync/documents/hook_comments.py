"""Leaves out comments, which readers of the page never see. Pure, and linear in the text.

| markup | what is left out |
| --- | --- |
| Markdown, HTML | `<!-- … -->` |
| MDX | `<!-- … -->` and `{/* … */}` |
| reStructuredText | `.. text` at the left margin with the lines indented below it |
| AsciiDoc | lines that begin with `//`, and blocks between lines of `////` |

Comments in code stay, and so do those of HTML that browsers read (`<!--[if IE]>`) and those without an end.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from vsync.documents.cuts import Cut, without
from vsync.documents.line_markup import asciidoc_comments, rst_comments
from vsync.documents.markup_kind import Markup
from vsync.documents.markup_pieces import NextEnds, Piece, html_pieces, markdown_pieces
from vsync.documents.patterns import lazily

_READ_BY_BROWSERS = ("<!--[if", "<!--<![endif]")
_JSX_COMMENT = lazily(r"\\[\\{]|\{[ \t]*+/\*")
_JSX_END = lazily(r"\*/[ \t]*+\}")


def without_comments(text: str, markup: Markup) -> str:
    """The text without its comments."""
    if markup in ("markdown", "mdx", "html"):
        if "<!--" not in text and (markup != "mdx" or "/*" not in text):
            return text
        return without(text, _html_comments(text, markup))
    if markup == "rst":
        return without(text, rst_comments(text)) if ".." in text else text
    if markup == "asciidoc":
        return without(text, asciidoc_comments(text)) if "//" in text else text
    return text


def _html_comments(text: str, markup: Markup) -> Iterator[Cut]:
    pieces = html_pieces(text) if markup == "html" else markdown_pieces(text, mdx=markup == "mdx")
    jsx = _JsxComments(text, pieces) if markup == "mdx" else None
    at = 0
    for piece in pieces:
        if piece.kind == "comment" and piece.start >= at:
            if not text.startswith(_READ_BY_BROWSERS, piece.start):
                yield Cut(piece.start, piece.end)
        elif piece.kind == "prose" and jsx:
            for cut in jsx.within(max(at, piece.start), piece.end):
                yield cut
                at = cut.end


class _JsxComments:
    """Finds `{/* … */}`. Such a comment may reach over blank lines, but not over code."""

    def __init__(self, text: str, pieces: list[Piece]) -> None:
        self._text = text
        self._code = [piece.start for piece in pieces if piece.kind != "prose"]
        self._ends = NextEnds(text)

    def within(self, at: int, limit: int) -> Iterator[Cut]:
        """The comments that begin there."""
        while mark := _JSX_COMMENT().search(self._text, at, limit):
            at = mark.end()
            end = self._ends.of("*/", at)
            close = _JSX_END().match(self._text, end) if end >= 0 else None
            if close and mark[0][0] == "{" and not self._over_code(mark.start(), close.end()):
                yield Cut(mark.start(), close.end())
                at = close.end()

    def _over_code(self, start: int, end: int) -> bool:
        return bisect.bisect_left(self._code, start) < bisect.bisect_left(self._code, end)
