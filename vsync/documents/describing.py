"""What a target says of how its documents are described and prepared. Pure data.

A target says it once for all of its documents, and its rules for those that they match. `recipe` puts both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vsync.documents.attributes import Attributes
from vsync.documents.chunking import GivenChunking

GitFact = Literal["changed", "author"]
"""What history says of a file: when it was last changed (seconds since 1970), and by whom."""

Strip = Literal["strip", "keep"]
Heading = Literal["title", "source", "none"]
Links = Literal["absolute", "keep"]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is changed in the text of a document before it is sent. None: nothing is said, so nothing is changed.

    | field | meaning |
    | --- | --- |
    | `front_matter` | the block of front matter is left out |
    | `comments` | HTML comments are left out |
    | `heading` | the title, or a line that names the source, comes first where the text does not begin with it |
    | `links` | relative links and images name their page on the docs site, or in the repository |
    | `mdx` | imports, exports and JSX tags of MDX are left out; the text between tags stays |
    """

    front_matter: Strip | None = None
    comments: Strip | None = None
    heading: Heading | None = None
    links: Links | None = None
    mdx: Strip | None = None

    @property
    def any(self) -> bool:
        """Whether anything is changed."""
        return (
            "strip" in (self.front_matter, self.comments, self.mdx)
            or self.heading in ("title", "source")
            or self.links == "absolute"
        )


NO_HOOKS = Hooks()


@dataclass(frozen=True, slots=True)
class Describing:
    """What a target or a rule says of its documents. None, and an empty mapping: it says nothing.

    | field | meaning |
    | --- | --- |
    | `attributes` | constants, and templates in strings: `{directory}` |
    | `front_matter` | keys of the front matter, each with the name of the attribute that it becomes |
    | `git` | facts of history that become attributes |
    | `url` | the template of the attribute `url` |
    | `directory` | how many levels of the folder become attributes beside the folder itself; 0: no such attributes |
    """

    attributes: Attributes = field(default_factory=dict)
    front_matter: Mapping[str, str] | None = None
    git: tuple[GitFact, ...] | None = None
    url: str | None = None
    directory: int | None = None
    chunking: GivenChunking | None = None
    content: Hooks = NO_HOOKS


NOTHING_SAID = Describing()


@dataclass(frozen=True, slots=True)
class Rule:
    """What is said of the documents that match gitignore patterns, which count from the target's root."""

    match: tuple[str, ...]
    says: Describing


@dataclass(frozen=True, slots=True)
class Check:
    """A question with what a search must find among its first results: paths, or attributes with their values.

    `filter` limits the search to documents with these attributes. `within` is the number of results looked at.
    """

    question: str
    paths: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=dict)
    within: int = 3
    filter: Attributes = field(default_factory=dict)
