"""A commit of a git repository as source."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from vsync.documents.document import Document
from vsync.git.blob_reader import BlobReader
from vsync.git.changes import Change, Lost, TreeEntry
from vsync.git.repository import Repository
from vsync.system.spool import Content


class GitSource:
    """The files in the tree of one commit."""

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

    def find(self, paths: Sequence[bytes]) -> list[TreeEntry]:
        return self._repository.find(self._head, paths)

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

    def lost(self, folder: str) -> Lost | None:
        return None  # a commit that removes a folder is somebody's will

    def close(self) -> None:
        self._blobs.close()
        self._repository.close()
