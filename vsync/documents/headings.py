"""The headings of a document as they are written, the first one first. Pure; takes time in proportion to the size.

Each search begins where the search before it ended, and a part without an end ends the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_CHARACTERS = 1000
"""Of a heading more is not read."""

_MARKDOWN = re.compile(
    r"^[ \t]*(?:"
    r"(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    r"|(?P<skip><!--|\{/\*|<(?:pre|script|style|textarea)(?=[\s>]))"
    r"|(?:<(?:div|p|center|header|a)\b[^>\n]*>[ \t]*)?<(?P<html>h[12])(?=[\s>])"
    r"|(?P<atx>#{1,6})(?=[ \t\r\n]|\Z)"
    r"|(?P<under>=+|-+)[ \t\r]*$"
    r")",
    re.MULTILINE | re.IGNORECASE,
)
_SKIPPED_TO = {"<!--": re.compile("-->"), "{/*": re.compile(r"\*/\}")}
_ELEMENT_END = re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE)
_NOT_PARAGRAPH = re.compile(
    r" {4}|\t|[ ]{0,3}(?:[>|#<]|[-+*](?:[ \t\r]|$)|\d{1,9}[.)](?:[ \t\r]|$)|`{3}|~{3}|\[[^\]\n]*\]:"
    # A line across the page, or the first or last line of a block.
    r"|(?P<mark>[-*_=+'])[ \t]*(?:(?P=mark)[ \t]*)+\r?$)"
)

_INDENTED = re.compile(r" {4}| {0,3}\t")

_ADORNED = re.compile(r"^([!-/:-@\[-`{-~])\1*[ \t\r]*$", re.MULTILINE)

_ADOC = re.compile(
    r"^(?:(?P<block>-{4,}|\.{4,}|/{4,}|\+{4,}|`{3,}|\|===)[ \t\r]*$"
    r"|(?P<fence>`{3})[^`\s]+[ \t\r]*$"
    r"|(?P<atx>={1,6}|#{1,6})(?=[ \t])"
    r"|(?P<under>=+)[ \t\r]*$)",
    re.MULTILINE,
)
_ORG_TITLE = re.compile(r"^[ \t]*#\+TITLE:(?=[ \t])", re.MULTILINE | re.IGNORECASE)
_ORG = re.compile(r"^\*+(?=[ \t])", re.MULTILINE)
_ORG_MARKS = re.compile(r"\A(?:(?:TODO|DONE|NEXT|WAITING)\s+)?(?:\[#[A-Z]\]\s+)?")
_ORG_TAGS = re.compile(r"(?<!\s)\s+:(?:[\w@#%]++:)+\Z")

_BODY = re.compile(r"<body(?=[\s>])", re.IGNORECASE)
_HTML_TITLE, _HTML_HEADING = (
    re.compile(rf"(?P<skip><!--|<(?:script|style|template|svg)(?=[\s>]))|<(?P<name>{name})(?=[\s>])", re.IGNORECASE)
    for name in ("title", "h1")
)


def markdown(text: str) -> Iterator[str]:
    """Headings with `#`, headings underlined with `=` or `-`, and elements `<h1>` and `<h2>`."""
    # A paragraph cannot begin before the block that ended at `block`.
    at = block = 0
    while found := _MARKDOWN.search(text, at):
        at = found.end()
        if found["under"]:
            above = _paragraph_above(text, found.start(), block) if len(found["under"]) > 1 else None
            if above and not _INDENTED.match(found[0]):
                yield above
            continue
        if fence := found["fence"]:
            close = re.compile(rf"^[ \t]*{fence[0]}{{{len(fence)},}}[ \t\r]*$", re.MULTILINE).search(text, at)
            if close is None:
                return
            at = close.end()
        elif skipped := found["skip"]:
            end = (_SKIPPED_TO.get(skipped) or _ELEMENT_END).search(text, at)
            if end is None:
                return
            at = end.end()
        elif found["html"]:
            element = _element(text, at, found["html"])
            if element is None:
                return
            heading, at = element
            yield heading
        elif _INDENTED.match(found[0]):
            # Code, or a part of a list.
            continue
        else:
            yield _without_closing(_rest(text, at))
        at = block = _line_end(text, at)


def restructured(text: str) -> Iterator[str]:
    """Lines with a line of punctuation below them, which may have such a line above them."""
    for found in _ADORNED.finditer(text):
        above, start = _line_above(text, found.start())
        title = above.strip()
        if not title or title.startswith(".. ") or _ADORNED.match(above):
            continue
        before, _ = _line_above(text, start)
        length = len(found[0].rstrip())
        overlined = before.rstrip() == found[0].rstrip()
        if overlined or (
            not above[0].isspace()
            and (not before.strip() or before.startswith(".."))
            and (length >= len(title) or length >= 4)
        ):
            yield title


def asciidoc(text: str) -> Iterator[str]:
    """Headings with `=` or `#`, and lines with a line of `=` of about their length below them."""
    at = 0
    while found := _ADOC.search(text, at):
        at = _line_end(text, found.end())
        if found["atx"]:
            yield _without_closing(_rest(text, found.end()), "=")
        elif found["under"]:
            above = _paragraph_above(text, found.start())
            if above and above[0] not in ".[" and abs(len(above) - len(found["under"])) <= 2:
                yield above
        else:
            mark = found["block"] or found["fence"]
            end = re.compile(rf"^{re.escape(mark)}[ \t\r]*$", re.MULTILINE).search(text, at)
            if end is None:
                return
            at = end.end()


def org(text: str) -> Iterator[str]:
    """The title of the file, and headlines without their keyword, priority and tags."""
    found = _ORG_TITLE.search(text)
    if found:
        yield _rest(text, found.end())
    for headline in _ORG.finditer(text):
        line = _rest(text, headline.end()).strip()
        yield _ORG_TAGS.sub("", _ORG_MARKS.sub("", line))


def html(text: str) -> Iterator[str]:
    """The title of the page, then its elements `<h1>`."""
    body = _BODY.search(text)
    yield from _elements(text[: body.start()] if body else text, _HTML_TITLE)
    yield from _elements(text[body.start() :] if body else text, _HTML_HEADING)


def _elements(text: str, names: re.Pattern[str]) -> Iterator[str]:
    at = 0
    while found := names.search(text, at):
        at = found.end()
        if skipped := found["skip"]:
            end = text.find("-->", at) if skipped == "<!--" else _close(text, at, skipped[1:])
            if end < 0:
                return
            at = end
        else:
            element = _element(text, at, found["name"])
            if element is None:
                return
            heading, at = element
            yield heading


def _element(text: str, at: int, name: str) -> tuple[str, int] | None:
    """The content of the element whose name ends at `at`, and where it ends; None when it has no end."""
    begin = text.find(">", at) + 1
    end = _close(text, begin, name) if begin else -1
    return (text[begin : min(end, begin + MAX_CHARACTERS)], end) if end >= 0 else None


def _close(text: str, at: int, name: str) -> int:
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(text, at)
    return found.start() if found else -1


def _rest(text: str, at: int) -> str:
    """The rest of the line."""
    end = text.find("\n", at)
    return text[at : min(end if end >= 0 else len(text), at + MAX_CHARACTERS)]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end + 1 if end >= 0 else len(text)


def _line_above(text: str, at: int) -> tuple[str, int]:
    """The line above the line that begins at `at`, and where that line begins; of a long line only the beginning."""
    if at == 0:
        return "", 0
    start = text.rfind("\n", 0, at - 1) + 1
    return text[start : min(at - 1, start + MAX_CHARACTERS)], start


def _paragraph_above(text: str, at: int, block: int = 0) -> str | None:
    """The line above, where it is a paragraph of its own. CommonMark takes longer ones: those are no titles."""
    above, start = _line_above(text, at)
    if start < block or not above.strip() or _NOT_PARAGRAPH.match(above):
        return None
    if start > block and _line_above(text, start)[0].strip():
        return None
    return above.strip()


def _without_closing(heading: str, mark: str = "#") -> str:
    """The heading without the marks at its end: `## Heading ##`."""
    heading = heading.strip()
    shorter = heading.rstrip(mark)
    return shorter.rstrip() if not shorter or shorter[-1] in " \t" else heading
