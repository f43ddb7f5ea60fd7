"""Whether an HTML file is a template that a program makes pages from. Pure.

Such a file holds tags (`{% block title %}`) or variables (`{{ page.title }}`) instead of text.
"""

from __future__ import annotations

from vsync.documents.filetypes import extension_of
from vsync.documents.patterns import lazily

_HTML = frozenset({".html", ".htm", ".xhtml"})
_LONGEST = 400
"""A longer mark is not found where the file's pieces meet in it."""

_TEMPLATE = lazily(rf"\{{%[-+~]?\s*[a-zA-Z][^%{{}}]{{0,{_LONGEST - 20}}}%\}}|\{{\{{[^{{}}]{{1,{_LONGEST - 20}}}\}}\}}")


def is_html(path: str) -> bool:
    return extension_of(path) in _HTML


class TemplateScan:
    """Looks for the marks of a template in text that arrives in pieces."""

    def __init__(self) -> None:
        self.found = False
        self._rest = ""

    def feed(self, text: str) -> None:
        if self.found:
            return
        text = self._rest + text
        self.found = _TEMPLATE().search(text) is not None
        self._rest = text[-_LONGEST:]
