"""In which markup a document is written, told by its path alone. Pure."""

from __future__ import annotations

from typing import Literal

from vsync.documents.filetypes import extension_of, file_type

Markup = Literal["markdown", "mdx", "html", "rst", "asciidoc", "org", "text"]

_EXTENSIONS: dict[Markup, str] = {
    "markdown": ".md .markdown .mdown .mkd .qmd .rmd .ipynb",
    "mdx": ".mdx",
    "html": ".html .htm .xhtml",
    "rst": ".rst .rest",
    "asciidoc": ".adoc .asciidoc .asc",
    "org": ".org",
    "text": ".txt .text",
}
_KINDS: dict[str, Markup] = {end: kind for kind, ends in _EXTENSIONS.items() for end in ends.split()}
_PLAIN_NAMES = frozenset("authors changelog changes contributing contributors news notice readme security todo".split())


def markup_of(path: str) -> Markup | None:
    """The markup; None for code, data, and what is no text. A notebook is Markdown: that is what is sent of it."""
    extension = extension_of(path)
    if not extension:
        return "text" if path.rpartition("/")[2].lower() in _PLAIN_NAMES else None
    return _KINDS.get(extension)


def is_page(path: str) -> bool:
    """Whether a docs site makes a page of the file."""
    return markup_of(path) not in (None, "text")


def is_readable(path: str) -> bool:
    """Whether a repository's site shows the file as a page with text, as opposed to an image or a download."""
    kind = file_type(path)
    return kind is not None and kind.text and extension_of(path) != ".svg"
