"""A repository that git cannot use, or whose commit is elsewhere, is told as that: not as a folder without commits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.git.helpers import opened
from tests.support.gitrepo import Repo
from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.repository import Repository


def head(repo: Repo) -> str:
    with opened(repo.root) as repository:
        return repository.resolve("HEAD")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gitdir: /nowhere/.git/worktrees/x\n", "names the repository /nowhere/.git/worktrees/x, which is not there"),
        ("gitdir: ../.git/modules/x\n", "which is not there"),
        ("gitdir: .\n", "is not a repository that git can use"),
        ("gitdir:\n", "names no repository"),
        ("junk\n", "names no repository"),
        ("", "names no repository"),
        ("gitdir: a\0b\n", "names no repository"),
    ],
)
def test_a_gitfile_without_a_repository_is_told_with_what_it_names(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / ".git").write_text(text)
    (tmp_path / "docs").mkdir()
    for folder in (tmp_path, tmp_path / "docs"):
        with pytest.raises(RepositoryError, match=message) as error:
            Repository(folder)
        assert error.value.remedy


def test_a_gitfile_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(b"gitdir: \xff\xfe")
    with pytest.raises(RepositoryError, match=r"\.git"):
        Repository(tmp_path)


@pytest.mark.parametrize("there", [(), ("HEAD",), ("objects", "refs")])
def test_a_repository_that_lacks_its_parts_is_told_with_what_it_lacks(tmp_path: Path, there: tuple[str, ...]) -> None:
    (tmp_path / ".git").mkdir()
    for name in there:
        if name == "HEAD":
            (tmp_path / ".git" / name).write_text("ref: refs/heads/main\n")
        else:
            (tmp_path / ".git" / name).mkdir()
    with pytest.raises(RepositoryError, match="not a repository that git can use: it has no") as error:
        Repository(tmp_path)
    assert all(f"no {name}" not in error.value.message for name in there)


def test_a_clone_whose_objects_are_elsewhere_and_gone_names_that_folder(repo: Repo, tmp_path: Path) -> None:
    commit = repo.commit({"a.md": b"text"})
    shared = tmp_path / "shared"
    repo.git("clone", "-q", "--shared", str(repo.root), str(shared))
    assert head(Repo(shared)) == commit
    moved = repo.root.rename(tmp_path / "moved")
    with pytest.raises(
        RepositoryError, match=rf"{commit[:12]} of HEAD .*{repo.root}/.git/objects.* not there"
    ) as error:
        head(Repo(shared))
    assert "--dissociate" in error.value.remedy
    moved.rename(repo.root)
    assert head(Repo(shared)) == commit


def test_a_commit_whose_objects_are_lost_is_no_unborn_branch(repo: Repo) -> None:
    commit = repo.commit({"a.md": b"text"})
    repo.git("branch", "other")
    shutil.rmtree(repo.root / ".git" / "objects")
    (repo.root / ".git" / "objects").mkdir()
    with opened(repo.root) as repository:
        for revision in ("HEAD", "main", "other"):
            with pytest.raises(RepositoryError, match=f"{commit[:12]} of {revision} is not in this clone"):
                repository.resolve(revision)
        with pytest.raises(RepositoryError, match="is not a commit in this clone"):
            repository.resolve("nothing")


def test_an_unborn_branch_is_still_told_as_one(tmp_path: Path) -> None:
    with opened(Repo.make(tmp_path / "new").root) as repository, pytest.raises(RepositoryError, match="unborn"):
        repository.resolve("HEAD")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("[core\n", "bad config line"),
        ("[core]\n\trepositoryformatversion = 9\n", "version"),
        ("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunheardof = true\n", "unheardof"),
    ],
)
def test_what_git_refuses_is_told_in_gits_words(repo: Repo, written: str, words: str) -> None:
    repo.commit({"a.md": b"text"})
    with (repo.root / ".git" / "config").open("a") as config:
        config.write(written)
    with pytest.raises(RepositoryError, match=f"git cannot use the repository {repo.root}: .*{words}"):
        head(repo)


def test_variables_that_git_cannot_read_are_told_in_gits_words(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a.md": b"text"})
    monkeypatch.setenv("GIT_CONFIG_COUNT", "many")
    with pytest.raises(RepositoryError, match="GIT_CONFIG_COUNT"):
        head(repo)


def test_a_partial_clone_whose_remote_is_gone_says_so(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    commit = repo.commit({"a.md": b"text"})
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.root}", str(partial))
    gone = repo.root.rename(tmp_path / "gone")
    blob = Repo(gone).git("rev-parse", f"{commit}:a.md")
    with opened(partial) as repository, pytest.raises(GitUnavailable, match=r"does not appear to be a git repository"):
        repository.fetch_missing(commit, [blob])
