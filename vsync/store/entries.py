"""Stores, their entries, batches and search results, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

_SECRET_CHARACTERS = 32
"""A shorter value can be guessed."""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A vector store. `files` counts all its entries, whatever their status.

    `expires_after_days`: the server deletes the store after so many days without use; None: never. `counted` and `used`
    are the count of entries and the bytes in use as the server says them; None: it does not say them. While entries are
    being indexed the bytes in use still change, so `used` is None then. Times are the server's, in seconds since the epoch;
    None: the server names none.
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
    counted: int | None = None
    used: int | None = None
    completed: int = 0
    cancelled: int = 0
    last_active_at: int | None = None
    expires_at: int | None = None

    @property
    def owner(self) -> str | None:
        return self.metadata.get(METADATA_OWNER)

    @property
    def secret(self) -> str | None:
        """What only those know who may read the store: the random value in the metadata of a store that vsync made."""
        nonce = self.metadata.get(METADATA_NONCE, "")
        return nonce if len(nonce) >= _SECRET_CHARACTERS else None

    @property
    def shown_metadata(self) -> dict[str, str]:
        """The metadata without the secret, as people may see it."""
        return {key: value for key, value in self.metadata.items() if key != METADATA_NONCE}


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
    usage_bytes: int = 0


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
    """A File as the listing shows it. Times are the server's, in seconds since the epoch. `expires_at` None: it never expires."""

    id: str
    filename: str
    bytes: int
    purpose: str
    created_at: int
    status: str = ""
    expires_at: int | None = None


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
    """Whether the entry's attributes say that this repository's vsync put it there.

    Whoever can read another repository's manifest knows its owner. So the source counts as well, if the entry shows one.
    """
    return _has_owner_and_target(entry, identity) and (
        "source" not in entry.attributes or identity.is_source(entry.attributes["source"])
    )


def other_sources(entries: Iterable[StoreEntry], identity: Identity) -> list[str]:
    """The sources that entries with our owner and target show, where none of these entries shows ours. Pure."""
    alike = [entry for entry in entries if _has_owner_and_target(entry, identity)]
    if any(belongs(entry, identity) for entry in alike):
        return []
    return sorted({str(entry.attributes.get("source")) for entry in alike})


def _has_owner_and_target(entry: StoreEntry, identity: Identity) -> bool:
    return (entry.attributes.get("owner"), entry.attributes.get("target")) == (identity.owner, identity.target)
