"""A store that somebody else changed since the last run: what a run sees of that, what it does, and what it costs."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.shared import Shared
from tests.support.wire import World, alter, answer, once, refuse, unreachable
from vsync.errors import StoreGone
from vsync.report.headline import headline
from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.state.seal import dump_seal
from vsync.sync import run as sync
from vsync.sync.store_figures import COUNT_ALARMS, USAGE_ALARMS
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify_run

STORE, LISTING = "GET /vector_stores/*", "GET /vector_stores/*/files"
ELSEWHERE = "Somebody else changed the vector store"


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def synced(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = once("a store that others change", tmp_path_factory, _four_documents).copy(tmp_path / "world")
    yield made
    made.wire.close()


def _four_documents(world: World) -> None:
    world.commit({f"{name}.md": f"# {name}\n".encode() for name in "abcd"})
    assert world.sync().exit_code == 0


class Notes(Observer):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, message: str) -> None:
        self.told.append(message)


def push(world: World, files: dict[str, bytes | None], **given: Any) -> Report:
    """A run after a commit. Only its own requests are on record."""
    world.wire.sent.clear()
    world.commit(files)
    return world.sync(**given)


def alarming(report: Report) -> list[str]:
    return [warning for warning in report.warnings if "Somebody else" in warning]


def rests(world: World) -> None:
    """Nothing is left to do: the next run asks nothing."""
    world.wire.calm()
    assert (world.sync().exit_code, world.wire.sent) == (0, [])


@contextlib.contextmanager
def another_clone(world: World) -> Iterator[None]:
    """Runs in here keep another record than the world's own, as a clone without --push does."""
    here, there = world.manifest_path, world.manifest_path.with_name("other.json")
    if not there.exists():
        there.write_bytes(here.read_bytes())
    world.settings["manifest"] = ".vsync/other.json"
    yield
    del world.settings["manifest"]


def claim(world: World, path: str, content: bytes) -> str:
    """An entry that an API client makes with our own attributes."""
    file_id = world.upload(path, content)
    manifest = world.manifest
    assert manifest is not None
    attributes = {
        "path": path,
        "sha256": hashlib.sha256(content).hexdigest(),
        "owner": manifest.owner,
        "target": "default",
        "source": "acme/docs",
        "commit": "0" * 40,
    }
    world.ask("POST", f"/vector_stores/{world.store_id}/files", {"file_id": file_id, "attributes": attributes})
    return file_id


def detach(world: World, path: str) -> None:
    entry = world.entry(path)
    world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{entry.file_id}")
    world.ask("DELETE", f"/files/{entry.file_id}")


# What is found


def test_documents_that_another_clone_replaced_are_not_doubled(synced: World) -> None:
    with another_clone(synced):
        push(synced, {"a.md": b"# by another clone", "b.md": b"# by another clone"})
    report = push(synced, {"a.md": b"# A3", "b.md": b"# B3"})
    assert report.exit_code == 0
    assert synced.audit() == set()
    (warning,) = alarming(report)
    assert "held another version of 2 documents: a.md, b.md." in warning
    assert "another clone without --push" in warning
    assert report.comparison.reason == "the store was listed: somebody else changed it since the last run"
    rests(synced)


def test_documents_that_another_clone_replaced_are_found_by_a_change_of_others(synced: World) -> None:
    head = dict(synced.files)
    with another_clone(synced):
        push(synced, {"a.md": b"# by another clone"})
    report = push(synced, {"a.md": head["a.md"], "d.md": b"# D2"})
    assert report.documents.updated == ("a.md", "d.md")
    assert synced.audit() == set()


def test_an_entry_that_another_program_made_in_our_name_goes(synced: World) -> None:
    claim(synced, "a.md", b"# planted")
    report = push(synced, {"d.md": b"# D2"})
    assert "It held 1 more entry of this target." in alarming(report)[0]
    assert synced.audit() == set()


def test_a_document_that_somebody_deleted_comes_back(synced: World) -> None:
    detach(synced, "c.md")
    report = push(synced, {"a.md": b"# A2"})
    assert "It lacked 1 document: c.md." in alarming(report)[0]
    assert (report.documents.added, report.documents.updated) == (("c.md",), ("a.md",))
    assert synced.audit() == set()


def test_a_deletion_that_somebody_made_up_for_is_found_by_the_bytes_in_use(synced: World) -> None:
    detach(synced, "c.md")
    claim(synced, "c.md", b"# of another length")
    report = push(synced, {"a.md": b"# A2"})
    assert "held another version of 1 document: c.md." in alarming(report)[0]
    assert synced.audit() == set()


def test_what_no_figure_shows_is_found_at_the_end_and_mended_by_the_next_run(synced: World) -> None:
    with another_clone(synced):
        push(synced, {"a.md": b"# x\n"})  # as long as before
    report = push(synced, {"a.md": b"# y\n"})
    assert (report.exit_code, report.failure_reason) == (1, "drift")  # the store does not equal the source
    assert headline(report).words.startswith("1 document may be there twice, ")
    (warning,) = alarming(report)
    assert "It lacked the recorded entry of 1 document: a.md." in warning
    assert len(synced.searchable("a.md")) == 2
    synced.wire.calm()
    again = synced.sync()
    assert (again.exit_code, alarming(again)) == (0, [])
    assert synced.audit() == set()
    rests(synced)


def test_the_same_is_found_in_a_store_that_vsync_did_not_make(tmp_path: Path) -> None:
    """Such a store signs nothing, so the entries are asked for before they are deleted."""
    world = World(tmp_path)
    world.settings["vector_store_id"] = world.make_store("everybody's")
    _four_documents(world)
    with another_clone(world):
        push(world, {"a.md": b"# x\n"})  # as long as before
    report = push(world, {"a.md": b"# y\n"})
    assert "It lacked the recorded entry of 1 document: a.md." in alarming(report)[0]
    assert alarming(world.sync()) == []
    assert world.audit() == set()
    rests(world)
    world.wire.close()


def test_other_metadata_of_ours_has_the_store_listed(synced: World) -> None:
    (store,) = synced.stores()
    synced.ask("POST", f"/vector_stores/{store['id']}", {"metadata": {**store["metadata"], "vsync_owner": "another"}})
    report = push(synced, {"a.md": b"# A2"})
    assert (report.exit_code, alarming(report)) == (0, [])
    assert synced.wire.of(LISTING)
    push(synced, {"a.md": b"# A3"})
    assert not synced.wire.of(LISTING)


def test_metadata_of_others_is_their_own(synced: World) -> None:
    (store,) = synced.stores()
    synced.ask("POST", f"/vector_stores/{store['id']}", {"metadata": {**store["metadata"], "team": "docs"}})
    push(synced, {"a.md": b"# A2"})
    assert not synced.wire.of(LISTING)


@pytest.mark.parametrize("expired", [False, True])
def test_a_store_that_is_gone_is_found_before_anything_is_uploaded(synced: World, expired: bool) -> None:
    if expired:
        synced.wire.when(STORE, alter(lambda data: data.update(status="expired")))
    else:
        synced.ask("DELETE", f"/vector_stores/{synced.store_id}")
    synced.commit({"a.md": b"# A2"})
    with pytest.raises(StoreGone, match="vsync verify --repair") as gone:
        synced.sync()
    assert gone.value.exit_code == 3
    assert not synced.wire.of("POST /files")


def test_a_plan_that_was_reviewed_is_not_carried_out_when_the_store_is_another(synced: World) -> None:
    synced.commit({"d.md": b"# D2"})
    plan_id = synced.plan().plan.plan_id
    detach(synced, "c.md")
    synced.wire.calm()
    report = synced.sync(expect=plan_id)
    assert report.exit_code == 4
    assert not synced.wire.of("POST /files")


def test_the_record_on_the_remote_tells_it_as_well(tmp_path: Path) -> None:
    shared = Shared(tmp_path)
    shared.commit({"a.md": b"# A", "b.md": b"# B", "c.md": b"# C"})
    assert shared.sync().exit_code == 0
    clone = shared.clone()
    record = clone.root / ".vsync" / "manifest.json"
    record.parent.mkdir()
    record.write_bytes(shared.manifest_bytes or b"")
    shared.commit({"a.md": b"# by a person"})
    clone.git("pull", "-q")
    assert shared.sync(clone=clone, push=False).exit_code == 0
    shared.commit({"a.md": b"# A3", "c.md": None})
    report = shared.sync()
    assert report.exit_code == 0
    assert "held another version of 1 document: a.md." in alarming(report)[0]
    assert shared.audit() == set()
    shared.settled()
    shared.wire.calm()
    shared.commit({"b.md": b"# B2"})
    assert shared.sync().exit_code == 0
    assert not shared.wire.of(LISTING)
    shared.wire.close()


# What is nobody's business


def test_entries_of_others_are_told_calmly_and_once(synced: World) -> None:
    synced.plant()
    notes = Notes()
    synced.commit({"a.md": b"# A2"})
    with synced.opened(observer=notes) as opened:
        report = sync.run(*opened)
    assert (report.exit_code, alarming(report)) == (0, [])
    assert any("all documents of this target are as recorded" in told for told in notes.told)
    assert synced.wire.of(LISTING)
    push(synced, {"a.md": b"# A3"})
    assert not synced.wire.of(LISTING)
    assert synced.audit() == set()


def test_another_target_in_the_same_store_has_nothing_listed(synced: World) -> None:
    store = synced.store_id
    other: dict[str, Any] = {"target": "other", "vector_store_id": store, "include": ("a.md", "b.md")}
    assert push(synced, {"n.txt": b"new"}).exit_code == 0
    assert synced.sync(**other).exit_code == 0
    push(synced, {"a.md": b"# A2"})
    assert not synced.wire.of(LISTING)
    synced.sync(**other)
    synced.wire.sent.clear()
    push(synced, {"a.md": b"# A3"})
    assert not synced.wire.of(LISTING)


# What it costs


def test_a_run_with_nothing_to_do_asks_nothing_and_leaves_every_byte(synced: World) -> None:
    seal_path = synced.seal_path
    assert seal_path is not None
    claim(synced, "a.md", b"# planted")
    before = synced.manifest_path.read_bytes(), seal_path.read_bytes()
    synced.wire.calm()
    assert synced.sync().requests == {}
    assert synced.wire.sent == []
    assert (synced.manifest_path.read_bytes(), seal_path.read_bytes()) == before


def test_a_run_with_something_to_do_looks_at_the_store_twice(synced: World) -> None:
    push(synced, {"a.md": b"# A2", "b.md": None})
    assert len(synced.wire.of(STORE)) == 2
    assert not synced.wire.of(LISTING)


def test_a_seal_of_an_older_vsync_has_nothing_listed(synced: World) -> None:
    seal_path = synced.seal_path
    assert seal_path is not None
    seal = synced.seal
    assert seal is not None
    seal_path.write_bytes(dump_seal(dataclasses.replace(seal, figures=None)))
    synced.plant()
    push(synced, {"a.md": b"# A2"})
    assert not synced.wire.of(LISTING)
    now = synced.seal
    assert now is not None
    assert now.figures is not None
    assert now.figures.others == 1


@pytest.mark.parametrize("counts", [None, {}, {"total": "many"}, {"total": -1}])
def test_a_server_without_counts_has_nothing_listed(synced: World, counts: object) -> None:
    for number in range(3):
        synced.wire.when(STORE, alter(lambda data: data.update(file_counts=counts, usage_bytes=None)))
        assert push(synced, {"a.md": b"# %d" % number}).exit_code == 0
        assert not synced.wire.of(LISTING)


def test_a_count_that_lags_behind_costs_one_listing(synced: World) -> None:
    push(synced, {"b.md": None, "a.md": b"# A2"})
    synced.wire.when(STORE, alter(lambda data: data["file_counts"].update(total=5)), times=1)
    report = push(synced, {"a.md": b"# A3"})
    assert (report.exit_code, alarming(report)) == (0, [])
    assert synced.wire.of(LISTING)
    for number in range(3):
        push(synced, {"a.md": b"# lagging %d" % number})
        assert not synced.wire.of(LISTING)
    assert synced.audit() == set()


def test_bytes_in_use_that_always_lag_are_not_compared_any_more(synced: World) -> None:
    lag = iter(range(1000, 2000))
    synced.wire.when(STORE, alter(lambda data: data.update(usage_bytes=next(lag))))
    listings = 0
    for number in range(USAGE_ALARMS + 4):
        report = push(synced, {"a.md": b"# %d" % number})
        assert (report.exit_code, alarming(report)) == (0, [])
        listings += bool(synced.wire.of(LISTING))
    assert listings == USAGE_ALARMS


def test_a_store_that_others_change_all_the_time_is_not_listed_each_time(synced: World) -> None:
    listings = 0
    for number in range(COUNT_ALARMS + USAGE_ALARMS + 3):
        synced.plant(b"%d" % number)
        report = push(synced, {"a.md": b"# %d" % number})
        assert (report.exit_code, alarming(report)) == (0, [])
        listings += bool(synced.wire.of(LISTING))
    assert listings == COUNT_ALARMS + USAGE_ALARMS  # the bytes in use change as well
    assert synced.audit() == set()


def test_entries_that_a_store_counts_and_never_lists_are_believed_in_the_end(synced: World) -> None:
    synced.wire.when(STORE, alter(lambda data: data["file_counts"].update(total=data["file_counts"]["total"] + 2)))
    listed = []
    for number in range(5):
        report = push(synced, {"a.md": b"# %d" % number})
        assert (report.exit_code, alarming(report)) == (0, [])
        listed.append(bool(synced.wire.of(LISTING)))
    assert listed == [True, True, False, False, False]


def test_a_listing_that_lags_behind_the_count_is_asked_once_more(synced: World) -> None:
    planted = claim(synced, "a.md", b"# planted")

    def without(data: dict[str, Any]) -> None:
        data["data"] = [item for item in data["data"] if item["id"] != planted]

    synced.wire.when(LISTING, alter(without))
    push(synced, {"d.md": b"# D2"})
    assert len(synced.searchable("a.md")) == 2
    synced.wire.calm()
    report = push(synced, {"d.md": b"# D3"})
    assert "1 more entry of this target" in alarming(report)[0]
    assert synced.audit() == set()


@pytest.mark.parametrize("fault", [unreachable(), refuse(500, "oops"), answer(403, "<html>no</html>")])
def test_a_last_look_that_fails_leaves_the_run_as_it_is(synced: World, fault: Any) -> None:
    synced.wire.when(STORE, fault, skip=1)
    assert push(synced, {"a.md": b"# A2"}).exit_code == 0
    synced.settled()
    synced.wire.calm()
    assert push(synced, {"a.md": b"# A3"}).exit_code == 0
    assert not synced.wire.of(LISTING)


def test_a_store_that_vanishes_while_the_run_works_is_told(synced: World) -> None:
    synced.wire.when(STORE, refuse(404, "No vector store found with this id."), skip=1)
    report = push(synced, {"a.md": b"# A2"})
    assert isinstance(report.error, StoreGone)
    assert report.exit_code == 3


# What other commands leave


def verify(world: World, options: VerifyOptions) -> Report:
    with world.opened() as opened:
        return verify_run(*opened, options)


@pytest.mark.parametrize("options", [VerifyOptions(repair=True), VerifyOptions(rebuild=True)])
def test_a_repair_and_a_rebuild_leave_the_figures(synced: World, options: VerifyOptions) -> None:
    synced.plant()
    if options.repair:
        detach(synced, "c.md")
    else:
        synced.forget_manifest()
    assert verify(synced, options).exit_code == 0
    seal = synced.seal
    assert seal is not None
    assert seal.figures is not None
    assert seal.figures.others == 1
    push(synced, {"a.md": b"# A2"})
    assert not synced.wire.of(LISTING)
    claim(synced, "a.md", b"# planted")
    assert alarming(push(synced, {"d.md": b"# D2"}))
    assert synced.audit() == set()


def test_a_takeover_costs_the_next_run_one_calm_listing(synced: World) -> None:
    planted = synced.plant(path="theirs.md")
    assert verify(synced, VerifyOptions(repair=True)).exit_code == 0
    assert verify(synced, VerifyOptions(take_over=("theirs.md",), yes=True)).exit_code == 0
    assert planted not in {entry.file_id for entry in synced.entries()}
    del synced.strangers[planted]
    listings = 0
    for number in range(3):
        report = push(synced, {"a.md": b"# %d" % number})
        assert (report.exit_code, alarming(report)) == (0, [])
        listings += bool(synced.wire.of(LISTING))
    assert listings <= 1
