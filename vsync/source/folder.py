"""A plain folder as source."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Generator, Iterator, Sequence
from pathlib import Path

from vsync.documents.document import Document
from vsync.documents.inspection import MAX_BYTES, Looks, inspect_content, needs_reading, size_reason
from vsync.documents.secret_scan import Scanner
from vsync.errors import RepositoryError
from vsync.git.changes import Change, Lost, TreeEntry, show_path
from vsync.git.last_changes import NO_HISTORY, History
from vsync.source.base import unread_id
from vsync.source.folder_tree import Folder
from vsync.source.lfs import not_here
from vsync.system.spool import CHUNK_BYTES, Content


class FolderSource:
    """The files below a plain folder. A file's id is `sha256:` and the hash of its bytes."""

    head: str | None = None

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root)

    def knows(self, commit: str) -> bool:
        return False

    def is_behind(self, commit: str) -> bool:
        return False

    def entries(self) -> Iterator[TreeEntry]:
        return self._folder.entries()

    def find(self, paths: Sequence[bytes]) -> list[TreeEntry]:
        return [entry for path in paths if (entry := self._folder.find(path)) is not None]

    def changes(self, base: str) -> Iterator[Change]:
        raise NotImplementedError("a plain folder has no history: `knows` is always false")

    def identify(self, entry: TreeEntry) -> TreeEntry:
        try:
            return entry._replace(blob=self._id_of(entry.path))
        except RepositoryError:
            return entry._replace(blob=unread_id(show_path(entry.path)))

    def _id_of(self, path: bytes) -> str:
        size = self._folder.size(path)
        if size > MAX_BYTES:  # a sparse file may have terabytes, and take days to read
            return f"size:{size}"
        digest = hashlib.sha256()
        for chunk in self._folder.chunks(path):
            digest.update(chunk)
        return content_id(digest.hexdigest())

    def prefetch(self, documents: Sequence[Document]) -> None:
        return None

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        sizes = {}
        for document in documents:
            with contextlib.suppress(RepositoryError):
                sizes[document.path] = self._folder.size(document.path.encode())
        return sizes

    def chunks(self, document: Document) -> Generator[bytes]:
        return self._folder.chunks(document.path.encode())

    def read(self, document: Document) -> tuple[Content, str]:
        content = self._folder.read(document.path.encode(), MAX_BYTES)
        blob = content_id(content.sha256)
        if blob != document.blob:
            inspect_again(document.path, content)
        return content, blob

    def links_at(self, commit: str) -> dict[bytes, str]:
        return {}

    def link_texts(self, links: Sequence[TreeEntry]) -> dict[bytes, bytes]:
        texts = {link.path: self._folder.link_text(link.path) for link in links}
        return {path: text for path, text in texts.items() if text is not None}

    def why(self, path: str) -> str | None:
        return None

    def why_full(self, base: str) -> str | None:
        return None

    def arrived(self, pointers: Sequence[Document]) -> Collection[str]:
        return ()

    def history(self, paths: Sequence[str]) -> History:
        return NO_HISTORY

    def lost(self, folder: str) -> Lost | None:
        return self._folder.lost(folder.encode())

    def close(self) -> None:
        return None


def inspect_again(path: str, content: Content) -> None:
    """Raises RepositoryError when a file has changed since it was planned, and cannot be a document now."""
    reason = size_reason(content.bytes)
    if reason is None and needs_reading(path, content.bytes):
        reason = inspect_content(path, iter(lambda: content.file.read(CHUNK_BYTES), b""), Looks(Scanner())).reason
        content.file.seek(0)
    if reason is not None:
        content.close()
        if reason == "lfs-pointer":
            raise not_here(path)
        raise RepositoryError(
            f"{path!r} has changed since the run began, and cannot be a document now: {reason}.", "Run again."
        )


def content_id(sha256: str) -> str:
    return f"sha256:{sha256}"
