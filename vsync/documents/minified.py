"""Whether a machine packed a file: code and data without line breaks, which no one reads and no search finds. Pure.

Only kinds of files whose lines are short when people write them are looked at. In Markdown and plain text a long line is
a paragraph. An HTML page with its words on one line is a page all the same: its words count, not its lines.
"""

from __future__ import annotations

from vsync.documents.filetypes import extension_of
from vsync.documents.markup import prose, words_of
from vsync.documents.patterns import lazily

_CODE = frozenset(".js .mjs .cjs .css".split())
_DATA = frozenset({".json"})
_MARKUP = frozenset(".html .htm .xhtml .svg .xml".split())
_SMALLEST = 2000
"""A shorter text is no burden, however it is written."""

_LONG = 500
_MOSTLY = 0.8
_PROSE_CHARACTERS = 1000
_NAMED = lazily(r"(?i)[.-]min\.(?:js|mjs|cjs|css)$|\.(?:bundle|chunk)\.(?:js|css)$")
_LOOKED_AT = 1024 * 1024
"""Characters that are looked at."""


def is_minified(path: str, text: str) -> bool:
    """Whether a machine packed the file of that path, as code, data or markup without line breaks."""
    extension = extension_of(path)
    if extension not in _CODE | _DATA | _MARKUP or len(text) < _SMALLEST:
        return False
    text = text[:_LOOKED_AT]
    if extension in _CODE and _NAMED().search(path.rpartition("/")[2]) and _in_long_lines(text) > 0.5:
        return True
    if _in_long_lines(text) < _MOSTLY:
        return False
    if extension in _DATA:
        return True
    if extension in _CODE:
        return not _is_prose(text)
    return not _is_page(text)


def _in_long_lines(text: str) -> float:
    """The share of the text in lines that are longer than people write."""
    return sum(len(line) for line in text.split("\n") if len(line) > _LONG) / len(text)


def _is_page(text: str) -> bool:
    """Whether markup holds prose: enough of it for a page, or much of what is between its tags."""
    return prose(words_of(text)) >= min(_PROSE_CHARACTERS, 0.1 * len(text))


def _is_prose(text: str) -> bool:
    return prose(text) >= 0.5 * len(text)
