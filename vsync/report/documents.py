"""What happened to each document, or would happen. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypedDict

from vsync.report.remedies import remedy
from vsync.state.manifest import Failure


class FailedItem(TypedDict):
    path: str
    code: str
    message: str


class Lines(NamedTuple):
    """How many lines of a file a change adds and removes."""

    added: int
    removed: int


SIGNS: Mapping[str, str] = MappingProxyType(
    {"added": "+", "updated": "~", "renamed": "→", "retagged": "*", "removed": "−"}
)
"""The sign of each kind of change, in the order in which people read them."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The paths of documents, by what happened to them.

    `renamed` holds pairs of the old and the new path, `skipped` pairs of the path and the reason. `sizes` are the bytes
    of documents, and `lines` how their lines change, where that is known. `dropped` are those of the removed documents
    whose file is still there and cannot be a document any more, each with the reason. `converted` are those that are
    uploaded as UTF-8, each with the encoding of its file.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retagged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    failed: tuple[FailedItem, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, Lines] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    converted: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """The number of documents that are changed in the store."""
        return sum(map(len, (self.added, self.updated, self.renamed, self.retagged, self.removed)))

    @property
    def counts(self) -> dict[str, int]:
        """How many documents there are of each kind, in the order in which people read them."""
        return {
            "added": len(self.added),
            "updated": len(self.updated),
            "renamed": len(self.renamed),
            "retagged": len(self.retagged),
            "removed": len(self.removed),
            "unchanged": self.unchanged,
            "skipped": len(self.skipped),
            "failed": len(self.failed),
        }

    def only(self, confirmed: Collection[str], deleted: Collection[str]) -> Documents:
        """The same, with only those changes that are confirmed in the store, and those removals that are made."""
        return dataclasses.replace(
            self,
            added=tuple(path for path in self.added if path in confirmed),
            updated=tuple(path for path in self.updated if path in confirmed),
            renamed=tuple(pair for pair in self.renamed if pair[1] in confirmed),
            retagged=tuple(path for path in self.retagged if path in confirmed),
            removed=tuple(path for path in self.removed if path in deleted),
            dropped={path: reason for path, reason in self.dropped.items() if path in deleted},
            converted={path: encoding for path, encoding in self.converted.items() if path in confirmed},
        )

    def mapped(self, change: Callable[[str], str]) -> Documents:
        """The same, with every reason and message changed."""
        return dataclasses.replace(
            self,
            skipped=tuple((path, change(reason)) for path, reason in self.skipped),
            dropped={path: change(reason) for path, reason in self.dropped.items()},
            failed=tuple(
                FailedItem(path=item["path"], code=change(item["code"]), message=change(item["message"]))
                for item in self.failed
            ),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "added": list(self.added),
            "updated": list(self.updated),
            "renamed": [{"from": old, "to": new} for old, new in self.renamed],
            "retagged": list(self.retagged),
            "removed": list(self.removed),
            "unchanged": self.unchanged,
            "skipped": [{"path": path, "reason": reason} for path, reason in self.skipped],
            "failed": [{**item, "remedy": remedy(item["code"])} for item in self.failed],
            "converted": [{"path": path, "encoding": encoding} for path, encoding in sorted(self.converted.items())],
        }


_CODES_SHOWN = 6


def failed_by_code(documents: Documents) -> list[tuple[str, int]]:
    """How many documents failed with each code. The most frequent code is first, and rare codes are left out."""
    return Counter(item["code"] for item in documents.failed).most_common(_CODES_SHOWN)


def carried_over(path: str, failure: Failure, kept: Collection[str]) -> FailedItem:
    """A document that an earlier run was refused for good, and that is unchanged since.

    `kept` are the paths of which the store holds an older version.
    """
    message = "refused by an earlier run and unchanged since"
    if failure.tries:
        message = (
            f"the server failed to index it in earlier runs (tried {failure.tries} times), and it is unchanged since. vsync "
            "tries again when the file changes, or with --reindex PATH"
        )
    return FailedItem(path=path, code=failure.code, message=with_old_version(message) if path in kept else message)


_CONVERTED_NAMED = 3


class Conversions(NamedTuple):
    """How many documents are uploaded as UTF-8, and the first of them, each with the encoding of its file."""

    number: int
    first: tuple[tuple[str, str], ...]

    @property
    def left(self) -> int:
        return self.number - len(self.first)


def conversions(documents: Documents) -> Conversions | None:
    """What is said of documents that are uploaded as UTF-8. None: there are none."""
    found = sorted(documents.converted.items())
    return Conversions(len(found), tuple(found[:_CONVERTED_NAMED])) if found else None


def with_old_version(message: str) -> str:
    """Why a new version failed, and that a search still finds the old version."""
    return "; ".join(filter(None, [message.rstrip("."), "the old version stays in the store"]))
