"""Makes relative links and images absolute, so that they lead somewhere from an answer. Pure, and linear in the text.

`link_targets` says where a link leads. Links in code and comments stay. What is read as a link:

| markup | links |
| --- | --- |
| Markdown, MDX | `[a](b.md)`, `![a](b.png)`, `[a]: b.md`, and `href` and `src` of HTML tags |
| HTML | `href` and `src`, unless the page has a `<base>` |
| reStructuredText | `` `a <b.rst>`_ ``, `.. _a: b.rst`, `.. image::` and `.. figure::` |
| AsciiDoc | `link:b.txt[]`, `xref:b.adoc[]`, `<<b.adoc#,a>>`, `image:b.png[]` and `image::b.png[]` |
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from vsync.documents.about import About
from vsync.documents.cuts import Cut
from vsync.documents.line_links import asciidoc_links, rst_links
from vsync.documents.link_targets import absolute
from vsync.documents.markup_kind import Markup
from vsync.documents.markup_pieces import Piece, html_pieces, markdown_pieces
from vsync.documents.patterns import lazily


def with_absolute_links(text: str, markup: Markup, about: About) -> str:
    """The text with absolute addresses in place of relative ones."""
    if markup in ("markdown", "mdx"):
        return _changed(text, _markdown_links(text, markup, about))
    if markup == "html":
        return text if _BASE().search(text) else _changed(text, _html_links(text, about))
    if markup == "rst":
        return _changed(text, rst_links(text, about))
    if markup == "asciidoc":
        return _changed(text, asciidoc_links(text, about))
    return text


def _changed(text: str, changes: Iterator[Cut]) -> str:
    found: list[str] = []
    at = 0
    for start, end, instead in changes:
        found += (text[at:start], instead)
        at = end
    return "".join((*found, text[at:]))


# --- HTML --------------------------------------------------------------------------------------------------------

_BASE = lazily(r"<(?i:base)\s[^<>]{0,2000}(?i:href)")
_TAG = lazily(r"<(?i:(a|area|img|source|video|audio|embed|iframe|track))\s(?:[^<>\"']++|\"[^\"<>]*+\"|'[^'<>]*+')*+>")
_ATTRIBUTE = lazily(
    r"(?<=[\s\"'])(?i:(href|src|poster))\s{0,20}=\s{0,20}(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>=`]+))"
)


def _html_links(text: str, about: About) -> Iterator[Cut]:
    for piece in html_pieces(text):
        if piece.kind == "prose":
            yield from _tag_links(text, piece.start, piece.end, about)


def _tag_links(text: str, start: int, end: int, about: About) -> Iterator[Cut]:
    """The links in tags of HTML, between two places of the text."""
    for tag in _TAG().finditer(text, start, end):
        for attribute in _ATTRIBUTE().finditer(text, tag.start() + 2, tag.end()):
            group = attribute.lastindex or 0
            image = attribute[1].lower() != "href" and tag[1].lower() != "iframe"
            address = absolute(html.unescape(attribute[group]), about, image=image)
            if address is not None:
                yield Cut(*attribute.span(group), address.replace("&", "&amp;").replace("'", "%27"))


# --- Markdown ----------------------------------------------------------------------------------------------------

_BRACKETS = lazily(r"\\[!-/:-@\[-`{-~]|!?\[|\]|<(?=[A-Za-z])")
_DESTINATION = lazily(
    r"\(\s{0,100}(?:<([^<>\n]{0,2000})>|((?:[^\s()<>\\]|\\.)*+(?:\((?:[^\s()<>\\]|\\.)*+\)(?:[^\s()<>\\]|\\.)*+)*+))"
    r"(?:\s{1,100}(?:\"[^\"]{0,300}\"|'[^']{0,300}'|\([^()]{0,300}\)))?\s{0,100}\)"
)
_DEFINITION = lazily(
    r"(?m)^[ \t>]{0,100}\[(?!\^)(?:[^\[\]\n\\]|\\.){1,300}\]:[ \t]{0,100}(?:<([^<>\n]{0,2000})>|([^\s<>]{1,2000}))"
    r"(?=[ \t]{0,100}(?:[\"'(][^\n]{0,300})?\r?$)"
)
_ESCAPE = lazily(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = lazily(r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+>")


def _markdown_links(text: str, markup: Markup, about: About) -> Iterator[Cut]:
    open_brackets: list[bool] = []
    """Whether each open bracket is that of an image."""
    block = -1
    at = 0
    for piece in markdown_pieces(text, mdx=markup == "mdx"):
        if piece.block != block:
            open_brackets.clear()
            block = piece.block
        if piece.kind == "prose":
            for change in _links_of(text, piece, open_brackets, about):
                if change.start >= at:
                    yield change
                    at = change.end


def _links_of(text: str, piece: Piece, open_brackets: list[bool], about: About) -> Iterator[Cut]:
    at = piece.start
    definitions = _Definitions(text, piece)
    while mark := _BRACKETS().search(text, at, piece.end):
        at = mark.end()
        if mark[0][0] == "\\":
            continue
        if definition := definitions.at(mark.start()):
            group = definition.lastindex or 0
            yield from _link(definition.span(group), definition[group], about, image=False)
            at = definition.end()
        elif mark[0].endswith("["):
            open_brackets.append(mark[0] == "![")
        elif mark[0] == "]" and open_brackets:
            image = open_brackets.pop()
            if found := _DESTINATION().match(text, at, piece.end):
                group = found.lastindex or 0
                yield from _link(found.span(group), found[group], about, image=image)
                at = found.end()
        elif mark[0] == "<":
            if autolink := _AUTOLINK().match(text, mark.start(), piece.end):
                at = autolink.end()
            elif tag := _TAG().match(text, mark.start(), piece.end):
                yield from _tag_links(text, tag.start(), tag.end(), about)
                at = tag.end()


class _Definitions:
    """The reference definitions of a piece of prose, asked for in the order of the text."""

    def __init__(self, text: str, piece: Piece) -> None:
        self._found = _DEFINITION().finditer(text, piece.start, piece.end)
        self._next = next(self._found, None)

    def at(self, place: int) -> re.Match[str] | None:
        """The definition in which the place is, if any."""
        while self._next and self._next.end() <= place:
            self._next = next(self._found, None)
        return self._next if self._next and self._next.start() <= place else None


def _link(span: tuple[int, int], target: str, about: About, *, image: bool) -> Iterator[Cut]:
    address = absolute(html.unescape(_ESCAPE().sub(r"\1", target)), about, image=image)
    if address is not None:
        yield Cut(*span, address)
