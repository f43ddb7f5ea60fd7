"""From what a person types as a path to a file of the source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vsync.errors import ConfigurationError
from vsync.git.changes import REGULAR, SUBMODULE, TreeEntry
from vsync.sync.named_path import NamedPath, find_path

PATHS = [
    "README.md",
    "docs/a.md",
    "docs/api/b.md",
    "docs/README.md",
    "-x.md",
    "my file.md",
    " .md",
    "caf\u00e9.md",
    "a",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in PATHS:
        (tmp_path / "top" / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "top" / "docs" / "link").symlink_to(tmp_path / "top" / "docs" / "api")
    (tmp_path / "to-top").symlink_to(tmp_path / "top")
    return tmp_path / "top"


def find(root: Path, given: str, *more: TreeEntry, recorded: tuple[str, ...] = ()) -> NamedPath:
    entries = [TreeEntry(path.encode(), REGULAR, "b") for path in PATHS]
    return find_path(given, root, [*entries, *more], recorded, "dddddddddddd")


@pytest.mark.parametrize(
    ("here", "given", "path"),
    [
        (".", "README.md", "README.md"),
        (".", "./README.md", "README.md"),
        (".", "docs/../README.md", "README.md"),
        (".", "docs//a.md", "docs/a.md"),
        (".", "-x.md", "-x.md"),
        (".", "my file.md", "my file.md"),
        (".", " .md", " .md"),
        (".", "caf\u00e9.md", "caf\u00e9.md"),
        ("docs", "README.md", "docs/README.md"),
        ("docs", "../README.md", "README.md"),
        ("docs", "a.md", "docs/a.md"),
        ("docs", "docs/a.md", "docs/a.md"),
        ("docs", "my file.md", "my file.md"),
        ("docs/link", "b.md", "docs/api/b.md"),
        ("docs/link", "../a.md", "docs/a.md"),
        (".", "docs/link/b.md", "docs/api/b.md"),
        ("..", "docs/a.md", "docs/a.md"),
        ("..", "top/docs/a.md", "docs/a.md"),
        ("..", "to-top/docs/a.md", "docs/a.md"),
        ("docs/api", "a", "a"),
    ],
)
def test_a_path_counts_from_the_current_folder_and_then_from_the_top(
    root: Path, monkeypatch: pytest.MonkeyPatch, here: str, given: str, path: str
) -> None:
    monkeypatch.chdir(root / here)
    assert find(root, given).path == path
    assert find(root, given).entry is not None


@pytest.mark.parametrize("above", ["top", "to-top"])
def test_an_absolute_path_is_taken_also_over_a_link(root: Path, monkeypatch: pytest.MonkeyPatch, above: str) -> None:
    monkeypatch.chdir("/")
    assert find(root, str(root.parent / above / "docs/a.md")).path == "docs/a.md"


def test_a_name_that_is_not_utf_8_is_found_as_it_is_and_as_vsync_shows_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    odd = TreeEntry(b"caf\xe9.md", REGULAR, "b")
    for given in (os.fsdecode(odd.path), "caf\\xe9.md"):
        assert find(root, given, odd) == NamedPath("caf\\xe9.md", odd)


def test_a_recorded_path_needs_no_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "docs")
    assert find(root, "old.md", recorded=("docs/old.md",)) == NamedPath("docs/old.md")
    assert find(root, "old.md", recorded=("old.md",)) == NamedPath("old.md")


def test_a_file_that_only_lies_there_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "docs")
    (root / "docs" / "new.md").write_bytes(b"x")
    assert find(root, "new.md") == NamedPath("docs/new.md")


def test_a_path_in_a_submodule_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    inside = find(root, "lib/docs/a.md", TreeEntry(b"lib", SUBMODULE, "b"))
    assert inside == NamedPath("lib/docs/a.md", submodule="lib")


def test_a_deleted_current_folder_is_no_error(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find(root, "docs/a.md").path == "docs/a.md"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("docs", "'docs' is a folder"),
        ("docs/", "is a folder"),
        (".", "is a folder"),
        ("..", "is not inside of"),
        ("../x.md", "is not inside of"),
        ("/etc/passwd", "is not inside of"),
        ("", "The path is empty"),
        ("nowhere/at/all.rst", "There is no file 'nowhere/at/all.rst' in dddddddddddd"),
        ("docs/a.nd", "The nearest path is 'docs/a.md'"),
        ("Docs/A.md", "The nearest path is 'docs/a.md'"),
        ("a.md", "The nearest path is 'docs/a.md'"),
        ("adme", "The nearest path is 'README.md'"),
        ("x" * 300, "There is no file"),
        ("x\0y", "There is no file"),
        ("caf\udce9.mdx", "caf\\xe9.mdx"),
    ],
)
def test_what_is_no_file_is_an_error_that_names_the_nearest(
    root: Path, monkeypatch: pytest.MonkeyPatch, given: str, words: str
) -> None:
    monkeypatch.chdir(root)
    with pytest.raises(ConfigurationError) as raised:
        find(root, given)
    assert words in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_path_that_is_only_in_the_same_folder_is_not_suggested(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "docs" / "api")
    with pytest.raises(ConfigurationError) as raised:
        find(root, "-q.rs")
    assert "nearest" not in str(raised.value)
