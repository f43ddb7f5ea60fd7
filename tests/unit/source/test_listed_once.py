"""A source that several targets share is listed once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from vsync.git.changes import REGULAR, Change, TreeEntry
from vsync.source.base import Source
from vsync.source.listed_once import ListedOnce

ENTRIES = [TreeEntry(b"a.md", REGULAR, ""), TreeEntry(b"b.md", REGULAR, "")]


class _Counted:
    """A source that counts how often it is asked."""

    head = "c1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def entries(self) -> Iterator[TreeEntry]:
        self.asked.append("entries")
        return iter(ENTRIES)

    def changes(self, base: str) -> Iterator[Change]:
        self.asked.append(base)
        return iter([Change("added", b"a.md", ENTRIES[0])])

    def identify(self, entry: TreeEntry) -> TreeEntry:
        self.asked.append(entry.path.decode())
        return entry._replace(blob="sha256:1")


def _both() -> tuple[ListedOnce, _Counted]:
    counted = _Counted()
    return ListedOnce(cast(Source, cast(Any, counted))), counted


def test_the_files_are_listed_once() -> None:
    source, counted = _both()
    assert list(source.entries()) == list(source.entries()) == ENTRIES
    assert counted.asked == ["entries"]


def test_the_changes_since_each_commit_are_listed_once() -> None:
    source, counted = _both()
    assert list(source.changes("b1")) == list(source.changes("b1"))
    assert len(list(source.changes("b2"))) == 1
    assert counted.asked == ["b1", "b2"]


def test_a_file_without_an_id_is_read_once_for_it() -> None:
    source, counted = _both()
    assert source.identify(ENTRIES[0]) == source.identify(ENTRIES[0])
    assert source.identify(ENTRIES[0]).blob == "sha256:1"
    known = ENTRIES[1]._replace(blob="abc")
    assert source.identify(known) is known
    assert counted.asked == ["a.md"]
