"""What `vsync verify` found and did, as values of a report. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["expired", "missing", "dangling", "failed", "stuck", "duplicate", "left-over", "chunking", "attributes"]
KINDS: tuple[Kind, ...] = (
    "expired", "missing", "dangling", "failed", "stuck", "duplicate", "left-over", "chunking", "attributes",
)  # fmt: skip
"""The gravest first: this is the order in which they are told."""

Fate = Literal["listed", "deleted", "detached", "left"]
"""What became of an entry that was to be taken over; `detached`: it is out of the store, and its File is kept."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `path` is the document's, `file_id` the entry's or the File's; None where there is none."""

    kind: Kind
    path: str | None
    file_id: str | None
    detail: str

    def to_json(self) -> dict[str, str | None]:
        return {"kind": self.kind, "path": self.path, "file_id": self.file_id, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Foreign:
    """An entry that is not ours. `path` is its attribute, if it has one; `of_vsync` says that another vsync put it there."""

    file_id: str
    path: str | None
    filename: str
    detail: str
    of_vsync: bool = False

    @property
    def name(self) -> str:
        """What a person may know it by."""
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
    """What verify adds to a report. `drift` is what is left, `mended` what a repair found and took away.

    `compared` is False where there is no manifest to compare with (only entries to take over are listed then).
    `synced` says that the store was made equal to the source, `rebuilt` that the manifest was made anew.
    `take_over` are patterns, and `taken` what matches them; `kept_back` counts matching entries of another vsync, which
    are never taken over.
    """

    drift: tuple[Drift, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    mended: tuple[Drift, ...] = ()
    compared: bool = True
    synced: bool = False
    rebuilt: bool = False
    take_over: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    kept_back: int = 0

    def mapped(self, change: Callable[[str], str]) -> Verification:
        """The same with what servers said changed."""
        return dataclasses.replace(
            self,
            drift=tuple(dataclasses.replace(item, detail=change(item.detail)) for item in self.drift),
            mended=tuple(dataclasses.replace(item, detail=change(item.detail)) for item in self.mended),
            taken=tuple(dataclasses.replace(item, detail=change(item.detail)) for item in self.taken),
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
    """How many there are of each kind, the gravest first."""
    found = Counter(item.kind for item in drift)
    return [(kind, found[kind]) for kind in KINDS if found[kind]]
