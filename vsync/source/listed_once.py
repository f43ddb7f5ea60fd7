"""A source that several targets of a run read: it lists its files, and its changes since a commit, once for all of them."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

from vsync.documents.document import Document
from vsync.git.changes import Change, Lost, TreeEntry
from vsync.git.last_changes import History
from vsync.source.base import Source
from vsync.system.spool import Content


class ListedOnce:
    """Another source. What that lists is kept: about 250 bytes a file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._entries: list[TreeEntry] | None = None
        self._changes: dict[str, list[Change]] = {}
        self._identified: dict[TreeEntry, TreeEntry] = {}

    @property
    def head(self) -> str | None:
        return self._source.head

    def knows(self, commit: str) -> bool:
        return self._source.knows(commit)

    def is_behind(self, commit: str) -> bool:
        return self._source.is_behind(commit)

    def entries(self) -> Iterator[TreeEntry]:
        if self._entries is None:
            self._entries = list(self._source.entries())
        return iter(self._entries)

    def find(self, paths: Sequence[bytes]) -> list[TreeEntry]:
        return self._source.find(paths)

    def changes(self, base: str) -> Iterator[Change]:
        if base not in self._changes:
            self._changes[base] = list(self._source.changes(base))
        return iter(self._changes[base])

    def identify(self, entry: TreeEntry) -> TreeEntry:
        if entry.blob:
            return entry
        if entry not in self._identified:
            self._identified[entry] = self._source.identify(entry)
        return self._identified[entry]

    def prefetch(self, documents: Sequence[Document]) -> None:
        self._source.prefetch(documents)

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        return self._source.sizes(documents)

    def chunks(self, document: Document) -> Generator[bytes]:
        return self._source.chunks(document)

    def read(self, document: Document) -> tuple[Content, str]:
        return self._source.read(document)

    def links_at(self, commit: str) -> Mapping[bytes, str]:
        return self._source.links_at(commit)

    def link_texts(self, links: Sequence[TreeEntry]) -> Mapping[bytes, bytes]:
        return self._source.link_texts(links)

    def why(self, path: str) -> str | None:
        return self._source.why(path)

    def why_full(self, base: str) -> str | None:
        return self._source.why_full(base)

    def arrived(self, pointers: Sequence[Document]) -> Collection[str]:
        return self._source.arrived(pointers)

    def history(self, paths: Sequence[str]) -> History:
        return self._source.history(paths)

    def lost(self, folder: str) -> Lost | None:
        return self._source.lost(folder)

    def close(self) -> None:
        self._source.close()
