"""What the content hooks know of a document beside its text. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vsync.documents.markup_kind import Markup, markup_of


class About(NamedTuple):
    """One document.

    | field | meaning |
    | --- | --- |
    | `path` | its path in the repository |
    | `title` | its title, if it has one |
    | `url` | gives the address on the docs site of the document at a path; None: there is no template, or it has a mistake |
    | `sent_as` | the name whose ending tells the markup, where a target says another ending; empty: the path |
    | `repository` | `https://host/owner/repo`, without a slash at its end; None: not known |
    """

    path: str
    title: str | None
    url: Callable[[str], str | None]
    repository: str | None
    sent_as: str = ""

    @property
    def markup(self) -> Markup | None:
        """The markup in which it is written."""
        return markup_of(self.sent_as or self.path)
