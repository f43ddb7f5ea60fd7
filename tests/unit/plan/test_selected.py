"""Selection over a source: the rules, and the `.gitattributes` files of the same commit."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from tests.support.builders import HEAD, TARGET, MemorySource, TreeFile
from vsync.documents.document import Document
from vsync.documents.selection import Rules, Selector
from vsync.errors import GitUnavailable
from vsync.plan import selected
from vsync.plan.selected import is_attributes, select, selector_for

TREE = {
    b".gitattributes": TreeFile(b"theirs/** linguist-vendored\n"),
    b"theirs/a.md": TreeFile(b"x"),
    b"theirs/.gitattributes": TreeFile(b"own.md -linguist-vendored\n"),
    b"theirs/own.md": TreeFile(b"x"),
    b"theirs/deep/b.md": TreeFile(b"x"),
    b"docs/c.md": TreeFile(b"x"),
    b"docs/d.py": TreeFile(b"x"),
}


def source() -> MemorySource:
    return MemorySource({HEAD: TREE}, HEAD)


@pytest.mark.parametrize("singly", [1_000, 0])
def test_some_entries_are_judged_by_the_files_of_their_folders(monkeypatch: pytest.MonkeyPatch, singly: int) -> None:
    monkeypatch.setattr(selected, "_ASKED_SINGLY", singly)
    for paths in ([b"theirs/a.md", b"theirs/own.md"], sorted(TREE)):
        entries = [entry for entry in source().entries() if entry.path in paths]
        whole = len(paths) == len(TREE)
        found = select(source(), entries, Selector(TARGET.rules), TARGET, whole=whole)
        expected = ["theirs/own.md"] if not whole else ["docs/c.md", "theirs/own.md"]
        assert [document.path for document in found.documents] == expected


def test_where_nothing_is_selected_no_file_is_read() -> None:
    memory = source()
    entries = [entry for entry in memory.entries() if entry.path == b"docs/d.py"]
    assert select(memory, entries, Selector(TARGET.rules), TARGET, whole=False).documents == []
    assert memory.read_paths == []


def test_where_the_rules_alone_decide_no_marks_are_read() -> None:
    memory, target = source(), replace(TARGET, rules=Rules(("*.md",)))
    found = select(memory, memory.entries(), Selector(target.rules), target, whole=True)
    assert len(found.documents) == 4
    assert memory.read_paths == []


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("theirs/a.md", "marked linguist-vendored in .gitattributes"),
        ("theirs/deep/b.md", "marked linguist-vendored in .gitattributes"),
        ("theirs/own.md", None),
        ("docs/c.md", None),
        ("docs/d.py", "not documentation (.py)"),
        ("docs/gone.md", None),
    ],
)
def test_of_one_path_it_is_told_why_it_is_not_selected(path: str, why: str | None) -> None:
    assert selector_for(source(), TARGET, path).why_not(path, "100644") == why


def test_a_file_of_marks_that_is_too_large_is_not_read() -> None:
    large = b"* linguist-vendored\n" + b"#" * 1024 * 1024
    memory = MemorySource({HEAD: {b".gitattributes": TreeFile(large), b"a.md": TreeFile(b"x")}}, HEAD)
    found = select(memory, memory.entries(), Selector(TARGET.rules), TARGET, whole=True)
    assert [document.path for document in found.documents] == ["a.md"]


def test_marks_that_cannot_be_read_end_the_run() -> None:
    class Damaged(MemorySource):
        def chunks(self, document: Document) -> Generator[bytes]:
            raise GitUnavailable("The object is missing.", "")

    memory = Damaged({HEAD: TREE}, HEAD)
    with pytest.raises(GitUnavailable):
        select(memory, memory.entries(), Selector(TARGET.rules), TARGET, whole=True)


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        (b".gitattributes", True),
        (b"a/b/.gitattributes", True),
        (b"a.gitattributes", False),
        (b".gitattributes/a", False),
    ],
)
def test_the_files_of_marks_are_known_by_their_name(path: bytes, holds: bool) -> None:
    assert is_attributes(path) is holds
