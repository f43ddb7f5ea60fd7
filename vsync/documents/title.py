"""The title of a document: from its front matter, else its first heading. Pure; takes time in proportion to the size.

| kind | what counts |
| --- | --- |
| Markdown, notebook | `# Heading`, a line with `===` or `---` below it, `<h1>`; not in code, comments and HTML blocks |
| reStructuredText, plain text | a line with a line of punctuation below it |
| AsciiDoc | `= Heading`, a line with `===` below it; not in delimited blocks |
| Org | `#+TITLE:`, else `* Heading` |
| HTML | `<title>`, else `<h1>` |
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from vsync.documents import headings
from vsync.documents.filetypes import extension_of
from vsync.documents.front_matter_values import one_line
from vsync.documents.heading_text import Markup, plain_text

_MOST_HEADINGS = 100
"""Headings without text, such as images, are passed over; after so many the document counts as one without a title."""

_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd", ".ipynb")
_KINDS: Mapping[str, tuple[Callable[[str], Iterator[str]], Markup]] = {
    **dict.fromkeys(_MARKDOWN, (headings.markdown, "markdown")),
    **dict.fromkeys((".rst", ".rest", ".txt", ".text"), (headings.restructured, "rst")),
    **dict.fromkeys((".adoc", ".asciidoc", ".asc"), (headings.asciidoc, "asciidoc")),
    ".org": (headings.org, "org"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), (headings.html, "html")),
}


def title_of(body: str, path: str, front_matter: Mapping[str, object]) -> str | None:
    """The title as plain text on one line; None when the document has none.

    `body` is the text behind the front matter, of a notebook its Markdown. The extension of `path` tells the kind.
    """
    return _given(front_matter.get("title")) or heading_of(body, path)


def heading_of(body: str, path: str) -> str | None:
    """The first heading as plain text on one line; None when there is none."""
    kind = _KINDS.get(extension_of(path))
    if kind is None:
        return None
    written, markup = kind
    texts = (plain_text(heading, markup) for heading in itertools.islice(written(body), _MOST_HEADINGS))
    return next(filter(None, texts), None)


def _given(value: object) -> str | None:
    if isinstance(value, bool | datetime):
        return None
    # A year or a day as a title is a number or a date for YAML.
    return one_line(value) if isinstance(value, str | int | float | date) else None
