"""A heading without its markup. Pure.

Headings are short: `headings` cuts them. So the work that grows with the square of the length has an end.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Literal

from vsync.documents.front_matter_values import one_line

Markup = Literal["markdown", "rst", "asciidoc", "org", "html"]

_CODE_OR_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])|`+")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])")
_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]*:[^\s<>]*)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>|<!--.*?-->|\{/\*.*?\*/\}|\{\{[<%].*?[>%]\}\}", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\{:?\s*[#.:][^{}]*\}\s*\Z")
_STARS = re.compile(r"(\*{1,3}|~~)(?=[^\s*~])((?:.*?[^\s*~])??)\1(?!\*)")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])(.*?[^\s_])\1(?!\w)")
_HELD = re.compile("\0(\\d+)\0")

_RST_ROLE = re.compile(r"(:[\w:+.-]{1,60}:)?(`{1,2})(?!`)([^`]+)\2_{0,2}")
_RST_TARGET = re.compile(r"\A(.+?)\s*<[^<>]*>\Z")
_RST_STRONG = re.compile(r"(?<!\w)(\*{1,2})(?=[^\s*])([^*]*[^\s*])\1(?!\w)")
_RST_ESCAPE = re.compile(r"\\(\s?)(\S?)")

_ADOC_ANCHOR = re.compile(r"\[\[[^\[\]]*\]\]|\[#[^\[\]]*\](?=\S)")
_ADOC_REFERENCE = re.compile(r"<<[^<>,]*,\s*([^<>]*)>>")
_ADOC_LINK = re.compile(r"(?:(?:link|xref|mailto):|https?://)[^\s\[\]]*\[([^\[\]]*)\]")
_ADOC_CODE = re.compile(r"`\+?([^`]+?)\+?`")

_ORG_LINK = re.compile(r"\[\[(?:[^\[\]]*\]\[)?([^\[\]]+)\]\]")
_ORG_CODE = re.compile(r"(?<!\w)([=~])(?=\S)([^=~]+)\1(?!\w)")


def plain_text(heading: str, markup: Markup) -> str | None:
    """What a reader sees of the heading, on one line; None when nothing is left."""
    text = one_line(_PLAIN[markup](heading.replace("\0", "")))
    return " ".join(text.split()) if text else None


def _markdown(text: str) -> str:
    held: list[str] = []

    def hold(part: str) -> str:
        held.append(part)
        return f"\0{len(held) - 1}\0"

    if not _MARKED.search(text):
        return text
    text = _AUTOLINK.sub(lambda found: hold(found[1]), _without_code(text, hold))
    # An image may be the text of a link.
    text = _IMAGE_OR_LINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", text))
    text = _ATTRIBUTES.sub("", _TAG.sub("", text))
    text = _UNDERSCORES.sub(r"\2", _STARS.sub(r"\2", _UNDERSCORES.sub(r"\2", _STARS.sub(r"\2", text))))
    return _HELD.sub(lambda found: held[int(found[1])], html.unescape(text))


_MARKED = re.compile(r"[`\\\[<{*_~&]")


def _without_code(text: str, hold: Callable[[str], str]) -> str:
    """The text with what stands in backticks, and each escaped character, held."""
    parts: list[str] = []
    at = 0
    while found := _CODE_OR_ESCAPE.search(text, at):
        parts.append(text[at : found.start()])
        at = found.end()
        marks = found[0]
        if found[1]:
            parts.append(hold(found[1]))
            continue
        end = re.compile(rf"(?<!`){marks}(?!`)").search(text, at)
        if end is None:
            parts.append(marks)
        else:
            parts.append(hold(text[at : end.start()].strip()))
            at = end.end()
    parts.append(text[at:])
    return "".join(parts)


def _rst(text: str) -> str:
    text = _RST_ROLE.sub(_role, text)
    text = _RST_STRONG.sub(r"\2", text)
    return _RST_ESCAPE.sub(r"\2", text)


def _role(found: re.Match[str]) -> str:
    role, marks, content = found.groups()
    if len(marks) == 2:
        return str(content)
    named = _RST_TARGET.match(content)
    if named:
        return named[1]
    if role and content[0] == "~":
        return str(content[1:].rpartition(".")[2])
    return str(content.lstrip("!"))


def _asciidoc(text: str) -> str:
    text = _ADOC_LINK.sub(r"\1", _ADOC_REFERENCE.sub(r"\1", _ADOC_ANCHOR.sub("", text)))
    text = _ADOC_CODE.sub(r"\1", text)
    return html.unescape(_UNDERSCORES.sub(r"\2", _STARS.sub(r"\2", text)))


def _org(text: str) -> str:
    return _ORG_CODE.sub(r"\2", _ORG_LINK.sub(r"\1", text))


def _html(text: str) -> str:
    return html.unescape(_TAG.sub("", text))


_PLAIN: dict[Markup, Callable[[str], str]] = {
    "markdown": _markdown,
    "rst": _rst,
    "asciidoc": _asciidoc,
    "org": _org,
    "html": _html,
}
