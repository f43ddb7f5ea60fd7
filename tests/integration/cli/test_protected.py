"""The store of a target is not deleted without --force, wherever its manifest is kept."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import environment

pytestmark = [pytest.mark.usefixtures("kept_signal_handlers"), pytest.mark.usefixtures("docs")]
MANIFEST = ".vsync/manifest.json"


def git(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment(), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def synced(world: World, *arguments: str) -> str:
    """The store of a first sync, beside a store of somebody else."""
    store: str = world.sync(*arguments)["vector_store_id"]
    with client(world.db) as api:
        api.vector_stores.create(name="theirs")
    return store


def refused(world: World, store: str) -> None:
    """Neither its id nor a filter deletes the store."""
    by_id = world.vsync("stores", "delete", store, "--yes")
    assert (by_id.code, "manifest names" in by_id.err) == (4, True), by_id
    by_filter = world.vsync("stores", "delete", "--owned", "--with-files", "--yes")
    assert (by_filter.code, "manifest names it" in by_filter.out) == (0, True), by_filter
    with client(world.db) as api:
        assert api.vector_stores.retrieve(store).file_counts.completed == 3


@pytest.fixture
def remote(world: World, tmp_path: Path) -> Path:
    """The remote `origin`, which has the branch `main`."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(world.repo.root, "remote", "set-url", "origin", str(bare))
    git(world.repo.root, "push", "-q", "origin", "HEAD:main")
    return bare


# --- In the clone -----------------------------------------------------------------------------------------------


def test_from_a_folder_of_the_repository(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store = synced(world)
    below = world.repo.root / "docs"
    below.mkdir(exist_ok=True)
    monkeypatch.chdir(below)
    refused(world, store)


def test_from_another_working_tree(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = synced(world)
    git(world.repo.root, "worktree", "add", "-q", str(tmp_path / "linked"))
    monkeypatch.chdir(tmp_path / "linked")
    refused(world, store)


def test_the_manifest_of_a_linked_working_tree(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(world.repo.root, "worktree", "add", "-q", str(tmp_path / "linked"))
    with monkeypatch.context() as there:
        there.chdir(tmp_path / "linked")
        store = synced(world)
    refused(world, store)


def test_a_manifest_that_is_committed_and_gone_from_the_working_tree(world: World) -> None:
    store = synced(world)
    git(world.repo.root, "add", "-f", MANIFEST)
    git(world.repo.root, "commit", "-qm", "manifest")
    world.manifest.unlink()
    refused(world, store)


def test_a_manifest_that_stands_on_another_branch(world: World) -> None:
    store = synced(world)
    git(world.repo.root, "add", "-f", MANIFEST)
    git(world.repo.root, "commit", "-qm", "manifest")
    git(world.repo.root, "checkout", "-qf", "-b", "feature", "HEAD~1")
    assert not world.manifest.exists()
    refused(world, store)


def test_a_manifest_that_is_broken_on_another_branch_stops_nobody(world: World) -> None:
    store = synced(world)
    world.manifest.write_text("<<<<<<< HEAD\n")
    git(world.repo.root, "checkout", "-q", "-b", "broken")
    git(world.repo.root, "add", "-f", MANIFEST)
    git(world.repo.root, "commit", "-qm", "manifest")
    git(world.repo.root, "checkout", "-qf", "main")
    assert world.vsync("stores", "delete", store, "--yes").code == 0


def test_the_manifest_of_a_sync_that_commits_it(world: World) -> None:
    refused(world, synced(world, "--commit"))


def test_a_plain_folder_without_git(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.md").write_text(f"# {name}\n")
    monkeypatch.chdir(folder)
    refused(world, synced(world, "--folder", "."))


def test_the_embedded_store_from_anywhere(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.local = True
    store = synced(world)
    refused(world, store)
    monkeypatch.chdir(tmp_path)
    refused(world, store)


# --- On the remote ----------------------------------------------------------------------------------------------


def test_a_manifest_that_this_clone_has_pushed(world: World, remote: Path) -> None:
    refused(world, synced(world, "--push"))


@pytest.mark.parametrize(
    "options", [(), ("--single-branch",), ("--single-branch", "--depth", "1"), ("-o", "upstream")], ids=" ".join
)
def test_a_manifest_on_the_remote_of_another_clone(
    world: World, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    store = synced(world, "--push")
    git(tmp_path, "clone", "-q", *options, remote.as_uri(), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    refused(world, store)


def test_a_manifest_that_is_newer_than_what_the_clone_has_fetched(
    world: World, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced(world, "--push")
    git(tmp_path, "clone", "-q", str(remote), str(tmp_path / "clone"))
    second = world.sync("--push", "--target", "two", "--vector-store-name", "two")["vector_store_id"]
    monkeypatch.chdir(tmp_path / "clone")
    refused(world, second)


def test_a_manifest_beside_the_files(
    world: World, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = synced(world, "--push", "--manifest-branch", "main")
    git(tmp_path, "clone", "-q", str(remote), str(tmp_path / "clone"))
    git(tmp_path / "clone", "rm", "-q", MANIFEST)
    monkeypatch.chdir(tmp_path / "clone")
    refused(world, store)


@pytest.mark.parametrize("options", [(), ("--single-branch",)], ids=" ".join)
def test_another_manifest_on_the_branch_of_vsync(
    world: World, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    store = synced(world, "--push", "--manifest", "jobs/docs.json")
    git(tmp_path, "clone", "-q", *options, str(remote), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    refused(world, store)
    pushing = world.vsync("stores", "delete", store, "--yes", "--push")
    assert (pushing.code, "manifest names" in pushing.err) == (4, True), pushing


def test_a_remote_that_does_not_answer_is_told_and_what_is_fetched_counts(
    world: World, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = synced(world, "--push")
    git(tmp_path, "clone", "-q", str(remote), str(tmp_path / "clone"))
    remote.rename(tmp_path / "away.git")
    monkeypatch.chdir(tmp_path / "clone")
    refused(world, store)
    other = world.vsync("stores", "delete", "theirs", "--yes")
    assert other.code == 0
    assert "Whether the remote origin keeps a manifest is not known" in other.err


def test_a_broken_manifest_on_the_remote_stops_a_delete(
    world: World, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = synced(world, "--push")
    git(tmp_path, "clone", "-q", "-b", "vsync-manifest", str(remote), str(tmp_path / "editor"))
    (tmp_path / "editor" / MANIFEST).write_text("<<<<<<< HEAD\n")
    git(tmp_path / "editor", "commit", "-qam", "broken")
    git(tmp_path / "editor", "push", "-q")
    git(tmp_path, "clone", "-q", "--single-branch", str(remote), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    result = world.vsync("stores", "delete", store, "--yes")
    assert (result.code, "so nothing was deleted" in result.err) == (2, True), result
