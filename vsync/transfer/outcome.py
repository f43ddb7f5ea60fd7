"""What a transfer or a removal did, for the report and for the audit facts in the manifest."""

from __future__ import annotations

from dataclasses import dataclass, field

from vsync.errors import VsyncError
from vsync.state.manifest import Entry


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """Why a document is not in the store. `final`: the same bytes and settings would be refused again.

    `tries`: how often the server failed to index it, where the document may be the reason; else 0.
    """

    code: str
    message: str
    final: bool = False
    tries: int = 0


@dataclass
class Outcome:
    """What `transfer` did.

    | field | meaning |
    | --- | --- |
    | confirmed | what is searchable now, by path |
    | failed | the documents that are not in the store in their new version |
    | discarded | the ids of uploaded Files that no document uses |
    | indexed | the server indexed a document, or refused one for its content |
    | unfinished | some documents are neither confirmed nor failed, because the run ended early |
    | cause | why the run ended early |
    | defect | the error behind a cause that nobody foresaw. The caller raises it when everything else is recorded |
    """

    confirmed: dict[str, Entry] = field(default_factory=dict)
    failed: dict[str, FailedDocument] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)
    indexed: bool = False
    unfinished: bool = False
    cause: VsyncError | None = None
    defect: Exception | None = None

    @property
    def complete(self) -> bool:
        """Whether another run would have nothing left to try."""
        return not self.unfinished and all(item.final for item in self.failed.values())


@dataclass
class Removal:
    """What `remove` did: the ids that are gone, the refusals by id, and why it ended early.

    `missing` are those of the gone ids whose entries the store did not have any more.
    """

    gone: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cause: VsyncError | None = None
