"""From entries that the store shows to rows of the index. Pure.

An entry shows its key (`path`), the hash of its content, its attributes and the position of its record. It does not show
the name of its File.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from vsync.documents.attributes import RESERVED_ATTRIBUTES, Identity
from vsync.documents.document import attributes_tag
from vsync.records.decide import IsOlder, chunk_tag, tag
from vsync.records.rows import Listed, Row
from vsync.store.entries import StoreEntry

POSITION = "position"
"""The attribute that holds the position of the record from which a document was made."""

_RESERVED = RESERVED_ATTRIBUTES | {POSITION}
_PORTION = 1_000


def is_of_stream(entry: StoreEntry, source: str, target: str) -> bool:
    """Whether the entry shows this stream, whoever its owner is."""
    shown = entry.attributes
    return (
        shown.get("target") == target
        and shown.get("source") == source
        and all(isinstance(shown.get(name), str) for name in ("owner", "path", "sha256"))
    )


def listed_of(entry: StoreEntry, source: str) -> Listed:
    """What the index keeps of an entry of the stream."""
    shown = entry.attributes
    own = {name: value for name, value in shown.items() if name not in _RESERVED}
    return Listed(
        entry.file_id,
        str(shown["path"]),
        str(shown["owner"]),
        entry.status,
        str(shown["sha256"]),
        tag(None, chunk_tag(entry.chunking), attributes_tag(source, own)),
        str(shown.get(POSITION, "")),
        entry.created_at,
    )


def chosen(listed: Iterable[Listed], is_older: IsOlder) -> Iterator[tuple[Sequence[Row], Sequence[str]]]:
    """Rows and Files to be deleted, in portions. `listed` is sorted by key and then by age.

    Of several indexed entries of one key the one with the newest position counts; where positions do not tell, the one that
    was attached last.
    """
    rows: list[Row] = []
    pending: list[str] = []
    for _, entries in groupby(listed, key=lambda entry: entry.key):
        best: Listed | None = None
        for entry in entries:
            if entry.status != "completed" or (best is not None and is_older(entry.position, best.position)):
                pending.append(entry.file_id)
                continue
            if best is not None:
                pending.append(best.file_id)
            best = entry
        if best is not None:
            rows.append(best.row)
        if len(rows) + len(pending) >= _PORTION:
            yield rows, pending
            rows, pending = [], []
    yield rows, pending


def taken_over(entries: Sequence[Listed], rows: Mapping[str, Row], is_older: IsOlder) -> tuple[list[Row], list[str]]:
    """What a run that died had put into the store and not recorded: new rows, and Files to be deleted.

    Such an entry is newer than what the index records, because the index records each step before the next begins.
    """
    known = dict(rows)
    pending: list[str] = []
    changed: dict[str, Row] = {}
    for entry in sorted(entries, key=lambda entry: (entry.created_at, entry.file_id)):
        row = known.get(entry.key)
        if entry.status != "completed" or (row is not None and is_older(entry.position, row.position)):
            pending.append(entry.file_id)
            continue
        if row is not None and row.file_id and row.file_id != entry.file_id:
            pending.append(row.file_id)
        known[entry.key] = changed[entry.key] = entry.row
    return list(changed.values()), pending


def belongs_to(identity: Identity, entries: Iterable[StoreEntry]) -> list[StoreEntry]:
    """The entries of this stream and this owner."""
    return [
        entry
        for entry in entries
        if is_of_stream(entry, identity.source, identity.target) and entry.attributes.get("owner") == identity.owner
    ]
