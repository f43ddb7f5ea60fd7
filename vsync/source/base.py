"""The interface of a source. The other packages know sources only by this protocol."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import Protocol

from vsync.documents.document import Document
from vsync.git.changes import Change, Lost, TreeEntry
from vsync.git.last_changes import History
from vsync.system.spool import Content


class Source(Protocol):
    """Where documents come from. `head` is the commit that is read; None: the source has no commits."""

    @property
    def head(self) -> str | None: ...

    def knows(self, commit: str) -> bool:
        """Whether this source can compare that commit with the head."""

    def is_behind(self, commit: str) -> bool:
        """Whether the head is known to be older than that commit."""

    def entries(self) -> Iterator[TreeEntry]:
        """All files of the source."""

    def find(self, paths: Sequence[bytes]) -> list[TreeEntry]:
        """The files, links and folders at these paths, as far as there are any."""

    def changes(self, base: str) -> Iterator[Change]:
        """The changes between that commit and the head."""

    def identify(self, entry: TreeEntry) -> TreeEntry:
        """The entry with the id of its bytes. When the bytes cannot be read, the id is `unread_id`."""

    def prefetch(self, documents: Sequence[Document]) -> None:
        """Prepares the reading of these documents. A partial clone fetches their blobs in one request."""

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        """The size in bytes by path. Documents that cannot be read are left out."""

    def chunks(self, document: Document) -> Generator[bytes]:
        """The bytes of one file in pieces. Raises RepositoryError when this document alone cannot be read."""

    def read(self, document: Document) -> tuple[Content, str]:
        """The bytes of one file, checked, and the id of these bytes. Several threads call it at once.

        For what is uploaded see `content.read_content`.
        """

    def links_at(self, commit: str) -> Mapping[bytes, str]:
        """The symbolic links and submodules in the tree of a known commit: their modes by path."""

    def link_texts(self, links: Sequence[TreeEntry]) -> Mapping[bytes, bytes]:
        """The texts of symbolic links, by their paths. Links that cannot be read, or are too long, are left out."""

    def why(self, path: str) -> str | None:
        """Why the link or submodule at a path is not followed, although that is asked for. None: nothing is known."""

    def why_full(self, base: str) -> str | None:
        """Why the changes since that commit do not tell which documents have changed. None: they do."""

    def arrived(self, pointers: Sequence[Document]) -> Collection[str]:
        """Of these Git LFS pointers, which were skipped, the paths of those whose file may be here now. A cheap look."""

    def history(self, paths: Sequence[str]) -> History:
        """When these files were last changed, and by whom, as far as this source knows. A plain folder knows nothing."""

    def lost(self, folder: str) -> Lost | None:
        """What became of a folder in which nothing is left. None: something is left, or a commit says that it was removed."""

    def close(self) -> None: ...


_UNREAD = "unread:"


def unread_id(path: str) -> str:
    """The id of a document whose bytes could not be read. The document is planned, and fails when it is uploaded."""
    return f"{_UNREAD}{path}"


def is_unread(blob: str) -> bool:
    """Whether that id is an `unread_id`."""
    return blob.startswith(_UNREAD)
