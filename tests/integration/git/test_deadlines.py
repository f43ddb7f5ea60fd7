"""A git that never answers is ended at its deadline, whatever it waits for; and vsync itself opens no pipe among git's files."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.git.helpers import blob_id
from tests.integration.git.test_process import running
from tests.support.gitrepo import Repo
from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.deadlines import Deadlines
from vsync.git.exclude import exclude
from vsync.git.remote import Remote
from vsync.git.repository import Repository

SOON = Deadlines(command_s=0.2, fetch_s=0.2)

Use = Callable[[Repository, str], object]

COMMANDS: dict[str, tuple[str, Use]] = {
    "resolve": ("rev-parse", lambda repository, head: repository.resolve("HEAD")),
    "has_commit": ("cat-file", lambda repository, head: repository.has_commit(head)),
    "tree": ("ls-tree", lambda repository, head: list(repository.tree(head))),
    "find": ("ls-tree", lambda repository, head: repository.find(head, [b"a.md"])),
    "diff": ("diff-tree", lambda repository, head: list(repository.diff(head, head))),
    "line_counts": ("diff-tree", lambda repository, head: repository.line_counts(head, head, ["a.md"])),
    "parents": ("cat-file", lambda repository, head: repository.parents(head)),
    "is_ancestor": ("merge-base", lambda repository, head: repository.is_ancestor(head, head)),
    "merge_base": ("merge-base", lambda repository, head: repository.merge_base(head, head)),
    "count": ("rev-list", lambda repository, head: repository.count_between(head, head)),
    "sizes": ("cat-file", lambda repository, head: repository.sizes([blob_id(b"one")])),
    "read": ("cat-file", lambda repository, head: repository.blobs().read(blob_id(b"one"))),
    "checked_out": ("worktree", lambda repository, head: repository.checked_out()),
    "push_url": ("remote", lambda repository, head: repository.push_url()),
}


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Lets one command of git wait for ever, together with a helper that it starts."""
    place = tmp_path / "bin"
    real = shutil.which("git")

    def hang(command: str) -> None:
        place.mkdir(exist_ok=True)
        program = place / "git"
        program.write_text(
            f'#!/bin/sh\nfor word in "$@"; do [ "$word" = {command} ] && {{ sleep 9{os.getpid()} & cat "{place}/pipe"; }}; done\n'
            f'exec {real} "$@"\n'
        )
        program.chmod(0o755)
        os.mkfifo(place / "pipe")
        monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")

    def left() -> list[str]:
        return [line for line in running() if f"sleep 9{os.getpid()}" in line or str(place) in line]

    yield hang
    looks = 0
    while left() and looks < 100:  # a process that was killed is listed until the kernel has ended it
        time.sleep(0.1)
        looks += 1
    assert left() == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_never_answers_is_ended_and_named(name: str, repo: Repo, hanging: Callable[[str], None]) -> None:
    command, use = COMMANDS[name]
    head = repo.commit({"a.md": b"one"})
    repo.git("remote", "add", "origin", "https://github.com/acme/docs")
    with closing(Repository(repo.root, deadlines=SOON._replace(command_s=30.0))) as repository:
        repository._git.deadlines = SOON
        hanging(command)
        with pytest.raises(GitUnavailable, match=f"git {command} was ended because it gave no answer") as error:
            use(repository, head)
    assert error.value.remedy


def test_a_search_for_the_repository_that_never_ends_is_ended(repo: Repo, hanging: Callable[[str], None]) -> None:
    hanging("rev-parse")
    with pytest.raises(GitUnavailable, match="git rev-parse was ended"):
        Repository(repo.root, deadlines=SOON)


def test_a_fetch_of_blobs_has_a_deadline_of_its_own(repo: Repo, tmp_path: Path, hanging: Callable[[str], None]) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    head = repo.commit({"a.md": b"one"})
    clone = repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    hanging("fetch")
    limits = Deadlines(command_s=60.0, fetch_s=0.2)
    with (
        closing(Repository(clone.root, deadlines=limits)) as repository,
        pytest.raises(GitUnavailable, match="git fetch was ended"),
    ):
        repository.fetch_missing(head, [blob_id(b"one")])


def test_a_command_on_the_manifests_copy_has_a_deadline(tmp_path: Path, hanging: Callable[[str], None]) -> None:
    remote = Remote(str(tmp_path), None, os.environ, deadlines=SOON)
    with closing(remote):
        assert remote.folder.is_dir()
        remote.environment["PATH"] = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        hanging("hash-object")
        with pytest.raises(GitUnavailable, match="hash-object was ended because 0 s had passed"):
            remote.commit(None, "file", b"x", "message\n")


# --- Pipes among git's files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["HEAD", "config", "packed-refs", "shallow", "refs/heads/main", "objects/info/alternates", "commondir", "index"],
)
def test_a_pipe_among_gits_files_stops_nothing_for_ever(repo: Repo, name: str) -> None:
    head = repo.commit({"a.md": b"one"})
    file = repo.git_folder / name
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    # Where git does not need the file, all goes well. No outcome is a wait.
    with contextlib.suppress(GitUnavailable, RepositoryError), closing(Repository(repo.root, deadlines=SOON)) as opened:
        assert opened.resolve("HEAD") == head
        assert [entry.path for entry in opened.tree(head)] == [b"a.md"]


def test_a_pipe_in_the_place_of_git_itself_is_no_repository(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".git")
    with pytest.raises(RepositoryError):
        Repository(tmp_path, deadlines=SOON)


def test_a_pipe_in_the_place_of_the_ignore_rules_is_an_error(repo: Repo) -> None:
    (repo.git_folder / "info").mkdir(exist_ok=True)
    os.mkfifo(repo.git_folder / "info" / "exclude")
    with pytest.raises(OSError, match="it is a pipe, and no file"):
        exclude([repo.root / "file"], "why")
