"""Documents that the user wants uploaded again are replaced, and are never missing or doubled meanwhile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.wire import World, call, refuse, unreachable
from vsync.errors import ApiUnavailable, PublicationFailed
from vsync.state.publication import ManifestMoved
from vsync.sync import run as sync
from vsync.sync.publish import TargetPart

FILES = {"a.md": b"# A\n", "docs/b.md": b"# B\n", "docs/c.md": b"# C\n"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that was synced."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    world = World(tmp_path)
    world.commit(dict(FILES))
    assert world.sync().exit_code == 0
    world.wire.calm()
    return world


def ids(world: World) -> dict[str, str]:
    return {entry.path: entry.file_id for entry in world.ours()}


def test_only_what_matches_gets_a_new_file_and_the_next_run_has_nothing_to_do(world: World) -> None:
    before = ids(world)
    report = world.sync(reindex="docs/")
    assert report.documents.updated == ("docs/b.md", "docs/c.md")
    after = ids(world)
    assert after["a.md"] == before["a.md"]
    assert not {after["docs/b.md"], after["docs/c.md"]} & set(before.values())
    assert world.audit() == set()
    world.settled()
    world.wire.calm()
    manifest = world.manifest_path.read_bytes()
    assert not world.sync().changed
    assert world.wire.sent == []
    assert world.manifest_path.read_bytes() == manifest


def test_the_manifest_says_the_same_of_the_document_but_for_the_file(world: World) -> None:
    before = world.state
    world.sync(reindex="a.md")
    after = world.state
    assert after.files["a.md"]._replace(file_id="") == before.files["a.md"]._replace(file_id="")
    assert (after.commit, after.settings) == (before.commit, before.settings)


def test_the_old_version_stays_until_the_new_one_is_indexed_and_published(world: World) -> None:
    found: list[int] = []
    world.wire.watchers.append(lambda sent: found.append(len(world.searchable("a.md"))))
    world.sync(reindex="a.md")
    assert set(found) == {1, 2}


def test_what_changes_and_goes_in_the_same_run_is_done_once(world: World) -> None:
    world.commit(
        {
            "a.md": b"# A is longer\n",
            "docs/b.md": None,
            "new.md": b"# New\n",
            "docs/c.md": None,
            "c.md": FILES["docs/c.md"],
        }
    )
    report = world.sync(reindex="*")
    documents = report.documents
    assert (documents.updated, documents.added, documents.removed) == (("a.md",), ("new.md",), ("docs/b.md",))
    assert documents.renamed == (("docs/c.md", "c.md"),)
    assert len(world.wire.of("POST /files")) == 3
    assert world.audit() == set()
    world.settled()


def test_a_pattern_that_matches_nothing_is_a_warning_and_no_request(world: World) -> None:
    report = world.sync(reindex="nowhere/\n!b.md")
    assert [warning for warning in report.warnings if "'nowhere/'" in warning and "--reindex" in warning]
    assert len(report.warnings) == 1
    assert not report.changed
    assert world.wire.sent == []


def test_a_listing_does_not_take_the_existing_entry_for_the_new_one(world: World) -> None:
    before = ids(world)
    world.forget_seal()
    report = world.sync(reindex="a.md")
    assert report.documents.updated == ("a.md",)
    assert ids(world)["a.md"] != before["a.md"]
    assert world.audit() == set()
    world.settled()


def test_a_lost_manifest_does_not_either(world: World) -> None:
    before = ids(world)
    world.forget_manifest()
    world.forget_seal()
    assert world.sync(reindex="a.md").documents.updated == ("a.md",)
    after = ids(world)
    assert after["a.md"] != before["a.md"]
    assert after["docs/b.md"] == before["docs/b.md"]
    assert world.audit() == set()
    world.settled()


def test_a_version_that_the_store_refuses_leaves_the_old_one(world: World) -> None:
    before = ids(world)
    world.wire.when("POST /files", refuse(400, "no", "invalid_request_error"))
    assert world.sync(reindex="a.md").exit_code == 1
    world.wire.calm()
    assert ids(world) == before
    assert world.audit() == set()


def test_a_document_that_was_refused_for_good_is_tried_again(world: World) -> None:
    world.commit({"new.md": b"# New\n"})
    world.wire.when("POST /files", refuse(413, "too large", "file_too_large"))
    assert world.sync().exit_code == 1
    world.wire.calm()
    assert world.sync().exit_code == 1
    assert world.wire.of("POST /files") == []
    assert world.sync(reindex="new.md").exit_code == 0
    assert world.audit() == set()
    world.settled()


def test_a_run_that_ends_early_is_gone_on_with_by_a_plain_sync(world: World) -> None:
    world.wire.when("POST /files", unreachable(), skip=1)
    assert isinstance(world.sync(reindex="*").error, ApiUnavailable)
    world.wire.calm()
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.settled()


def test_when_the_manifest_moves_meanwhile_the_run_uploads_again_and_leaves_no_double(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(world)
    publish, moves = TargetPart.publish, [ManifestMoved()]

    def once_moved(*given: object, **named: object) -> None:
        if moves:
            raise moves.pop()
        publish(*given, **named)  # type: ignore[arg-type]  # mypy: *given has no types; the arguments are those that the product passed

    monkeypatch.setattr(TargetPart, "publish", once_moved)
    assert world.sync(reindex="a.md").documents.updated == ("a.md",)
    assert ids(world)["a.md"] != before["a.md"]
    assert world.audit() == set()
    world.settled()


def test_when_the_manifest_moves_meanwhile_another_plan_than_the_expected_one_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.commit({"a.md": b"# A is longer\n"})
    reviewed = world.plan().plan.plan_id
    publish, moves = TargetPart.publish, [ManifestMoved()]

    def once_moved(*given: object, **named: object) -> None:
        if moves:
            raise moves.pop()
        publish(*given, **named)  # type: ignore[arg-type]  # mypy: *given has no types; the arguments are those that the product passed

    monkeypatch.setattr(TargetPart, "publish", once_moved)
    with pytest.raises(PublicationFailed, match="not the expected one") as raised:
        world.sync(expect=reviewed)
    assert raised.value.exit_code == 3
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.settled()


def test_another_run_that_was_quicker_does_not_make_the_expected_plan_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While this run waits for the lock, another one carries out the plan."""
    world.commit({"a.md": b"# A is longer\n"})
    reviewed = world.plan().plan.plan_id
    other = World(world.folder, files=dict(world.files), head=world.head)
    taken: list[int] = []

    def quicker() -> None:
        if not taken:
            taken.append(other.sync(expect=reviewed).exit_code)
            other.wire.close()

    with world.opened(expect=reviewed) as opened:
        publication = opened.ports.publication
        take = publication.take

        def late(*given: Any, **named: Any) -> Any:
            quicker()
            return take(*given, **named)

        monkeypatch.setattr(publication, "take", late)
        report = sync.run(*opened)
    assert taken == [0]
    assert report.exit_code == 4
    assert report.refused is not None
    assert "carried out already" in report.refused
    assert world.audit() == set()
    world.settled()


def test_the_wire_is_quiet_where_nothing_is_expected(world: World) -> None:
    world.wire.when("POST /files", call(lambda: None))
    assert world.sync(expect=world.plan().plan.plan_id).exit_code == 0
    assert world.wire.sent == []
