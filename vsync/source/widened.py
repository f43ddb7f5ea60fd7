"""A source with more files than its tree has by itself: those of submodules, and those that symbolic links lead to.

A file of a submodule has the submodule's path before its own. A file behind a link has the link's path. Nothing outside of
the tree and its submodules is reached: `links` and `submodules` say how.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from vsync.documents.document import Document
from vsync.errors import RepositoryError
from vsync.git.changes import FOLDER, SUBMODULE, SYMLINK, Change, Lost, TreeEntry, show_path
from vsync.git.last_changes import History, LastChange
from vsync.source.base import Source
from vsync.source.git import GitSource
from vsync.source.links import Links
from vsync.source.submodules import Submodules
from vsync.system.spool import Content

MOST_SUBMODULES = 200
MOST_NESTED = 10
"""How deep submodules may lie in each other."""


def widened(source: Source, *, symlinks: bool, submodules: Submodules | None) -> Source:
    """The source with what links and submodules add. `submodules` None: submodules are not asked for."""
    return source if not symlinks and submodules is None else Widened(source, symlinks=symlinks, submodules=submodules)


class _Place(NamedTuple):
    """Where a file stands: its source, and its entry there."""

    source: Source
    entry: TreeEntry


class _Reached(NamedTuple):
    """All that a widened source has.

    | field | meaning |
    | --- | --- |
    | `places` | every path, with the place of its file; of what is not reached, the place of its link or submodule |
    | `moved` | the paths whose place is another path, or another source |
    | `why` | why links and submodules are not reached, by path |
    """

    places: Mapping[bytes, _Place]
    moved: frozenset[bytes]
    why: Mapping[str, str]


class Widened:
    """The files of a source, of its submodules, and behind its links. The tree is looked at once, when it is first needed."""

    def __init__(self, source: Source, *, symlinks: bool, submodules: Submodules | None) -> None:
        self._source = source
        self._symlinks = symlinks
        self._submodules = submodules
        self._opened: list[Source] = []
        self._lock = threading.Lock()

    @property
    def head(self) -> str | None:
        return self._source.head

    def knows(self, commit: str) -> bool:
        return self._source.knows(commit)

    def is_behind(self, commit: str) -> bool:
        return self._source.is_behind(commit)

    def links_at(self, commit: str) -> Mapping[bytes, str]:
        return self._source.links_at(commit)

    def link_texts(self, links: Sequence[TreeEntry]) -> Mapping[bytes, bytes]:
        return self._source.link_texts(links)

    def changes(self, base: str) -> Iterator[Change]:
        return self._source.changes(base)

    def why_full(self, base: str) -> str | None:
        """A link or a submodule, now or at the base, may change files that the difference does not name."""
        assert self.head is not None
        asked = {mode for mode, wanted in ((SYMLINK, self._symlinks), (SUBMODULE, self._submodules)) if wanted}
        found = asked & {mode for commit in {self.head, base} for mode in self._source.links_at(commit).values()}
        if not found:
            return None
        what = {SYMLINK: "symbolic links", SUBMODULE: "submodules"}
        names = " and ".join(what[mode] for mode in sorted(found))
        return f"there are {names}, and a diff does not show what changes behind them"

    def why(self, path: str) -> str | None:
        """Why the link or submodule at a path has no files; None: it is something else."""
        return self._reached.why.get(path)

    def entries(self) -> Iterator[TreeEntry]:
        for path, place in self._reached.places.items():
            yield place.entry._replace(path=path)

    def find(self, paths: Sequence[bytes]) -> list[TreeEntry]:
        reached = self._reached
        found = []
        for path in paths:
            if path in reached.places:
                found.append(reached.places[path].entry._replace(path=path))
            elif path in self._folders:
                found.append(TreeEntry(path, FOLDER, ""))
        return found

    def identify(self, entry: TreeEntry) -> TreeEntry:
        place = self._reached.places[entry.path]
        return place.source.identify(place.entry)._replace(path=entry.path)

    def prefetch(self, documents: Sequence[Document]) -> None:
        for source, some in self._by_source(documents):
            source.prefetch([real for _, real in some])

    def sizes(self, documents: Sequence[Document]) -> dict[str, int]:
        sizes = {}
        for source, some in self._by_source(documents):
            found = source.sizes([real for _, real in some])
            sizes.update({shown.path: found[real.path] for shown, real in some if real.path in found})
        return sizes

    def chunks(self, document: Document) -> Generator[bytes]:
        source, real = self._real(document)
        return source.chunks(real)

    def read(self, document: Document) -> tuple[Content, str]:
        source, real = self._real(document)
        return source.read(real)

    def arrived(self, pointers: Sequence[Document]) -> Collection[str]:
        found: set[str] = set()
        for source, some in self._by_source(pointers):
            here = source.arrived([real for _, real in some])
            found.update(shown.path for shown, real in some if real.path in here)
        return found

    def history(self, paths: Sequence[str]) -> History:
        facts: dict[str, LastChange] = {}
        shallow = False
        for source, some in self._by_source([Document(path, "", "") for path in paths]):
            found = source.history(sorted({real.path for _, real in some}))
            facts.update({shown.path: found.facts[real.path] for shown, real in some if real.path in found.facts})
            shallow = shallow or found.shallow
        return History(facts, shallow)

    def lost(self, folder: str) -> Lost | None:
        return self._source.lost(folder)

    def close(self) -> None:
        for source in (*self._opened, self._source):
            source.close()

    def _real(self, document: Document) -> tuple[Source, Document]:
        """The source that has a document, and the document as it stands there. A path that is not here is the source's own."""
        path = document.path.encode("utf-8", "surrogatepass")
        place = self._reached.places.get(path) if path in self._reached.moved else None
        if place is None:
            return self._source, document
        return place.source, Document(show_path(place.entry.path), document.blob, document.tag)

    def _by_source(self, documents: Iterable[Document]) -> Iterable[tuple[Source, list[tuple[Document, Document]]]]:
        """The documents by their source, each with how it stands there."""
        found: dict[int, tuple[Source, list[tuple[Document, Document]]]] = {}
        for document in documents:
            source, real = self._real(document)
            found.setdefault(id(source), (source, []))[1].append((document, real))
        return found.values()

    @cached_property
    def _folders(self) -> frozenset[bytes]:
        folders: set[bytes] = set()
        for path in self._reached.places:
            while (path := path.rpartition(b"/")[0]) and path not in folders:
                folders.add(path)
        return frozenset(folders)

    @property
    def _reached(self) -> _Reached:
        with self._lock:
            return self._all

    @cached_property
    def _all(self) -> _Reached:
        places: dict[bytes, _Place] = {}
        why: dict[str, str] = {}
        moved: set[bytes] = set()
        for path, place in self._with_submodules(self._source, self._submodules, b"", 0, why):
            places[path] = place
            if place.source is not self._source:
                moved.add(path)
        if self._symlinks:
            self._follow(places, moved, why)
        return _Reached(places, frozenset(moved), why)

    def _with_submodules(
        self, source: Source, submodules: Submodules | None, prefix: bytes, depth: int, why: dict[str, str]
    ) -> Iterator[tuple[bytes, _Place]]:
        """The entries of a source, with those of its submodules in their place."""
        for entry in source.entries():
            path = prefix + entry.path
            opened = None
            if entry.mode == SUBMODULE and submodules is not None:
                opened = self._open(submodules, entry, path, depth, why)
            if opened is None:
                yield path, _Place(source, entry)
            else:
                yield from self._with_submodules(*opened, path + b"/", depth + 1, why)

    def _open(
        self, submodules: Submodules, entry: TreeEntry, path: bytes, depth: int, why: dict[str, str]
    ) -> tuple[Source, Submodules] | None:
        if depth >= MOST_NESTED or len(self._opened) >= MOST_SUBMODULES:
            raise RepositoryError(
                f"There are more than {MOST_SUBMODULES} submodules, or more than {MOST_NESTED} in each other.",
                "Sync without `submodules: true`.",
            )
        repository, reason = submodules.open(entry.path, entry.blob)
        if repository is None:
            why[show_path(path)] = reason
            return None
        source = GitSource(repository, entry.blob)
        self._opened.append(source)
        return source, submodules.inside(repository)

    def _follow(self, places: dict[bytes, _Place], moved: set[bytes], why: dict[str, str]) -> None:
        """Puts the files behind links in the place of the links."""
        links = [path for path, place in places.items() if place.entry.mode == SYMLINK and not _is_of_git(path)]
        if not links:
            return
        by_source: dict[int, tuple[Source, list[bytes]]] = {}
        for path in links:
            by_source.setdefault(id(places[path].source), (places[path].source, []))[1].append(path)
        texts: dict[bytes, bytes] = {}
        for source, some in by_source.values():
            read = source.link_texts([places[path].entry for path in some])
            texts.update({path: read[places[path].entry.path] for path in some if places[path].entry.path in read})
        stands = dict(places)
        for path in links:
            del places[path]
        modes = {path: place.entry.mode for path, place in stands.items()}
        for found in Links(modes, texts.get).follow(links):
            places[found.path] = stands[found.real]
            moved.add(found.path)
            if found.why:
                why[show_path(found.path)] = found.why


def _is_of_git(path: bytes) -> bool:
    """Whether the link is one that git itself would not follow, such as a `.gitattributes`."""
    return path.rpartition(b"/")[2].startswith(b".git")
