"""How a repair reads the listing of a store. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from vsync.documents.attributes import RESERVED_ATTRIBUTES, Identity, path_attribute
from vsync.documents.document import observed_tag
from vsync.state.manifest import Entry, TargetState
from vsync.store.entries import StoreEntry, belongs


def seen_tag(path: str, record: Entry, entry: StoreEntry) -> str:
    """The tag that the entry itself shows; where the server does not say how it chunked, as the manifest says."""
    attributes = {key: value for key, value in entry.attributes.items() if key not in RESERVED_ATTRIBUTES}
    seen = observed_tag(path, entry.chunking, str(entry.attributes.get("source")), attributes)
    if entry.chunking is None:
        seen = f"{record.tag.partition('.')[0]}.{seen.partition('.')[2]}"
    return seen


def reserved_attributes(path: str, record: Entry, identity: Identity) -> dict[str, str]:
    return {
        "path": path_attribute(path),
        "sha256": record.sha256,
        "owner": identity.owner,
        "target": identity.target,
    }


# --- Mending -------------------------------------------------------------------------------------------------------

_LOST = "failed"


def as_repaired(
    entries: Iterable[StoreEntry],
    state: TargetState,
    identity: Identity,
    gone: Collection[str],
    *,
    vouched: bool,
) -> list[StoreEntry]:
    """The listing as a repair reads it.

    An entry whose File is gone counts as failed: it is superseded. One that the manifest names and that is surely ours
    counts as what the manifest says, so that it stays; where its own attributes say otherwise it shows none that would
    be right, so that they are written anew.
    """
    records = {record.file_id: (path, record) for path, record in state.files.items()}
    read = []
    for entry in entries:
        if entry.file_id in gone:
            entry = replace(entry, status=_LOST)
        path, record = records.get(entry.file_id, ("", None))
        if record is not None and _is_ours(entry, path, identity, vouched=vouched):
            entry = _healed(entry, path, record, identity, state)
        read.append(entry)
    return read


def _is_ours(entry: StoreEntry, path: str, identity: Identity, *, vouched: bool) -> bool:
    return vouched or (belongs(entry, identity) and entry.attributes.get("path") == path_attribute(path))


def _healed(entry: StoreEntry, path: str, record: Entry, identity: Identity, state: TargetState) -> StoreEntry:
    reserved = reserved_attributes(path, record, identity)
    right = all(entry.attributes.get(key) == value for key, value in reserved.items())
    if right and (state.commit is None or entry.attributes.get("commit")):
        return entry
    attributes = {key: value for key, value in entry.attributes.items() if key != "source"}
    return replace(entry, attributes={**attributes, **reserved})
