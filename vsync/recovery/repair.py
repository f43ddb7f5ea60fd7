"""How a repair reads the listing of a store. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from vsync.documents.attributes import Identity, path_attribute
from vsync.state.manifest import Entry, TargetState
from vsync.store.entries import StoreEntry, belongs

_FILE_IS_GONE = "failed"


def reserved_attributes(path: str, record: Entry, identity: Identity) -> dict[str, str]:
    """The attributes that vsync itself writes, as they should be for a document of the manifest."""
    return {
        "path": path_attribute(path),
        "sha256": record.sha256,
        "owner": identity.owner,
        "target": identity.target,
    }


def as_repaired(
    entries: Iterable[StoreEntry],
    state: TargetState,
    identity: Identity,
    gone: Collection[str],
    *,
    vouched: bool,
) -> list[StoreEntry]:
    """The listing as a repair reads it. `gone` are the ids whose File is gone.

    | entry | read as |
    | --- | --- |
    | its File is gone | failed, so that another entry takes its place |
    | named by the manifest and surely ours | what the manifest says, so that it stays |
    | the same, with wrong attributes | an entry without a `source`, so that its attributes are written again |
    | any other | as it is |
    """
    records = {record.file_id: (path, record) for path, record in state.files.items()}
    read = []
    for entry in entries:
        if entry.file_id in gone:
            entry = replace(entry, status=_FILE_IS_GONE)
        path, record = records.get(entry.file_id, ("", None))
        if record is not None and _is_ours(entry, path, identity, vouched=vouched):
            entry = _mended(entry, path, record, identity, state)
        read.append(entry)
    return read


def _is_ours(entry: StoreEntry, path: str, identity: Identity, *, vouched: bool) -> bool:
    return vouched or (belongs(entry, identity) and entry.attributes.get("path") == path_attribute(path))


def _mended(entry: StoreEntry, path: str, record: Entry, identity: Identity, state: TargetState) -> StoreEntry:
    """The entry with the reserved attributes as they should be; without a `source` when they were not."""
    reserved = reserved_attributes(path, record, identity)
    right = all(entry.attributes.get(key) == value for key, value in reserved.items())
    right = right and identity.is_source(entry.attributes.get("source"))
    if right and (state.commit is None or entry.attributes.get("commit")):
        return entry
    attributes = {key: value for key, value in entry.attributes.items() if key != "source"}
    return replace(entry, attributes={**attributes, **reserved})
