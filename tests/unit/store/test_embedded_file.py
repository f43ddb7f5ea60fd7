"""The embedded store's file, what stands beside it, and that git ignores all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
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
