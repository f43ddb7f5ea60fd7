"""The heading under which a line of a document stands. Pure.

Only what the common formats write at the beginning of a line is known: a reader needs a landmark, and no outline.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from types import MappingProxyType

from vsync.documents.filetypes import extension_of

_MAX_LINES = 200_000
_MAX_CHARACTERS = 500
"""A longer line is no heading."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}#{1,6}[ \t]+(.+)")
_CLOSING = re.compile(r"(?:^|[ \t])#+$")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})")
_BLOCK = re.compile(
    r" {0,3}(?:(?:[>|#+*-]|[0-9]{1,9}[.)])(?:\s|$)|(?P<mark>[-*_=])[ \t]*(?:(?P=mark)[ \t]*)+$)| {4}|\t"
)
"""The lines that no Setext heading can be: lists, quotes, tables, code, and lines across the page."""

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}")
_ADOC = re.compile(r"={1,6}[ \t]+(\S.*)")
_ADOC_BLOCK = re.compile(r"(-{4,}|\.{4,}|/{4,}|\+{4,}|`{3,})")
_ORG = re.compile(r"\*{1,8}[ \t]+(\S.*)")


def heading_above(lines: Sequence[str], line: int, path: str) -> str | None:
    """The nearest heading at or above a line (counted from 1). `path` says which format the document has."""
    find = _FORMATS.get(extension_of(path))
    if find is None or line > _MAX_LINES:
        return None
    # The line below belongs to the heading in formats that underline.
    found = find([text[: _MAX_CHARACTERS + 1].rstrip() for text in lines[: line + 1]], line)
    return " ".join(found.split()) if found and len(found) <= _MAX_CHARACTERS else None


def _markdown(lines: Sequence[str], last: int) -> str | None:
    found, fence = None, ""
    begin = _after_front_matter(lines)
    for number, text in enumerate(lines[begin:], begin + 1):
        mark = _FENCE.match(text)
        if fence:
            if mark and mark[1].startswith(fence) and not text[mark.end() :].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        elif number <= last and (atx := _ATX.fullmatch(text)):
            found = _CLOSING.sub("", atx[1]).strip() or found
        elif (
            number > begin + 1
            and _SETEXT.fullmatch(text)
            and (above := lines[number - 2]).strip()
            and not _BLOCK.match(above)
        ):
            found = above.strip()
    return found


def _after_front_matter(lines: Sequence[str]) -> int:
    """How many lines the front matter has, with its marks. Its last line would look underlined."""
    if not lines or lines[0] != "---":
        return 0
    return next((number for number, text in enumerate(lines[1:], 2) if text in {"---", "..."}), 0)


def _restructured(lines: Sequence[str], last: int) -> str | None:
    found = None
    for above, text in itertools.pairwise(lines):
        title = above.strip()
        underlined = _ADORNMENT.fullmatch(text) and title and not above[0].isspace()
        if underlined and not _ADORNMENT.fullmatch(above) and len(text) >= len(title):
            found = title
    return found


def _asciidoc(lines: Sequence[str], last: int) -> str | None:
    found, block = None, ""
    for text in lines[:last]:
        fence = _ADOC_BLOCK.fullmatch(text)
        if fence and (not block or fence[1] == block):
            block = "" if block else fence[1]
        elif not block and (title := _ADOC.fullmatch(text)):
            found = title[1]
    return found


def _org(lines: Sequence[str], last: int) -> str | None:
    titles = [title[1] for title in map(_ORG.fullmatch, lines[:last]) if title]
    return titles[-1] if titles else None


_FORMATS: MappingProxyType[str, Callable[[Sequence[str], int], str | None]] = MappingProxyType(
    {
        **dict.fromkeys(".md .markdown .mdown .mkd .mdx .qmd .rmd .ipynb".split(), _markdown),
        **dict.fromkeys([".rst", ".rest"], _restructured),
        **dict.fromkeys([".adoc", ".asciidoc", ".asc"], _asciidoc),
        ".org": _org,
    }
)
