"""The relative links of reStructuredText and AsciiDoc, with their absolute addresses. Pure, and linear in the text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from vsync.documents.about import About
from vsync.documents.cuts import Cut
from vsync.documents.line_markup import asciidoc_lines, rst_lines
from vsync.documents.link_targets import absolute
from vsync.documents.markup_kind import markup_of
from vsync.documents.patterns import lazily

_RST_LITERAL = r"(?P<literal>``[^`\n]{1,2000}``)"
_RST_INLINE = lazily(_RST_LITERAL + r"|`(?:[^`<>\n\\]|\\.){0,500}<(?P<inline>[^<>`\n]{1,2000})(?<!_)>`__?")
_RST_LINE = lazily(
    r"[ \t]*+\.\.[ \t]+(?:"
    r"_(?:`[^`\n]{1,500}`|[^:`\n\\]{1,500}):[ \t]+(?P<target>[^\s`<>]{1,2000})(?<!_)[ \t\r]*$"
    r"|(?:\|[^|\n]{1,500}\|[ \t]+)?(?:image|figure)::[ \t]+(?P<image>[^\s]{1,2000})[ \t\r]*$)"
    r"|[ \t]++:target:[ \t]+(?P<option>[^\s`<>]{1,2000})(?<!_)[ \t\r]*$"
)


def rst_links(text: str, about: About) -> Iterator[Cut]:
    """What is replaced. What only the builder of the docs knows stays: the root, and the files for `a.*`."""
    for lines in rst_lines(text):
        if lines.kind != "text":
            continue
        line = text[lines.start : lines.end].rstrip("\n")
        if found := _RST_LINE().match(line):
            matches = [(found, found.lastgroup or "")]
        elif "<" in line:
            matches = [(match, match.lastgroup or "") for match in _RST_INLINE().finditer(line)]
        else:
            continue
        for match, group in matches:
            target = match[group]
            if group == "literal" or target.startswith("/") or "*" in target:
                continue
            address = absolute(target, about, image=group == "image")
            if address is not None:
                start, end = match.span(group)
                yield Cut(lines.start + start, lines.start + end, address)


_ASCIIDOC = lazily(
    r"`[^`\n]{1,2000}`|\\\w*+:|\\<<|(?<!\w)(?:link:(?P<link>[^\s\[\]:]{1,2000})(?=\[)"
    r"|xref:(?P<xref>[^\s\[\]:]{1,2000})(?=\[)"
    r"|image::?(?P<image>[^\s\[\]:][^\[\]:\n]{0,2000})(?=\[))"
    r"|<<(?P<across>[^\s<>,#]{1,2000}\.(?:adoc|asciidoc|asc)(?:#[^\s<>,]{0,500})?)(?:,(?P<text>[^<>\n]{0,1000}))?>>"
)
_IMAGES_FOLDER = lazily(r"(?m)^:imagesdir:[ \t]+(\S{1,1000})[ \t\r]*$")
_ANTORA = lazily(r"((?:[^\n]*/)?modules/[^/\n]+)/")


def asciidoc_links(text: str, about: About) -> Iterator[Cut]:
    """What is replaced. In Antora's folders pages count from `pages`, and images from `images`."""
    antora = _ANTORA().match(about.path)
    folder = posixpath.dirname(about.path)
    declared = _IMAGES_FOLDER().search(text)
    images = posixpath.join(folder, declared[1]) if declared else f"{antora[1]}/images" if antora else folder
    for lines in asciidoc_lines(text):
        if lines.kind != "text":
            continue
        for match in _ASCIIDOC().finditer(text, lines.start, lines.end):
            yield from _macro(match, about, folder, images, f"{antora[1]}/pages" if antora else folder)


def _macro(match: re.Match[str], about: About, folder: str, images: str, pages: str) -> Iterator[Cut]:
    """A macro of AsciiDoc with the absolute address. Those that name pages become `link:`, which takes addresses."""
    if match["link"]:
        address = absolute(match["link"], about, base=folder)
        if address is not None:
            yield Cut(*match.span("link"), address)
    elif match["image"]:
        address = absolute(match["image"], about, image=True, base=images)
        if address is not None:
            yield Cut(*match.span("image"), address)
    elif target := match["xref"] or match["across"]:
        # Without an extension it names a place on the same page. With `@` or `$` it names a part of Antora's catalog.
        if markup_of(target.partition("#")[0]) != "asciidoc" or "@" in target or "$" in target:
            return
        address = absolute(target.removesuffix("#"), about, base=folder if target.startswith("./") else pages)
        if address is not None:
            shown = f"link:{address}" + (f"[{(match['text'] or '').strip()}]" if match["across"] else "")
            yield Cut(*match.span(), shown)
