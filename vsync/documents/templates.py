"""Whether an HTML file is a template that a program makes pages from. Pure.

Such a file holds marks instead of text: tags (`{% block title %}`), variables (`{{ page.title }}`), code (`<?php`, `<%= %>`),
or attributes that a framework reads (`v-if`, `*ngFor`, `th:text`). A page about templates shows such marks too: as code, or
a few in much prose. Such a page is documentation.
"""

from __future__ import annotations

from vsync.documents.filetypes import extension_of
from vsync.documents.markup import prose, without_code, words_of
from vsync.documents.patterns import lazily

_HTML = frozenset({".html", ".htm", ".xhtml"})
_LOOKED_AT = 1024 * 1024
"""Characters that are looked at. A template has its first mark before."""

_FEW = 3
_MUCH_PROSE = 1000

_MARK = lazily(r"\{%[-+~]?\s*[a-zA-Z][^%{}]{0,380}%\}|\{\{[^{}]{1,380}\}\}")
_CODE = lazily(
    r"<%[^%]{1,380}%>|<\?(?:php\b|=)"
    r"|<#(?:if|list|assign|include|import|macro|else)\b|<(?:c:(?:if|forEach|choose|out|set)|jsp:[a-z]+)\b"
)
_ATTRIBUTE = lazily(
    r"\s(?:v-(?:if|for|else|model|show|bind|on|html|text)\b|\*ng[A-Z][A-Za-z]+|\[\(?ng[A-Z][A-Za-z]+\)?\]"
    r"|ng-(?:repeat|if|include|model|controller|bind|show|hide)\b"
    r"|(?:data-)?th[:-](?:text|utext|each|if|unless|replace|insert|fragment|include|href|src|object|field)\b"
    r"|tal:(?:content|replace|repeat|condition|attributes|define)\b)"
    r"(?:[:.][\w.:-]{1,40})?(?:=|[\s/>])"
)
_IN_TAG = lazily(r"<[a-zA-Z!/][^<>]*>")


def is_html(path: str) -> bool:
    return extension_of(path) in _HTML


class TemplateScan:
    """Looks for the marks of a template in text that arrives in pieces."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def feed(self, text: str) -> None:
        if self._size < _LOOKED_AT:
            self._pieces.append(text[: _LOOKED_AT - self._size])
            self._size += len(self._pieces[-1])

    @property
    def found(self) -> bool:
        """Whether the text so far is a template."""
        return is_template("".join(self._pieces))


def is_template(text: str) -> bool:
    """Whether HTML holds the marks of a template for a program, and not as an example."""
    if not (_MARK().search(text) or _CODE().search(text) or _ATTRIBUTE().search(text)):
        return False
    seen = without_code(text)
    in_tags = sum(len(pattern().findall(tag)) for tag in _IN_TAG().findall(seen) for pattern in (_MARK, _ATTRIBUTE))
    marks = len(_MARK().findall(seen)) + len(_CODE().findall(seen))
    if in_tags == 0 and marks == 0:
        return False
    return in_tags + marks > _FEW or prose(words_of(seen)) < _MUCH_PROSE
