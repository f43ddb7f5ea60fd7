"""Which keys the front matter of documents holds, how often, and which of them are worth an attribute. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Literal, NamedTuple

from vsync.documents.front_matter import NotFrontMatter, find, parse, value_of
from vsync.documents.path_template import TITLE
from vsync.documents.title import title_of

Kind = Literal["text", "number", "list", "date", "yes or no", "other"]

_USEFUL = (
    *("title", "description", "summary", "tags", "keywords", "category", "categories", "section", "topic", "status"),
    *("author", "authors", "owner", "date", "updated", "lastmod", "last_updated", "version", "product", "audience"),
    *("type", "lang", "language", "difficulty", "level"),
)
"""Keys that say something of a document for a reader or a filter, in the order in which they get room."""

_OFTEN = 0.2
_MOST = 8
"""A document has room for ten attributes of a user."""


class Key(NamedTuple):
    """A key with the share of documents that have it (0 to 1), and what most of its values are."""

    name: str
    share: float
    kind: Kind


def keys_of(found: Mapping[str, Mapping[str, Kind]]) -> tuple[Key, ...]:
    """The keys in the front matter of documents, the most common first. `found`: the keys of each document."""
    kinds: dict[str, Counter[Kind]] = {}
    for keys in found.values():
        for name, kind in keys.items():
            kinds.setdefault(name, Counter())[kind] += 1
    counts = [
        Key(name, counted.total() / len(found), max(counted, key=lambda kind: (counted[kind], kind)))
        for name, counted in kinds.items()
    ]
    return tuple(sorted(counts, key=lambda key: (-key.share, key.name)))


def worth_an_attribute(keys: tuple[Key, ...], *, titled: bool) -> tuple[str, ...]:
    """The keys that are useful and common, in the order in which they get room. `titled`: documents have titles."""
    common = {key.name for key in keys if key.share >= _OFTEN and key.kind != "other"}
    if titled:  # a heading stands in where the front matter has none
        common.add(TITLE)
    return tuple(name for name in _USEFUL if name in common)[:_MOST]


def title_in(text: str, path: str) -> str | None:
    """The title of a document, from its front matter or its first heading."""
    block = find(text)
    front: Mapping[str, object] = {}
    if block is not None:
        with suppress(NotFrontMatter):
            front = parse(block)
    return title_of(text if block is None else text[block.end :], path, front)


def keys_in(text: str) -> dict[str, Kind]:
    """The keys of a document, with what their values are. Front matter that cannot be read holds none."""
    block = find(text)
    if block is None:
        return {}
    try:
        return {str(name): _kind(value) for name, value in parse(block).items()}
    except NotFrontMatter:
        return {}


def _kind(value: object) -> Kind:
    if value_of(value) is None:
        return "other"
    match value:
        case bool():
            return "yes or no"
        case int() | float():
            return "number"
        case date():
            return "date"
        case list():
            return "list"
        case _:
            return "text"
