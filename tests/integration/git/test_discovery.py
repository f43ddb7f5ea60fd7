"""Which folder is the repository: inside it, linked worktrees, submodules, and what only looks like a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.git.helpers import opened, tree
from tests.support.gitrepo import Repo
from vsync.errors import RepositoryError
from vsync.git.repository import Repository


def test_a_linked_worktree_has_its_own_head_and_shares_the_common_folder(repo: Repo, tmp_path: Path) -> None:
    main = repo.commit({"a.md": b"1"})
    other = repo.commit({"b.md": b"2"}, branch="other")
    worktree = tmp_path / "linked tree"
    repo.git("worktree", "add", "-q", str(worktree), "other")
    with opened(worktree) as linked, opened(repo.root) as original:
        assert (linked.resolve("HEAD"), original.resolve("HEAD")) == (other, main)
        assert linked.root == worktree
        assert linked.common_dir == original.common_dir == repo.root / ".git"
        assert set(tree(linked, other)) == {b"b.md"}


def test_the_repository_is_found_from_a_folder_inside_it(repo: Repo) -> None:
    commit = repo.commit({"docs/a.md": b"1", "b.md": b"2"})
    repo.checkout()
    with opened(repo.root / "docs") as repository:
        assert repository.root == repo.root
        assert set(tree(repository, commit)) == {b"docs/a.md", b"b.md"}


def test_a_submodules_folder_is_a_repository_of_its_own(repo: Repo, tmp_path: Path) -> None:
    inner = Repo.make(tmp_path / "inner")
    inside = inner.commit({"inside.md": b"1"})
    repo.commit({"outside.md": b"1"})
    repo.checkout()
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    with opened(repo.root / "sub") as repository:
        assert repository.resolve("HEAD") == inside
        assert set(tree(repository, inside)) == {b"inside.md"}


@pytest.mark.parametrize("name", ["$HOME", "${PATH}", "50%PATH%", "~", "~root", "two words", "-dash", "a\nb"])
def test_a_repository_folder_is_taken_by_its_name_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo.make(tmp_path / name)
    commit = repo.commit({"a.md": b"1"})
    monkeypatch.chdir(tmp_path)
    with opened(Path(name)) as repository:
        assert repository.root == tmp_path / name
        assert repository.resolve("HEAD") == commit


def test_a_folder_outside_of_any_repository_is_refused_with_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match=r"not in a git repository.*--folder"):
        Repository(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="There is no folder"):
        Repository(tmp_path / "missing")


def test_a_gitfile_that_leads_nowhere_is_not_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    with pytest.raises(RepositoryError, match=r"\.git names the repository /nowhere/at/all, which is not there"):
        Repository(tmp_path)


def test_a_folder_that_looks_like_a_bare_repository_is_refused(repo: Repo) -> None:
    """Its configuration was committed by whoever wrote the files, and a configuration can run commands."""
    repo.commit({"evil/HEAD": b"ref: refs/heads/main\n", "evil/config": b"[core]\n\tbare = true\n"})
    repo.checkout()
    for name in ("objects", "refs", "docs"):
        (repo.root / "evil" / name).mkdir()
    with pytest.raises(RepositoryError, match="looks like a bare repository"):
        Repository(repo.root / "evil")
    opened = Repository(repo.root / "evil" / "docs")
    assert opened.git_dir == (repo.root / ".git").resolve()
    opened.close()


def test_what_is_called_git_and_is_no_repository_is_passed_over(repo: Repo) -> None:
    repo.commit({"docs/a.md": b"# A\n"})
    (repo.root / "docs" / ".git").mkdir(parents=True)
    opened = Repository(repo.root / "docs")
    assert opened.root == repo.root.resolve()
    opened.close()
