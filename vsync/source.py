"""Where documents come from, as one interface: a git revision or a plain folder.

`survey` and `apply` know sources only by this protocol; a stream of records fits in here as well.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from .changes import Change, TreeEntry, show_path
from .content import CHUNK_BYTES, Content
from .documents import Document
from .errors import RepositoryError
from .folder import Folder
from .git import BlobReader, Repository
from .leaks import Scanner
from .selection import MAX_BYTES, inspect_content, needs_reading, size_reason


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


class GitSource:
    """The tree of one commit."""

    def __init__(self, repository: Repository, head: str) -> None:
        self._repository = repository
        self._head = head
        self._blobs: BlobReader = repository.blobs()

    @property
    def head(self) -> str | None:
        return self._head

    def knows(self, commit: str) -> bool:
        return commit == self._head or self._repository.has_commit(commit)

    def is_behind(self, commit: str) -> bool:
        return commit != self._head and self._repository.is_ancestor(self._head, commit)

    def entries(self) -> Iterator[TreeEntry]:
        return self._repository.tree(self._head)

    def changes(self, base: str) -> Iterator[Change]:
        return iter(()) if base == self._head else self._repository.diff(base, self._head)

    def identify(self, entry: TreeEntry) -> TreeEntry:
        return entry

    def prefetch(self, documents: Sequence[Document]) -> None:
        self._repository.fetch_missing(self._head, [document.blob for document in documents])

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        by_blob = self._repository.sizes(sorted({document.blob for document in documents}))
        return {document.path: by_blob[document.blob] for document in documents}

    def chunks(self, document: Document) -> Generator[bytes]:
        return self._blobs.chunks(document.blob)

    def read(self, document: Document) -> tuple[Content, str]:
        return self._blobs.read(document.blob), document.blob

    def close(self) -> None:
        self._blobs.close()
        self._repository.close()


class FolderSource:
    """The files below a plain folder. Their ids are `sha256:` and the hash of their bytes."""

    head: str | None = None

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root)

    def knows(self, commit: str) -> bool:
        return False

    def is_behind(self, commit: str) -> bool:
        return False

    def entries(self) -> Iterator[TreeEntry]:
        return self._folder.entries()

    def changes(self, base: str) -> Iterator[Change]:
        raise NotImplementedError("a plain folder has no history; `knows` said so")

    def identify(self, entry: TreeEntry) -> TreeEntry:
        try:
            return entry._replace(blob=self._id_of(entry.path))
        except RepositoryError:
            return entry._replace(blob=unread_id(show_path(entry.path)))

    def _id_of(self, path: bytes) -> str:
        size = self._folder.size(path)
        if size > MAX_BYTES:  # a sparse file of terabytes takes no space, but days to read
            return f"size:{size}"
        digest = hashlib.sha256()
        for chunk in self._folder.chunks(path):
            digest.update(chunk)
        return _content_id(digest.hexdigest())

    def prefetch(self, documents: Sequence[Document]) -> None:
        return None

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        found = {}
        for document in documents:
            with contextlib.suppress(RepositoryError):
                found[document.path] = self._folder.size(document.path.encode())
        return found

    def chunks(self, document: Document) -> Generator[bytes]:
        return self._folder.chunks(document.path.encode())

    def read(self, document: Document) -> tuple[Content, str]:
        content = self._folder.read(document.path.encode(), MAX_BYTES)
        blob = _content_id(content.sha256)
        if blob != document.blob:
            _inspect_again(document.path, content)
        return content, blob

    def close(self) -> None:
        return None


def _inspect_again(path: str, content: Content) -> None:
    """Refuses what has come to a path since it was looked at, when it can be no document. Rewinds what can."""
    reason = size_reason(content.bytes)
    if reason is None and needs_reading(path, content.bytes):
        reason, _ = inspect_content(path, iter(lambda: content.file.read(CHUNK_BYTES), b""), Scanner())
        content.file.seek(0)
    if reason is not None:
        content.close()
        raise RepositoryError(
            f"{path!r} has changed since the run began, and is no document now: {reason}.", "Run again."
        )


_UNREAD = "unread:"


def unread_id(path: str) -> str:
    """Stands for the id of bytes that could not be read: such a document is planned, and fails when it is uploaded."""
    return f"{_UNREAD}{path}"


def is_unread(blob: str) -> bool:
    return blob.startswith(_UNREAD)


def _content_id(sha256: str) -> str:
    return f"sha256:{sha256}"
