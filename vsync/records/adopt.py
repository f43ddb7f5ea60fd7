"""From entries that the store shows to rows of the index. Pure.

An entry shows its key (`path`), the hash of its content, its attributes and the position of its record. It does not show
the name of its File.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice

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
    """Whether the entry shows this stream, whoever its owner is. What a sync uploads shows a commit besides."""
    shown = entry.attributes
    return (
        "commit" not in shown
        and shown.get("target") == target
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


def chosen(
    listed: Iterable[Listed], rows_of: Callable[[Sequence[str]], Mapping[str, Row]], is_older: IsOlder
) -> Iterator[tuple[Sequence[Row], Sequence[str]]]:
    """Rows and Files to be deleted, in portions. `listed` is sorted by key and then by age; `rows_of` is what is recorded.

    Of several indexed entries of one key the one with the newest position counts; where positions do not tell, the one that
    was attached last. Where that is the one that is recorded, the record stays: it knows more than the entry shows.
    """
    by_key = groupby(listed, key=lambda entry: entry.key)
    while portion := [(key, list(entries)) for key, entries in islice(by_key, _PORTION)]:
        known = rows_of([key for key, _ in portion])
        rows: list[Row] = []
        pending: list[str] = []
        for key, entries in portion:
            best, others = _best(entries, is_older)
            row = known.get(key)
            if best is not None and row is not None and is_older(best.position, row.position) and not row.file_id:
                others.append(best.file_id)  # a newer record has deleted the key
                best = None
            if best is not None and (row is None or row.file_id != best.file_id):
                rows.append(best.row)
            pending += others
        yield rows, pending


def _best(entries: Sequence[Listed], is_older: IsOlder) -> tuple[Listed | None, list[str]]:
    """The entry of a key that counts, and the Files of the others."""
    best: Listed | None = None
    others: list[str] = []
    for entry in entries:
        if entry.status != "completed" or (best is not None and is_older(entry.position, best.position)):
            others.append(entry.file_id)
            continue
        if best is not None:
            others.append(best.file_id)
        best = entry
    return best, others


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
