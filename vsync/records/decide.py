"""From a batch of records to what must be done in the store. Pure.

`fold` keeps the last record of each key. `decide` compares it with what the index knows of the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from vsync.documents.attributes import MAX_VALUE_CHARACTERS, Attributes, path_attribute
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document, attributes_tag
from vsync.plan.plan import Kind, Operation
from vsync.records.change import BadRecord, Change
from vsync.records.described import Described
from vsync.records.outcomes import Item
from vsync.records.rows import Row
from vsync.state.manifest import Entry

IsOlder: TypeAlias = Callable[[str, str], bool]
Describe: TypeAlias = Callable[[Change], Described]

UNKNOWN = "?"
"""Stands in a tag for the file name, where only the store's listing tells of a document: a listing shows no names."""


@dataclass(slots=True)
class Keyed:
    """The record that counts for a key. `key` is how the index calls it: the value of the attribute `path`.

    `records` are all records of the key in the batch, where there are several. Each comes with its item.
    """

    key: str
    change: Change
    item: Item
    records: list[tuple[Change, Item]] | None = None

    def add(self, change: Change, item: Item, is_older: IsOlder) -> None:
        """Takes one more record of the key."""
        if self.records is None:
            self.records = [(self.change, self.item)]
        self.records.append((change, item))
        self._compare(change, item, is_older)

    def without_bad(self, is_older: IsOlder) -> bool:
        """The record that counts is bad: one of the others counts now. False: there is none."""
        left = [(change, item) for change, item in self.records or () if item is not self.item]
        if not left:
            return False
        self.records = left
        self.change, self.item = left[0]
        self.item.outcome = None
        for change, item in left[1:]:
            self._compare(change, item, is_older)
        return True

    def _compare(self, change: Change, item: Item, is_older: IsOlder) -> None:
        """A later record counts, unless it is older than the record that has counted."""
        if is_older(change.order, self.change.order):
            item.outcome = "older"
        else:
            self.item.outcome = "superseded"
            self.change, self.item = change, item
            item.outcome = None


@dataclass(slots=True)
class Folded:
    """A batch: all its records in the order of the input, and for each path the record that counts."""

    items: list[Item] = field(default_factory=list)
    by_path: dict[str, Keyed] = field(default_factory=dict)


def fold(changes: Iterable[Change | Item], is_older: IsOlder) -> Folded:
    """The last record of each key wins. An `Item` among the changes is a record that is bad already."""
    folded = Folded()
    items, by_path = folded.items, folded.by_path
    for change in changes:
        if type(change) is Item:
            items.append(change)
            continue
        assert type(change) is Change
        item = Item(change.line, change.raw, change.position, change.key)
        items.append(item)
        keyed = by_path.get(change.path)
        if keyed is None:
            by_path[change.path] = Keyed(path_attribute(change.path), change, item)
        else:
            keyed.add(change, item, is_older)
    return folded


@dataclass(slots=True)
class Work:
    """What must be done for one key."""

    keyed: Keyed
    operation: Operation
    row: Row
    """What the index knows of the key when the work is done, but for the File's id."""
    old: str = ""
    """The File that goes when the work is done; empty: none does."""
    content: bytes = b""


@dataclass(slots=True)
class Decided:
    """What must be done for a batch; `work` by path.

    `moved` are newer positions of documents that stay as they are, as the index takes them. `cut` counts the attributes
    that were too long, and `named` are the attributes that a record gave.
    """

    work: dict[str, Work] = field(default_factory=dict)
    moved: list[tuple[str, str]] = field(default_factory=list)
    tombstones: list[Row] = field(default_factory=list)
    """Keys that are deleted without any work. They are recorded, so that an older record does not bring them back."""
    cut: int = 0
    named: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Terms:
    """What all documents of a stream have in common.

    `attributes` are those that every document gets. `source` is the stream's name.
    """

    source: str
    attributes: Attributes
    chunking: Chunking
    describe: Describe
    is_older: IsOlder

    @property
    def chunk_tag(self) -> str:
        return chunk_tag(self.chunking)


def chunk_tag(chunking: Chunking | None) -> str:
    return UNKNOWN if chunking is None else f"{chunking.size}/{chunking.overlap}"


def tag(filename: str | None, chunks: str, attributes: str) -> str:
    """The fingerprint of a document in three parts: its file name, its chunking, its attributes."""
    name = UNKNOWN if filename is None else hashlib.sha256(filename.encode(errors="replace")).hexdigest()[:12]
    return f"{name} {chunks} {attributes}"


def decide(folded: Folded, rows: Mapping[str, Row], terms: Terms) -> Decided:
    """What must be done for the records that count. Records that change nothing get their outcome here."""
    decided, chunks = Decided(), terms.chunk_tag
    plain = attributes_tag(terms.source, terms.attributes)
    for keyed in folded.by_path.values():
        row = rows.get(keyed.key)
        while not _decide(keyed, row, terms, chunks, plain, decided) and keyed.without_bad(terms.is_older):
            pass
    return decided


def _decide(keyed: Keyed, row: Row | None, terms: Terms, chunks: str, plain: str, decided: Decided) -> bool:
    """Decides the record that counts for a key. False: it is bad."""
    change, item = keyed.change, keyed.item
    if row is not None and terms.is_older(change.order, row.position):
        item.outcome, item.file_id = "older", row.file_id
    elif change.deletes:
        _delete(keyed, row, decided)
    else:
        try:
            described = terms.describe(change)
        except BadRecord as bad:
            item.be_bad(bad.code, bad.reason)
            return False
        decided.cut += described.cut
        decided.named.update(described.attributes)
        _upsert(keyed, row, described, terms, chunks, plain, decided)
    return True


def _delete(keyed: Keyed, row: Row | None, decided: Decided) -> None:
    order = keyed.change.order
    if row is not None and row.file_id:
        gone = Row(keyed.key, "", "", "", order)
        path = keyed.change.path
        decided.work[path] = Work(keyed, Operation("delete", path, None, _entry(row)), gone, row.file_id)
        return
    keyed.item.outcome = "absent"
    if order and (row is None or row.position != order):
        decided.tombstones.append(Row(keyed.key, "", "", "", order))


def _upsert(
    keyed: Keyed, row: Row | None, described: Described, terms: Terms, chunks: str, plain: str, decided: Decided
) -> None:
    change, item, own = keyed.change, keyed.item, described.attributes
    digest = hashlib.sha256(described.content).hexdigest()
    marked = plain if not own else attributes_tag(terms.source, {**terms.attributes, **own})
    mine = tag(described.filename, chunks, marked)
    previous = row if row is not None and row.file_id else None
    kind: Kind = "upload" if previous is None else "replace"
    if previous is not None and previous.sha256 == digest:
        same = _same_parts(previous.tag, mine)
        if same == "all":
            item.outcome, item.file_id = "unchanged", previous.file_id
            if previous.position != change.order:
                decided.moved.append((change.order, keyed.key))
            return
        kind = "retag" if same == "content" else "replace"
    attributes = {**terms.attributes, **own}
    if 0 < len(change.order) <= MAX_VALUE_CHARACTERS:
        attributes["position"] = change.order
    document = Document(change.path, f"sha256:{digest}", mine, len(described.content), described.filename, attributes)
    operation = Operation(kind, change.path, document, None if previous is None else _entry(previous))
    new = Row(keyed.key, "", digest, mine, change.order)
    old = previous.file_id if previous is not None and kind == "replace" else ""
    decided.work[change.path] = Work(keyed, operation, new, old, described.content)


def _same_parts(known: str, mine: str) -> str:
    """How much of two tags is the same: `all`, `content` (all but the attributes), or nothing. An unknown part is the same."""
    if known == mine:
        return "all"
    theirs, ours = known.split(" "), mine.split(" ")
    if len(theirs) != len(ours) or any(
        one not in {other, UNKNOWN} for one, other in zip(theirs[:2], ours[:2], strict=True)
    ):
        return ""
    return "all" if theirs[2] == ours[2] else "content"


def _entry(row: Row) -> Entry:
    return Entry(f"sha256:{row.sha256}", row.sha256, 0, row.file_id, row.tag)
