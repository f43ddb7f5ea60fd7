"""Comments and code of reStructuredText and AsciiDoc, which lines alone tell. Pure, and linear in the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from vsync.documents.cuts import Cut
from vsync.documents.patterns import lazily

LineKind = Literal["text", "code", "comment"]


class Lines(NamedTuple):
    """Lines of one kind. `start` and `end` count characters."""

    kind: LineKind
    start: int
    end: int


_LINE = lazily(r"[^\n]*+(?:\n|\Z)")
_RST_EXPLICIT = lazily(r"\.\.[ \t\r]*+(?:\n|\Z)|\.\.[ \t]++(?!_|__[ \t]|\[[^\]\n]{1,100}\]|\||[^\s:][^\n]{0,200}?::)")
_RST_CODE = lazily(
    r"\.\.[ \t]+(?:code-block|code|sourcecode|highlight|parsed-literal|raw|math|doctest|testcode|testoutput|testsetup"
    r"|testcleanup|prompt|ipython|literalinclude|productionlist|graphviz|digraph|graph|mermaid|uml|jinja)::"
)
_RST_MISTAKE = lazily(
    r"\.\.[ \t]+(?i:attention|caution|danger|error|hint|important|note|tip|warning|seealso|image|figure|code|code-block"
    r"|include|toctree|deprecated|versionadded|versionchanged|contents|admonition|math|table|csv-table|list-table):(?!:)"
)
_ASCIIDOC_FENCE = lazily(r"(/{4,}|-{4,}|\.{4,}|\+{4,}|`{3,})[^\S\n]*+(?:\n|\Z)|(`{3,})[\w,+-]*+[^\S\n]*+(?:\n|\Z)")


def rst_lines(text: str) -> Iterator[Lines]:
    """Lines of reStructuredText. A comment is found at the left margin only: an indented one may be an example."""
    code: int | None = None
    """The indent of what introduced code: lines that are indented more belong to it."""
    comment: tuple[int, int] | None = None
    announced = False
    """Whether the last line of text ends in `::`: what follows it may be code without an indent."""
    start = 0
    while start < len(text):
        newline = text.find("\n", start)
        end = newline + 1 if newline >= 0 else len(text)
        line = text[start:end].rstrip()
        shown = line.lstrip()
        indent = len(line) - len(shown)
        if shown and comment and indent:
            comment = (comment[0], end)
        elif shown:
            if comment:
                yield Lines("comment", *comment)
            comment = None
            if code is not None and indent <= code:
                code = None
            if code is not None:
                yield Lines("code", start, end)
            elif not announced and not indent and _is_rst_comment(text, start, end):
                comment = (start, end)
            else:
                yield Lines("text", start, end)
                announced = shown.endswith("::") and not shown.startswith(".. ")
                if announced or _RST_CODE().match(shown):
                    code = indent
        start = end
    if comment:
        yield Lines("comment", *comment)


def _is_rst_comment(text: str, start: int, end: int) -> bool:
    if not _RST_EXPLICIT().match(text, start, end) or _RST_MISTAKE().match(text, start, end):
        return False
    if text[start:end].strip() != "..":
        return True
    # Two dots before a blank line end what is before them, and begin no comment.
    following = _LINE().match(text, end)
    return following is not None and bool(following[0].strip())


def rst_comments(text: str) -> Iterator[Cut]:
    return (Cut(lines.start, lines.end) for lines in rst_lines(text) if lines.kind == "comment")


def asciidoc_lines(text: str) -> Iterator[Lines]:
    """Lines of AsciiDoc. A block without an end reaches to the end of the text; such a comment is text."""
    start = 0
    fence = ""
    begun = 0
    while start < len(text):
        newline = text.find("\n", start)
        end = newline + 1 if newline >= 0 else len(text)
        line = text[start:end].rstrip()
        mark = _ASCIIDOC_FENCE().match(text, start)
        if fence:
            if line == fence:
                yield Lines("comment" if fence[0] == "/" else "code", begun, end)
                fence = ""
        elif mark:
            fence, begun = mark[1] or mark[2], start
        elif line.startswith("//") and not line.startswith("///"):
            yield Lines("comment", start, end)
        elif line:
            yield Lines("text", start, end)
        start = end
    if fence and fence[0] != "/":
        yield Lines("code", begun, len(text))


def asciidoc_comments(text: str) -> Iterator[Cut]:
    return (Cut(lines.start, lines.end) for lines in asciidoc_lines(text) if lines.kind == "comment")
