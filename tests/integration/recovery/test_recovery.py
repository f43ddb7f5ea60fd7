"""Runs that die, and machines that forget: what the next run makes of what it finds in the store."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.wire import QuickStop, World, alter, die, lose, once, refuse
from vsync.errors import Interrupted, StoreConflict
from vsync.report.report import Report
from vsync.state.local import LocalPublication
from vsync.state.seal import dump_seal
from vsync.sync import run as sync

A, B, C, D = b"# A\n", b"# B\n", b"# C\n", b"# D\n"


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world")
    yield made
    made.wire.close()


@pytest.fixture
def synced(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three documents that are in the store beside a stranger's two, and no request on record."""
    made = once("three documents and two strangers", tmp_path_factory, _three_documents).copy(tmp_path / "synced")
    yield made
    made.wire.close()


def _three_documents(world: World) -> None:
    world.commit({"a.md": A, "b.md": B, "docs/c.md": C})
    assert world.sync().exit_code == 0
    world.plant(path="a.md")
    world.plant(path="b.md", owner="somebody", target="default", source="acme/other")


def same_as_before(world: World) -> None:
    """Two more runs: the first brings everything into order, the second has nothing to do."""
    assert len(world.stores()) == 1
    world.wire.calm()
    again = world.sync()
    assert (again.error, again.documents.failed, again.requests) == (None, (), {})


def at_request(number: int, *, answered: bool) -> Callable[[World], None]:
    return lambda world: world.wire.when(lambda sent: sent.number == number, die(answered=answered))


def forget_everything(world: World) -> None:
    world.forget_manifest()
    world.forget_seal()


def unknown_files(world: World) -> set[str]:
    """Files that are in no store and that no manifest names."""
    attached = {entry["id"] for store in world.stores() for entry in world.pages(f"/vector_stores/{store['id']}/files")}
    named = set() if world.manifest is None else set(world.state.pending_delete)
    return world.uploaded().keys() - attached - named


def first_sync(world: World) -> None:
    world.commit({"a.md": A, "b.md": B, "docs/c.md": C})


def update(world: World) -> None:
    first_sync(world)
    world.sync()
    world.plant(path="a.md")
    world.wire.calm()
    world.commit({"a.md": b"# A2", "new.md": D})


# Killed


@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_runs_that_are_killed_again_and_again_get_there(world: World, number: int) -> None:
    """A run that makes up for another one may die as well."""
    update(world)
    world.wire.calm()
    lost: set[str] = set()
    for turn in range(4):
        if not world.sync_and_die(at_request(number + turn, answered=True)):
            break
        attached = {entry.file_id for entry in world.entries()}
        lost |= world.uploaded().keys() - attached - set(world.state.pending_delete)
    assert world.sync().exit_code == 0
    assert world.audit() <= lost
    world.settled()


def test_the_documents_move_on_after_a_killed_run(world: World) -> None:
    """The next run is of a newer commit: what the dead one brought is already old."""
    update(world)
    world.wire.calm()
    world.sync_and_die(lambda world: world.wire.when("GET /vector_stores/*/file_batches/*", die(answered=True)))
    world.commit({"a.md": b"# A3", "new.md": None, "docs/c.md": b"# C2"})
    report = world.sync()
    assert (report.exit_code, report.error) == (0, None)
    assert world.audit() == set()
    world.settled()
    same_as_before(world)


def test_what_a_killed_run_attached_is_waited_for_and_not_sent_again(world: World) -> None:
    first_sync(world)
    batch = "POST /vector_stores/*/file_batches"
    assert world.sync_and_die(lambda world: world.wire.when(batch, die(answered=True)))
    world.wire.when("GET /vector_stores/*/files", alter(_in_progress), times=1)
    report = world.sync()
    assert report.exit_code == 0
    assert not world.wire.of("POST /files")
    assert world.audit() == set()
    world.settled()


def _in_progress(page: dict[str, Any]) -> None:
    for entry in page["data"]:
        entry["status"] = "in_progress"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_a_killed_run_attached_in_vain_is_replaced(world: World, status: str) -> None:
    first_sync(world)
    batch = "POST /vector_stores/*/file_batches"
    assert world.sync_and_die(lambda world: world.wire.when(batch, die(answered=True)))
    world.wire.when(
        "GET /vector_stores/*/files",
        alter(lambda page: page["data"][0].update(status=status)),
        times=1,
    )
    report = world.sync()
    assert report.exit_code == 0
    assert len(world.wire.of("POST /files")) == 1
    assert world.audit() == set()
    world.settled()


def test_a_run_that_waited_for_one_that_died_looks_at_the_store_first(synced: World) -> None:
    """It had read the seal when it was still closed."""
    synced.commit({"a.md": b"# A2", "n.md": D})
    poll = "GET /vector_stores/*/file_batches/*"

    class Late(LocalPublication):
        def take(self, *given: Any, **named: Any) -> None:
            if not synced.sync_and_die(lambda world: world.wire.when(poll, die(answered=True))):
                raise AssertionError("the other run did not die")
            super().take(*given, **named)

    with synced.opened() as opened:
        publication = opened.ports.publication
        assert isinstance(publication, LocalPublication)
        publication.__class__ = Late
        report = sync.run(*opened)
    assert (report.exit_code, report.error) == (0, None)
    assert synced.audit() == set()
    synced.settled()


def test_the_first_of_two_first_syncs_dies_and_the_other_goes_on(world: World) -> None:
    first_sync(world)
    poll = "GET /vector_stores/*/file_batches/*"

    class Late(LocalPublication):
        def take(self, *given: Any, **named: Any) -> None:
            world.sync_and_die(lambda world: world.wire.when(poll, die(answered=True)))
            super().take(*given, **named)

    with world.opened() as opened:
        assert isinstance(opened.ports.publication, LocalPublication)
        opened.ports.publication.__class__ = Late
        report = sync.run(*opened)
    assert (report.exit_code, report.error) == (0, None)
    assert len(world.stores()) == 1
    assert world.audit() == set()
    world.settled()


@pytest.mark.parametrize("what", ["POST /files", "POST /vector_stores/*/file_batches", "DELETE /files/*"])
def test_a_seal_nobody_holds_is_taken_over_at_once(synced: World, what: str) -> None:
    synced.commit({"a.md": b"# A2", "b.md": b"# B2"})
    assert synced.sync_and_die(lambda world: world.wire.when(what, die(answered=False)))
    seal = synced.seal
    assert seal is not None
    assert seal.state == "open"
    assert synced.sync(lock_timeout="0").exit_code == 0
    synced.settled()


# A machine that forgets


def test_a_fresh_clone_goes_on_from_the_manifest(synced: World) -> None:
    synced.forget_seal()
    assert synced.sync().requests == {}
    synced.commit({"a.md": b"# A2", "b.md": None})
    report = synced.sync()
    assert (report.documents.updated, report.documents.removed) == (("a.md",), ("b.md",))
    assert len(synced.wire.of("POST /files")) == 1
    assert synced.audit() == set()
    synced.settled()


@pytest.mark.parametrize("owner", [None, "somebody"])
def test_a_foreign_id_in_a_manifest_without_a_seal_is_never_deleted(synced: World, owner: str | None) -> None:
    attributes = {"path": "b.md"} | ({} if owner is None else {"owner": owner, "target": "default"})
    theirs = synced.plant(b"theirs", **attributes)
    loose = synced.upload("loose.md", b"in no store")
    ours = synced.entry("b.md").file_id
    _edit(synced, ours, theirs)
    manifest = synced.manifest_path.read_bytes()
    synced.manifest_path.write_bytes(
        manifest.replace(b'"pending_delete": []', b'"pending_delete": ["%s"]' % loose.encode())
    )
    synced.forget_seal()
    synced.commit({"a.md": b"# A2", "b.md": b"# B2"})
    assert synced.sync().exit_code == 0
    assert synced.audit() == {loose}
    assert not [
        sent for sent in synced.wire.sent if sent.method == "DELETE" and (theirs in sent.path or loose in sent.path)
    ]
    synced.settled()


def _edit(world: World, old: str, new: str) -> None:
    content = world.manifest_path.read_bytes()
    assert old.encode() in content
    world.manifest_path.write_bytes(content.replace(old.encode(), new.encode()))


@pytest.mark.parametrize("change", ["remove", "replace", "nothing"])
def test_an_edited_manifest_that_names_a_foreign_file_does_it_no_harm(synced: World, change: str) -> None:
    theirs = synced.plant(b"theirs", path="x.md")
    _edit(synced, synced.entry("b.md").file_id, theirs)
    if change != "nothing":
        synced.commit({"b.md": None if change == "remove" else b"# B2"})
    assert synced.sync().exit_code == 0
    assert theirs in {entry.file_id for entry in synced.entries()}
    assert synced.audit() == set()
    synced.settled()


def test_an_edited_list_of_what_to_delete_is_not_believed(synced: World) -> None:
    theirs = synced.plant(b"theirs", path="x.md")
    other_store = synced.make_store("other")
    elsewhere = synced.plant(b"theirs", store_id=other_store, path="x.md")
    loose = synced.upload("loose.md", b"in no store")
    named = ", ".join(f'"{file_id}"' for file_id in sorted([theirs, elsewhere, loose]))
    content = synced.manifest_path.read_bytes()
    synced.manifest_path.write_bytes(
        content.replace(b'"pending_delete": []', b'"pending_delete": [%s]' % named.encode())
    )
    store = synced.state.vector_store_id
    assert synced.sync().exit_code == 0
    assert {theirs, elsewhere, loose} <= synced.uploaded().keys()
    assert synced.audit(store_id=store) == {loose}
    assert synced.state.pending_delete == ()


@pytest.mark.parametrize("moved_on", [False, True])
def test_a_manifest_that_was_rewound_makes_no_duplicates(synced: World, moved_on: bool) -> None:
    synced.repo.git("add", "--force", ".vsync/manifest.json")
    old = synced.manifest_path.read_bytes()
    synced.commit({"a.md": b"# A2", "n.md": D, "b.md": None})
    synced.sync()
    if moved_on:
        synced.commit({"a.md": b"# A3", "docs/c.md": None})
    synced.wire.calm()
    synced.repo.git("checkout", "--", ".vsync/manifest.json")
    assert synced.manifest_path.read_bytes() == old
    report = synced.sync()
    assert (report.exit_code, report.error) == (0, None)
    assert synced.wire.of("GET /vector_stores/*/files")
    assert len(synced.wire.of("POST /files")) == (1 if moved_on else 0)
    assert synced.audit() == set()
    synced.settled()
    same_as_before(synced)


def test_a_rewound_commit_brings_the_old_documents_back(synced: World) -> None:
    synced.commit({"a.md": b"# A2", "b.md": None})
    synced.sync()
    synced.repo.git("update-ref", "refs/heads/main", "HEAD~1")
    synced.files |= {"a.md": A, "b.md": B}
    report = synced.sync()
    assert (report.documents.updated, report.documents.added) == (("a.md",), ("b.md",))
    assert synced.audit() == set()
    synced.settled()


def test_a_lost_manifest_is_made_anew_without_an_upload(synced: World) -> None:
    before = synced.state
    synced.forget_manifest()
    report = synced.sync()
    assert (report.exit_code, report.changed) == (0, False)
    assert not [sent for sent in synced.wire.sent if sent.method != "GET"]
    assert synced.audit() == set()
    synced.settled()
    assert synced.state.files == before.files
    same_as_before(synced)


def test_lost_state_of_a_certain_source_is_found_in_the_store(synced: World) -> None:
    owner = _owner(synced)
    forget_everything(synced)
    synced.commit({"a.md": b"# A2", "b.md": None, "n.md": D})
    report = synced.sync()
    assert (report.documents.added, report.documents.updated, report.documents.removed) == (
        ("n.md",),
        ("a.md",),
        ("b.md",),
    )
    assert _owner(synced) == owner
    assert synced.audit() == set()
    synced.settled()


def _owner(world: World) -> str:
    manifest = world.manifest
    assert manifest is not None
    return manifest.owner


@pytest.mark.parametrize("by_id", [True, False])
def test_lost_state_of_a_folders_name_is_not_taken_for_an_identity(world: World, by_id: bool) -> None:
    world.source = None
    world.commit({"a.md": A})
    world.sync()
    store = world.store_id
    forget_everything(world)
    world.wire.calm()
    given: dict[str, Any] = {"vector_store_id": store} if by_id else {}
    with pytest.raises(StoreConflict) as conflict:
        world.sync(**given)
    assert conflict.value.exit_code == 2
    assert "--source repo" in conflict.value.remedy
    assert not [sent for sent in world.wire.sent if sent.method != "GET"]
    assert world.manifest is None
    assert world.seal is None
    report = world.sync(source="repo", **given)
    assert (report.exit_code, report.changed) == (0, False)
    assert world.audit() == set()


def test_a_store_given_by_id_that_holds_our_documents_is_adopted(synced: World) -> None:
    owner, store = _owner(synced), synced.store_id
    forget_everything(synced)
    report = synced.sync(vector_store_id=store)
    assert (report.exit_code, report.changed) == (0, False)
    assert not synced.wire.of("POST /files")
    assert _owner(synced) == owner
    assert synced.audit() == set()


def test_documents_of_two_first_syncs_are_nobodys_to_choose(synced: World) -> None:
    store = synced.store_id
    synced.plant(path="z.md", owner="another", target="default", source="acme/docs")
    forget_everything(synced)
    with pytest.raises(StoreConflict, match="different first syncs"):
        synced.sync(vector_store_id=store)
    assert not [sent for sent in synced.wire.sent if sent.method != "GET"]


def test_adopted_documents_keep_their_attributes_and_chunking_in_mind(synced: World) -> None:
    """What the settings say now is compared with what the store says of each entry."""
    forget_everything(synced)
    report = synced.sync(attributes=["team=docs"])
    assert (report.documents.retagged, report.documents.updated, report.documents.added) == (
        ("a.md", "b.md", "docs/c.md"),
        (),
        (),
    )
    forget_everything(synced)
    report = synced.sync(attributes=["team=docs"], chunk_size="400")
    assert (report.documents.updated, report.documents.retagged) == (("a.md", "b.md", "docs/c.md"), ())
    assert synced.audit() == set()


def test_of_two_entries_with_the_heads_bytes_one_stays(synced: World) -> None:
    """As a lost answer or a killed run leaves them."""
    entry = synced.entry("a.md")
    twin = synced.upload("a.md", A)
    synced.ask(
        "POST",
        f"/vector_stores/{synced.store_id}/files",
        {"file_id": twin, "attributes": dict(entry.attributes)},
    )
    old = synced.upload("a.md", b"# A0")
    attributes = {**entry.attributes, "sha256": hashlib.sha256(b"# A0").hexdigest()}
    synced.ask("POST", f"/vector_stores/{synced.store_id}/files", {"file_id": old, "attributes": attributes})
    forget_everything(synced)
    assert synced.sync().exit_code == 0
    assert not synced.wire.of("POST /files")
    assert synced.audit() == set()
    synced.settled()


def test_a_path_too_long_for_an_attribute_is_known_again(world: World) -> None:
    long = f"docs/{'ä' * 240}/page.md"
    twin = f"docs/{'ä' * 240}/pagf.md"
    world.commit({long: A, twin: B, "a.md": C})
    world.sync()
    forget_everything(world)
    report = world.sync()
    assert (report.exit_code, report.changed) == (0, False)
    assert sorted(world.state.files) == sorted([long, twin, "a.md"])
    world.commit({long: b"# A2", twin: None})
    assert world.sync().exit_code == 0
    assert sorted(entry.content for entry in world.entries()) == [b"# A2", C]


# Without a manifest


def test_without_a_manifest_the_store_is_the_state(world: World) -> None:
    world.settings |= {"manifest": "none"}
    world.commit({"a.md": A, "b.md": B, "docs/c.md": C})
    assert world.sync().documents.added == ("a.md", "b.md", "docs/c.md")
    world.plant(path="a.md")
    assert world.manifest is None
    world.wire.calm()
    again = world.sync()
    assert (again.exit_code, again.changed, again.documents.unchanged) == (0, False, 3)
    assert not [sent for sent in world.wire.sent if sent.method != "GET"]
    world.commit({"a.md": b"# A2", "b.md": None, "docs/c.md": None, "docs/moved.md": C})
    planned = world.plan()
    report = world.sync()
    assert report.documents.updated == planned.documents.updated == ("a.md",)
    assert (report.documents.renamed, report.documents.removed, report.documents.added) == (
        planned.documents.renamed,
        planned.documents.removed,
        planned.documents.added,
    )
    assert world.audit() == set()
    assert world.manifest is None
    world.forget_seal()
    assert world.sync().changed is False
    assert world.audit() == set()


def test_without_a_manifest_a_killed_run_is_made_up_for(world: World) -> None:
    world.settings |= {"manifest": "none"}
    first_sync(world)
    for what in ("POST /vector_stores", "POST /vector_stores/*/file_batches", "DELETE /vector_stores/*/files/*"):
        assert world.sync_and_die(lambda world, what=what: world.wire.when(what, die(answered=False)))  # type: ignore[misc]  # mypy: a lambda with a default has no type; the default binds the loop's value
        lost = unknown_files(world)
        assert world.sync().exit_code == 0
        assert world.audit() <= lost
        world.commit({path: content + b"." for path, content in world.files.items()})
    assert len(world.stores()) == 1


def test_without_a_manifest_a_failing_version_keeps_the_old_one(world: World) -> None:
    world.settings |= {"manifest": "none"}
    first_sync(world)
    world.sync()
    world.commit({"a.md": b"# A2"})
    world.wire.when("POST /files", refuse(400, "the storage quota is used up"))
    assert world.sync().exit_code == 1
    assert world.searchable("a.md") == [A]
    world.wire.calm()
    assert world.sync().documents.updated == ("a.md",)
    assert world.audit() == set()


# A seal that cannot be trusted


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"state": "closed"}', b"\xff\xfe"])
def test_a_seal_that_cannot_be_read_counts_as_open(synced: World, content: bytes) -> None:
    path = synced.seal_path
    assert path is not None
    path.write_bytes(content)
    synced.commit({"a.md": b"# A2"})
    report = synced.sync()
    assert report.exit_code == 0
    assert synced.wire.of("GET /vector_stores/*/files")
    assert synced.audit() == set()
    synced.settled()


def test_an_open_seal_is_closed_also_when_nothing_is_to_be_done(synced: World) -> None:
    path, seal = synced.seal_path, synced.seal
    assert path is not None
    assert seal is not None
    before = synced.manifest_path.read_bytes()
    path.write_bytes(dump_seal(seal).replace(b"closed", b"open"))
    report: Report = synced.sync()
    assert (report.exit_code, report.changed) == (0, False)
    assert {sent.method for sent in synced.wire.sent} == {"GET"}
    assert synced.manifest_path.read_bytes() == before
    synced.settled()
    same_as_before(synced)


def test_a_stop_while_documents_are_waited_for_ends_the_run(synced: World) -> None:
    """Indexing may take minutes, a cancelled opened has seconds."""
    stop = QuickStop()
    path, seal = synced.seal_path, synced.seal
    assert path is not None
    assert seal is not None
    path.write_bytes(dump_seal(seal).replace(b"closed", b"open"))
    synced.wire.when("GET /vector_stores/*/files", alter(_in_progress))
    synced.wire.when("GET /vector_stores/*/files/*", alter(lambda data: data.update(status="in_progress")))
    synced.wire.watchers.append(lambda sent: stop.request(15) if sent.is_("GET /vector_stores/*/files/*") else None)
    synced.commit({"a.md": b"# A2"})
    with pytest.raises(Interrupted) as interrupted:
        synced.sync(stop=stop, index_timeout="1")
    assert interrupted.value.exit_code == 143
    assert not [sent for sent in synced.wire.sent if sent.method != "GET"]


def test_a_lost_answer_to_a_first_store_is_found_by_the_next_run(world: World) -> None:
    first_sync(world)
    assert world.sync_and_die(lambda world: world.wire.when("POST /vector_stores", die(answered=True)))
    world.wire.when("GET /vector_stores", lose(), times=1)
    assert world.sync().exit_code == 0
    assert len(world.stores()) == 1
    assert world.audit() == set()
    world.settled()


@pytest.mark.parametrize("stale", [1, 3])
def test_a_listing_that_lags_behind_does_not_make_a_second_owner(world: World, stale: int) -> None:
    """The machine that knew the owner is gone, and nothing but the store's entries tells who it was."""
    store = world.make_store("everybody's")
    world.commit({"a.md": A, "b.md": B})
    assert world.sync(vector_store_id=store).exit_code == 0
    world.forget_manifest()
    world.forget_seal()
    world.wire.calm()
    world.wire.when("GET /vector_stores/*/files", alter(lambda page: page.update(data=[], last_id=None)), times=stale)
    report = world.sync(vector_store_id=store)
    assert (report.exit_code, report.error) == (0, None)
    assert not world.wire.of("POST /files")
    assert world.audit(store_id=store) == set()


def test_a_stale_listing_does_not_cost_the_old_version_of_a_document_that_is_refused(synced: World) -> None:
    """Nothing is uploaded then: what is to be deleted alone is reason enough to list once more."""
    synced.commit({"a.md": b"# A2"})
    synced.wire.when("POST /files", refuse(400, "File extension is not supported"), times=1)
    assert synced.sync().exit_code == 1
    path, seal = synced.seal_path, synced.seal
    assert path is not None
    assert seal is not None
    path.write_bytes(dump_seal(seal).replace(b"closed", b"open"))

    def hide(page: dict[str, Any]) -> None:
        page["data"] = [entry for entry in page["data"] if entry["attributes"].get("path") != "a.md"]

    synced.wire.when("GET /vector_stores/*/files", alter(hide), times=1)
    assert synced.sync().exit_code == 1
    assert synced.searchable("a.md") == [A]


@pytest.mark.parametrize("other", [{"vector_store_name": "other"}, {"vector_store_id": "given"}])
def test_a_run_into_another_store_leaves_the_live_files_of_a_crashed_run(world: World, other: dict[str, Any]) -> None:
    """The crashed run's journal names Files that are live in its own store."""
    kept: dict[str, Any] = {"manifest": "none", "vector_store_name": "first"}
    world.commit({"a.md": b"# A1", "b.md": b"# B1"})
    assert world.sync(**kept).exit_code == 0
    world.commit({"a.md": b"# A2", "b.md": b"# B2"})
    assert world.sync_and_die(lambda dying: dying.wire.when("DELETE /files/*", die(answered=True), times=1), **kept)
    (first,) = world.stores()
    before = {entry["id"] for entry in world.pages(f"/vector_stores/{first['id']}/files")}
    if "vector_store_id" in other:
        other = {"vector_store_id": world.ask("POST", "/vector_stores", {"name": "second"})["id"]}
    assert world.sync(manifest="none", **other).exit_code == 0
    after = {entry["id"] for entry in world.pages(f"/vector_stores/{first['id']}/files")}
    assert after == before
    assert before <= world.uploaded().keys()


# --- Until when a dead run may have uploaded ----------------------------------------------------------------------


def strangers_upload(world: World, path: str, content: bytes, later_s: float) -> str:
    """A File of somebody else, made so many seconds from now."""
    now = time.time()
    world.wire.clock = lambda: now + later_s
    file_id = world.upload(path, content)
    world.wire.clock = time.time
    return file_id


def leftovers(report: Report) -> dict[str, str]:
    return {item["file_id"]: item["verdict"] for item in report.to_json()["leftovers"]}


def test_where_no_seal_tells_when_a_run_died_its_uploads_are_named(world: World) -> None:
    world.commit({"a.md": A})
    assert world.sync_and_die(lambda dying: dying.wire.when("POST /files", die(answered=False)))
    assert world.seal_path is not None
    world.seal_path.unlink()
    theirs = strangers_upload(world, "a.md", A, later_s=1_200)
    world.wire.clock = lambda: time.time() + 3_600
    report = world.sync()
    assert (report.exit_code, leftovers(report)) == (0, {theirs: "listed"})
    assert theirs in world.uploaded()


def test_the_uploads_of_a_run_end_with_that_run_and_not_with_a_later_one(world: World) -> None:
    world.commit({"a.md": A, "b.md": B})
    assert world.sync_and_die(lambda dying: dying.wire.when("POST /files", die(answered=False)), concurrency="1")
    assert world.sync_and_die(
        lambda dying: dying.wire.when("POST /files", die(answered=False), skip=1), concurrency="1"
    )
    assert world.seal_path is not None
    seen = time.time() + 900
    os.utime(world.seal_path, (seen, seen))  # the second run was at work for a quarter of an hour
    theirs = strangers_upload(world, "a.md", A, later_s=600)
    world.wire.clock = lambda: time.time() + 3_600
    report = world.sync()
    assert report.exit_code == 0
    assert leftovers(report)[theirs] == "listed"
    assert theirs in world.uploaded()
