"""What `vsync verify` found and did: the third body of a report. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from vsync.report.body import Orphan, Planned, Synced
from vsync.report.documents import Documents, FailedItem

Kind = Literal["expired", "missing", "dangling", "failed", "stuck", "duplicate", "left-over", "chunking", "attributes"]
KINDS: tuple[Kind, ...] = (
    "expired", "missing", "dangling", "failed", "stuck", "duplicate", "left-over", "chunking", "attributes",
)  # fmt: skip
"""The gravest kind is first: reports list differences in this order."""

Fate = Literal["listed", "deleted", "detached", "left"]
"""What became of an entry that was to be taken over. `detached`: it is out of the store, and its File is kept."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `path` is the path of the document, `file_id` the id of the entry or the File, if there is one."""

    kind: Kind
    path: str | None
    file_id: str | None
    detail: str

    def to_json(self) -> dict[str, str | None]:
        return {"kind": self.kind, "path": self.path, "file_id": self.file_id, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry that is not ours. `path` is its attribute, if it has one. `of_vsync`: another vsync put it there."""

    file_id: str
    path: str | None
    filename: str
    detail: str
    of_vsync: bool = False

    @property
    def name(self) -> str:
        """The name that a person may know the entry by."""
        return self.path or self.filename

    def to_json(self) -> dict[str, str | None]:
        return {"file_id": self.file_id, "path": self.path, "filename": self.filename, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one entry that matches the pattern of `--take-over`."""

    entry: Foreign
    fate: Fate
    detail: str = ""

    def to_json(self) -> dict[str, str | None]:
        return {
            "file_id": self.entry.file_id,
            "path": self.entry.path,
            "filename": self.entry.filename,
            "result": self.fate,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """What verify found and did.

    | field | meaning |
    | --- | --- |
    | `drift` | the differences that are left |
    | `mended` | the differences that a repair found and took away |
    | `foreign` | entries that are not ours |
    | `sound` | how many documents are in the store as the manifest says |
    | `refused_before` | documents that earlier runs were refused for good |
    | `compared` | False where there is no manifest to compare with |
    | `sync` | what a sync did to mend, or would do; None: verify only compared |
    | `rebuilt` | the manifest was made again |
    | `take_over` | patterns of entries to take over |
    | `taken` | the entries that match the patterns |
    | `kept_back` | how many more entries match that belong to another vsync, and so are never taken over |
    | `orphans` | Files that look like uploads of a document and that no store lists |
    """

    drift: tuple[Drift, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    mended: tuple[Drift, ...] = ()
    sound: int = 0
    refused_before: tuple[FailedItem, ...] = ()
    compared: bool = True
    sync: Planned | Synced | None = None
    rebuilt: bool = False
    take_over: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    kept_back: int = 0
    orphans: tuple[Orphan, ...] = ()

    @property
    def documents(self) -> Documents:
        """The documents of the sync, or of the comparison where there was no sync."""
        return self.sync.documents if self.sync else Documents(unchanged=self.sound, failed=self.refused_before)

    @property
    def others(self) -> list[Foreign]:
        """The entries that are not ours and are not to be taken over."""
        taken = {item.entry.file_id for item in self.taken}
        return [item for item in self.foreign if item.file_id not in taken]

    def mapped(self, change: Callable[[str], str]) -> Verification:
        """The same, with everything changed that a server may have said."""
        return dataclasses.replace(
            self,
            drift=tuple(dataclasses.replace(item, detail=change(item.detail)) for item in self.drift),
            mended=tuple(dataclasses.replace(item, detail=change(item.detail)) for item in self.mended),
            taken=tuple(dataclasses.replace(item, detail=change(item.detail)) for item in self.taken),
            refused_before=Documents(failed=self.refused_before).mapped(change).failed,
            sync=self.sync and self.sync.mapped(change),
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "drift": [item.to_json() for item in self.drift],
            "foreign": [item.to_json() for item in self.foreign],
            "mended": [item.to_json() for item in self.mended],
            "rebuilt": self.rebuilt,
        }
        if self.take_over:
            data["take_over"] = {
                "patterns": list(self.take_over),
                "entries": [item.to_json() for item in self.taken],
                "kept_back": self.kept_back,
            }
        return data


def by_kind(drift: tuple[Drift, ...]) -> list[tuple[Kind, int]]:
    """How many differences there are of each kind. The gravest kind is first."""
    numbers = Counter(item.kind for item in drift)
    return [(kind, numbers[kind]) for kind in KINDS if numbers[kind]]


FATES: Mapping[Fate, str] = MappingProxyType(
    {"listed": "would go", "deleted": "deleted", "detached": "taken out", "left": "left as it is"}
)
"""What became of an entry, for people."""


def others_title(others: Iterable[Foreign]) -> str:
    """The heading of entries that are not ours."""
    if all(item.of_vsync for item in others):
        return "Not ours, and never touched"
    return "Not ours, and never touched without --take-over"


def kept_back(number: int) -> str:
    """Why matching entries are not shown to be taken over."""
    if number == 1:
        return "1 more entry matches, but another vsync put it there: it is never taken over."
    return f"{number:,} more entries match, but another vsync put them there: they are never taken over."
