"""The tag of a document, computed from its entry in the store. Pure."""

from __future__ import annotations

from vsync.documents.attributes import RESERVED_ATTRIBUTES
from vsync.documents.document import Document, observed_tag, same_content_rules
from vsync.store.entries import StoreEntry


def tag_of_entry(path: str, entry: StoreEntry, expected: str) -> str:
    """The tag that the entry shows, whatever a manifest says.

    Some servers do not say how they chunked a File. Then that part is taken from the expected tag: otherwise every run
    would upload everything again.
    """
    attributes = {key: value for key, value in entry.attributes.items() if key not in RESERVED_ATTRIBUTES}
    shown = observed_tag(path, entry.chunking, str(entry.attributes.get("source")), attributes)
    if entry.chunking is None:
        shown = f"{expected.partition('.')[0]}.{shown.partition('.')[2]}"
    return shown


def tag_of_recorded(recorded: str, document: Document, entry: StoreEntry) -> str:
    """The tag of an entry that the manifest names for the document's bytes, with the tag `recorded`.

    An entry does not show under which name and by which conversion its File was made. Where the manifest says that these
    are not those of today, the manifest is believed, so that the document is uploaded again.
    """
    shown = tag_of_entry(document.path, entry, document.tag)
    if recorded and not same_content_rules(recorded, document.tag):
        return f"{recorded.partition('.')[0]}.{shown.partition('.')[2]}"
    return shown
