"""Where documents come from, as one interface: a git revision or a plain folder.

`survey` and `apply` know sources only by this protocol; a stream of records fits in here as well.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Protocol

from vsync.documents.document import Document
from vsync.git.changes import Change, TreeEntry
from vsync.system.spool import Content


class Source(Protocol):
    """What a run asks of a source. `head` is the commit that is read, None where there are no commits."""

    @property
    def head(self) -> str | None: ...

    def knows(self, commit: str) -> bool:
        """Whether a diff from that commit can be made here."""

    def is_behind(self, commit: str) -> bool:
        """Whether the head is known to be older than that commit."""

    def entries(self) -> Iterator[TreeEntry]:
        """All files."""

    def changes(self, base: str) -> Iterator[Change]:
        """What differs between that commit and the head."""

    def identify(self, entry: TreeEntry) -> TreeEntry:
        """The entry with the id of its bytes, where listing did not give one; `unread_id` when they cannot be read."""

    def prefetch(self, documents: Sequence[Document]) -> None:
        """Announces which documents will be read."""

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        """Bytes by path, of those that can be read."""

    def chunks(self, document: Document) -> Generator[bytes]:
        """The bytes of one document in pieces. Raises RepositoryError when only this one cannot be read."""

    def read(self, document: Document) -> tuple[Content, str]:
        """The bytes of one document for upload, and the id of what was really read. Called from several threads."""

    def close(self) -> None: ...


_UNREAD = "unread:"


def unread_id(path: str) -> str:
    """Stands for the id of bytes that could not be read: such a document is planned, and fails when it is uploaded."""
    return f"{_UNREAD}{path}"


def is_unread(blob: str) -> bool:
    return blob.startswith(_UNREAD)
