"""Stores, their entries, batches and search results, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vsync.documents.attributes import Attributes, Identity
from vsync.documents.chunking import Chunking

METADATA_SOURCE, METADATA_TARGET, METADATA_OWNER, METADATA_NONCE = (
    "vsync_source",
    "vsync_target",
    "vsync_owner",
    "vsync_nonce",
)


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A vector store. `files` counts all its entries, whatever their status.

    `expires_after_days`: the server deletes the store after so many days without use; None: never.
    """

    id: str
    name: str | None
    status: str
    files: int
    usage_bytes: int
    created_at: int
    metadata: Mapping[str, str]
    in_progress: int = 0
    failed: int = 0
    expires_after_days: int | None = None

    @property
    def owner(self) -> str | None:
        return self.metadata.get(METADATA_OWNER)


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """One entry of a store: a File with its attributes, and the state of its indexing."""

    file_id: str
    status: str
    attributes: Attributes
    chunking: Chunking | None
    error_code: str = ""
    error_message: str = ""
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be made: an uploaded File with its attributes and chunking."""

    file_id: str
    attributes: Attributes
    chunking: Chunking

    def to_api(self) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "attributes": dict(self.attributes),
            "chunking_strategy": self.chunking.to_api(),
        }


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """The counts of a file batch. `readable` is False when the server's answer is not about the batch."""

    readable: bool
    status: str = ""
    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search."""

    file_id: str
    filename: str
    score: float
    attributes: Attributes
    text: str


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A File as the listing shows it. `created_at` is the server's time in seconds since the epoch."""

    id: str
    filename: str
    bytes: int
    purpose: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the API lists: the store's entries, the name of each File by its id, and the ids of entries whose File is gone.

    `files` are all Files of the project.
    """

    entries: Sequence[StoreEntry]
    filenames: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    files: Sequence[UploadedFile] = ()


def belongs(entry: StoreEntry, identity: Identity) -> bool:
    """Whether the entry's attributes say that this repository's vsync put it there."""
    return (entry.attributes.get("owner"), entry.attributes.get("target")) == (
        identity.owner,
        identity.target,
    )
