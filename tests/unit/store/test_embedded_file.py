"""The embedded store's file, what stands beside it, and that git ignores all of it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
from vsync.embedded import EmbeddedStore
from vsync.errors import ConfigurationError
from vsync.store.embedded_file import DEFAULT_LOCAL_STORE, embedded_file


def test_manifest_and_seal_stand_beside_the_file(tmp_path: Path) -> None:
    file = embedded_file("", tmp_path)
    assert file.path == tmp_path / DEFAULT_LOCAL_STORE
    assert file.manifest == tmp_path / ".vsync" / "local.db.manifest.json"
    assert file.seal_folder == tmp_path / ".vsync" / "local.db.seal"


def test_a_link_to_the_file_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "store.db")
    assert embedded_file(str(tmp_path / "link.db"), tmp_path).manifest == tmp_path / "store.db.manifest.json"


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a folder"):
        embedded_file(str(tmp_path), tmp_path)


def everything(folder: Path) -> dict[str, bytes | None]:
    """Each path below the folder with its bytes; None for a folder."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("typo.md", "a file of another kind"),
        ("short", "a file of another kind"),
        ("other.db", "another application's database"),
        ("headless.db", "another application's database"),
        ("pipe", "a device or a pipe"),
        (".git/HEAD", "git's own folder"),
        (".git/vsync/store.db", "git's own folder"),
        ("link-to-git", "git's own folder"),
        ("line\nbreak.db", "line break"),
        ("break-at-the-end.db\n", "line break"),
        ("carriage\rreturn.db", "line break"),
        ("n" * 300, "cannot be read"),
    ],
)
def test_what_can_be_no_store_is_refused_before_anything_is_written(repo: Repo, name: str, told: str) -> None:
    repo.commit({"README.md": b"# Read me\n"})
    (repo.root / "typo.md").write_text("# Not a store\n" * 10)
    (repo.root / "short").write_bytes(b"x")
    (repo.root / "headless.db").write_bytes(b"SQLite format 3\0")
    with contextlib.closing(sqlite3.connect(repo.root / "other.db")) as other:
        other.execute("CREATE TABLE t (x)")
    os.mkfifo(repo.root / "pipe")
    (repo.root / "link-to-git").symlink_to(repo.root / ".git" / "config")
    before = everything(repo.root)
    with pytest.raises(ConfigurationError, match=told) as error:
        embedded_file(str(repo.root / name), repo.root)
    assert "--local" in error.value.remedy
    assert everything(repo.root) == before


def test_a_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a device or a pipe"):
        embedded_file("/dev/null", tmp_path)


def test_the_default_file_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / DEFAULT_LOCAL_STORE
    path.parent.mkdir()
    path.write_text("not a store")
    with pytest.raises(ConfigurationError, match="another kind"):
        embedded_file("", tmp_path)


def test_a_missing_file_an_empty_file_and_a_store_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    assert embedded_file(str(path), tmp_path).path == path
    path.touch()
    assert embedded_file(str(path), tmp_path).path == path
    EmbeddedStore(path).close()
    assert embedded_file(str(path), tmp_path).path == path


def test_a_store_that_a_run_is_still_making_is_left_to_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(bytes(4096))
    path.with_name("store.db-journal").touch()
    assert embedded_file(str(path), tmp_path).path == path


@pytest.mark.parametrize(
    ("given", "option"), [("", "--local"), ("a.db", "--local=a.db"), ("a b.db", "--local='a b.db'")]
)
def test_a_file_that_is_not_there_is_told_with_the_command_that_makes_it(
    tmp_path: Path, given: str, option: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        embedded_file(given, tmp_path).check_exists()
    assert f"`vsync sync {option}`" in error.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".vsync").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be made") as error:
        embedded_file("", tmp_path).make_folder()
    assert "--local" in error.value.remedy


def written(given: str, repo: Repo) -> None:
    """Makes the store and everything that stands beside it."""
    file = embedded_file(given, repo.root)
    file.make_folder()
    for path in file.files:
        path.write_bytes(b"x")
    file.seal_folder.mkdir()
    (file.seal_folder / "default.seal.json").write_bytes(b"x")


@pytest.mark.parametrize(
    "name", ["store.db", "a/b/store.db", "x [1]*?.db", "#1.db", "!1.db", "back\\slash.db", "ünï.db", " lead trail "]
)
def test_git_ignores_the_file_and_what_stands_beside_it_wherever_it_lies(repo: Repo, name: str) -> None:
    repo.commit({"README.md": b"# Read me\n"})
    written(str(repo.root / name), repo)
    assert repo.git("status", "--porcelain", "--untracked-files=all", "--", ":!README.md") == ""
    (repo.root / "store.dbx").write_bytes(b"not ours")
    assert "store.dbx" in repo.git("status", "--porcelain", "--untracked-files=all")


def test_git_ignores_the_default_file_and_not_the_repositorys_manifest(repo: Repo) -> None:
    repo.commit({"README.md": b"# Read me\n"})
    written("", repo)
    (repo.root / ".vsync" / "manifest.json").write_bytes(b"{}")
    untracked = repo.git("status", "--porcelain", "--untracked-files=all", "--", ":!README.md")
    assert untracked.split() == ["??", ".vsync/manifest.json"]


def test_the_rules_are_written_once_and_leave_the_users_own_alone(repo: Repo) -> None:
    exclude = repo.root / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("*.tmp")
    file = embedded_file(str(repo.root / "store.db"), repo.root)
    file.make_folder()
    once = exclude.read_text()
    assert once.startswith("*.tmp\n")
    file.make_folder()
    assert exclude.read_text() == once


def test_in_a_linked_worktree_git_ignores_the_file_too(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"README.md": b"# Read me\n"})
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "--detach", str(linked))
    written(str(linked / "store.db"), Repo(linked))
    assert Repo(linked).git("status", "--porcelain", "--untracked-files=all") == ""


def test_outside_of_a_repository_only_the_folder_is_made(tmp_path: Path) -> None:
    embedded_file(str(tmp_path / "new" / "store.db"), tmp_path).make_folder()
    assert [path.name for path in tmp_path.rglob("*")] == ["new"]
