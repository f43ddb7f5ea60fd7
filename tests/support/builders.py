"""Values for tests of the core, with everything filled in that a test is not about."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vsync.config.targets import Target
from vsync.documents.attributes import Attributes
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document
from vsync.git.changes import FOLDER, SUBMODULE, SYMLINK, Change, Lost, Status, TreeEntry
from vsync.git.last_changes import NO_HISTORY, History
from vsync.plan.comparison import Comparison
from vsync.report.body import Synced
from vsync.report.documents import Documents, FailedItem
from vsync.report.report import Report
from vsync.state.manifest import Entry, TargetState, blob_id
from vsync.store.entries import StoreEntry, StoreInfo
from vsync.system.spool import Content

TARGET = Target(source="acme/docs")
COMMIT = "c" * 40
HEAD = "d" * 40
COMPARISON = Comparison("diff", "git diff since the last synced commit cccccccccccc")
CHUNKING = Chunking()


def document(path: str, text: str = "one", target: Target = TARGET, size: int | None = None) -> Document:
    """The document of that path with that text; its blob is the one git would give it."""
    return Document(path, blob_id(text.encode()), target.tag(path), size)


def entry(path: str, text: str = "one", file_id: str = "", target: Target = TARGET) -> Entry:
    """The record of a document that is in the store with that text."""
    content = text.encode()
    return Entry(
        blob_id(content),
        hashlib.sha256(content).hexdigest(),
        len(content),
        file_id or f"file-{path}",
        target.tag(path),
    )


def state(
    files: Mapping[str, Entry] | Sequence[str] = (),
    *,
    commit: str | None = COMMIT,
    settings: str = "s1",
    pending_delete: tuple[str, ...] = (),
) -> TargetState:
    """The state after a complete run; a sequence of paths stands for documents of one text."""
    if not isinstance(files, Mapping):
        files = {path: entry(path) for path in files}
    return TargetState(
        "vs_1", commit=commit, settings=settings, run={"head": commit}, files=files, pending_delete=pending_delete
    )


def by_path(*documents: Document) -> dict[str, Document]:
    return {document.path: document for document in documents}


def report(
    *,
    comparison: Comparison = COMPARISON,
    vector_store_id: str | None = "vs_1",
    base: str | None = COMMIT,
    head: str | None = HEAD,
    added: tuple[str, ...] = (),
    failed: Mapping[str, str] | None = None,
) -> Report:
    """The report of a sync; `failed` maps paths to codes."""
    items = tuple(FailedItem(path=path, code=code, message="refused") for path, code in (failed or {}).items())
    return Report(
        target="default",
        comparison=comparison,
        body=Synced(documents=Documents(added=added, failed=items)),
        source="acme/docs",
        vector_store_id=vector_store_id,
        base=base,
        head=head,
    )


def store_entry(
    file_id: str,
    path: str = "a.md",
    text: str = "one",
    *,
    status: str = "completed",
    owner: str | None = "owner-1",
    target: str = "default",
    source: str | None = "acme/docs",
    extra: Attributes | None = None,
    chunking: Chunking | None = CHUNKING,
    created_at: int = 0,
) -> StoreEntry:
    """An entry of a store, with the attributes that vsync gives; `owner` None: somebody else's."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    attributes = {"path": path, "sha256": sha256, "target": target, **(extra or {})}
    if source is not None:
        attributes["source"] = source
    if owner is not None:
        attributes["owner"] = owner
    return StoreEntry(file_id, status, attributes, chunking, created_at=created_at)


def store_info(
    store_id: str = "vs_1",
    name: str | None = "acme/docs",
    metadata: Mapping[str, str] | None = None,
    status: str = "completed",
    files: int = 3,
) -> StoreInfo:
    return StoreInfo(store_id, name, status, files, 12_345, 1_700_000_000, metadata or {})


Tree = Mapping[bytes, "TreeFile"]


@dataclass(frozen=True, slots=True)
class TreeFile:
    """What stands at a path of a tree."""

    data: bytes
    mode: str = "100644"


@dataclass
class MemorySource:
    """A git revision without git: `head` is one of `commits`, and `unknown` are those that are not in this clone."""

    commits: Mapping[str, Tree]
    head: str | None
    unknown: set[str] = field(default_factory=set)
    read_paths: list[str] = field(default_factory=list)

    def knows(self, commit: str) -> bool:
        return commit in self.commits and commit not in self.unknown

    def is_behind(self, commit: str) -> bool:
        return False

    def entries(self) -> Iterator[TreeEntry]:
        for path, file in sorted(self._tree.items()):
            yield _tree_entry(path, file)

    def find(self, paths: Sequence[bytes]) -> list[TreeEntry]:
        files = [_tree_entry(path, self._tree[path]) for path in paths if path in self._tree]
        folders = [path for path in paths if any(other.startswith(path + b"/") for other in self._tree)]
        return [*files, *(TreeEntry(path, FOLDER, "0" * 40) for path in folders)]

    def changes(self, base: str) -> Iterator[Change]:
        yield from changes(self.commits[base], self._tree)

    def identify(self, entry: TreeEntry) -> TreeEntry:
        return entry

    def links_at(self, commit: str) -> dict[bytes, str]:
        return {path: file.mode for path, file in self.commits[commit].items() if file.mode in {SYMLINK, SUBMODULE}}

    def link_texts(self, links: Sequence[TreeEntry]) -> Mapping[bytes, bytes]:
        return {link.path: self._tree[link.path].data for link in links}

    def why(self, path: str) -> str | None:
        return None

    def why_full(self, base: str) -> str | None:
        return None

    def arrived(self, pointers: Sequence[Document]) -> Collection[str]:
        return ()

    def history(self, paths: Sequence[str]) -> History:
        return NO_HISTORY

    def lost(self, folder: str) -> Lost | None:
        return None

    def prefetch(self, documents: Sequence[Document]) -> None:
        return None

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        return {document.path: len(self._data(document)) for document in documents}

    def chunks(self, document: Document) -> Generator[bytes]:
        self.read_paths.append(document.path)
        data = self._data(document)
        return (data[start : start + 4096] for start in range(0, len(data), 4096))

    def read(self, document: Document) -> tuple[Content, str]:
        data = self._data(document)
        return Content(io.BytesIO(data), hashlib.sha256(data).hexdigest(), len(data)), document.blob

    def close(self) -> None:
        return None

    @property
    def _tree(self) -> Tree:
        assert self.head is not None
        return self.commits[self.head]

    def _data(self, document: Document) -> bytes:
        return self._tree[document.path.encode()].data


def _tree_entry(path: bytes, file: TreeFile) -> TreeEntry:
    return TreeEntry(path, file.mode, blob_id(file.data))


def changes(old: Tree, new: Tree) -> list[Change]:
    """What git reports between two trees, renames off."""
    found = []
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        if after is None:
            found.append(Change("removed", path, None))
            continue
        status: Status = "modified"
        if before is None:
            status = "added"
        elif (before.mode == SYMLINK) != (after.mode == SYMLINK):
            status = "type-changed"
        found.append(Change(status, path, _tree_entry(path, after)))
    return found
