"""Documents behind Git LFS pointers: uploaded when their file is here, and never deleted because it is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.lfs import pointer_to, store
from tests.support.wire import World

OLD, NEW = b"# The manual\n" * 100, b"# The new manual\n" * 100


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    world = World(tmp_path)
    world.commit({"a.md": b"# A\n", "manual.md": pointer_to(OLD)})
    return world


def forget(world: World) -> None:
    """The next checkout is one without `lfs: true`."""
    shutil.rmtree(world.repo.git_folder / "lfs")


def texts(world: World) -> dict[str, str]:
    return {entry.path: entry.attributes["sha256"] for entry in world.ours()}


def test_the_file_is_uploaded_and_the_pointer_is_recorded(world: World) -> None:
    store(world.repo.git_folder, OLD)
    report = world.sync()
    assert report.exit_code == 0
    entry = world.state.files["manual.md"]
    assert entry.blob == world.repo.blob(world.head, "manual.md")
    assert entry.bytes == len(OLD)
    assert f"oid sha256:{entry.sha256}\n".encode() in pointer_to(OLD)


def test_a_file_that_comes_later_is_uploaded_though_its_pointer_is_the_same(world: World) -> None:
    assert world.sync().documents.skipped == (("manual.md", "lfs-pointer"),)
    world.wire.calm()
    assert not world.sync().changed
    assert world.wire.sent == []
    store(world.repo.git_folder, OLD)
    report = world.sync()
    assert report.comparison.mode == "diff"
    assert report.documents.added == ("manual.md",)
    world.wire.calm()
    assert not world.sync().changed
    assert world.wire.sent == []


def test_a_full_run_finds_a_file_that_came_later_as_well(world: World) -> None:
    world.sync()
    store(world.repo.git_folder, OLD)
    assert world.sync(full=True).documents.added == ("manual.md",)


def test_a_wrong_file_that_comes_later_changes_nothing(world: World) -> None:
    world.sync()
    store(world.repo.git_folder, OLD).write_bytes(b"x" * len(OLD))
    world.wire.calm()
    before = world.manifest_path.read_bytes()
    assert not world.sync().changed
    assert world.wire.sent == []
    assert world.manifest_path.read_bytes() == before


@pytest.mark.parametrize("full", [False, True])
def test_a_checkout_without_the_file_leaves_the_document(world: World, *, full: bool) -> None:
    store(world.repo.git_folder, OLD)
    world.sync()
    before = world.state.files
    forget(world)
    world.commit({"a.md": b"# B\n"})
    report = world.sync(full=full)
    assert report.documents.updated == ("a.md",)
    assert world.state.files["manual.md"] == before["manual.md"]


def test_a_document_that_must_be_uploaded_again_stays_and_says_what_is_missing(world: World) -> None:
    store(world.repo.git_folder, OLD)
    world.sync()
    before = world.state.files["manual.md"]
    forget(world)
    report = world.sync(reindex="manual.md")
    assert report.exit_code == 1
    assert "lfs: true" in report.documents.failed[0]["message"]
    assert world.state.files["manual.md"] == before
    store(world.repo.git_folder, OLD)
    assert world.sync(reindex="manual.md").documents.updated == ("manual.md",)


def test_a_changed_file_replaces_the_old_one(world: World) -> None:
    store(world.repo.git_folder, OLD)
    world.sync()
    world.commit({"manual.md": pointer_to(NEW)})
    store(world.repo.git_folder, NEW)
    assert world.sync().documents.updated == ("manual.md",)
    assert world.state.files["manual.md"].bytes == len(NEW)


def test_without_a_manifest_nothing_is_deleted_either(world: World) -> None:
    store(world.repo.git_folder, OLD)
    world.sync()
    before = texts(world)
    forget(world)
    world.manifest_path.unlink()
    report = world.sync(force=True)
    assert report.exit_code == 1
    assert texts(world) == before
    store(world.repo.git_folder, OLD)
    assert world.sync().exit_code == 0
    assert texts(world) == before


def test_a_document_whose_pointer_is_renamed_stays_until_the_file_is_here(world: World) -> None:
    store(world.repo.git_folder, OLD)
    world.sync()
    before = texts(world)
    forget(world)
    world.commit({"manual.md": None, "guide.md": pointer_to(OLD)})
    for full in (False, True):
        world.wire.calm()
        report = world.sync(full=full)
        assert (report.exit_code, report.changed, world.wire.sent) == (0, False, [])
        assert report.documents.unchanged == 2
        (warning,) = report.warnings
        assert warning.startswith("manual.md was renamed to guide.md. The file is a Git LFS pointer")
        assert report.document_warnings == {warning: "guide.md"}
    assert texts(world) == before
    world.commit({"a.md": b"# B\n"})
    assert world.sync().documents.updated == ("a.md",)
    assert world.sync().comparison.mode == "full"  # until the file is here
    assert texts(world)["manual.md"] == before["manual.md"]
    store(world.repo.git_folder, OLD)
    assert world.sync().documents.renamed == (("manual.md", "guide.md"),)
    assert texts(world)["guide.md"] == before["manual.md"]
    assert "manual.md" not in texts(world)


def test_a_plain_file_that_is_renamed_and_becomes_a_pointer_stays_until_the_file_is_here(world: World) -> None:
    world.commit({"page.md": NEW})
    world.sync()
    world.commit({"page.md": None, "new.md": pointer_to(NEW)})
    for full in (False, True):
        assert world.sync(full=full).documents.removed == ()
    assert "page.md" in texts(world)
    store(world.repo.git_folder, NEW)
    assert world.sync().documents.renamed == ()  # git has another blob for it
    assert set(texts(world)) == {"a.md", "new.md"}


@pytest.mark.parametrize("seen", [False, True])
def test_a_plain_file_that_becomes_a_pointer_to_the_same_bytes_needs_nothing(world: World, *, seen: bool) -> None:
    world.commit({"page.md": NEW})
    world.sync()
    before = texts(world)
    world.commit({"page.md": pointer_to(NEW)})
    if seen:
        store(world.repo.git_folder, NEW)
        assert not world.sync().changed
        forget(world)
    for full in (False, True):
        world.wire.calm()
        report = world.sync(full=full)
        assert (report.exit_code, report.changed, world.wire.sent, report.warnings) == (0, False, [], ())
    assert texts(world) == before
    world.commit({"a.md": b"# B\n"})
    assert world.sync().documents.updated == ("a.md",)
    assert texts(world)["page.md"] == before["page.md"]


@pytest.mark.parametrize("old", [NEW, pointer_to(NEW)])
def test_a_new_version_whose_file_is_not_here_fails_and_the_old_version_stays(world: World, old: bytes) -> None:
    newest = b"# The newest manual\n" * 100
    store(world.repo.git_folder, NEW)
    world.commit({"page.md": old})
    world.sync()
    before = texts(world)
    forget(world)
    world.commit({"page.md": pointer_to(newest)})
    plan = world.sync(dry_run=True)
    assert plan.documents.updated == ("page.md",)
    (warning,) = plan.warnings
    assert warning.startswith("page.md must be uploaded again. The file is a Git LFS pointer")
    for full in (False, True):
        report = world.sync(full=full)
        assert report.exit_code == 1
        (failed,) = report.documents.failed
        assert failed["path"] == "page.md"
        assert "lfs: true" in failed["message"]
        assert report.warnings == ()  # the failure says it all
        assert texts(world) == before
    store(world.repo.git_folder, newest)
    assert world.sync().documents.updated == ("page.md",)


def test_a_pointer_that_is_skipped_and_whose_document_the_store_has_loses_none(world: World) -> None:
    # A run uploads a file that has come, and is killed before it publishes. The next checkout lacks the file again.
    world.sync()
    manifest = world.manifest_path.read_bytes()
    store(world.repo.git_folder, OLD)
    world.sync()
    before = texts(world)
    forget(world)
    world.manifest_path.write_bytes(manifest)
    world.sync()
    assert texts(world) == before
