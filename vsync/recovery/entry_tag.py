"""The tag of a document, computed from its entry in the store. Pure."""

from __future__ import annotations

from collections.abc import Collection

from vsync.documents.attributes import RESERVED_ATTRIBUTES
from vsync.documents.document import (
    Document,
    attributes_half,
    attributes_tag,
    hooked,
    is_hooked,
    observed_tag,
    same_content_rules,
)
from vsync.documents.recipe import may_be_fixed
from vsync.store.entries import StoreEntry


def tag_of_entry(
    path: str, entry: StoreEntry, expected: str, fixed: Collection[str] = (), filename: str | None = None
) -> str:
    """The tag that the entry shows, whatever a manifest says. `fixed` are attributes of which only the names count.

    `filename` is as in `Document`: no entry shows the name of its File. An earlier config may have fixed other attributes:
    where the entry fits the expected tag that way, it is as expected.

    Some servers do not say how they chunked a File. Then that part is taken from the expected tag: otherwise every run
    would upload everything again. No entry shows whether hooks have changed what was sent.
    """
    attributes = {key: value for key, value in entry.attributes.items() if key not in RESERVED_ATTRIBUTES}
    source, half = str(entry.attributes.get("source")), attributes_half(expected)
    others = (names for names in may_be_fixed() if attributes_tag(source, attributes, names) == half)
    names = fixed if attributes_tag(source, attributes, fixed) == half else next(others, fixed)
    shown = observed_tag(path, entry.chunking, source, attributes, filename, names)
    if entry.chunking is None:
        shown = f"{expected.partition('.')[0]}.{attributes_half(shown)}"
    return hooked(shown) if is_hooked(expected) else shown


def tag_of_recorded(recorded: str, document: Document, entry: StoreEntry) -> str:
    """The tag of an entry that the manifest names for the document's bytes, with the tag `recorded`.

    An entry does not show under which name and by which conversion its File was made. Where the manifest says that these
    are not those of today, the manifest is believed, so that the document is uploaded again.
    """
    shown = tag_of_entry(document.path, entry, document.tag, fixed_of(document), document.filename)
    if not recorded:
        return shown
    first = shown if same_content_rules(recorded, document.tag) else recorded
    tag = f"{first.partition('.')[0]}.{attributes_half(shown)}"
    return hooked(tag) if is_hooked(recorded) else tag


def fixed_of(document: Document) -> Collection[str]:
    """The attributes of the document that are fixed at its upload, and are no part of its tag."""
    return document.recipe.fixed if document.recipe is not None else ()
