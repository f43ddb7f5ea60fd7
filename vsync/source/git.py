"""A commit of a git repository as source.

A document whose blob is a Git LFS pointer has the bytes of the pointer's file, where that is here, and the pointer's blob.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Generator, Iterator, Sequence

from vsync.documents.document import Document
from vsync.documents.lfs_pointer import LFS_HEADS, MAX_POINTER_BYTES, Pointer, parse_pointer
from vsync.errors import RepositoryError
from vsync.git.blob_reader import BlobReader
from vsync.git.changes import Change, Lost, TreeEntry, is_nameable
from vsync.git.last_changes import History
from vsync.git.repository import Repository
from vsync.source.base import is_unread
from vsync.source.folder import inspect_again
from vsync.source.lfs import LfsFiles, not_here
from vsync.source.links import MOST_PATH_BYTES
from vsync.system.spool import Content


class GitSource:
    """The files in the tree of one commit."""

    def __init__(self, repository: Repository, head: str) -> None:
        self._repository = repository
        self._head = head
        self._blobs: BlobReader = repository.blobs()
        self._lfs = LfsFiles(repository.storage, repository.work_tree)

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
        sizes = {document.path: by_blob[document.blob] for document in documents}
        for document in documents:
            pointer = self._held(document, sizes[document.path])
            if pointer is not None:
                sizes[document.path] = pointer.bytes
        return sizes

    def _held(self, document: Document, size: int) -> Pointer | None:
        """What the document's blob says as a pointer, if it is one and its file is here."""
        if size >= MAX_POINTER_BYTES or not self._lfs.may_hold(document.path, size):
            return None
        pointer = self._pointer(document.blob)
        return pointer if pointer is not None and self._lfs.holds(pointer, document.path) else None

    def _pointer(self, blob: str) -> Pointer | None:
        with contextlib.closing(self._blobs.read(blob)) as content:
            return parse_pointer(content.file.read(MAX_POINTER_BYTES))

    def chunks(self, document: Document) -> Generator[bytes]:
        with contextlib.closing(self._blobs.chunks(document.blob)) as pieces:
            head = next(pieces, b"")
            while len(head) < MAX_POINTER_BYTES and (piece := next(pieces, b"")):
                head += piece
            pointer = parse_pointer(head) if head.startswith(LFS_HEADS) else None
            if pointer is None or not self._lfs.holds(pointer, document.path):
                yield head
                yield from pieces
                return
        yield from self._lfs.chunks(pointer, document.path)

    def read(self, document: Document) -> tuple[Content, str]:
        blob = self._blob_now(document) if is_unread(document.blob) else document.blob
        content = self._blobs.read(blob)
        head = content.file.read(MAX_POINTER_BYTES)
        content.file.seek(0)
        if head.startswith(LFS_HEADS):
            content.close()
            content = self._read_of(parse_pointer(head), document.path)
        if blob != document.blob:
            inspect_again(document.path, content)
        return content, blob

    def _blob_now(self, document: Document) -> str:
        """The blob of a document whose bytes could not be read when it was planned."""
        for entry in self.find([document.path.encode()]):
            return entry.blob
        raise RepositoryError(f"{document.path!r} is no file of the commit.", "Run again.")

    def _read_of(self, pointer: Pointer | None, path: str) -> Content:
        if pointer is None or not self._lfs.holds(pointer, path):
            raise not_here(path)
        return self._lfs.read(pointer, path)

    def links_at(self, commit: str) -> dict[bytes, str]:
        return self._repository.links_at(commit)

    def link_texts(self, links: Sequence[TreeEntry]) -> dict[bytes, bytes]:
        self._repository.fetch_missing(self._head, [link.blob for link in links])
        sizes = self._repository.sizes(sorted({link.blob for link in links}))
        short = [link for link in links if sizes[link.blob] <= MOST_PATH_BYTES]
        return {link.path: b"".join(self._blobs.chunks(link.blob)) for link in short}

    def why(self, path: str) -> str | None:
        return None

    def why_full(self, base: str) -> str | None:
        return None

    def arrived(self, pointers: Sequence[Document]) -> Collection[str]:
        # A manifest may hold any path, also one that is none.
        near = {
            document.path: document.blob
            for document in pointers
            if is_nameable(document.path) and self._lfs.may_have_come(document.path)
        }
        there = [
            Document(entry.path.decode(), entry.blob, "")
            for entry in self.find([path.encode() for path in near])
            if near[entry.path.decode()] == entry.blob
        ]
        self.prefetch(there)
        found = set()
        for document in there:
            pointer = self._pointer(document.blob)
            if pointer is not None and self._lfs.has_size(pointer, document.path):
                found.add(document.path)
        return found

    def history(self, paths: Sequence[str]) -> History:
        return self._repository.history(self._head, paths)

    def lost(self, folder: str) -> Lost | None:
        return None  # a commit that removes a folder is somebody's will

    def close(self) -> None:
        self._blobs.close()
        self._repository.close()
