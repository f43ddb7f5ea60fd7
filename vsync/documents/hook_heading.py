"""Lets a document begin with its title, or with a line that names its source. Pure.

| markup | title |
| --- | --- |
| Markdown, MDX | `# Title` |
| reStructuredText | the title, underlined with `=` |
| AsciiDoc | `= Title` |
| Org | `#+TITLE: Title` |
| plain text | the title |

HTML stays as it is: it names its title itself. The title is one line, and what the markup would read in it is escaped.
"""

from __future__ import annotations

import unicodedata

from vsync.documents.markup_kind import Markup
from vsync.documents.markup_pieces import markdown_pieces
from vsync.documents.patterns import lazily

LONGEST = 300
"""Characters of a title. A longer title is cut."""

_SEEN_LINES = 60
"""Lines in which the title is looked for: before it there may be comments, badges, labels and imports."""

_SEEN = 20_000
"""Characters in which it is looked for."""

_TO_ESCAPE: dict[Markup, str] = {
    "markdown": r"\\|[`*\[\]<]|(?<!\w)_|_(?!\w)|#(?=#*$)|&(?=#?\w+;)",
    "mdx": r"\\|[`*\[\]<{}]|(?<!\w)_|_(?!\w)|#(?=#*$)|&(?=#?\w+;)",
    "rst": r"\\|[`*|]|_(?!\w)|^[^\w\\`*|]",
    "asciidoc": r"\{",
}
_ESCAPED = {markup: lazily(pattern) for markup, pattern in _TO_ESCAPE.items()}
_NOT_PRINTED = lazily(r"(?:[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]|\s)+")
_NO_WORD = lazily(r"[\W_]+")
_ADDRESSES = lazily(r"\]\([^()\n]{0,2000}\)|<[^<>\n]{0,2000}>")
_NOT_SHOWN = lazily(r"\s*\{(?:\s?#|/\*\s?|:\s?#)?[\w.:-]{1,200}(?:\s?\*/|\s)?\}$|:[\w:+.-]{1,100}:(?=`)")
"""The name of a heading behind it, and roles of reStructuredText."""
_IMAGES = lazily(
    r"\[?!\[[^\[\]\n]{0,500}\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,200}\])(?:\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,200}\]))?"
)
_SKIPPED: dict[Markup, str] = {
    "markdown": r"<|\[[^\]\n]{0,200}\]:|[*_=-]{3,}\s*$|\[{1,2}(?i:toc)\]{1,2}$",
    "mdx": r"<|\[[^\]\n]{0,200}\]:|[*_=-]{3,}\s*$|import\b|export\b|\{/\*",
    "rst": r"\.\. |\.\.$|:[^:`\n]{1,60}:(?:\s|$)|([^\w\s])\1+$|\s\s",
    "asciidoc": r"//|:[\w!-]{1,60}:|\[|image::",
    "org": r"#(?!\+TITLE:)",
}
_SKIPS = {markup: lazily(f"(?:{pattern})") for markup, pattern in _SKIPPED.items()}
_MARKS: dict[Markup, str] = {
    "markdown": r"#{1,6}\s+|#{1,6}$",
    "mdx": r"#{1,6}\s+",
    "asciidoc": r"={1,6}\s+",
    "org": r"#\+TITLE:\s*|\*+\s+",
}
_HEADING_MARK = {markup: lazily(pattern) for markup, pattern in _MARKS.items()}


def with_title(text: str, markup: Markup, title: str | None) -> str:
    """The text, which begins with the title. Unchanged when it does so already, is blank, or the title is."""
    line = _one_line(title or "")[:LONGEST].rstrip()
    if not line or markup == "html" or not text.strip() or _begins_with(text, markup, line):
        return text
    return _before(_title_lines(line, markup), text)


def with_source(text: str, markup: Markup, source: str) -> str:
    """The text after a line that names where it comes from: an address or a path."""
    if markup == "html" or not text.strip():
        return text
    line = f"Source: {_escaped(_one_line(source), markup)}"
    first = text.lstrip("\r\n").partition("\n")[0].rstrip()
    return text if first == line else _before(line, text)


def _before(head: str, text: str) -> str:
    first, newline, _ = text.partition("\n")
    end = "\r\n" if newline and first.endswith("\r") else "\n"
    return head.replace("\n", end) + end * 2 + text.lstrip("\r\n")


def _title_lines(title: str, markup: Markup) -> str:
    shown = _escaped(title, markup)
    if markup in ("markdown", "mdx"):
        return f"# {shown}"
    if markup == "rst":
        return f"{shown}\n{'=' * sum(2 if unicodedata.east_asian_width(char) in 'WF' else 1 for char in shown)}"
    return {"asciidoc": "= ", "org": "#+TITLE: "}.get(markup, "") + shown


def _one_line(text: str) -> str:
    return _NOT_PRINTED().sub(" ", text).strip()


def _escaped(text: str, markup: Markup) -> str:
    pattern = _ESCAPED.get(markup)
    return pattern().sub(lambda match: "\\" + match[0], text) if pattern else text


# --- Whether the title is there ----------------------------------------------------------------------------------


def _begins_with(text: str, markup: Markup, title: str) -> bool:
    """Whether the first line that holds text is the title, whatever its marks."""
    line = _first_line(text, markup)
    mark = _HEADING_MARK.get(markup)
    if mark and (found := mark().match(line)):
        line = line[found.end() :]
    wanted = _spellings(title) - {""}
    return not wanted or not wanted.isdisjoint(_spellings(line))


def _spellings(title: str) -> set[str]:
    shown = _NOT_SHOWN().sub("", title)
    return {_words(title), _words(shown), _words(_ADDRESSES().sub("", shown))}


def _first_line(text: str, markup: Markup) -> str:
    """The first line that is no comment, badge, label or the like; empty when the first lines hold none."""
    skips = _SKIPS.get(markup)
    for line in _lines(text, markup):
        shown = line.strip()
        if markup in ("markdown", "mdx"):
            shown = _IMAGES().sub("", line).strip(" \t\r\n>")
        if shown and not (skips and skips().match(line.rstrip() if markup == "rst" else shown)):
            return shown
    return ""


def _lines(text: str, markup: Markup) -> list[str]:
    """The first lines, without comments, scripts and styles."""
    head = "\n".join(text[:_SEEN].lstrip("\ufeff").split("\n", _SEEN_LINES)[:_SEEN_LINES])
    if markup in ("markdown", "mdx") and "<" in head:
        pieces = markdown_pieces(head, mdx=markup == "mdx")
        head = "".join(head[piece.start : piece.end] for piece in pieces if piece.kind in ("prose", "code"))
    return head.split("\n")


def _words(text: str) -> str:
    """What two spellings of a title have in common. Titles without letters and digits are compared as they are."""
    return _NO_WORD().sub("", text).casefold() or text.replace("\\", "").strip()
