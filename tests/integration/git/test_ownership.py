"""Git's own check of who owns a repository stays, and only the workspace of a job may set it aside."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import World
from tests.support.gitrepo import Repo
from tests.support.runner import Runner
from vsync.errors import RepositoryError
from vsync.git.repository import Repository


@pytest.fixture
def others(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository that git takes for another user's."""
    repo.commit({"docs/a.md": b"# A\n"})
    (repo.root / "docs").mkdir()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    return repo


@pytest.mark.parametrize("folder", [".", "docs"])
def test_a_repository_of_another_user_is_refused_with_gits_remedy(others: Repo, folder: str) -> None:
    with pytest.raises(RepositoryError, match="another user owns it") as error:
        Repository(others.root / folder)
    assert f"git config --global --add safe.directory {others.root}" in error.value.remedy
    assert error.value.exit_code == 2


def test_the_command_line_refuses_it_before_it_does_anything(
    others: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(others, tmp_path / "store.db", capsys)
    for command in (["plan"], ["sync"], ["verify"], ["status"]):
        result = world.vsync(*command, "--repo", str(others.root / "docs"), "--source", "owner/name")
        assert result.code == 2
        assert "safe.directory" in result.err
    assert not (others.root / ".vsync").exists()


@pytest.mark.parametrize("command", [["serve", "--local"], ["stores", "list", "--local"], ["search", "x", "--local"]])
def test_no_embedded_store_is_made_beside_it(
    others: Repo,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(others.root / "docs")
    result = World(others, tmp_path / "store.db", capsys).vsync(*command, VSYNC_LOCAL="")
    assert result.code == 2
    assert "another user owns it" in result.err
    assert sorted(path.name for path in others.root.iterdir()) == [".git", "docs"]


def test_gits_remedy_helps(others: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with pytest.raises(RepositoryError) as error:
        Repository(others.root)
    command = error.value.remedy.partition("`")[2].partition("`")[0]
    subprocess.run(command, shell=True, check=True)
    with closing(Repository(others.root)) as repository:
        assert repository.root == others.root


def test_the_remedy_names_any_folder_as_a_shell_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo.make(tmp_path / "it's $HOME `x`")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RepositoryError) as error:
        Repository(repo.root)
    words = error.value.remedy.partition("safe.directory ")[2]
    shown = subprocess.run(
        ["sh", "-c", f"printf %s {words[: words.index('If you did not mean') - 3]}"], capture_output=True
    )
    assert shown.stdout.decode() == str(repo.root)


def test_a_repository_below_the_trusted_folder_is_read(others: Repo, tmp_path: Path) -> None:
    for trusted in (others.root, tmp_path):
        with closing(Repository(others.root / "docs", trusted=trusted)) as repository:
            assert repository.root == others.root


def test_a_repository_above_or_beside_the_trusted_folder_is_not(others: Repo, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "link").symlink_to(others.root)
    for trusted in (others.root / "docs", tmp_path / "beside", tmp_path / "re"):
        with pytest.raises(RepositoryError, match="another user owns it"):
            Repository(others.root / "docs", trusted=trusted)
    with pytest.raises(RepositoryError, match="another user owns it"):
        Repository(tmp_path / "link", trusted=tmp_path / "link")


@pytest.mark.parametrize("command", ["plan", "status"])
def test_the_action_reads_the_workspace_of_the_runners_user(tmp_path: Path, command: str) -> None:
    job = Runner(tmp_path)
    job.commit({"a.md": "# A\n"})
    step = job.run({"command": command, "commit": "false"}, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert "another user" not in step.log
    assert step.code == 0, step.log


def test_the_action_does_not_read_another_users_repository_outside_of_the_workspace(
    tmp_path: Path,
) -> None:
    job = Runner(tmp_path / "job")
    job.commit({"a.md": "# A\n"})
    other = Repo.make(tmp_path / "other")
    other.commit({"a.md": b"# A\n"})
    inputs = {"command": "plan", "commit": "false", "working-directory": "../../other"}
    step = job.run(inputs, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert step.code == 2
    assert "safe.directory" in step.log


def test_a_git_file_in_the_workspace_that_names_another_users_repository_is_refused(tmp_path: Path) -> None:
    job = Runner(tmp_path / "job")
    job.commit({"a.md": "# A\n"})
    other = Repo.make(tmp_path / "other")
    other.commit({"theirs.md": b"# A\n"})
    shutil.rmtree(job.workspace / ".git")
    (job.workspace / ".git").write_text(f"gitdir: {other.root}/.git\n")
    step = job.run({"command": "plan", "commit": "false"}, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert step.code == 2
    assert "theirs.md" not in step.log


def test_a_plain_folder_below_another_users_repository_changes_nothing_in_it(
    others: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    victim.chmod(0o600)
    (others.git_folder / "info").mkdir(exist_ok=True)
    (others.git_folder / "info" / "exclude").unlink(missing_ok=True)
    (others.git_folder / "info" / "exclude").symlink_to(victim)
    folder = others.root / "docs"
    (folder / "a.md").write_text("# A\n")
    (folder / "b.md").write_text("# B\n")
    result = World(others, folder / "store.db", capsys).vsync(
        *("sync", "--folder", str(folder), "--local", str(folder / "store.db"), "--source", "notes")
    )
    assert result.code == 0, result.err
    assert (victim.read_text(), victim.stat().st_mode & 0o777) == ("mine\n", 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to another user")
def test_a_shared_folder_with_another_users_git_above_is_refused(tmp_path: Path) -> None:
    """Whoever may write there can put a `.git` above everybody's folders."""
    shared = Repo.make(tmp_path / "shared")
    shared.commit({"mine/a.md": b"# A\n"})
    for path in [shared.git_folder, *shared.git_folder.rglob("*")]:
        os.chown(path, 12345, 12345)
    (shared.root / "mine").mkdir()
    with pytest.raises(RepositoryError, match="another user owns it"):
        Repository(shared.root / "mine")


# --- GIT_CEILING_DIRECTORIES --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ceiling", ["{root}", "/nowhere:{root}", "{root}/", "{link}"])
def test_a_folder_below_a_ceiling_is_in_no_repository(
    repo: Repo, tmp_path: Path, ceiling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo.root / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(repo.root)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", ceiling.format(root=repo.root, link=tmp_path / "link"))
    for folder in ("a", "a/b"):
        with pytest.raises(RepositoryError, match="is not in a git repository"):
            Repository(repo.root / folder)
        asked = subprocess.run(["git", "rev-parse"], cwd=repo.root / folder, capture_output=True)
        assert asked.returncode != 0  # git agrees
    with closing(Repository(repo.root)) as found:  # a ceiling never hides the folder itself
        assert found.root == repo.root


def test_a_ceiling_elsewhere_hides_nothing(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo.root / "a" / "b").mkdir(parents=True)
    for ceiling in (str(tmp_path), str(repo.root / "a" / "b"), str(repo.root / "x"), "relative"):
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", ceiling)
        with closing(Repository(repo.root / "a" / "b")) as found:
            assert found.root == repo.root
    shutil.rmtree(repo.root / ".git")
    with pytest.raises(RepositoryError):
        Repository(repo.root / "a")
