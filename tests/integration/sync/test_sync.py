"""Whole runs over real repositories: what the store holds at every moment, in which order things are done, and what a
run that goes wrong leaves to the next one."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.notebooks import code, notebook
from tests.support.wire import (
    Fault,
    Forward,
    QuickStop,
    Sent,
    World,
    alter,
    answer,
    call,
    die,
    lose,
    once,
    refuse,
    response,
    unreachable,
)
from vsync.config.origin import Origin
from vsync.errors import ManifestError, PublicationFailed, StoreGone, VsyncError
from vsync.report.body import Orphan, Synced
from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.state.manifest import blob_id
from vsync.state.manifest_parser import parse_manifest
from vsync.state.publication import ManifestMoved
from vsync.sync import run as sync
from vsync.transfer import attach as attaching_module

A, B, C, D = b"# A\n", b"# B\n", b"# C\n", b"# D\n"
POLL = "GET /vector_stores/*/file_batches/*"


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.wire.close()


@pytest.fixture
def synced(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three documents that are in the store, and no request on record."""
    made = once("three documents", tmp_path_factory, _three_documents).copy(tmp_path / "world")
    yield made
    made.wire.close()


def _three_documents(world: World) -> None:
    world.commit({"a.md": A, "b.md": B, "docs/c.md": C})
    assert world.sync().exit_code == 0


def orphans(report: Report) -> tuple[Orphan, ...]:
    assert isinstance(report.body, Synced)
    return report.body.orphans


def changing(sent: Sent) -> bool:
    return sent.method != "GET"


def refuse_upload(name: str, status: int = 400, message: str = "odd") -> tuple[Callable[[Sent], bool], Fault]:
    return lambda sent: sent.is_("POST /files") and sent.upload.filename == name, refuse(status, message)


def converges(world: World, **given: Any) -> Report:
    """The faults are over: the next run brings everything into order, and the one after has nothing to do."""
    world.wire.calm()
    report = world.sync(**given)
    assert (report.error, report.documents.failed) == (None, ())
    assert report.exit_code == 0
    assert world.audit() == set()
    world.settled()
    world.wire.calm()
    before = world.manifest_path.read_bytes()
    again = world.sync(**given)
    assert (again.exit_code, again.changed, world.wire.sent) == (0, False, [])
    assert world.manifest_path.read_bytes() == before
    return report


# What a run brings


def test_a_first_sync_brings_every_document(world: World) -> None:
    head = world.commit({"a.md": A, "docs/ü 日本.md": B, "docs/x.rst": C, "code.py": D})
    report = world.sync()
    assert (report.documents.added, report.documents.updated, report.documents.removed) == (
        ("a.md", "docs/x.rst", "docs/ü 日本.md"),
        (),
        (),
    )
    assert (report.exit_code, report.head, report.vector_store_id) == (0, head, world.store_id)
    del world.files["code.py"]
    assert world.audit() == set()
    world.settled()
    manifest = world.manifest
    assert manifest is not None
    for entry in world.entries():
        assert entry.attributes["owner"] == manifest.owner
        assert (entry.attributes["target"], entry.attributes["source"]) == ("default", "acme/docs")
        assert entry.attributes["commit"] == head


def test_an_update_brings_what_changed_and_nothing_else(synced: World) -> None:
    before = {entry.path: entry.file_id for entry in synced.entries()}
    synced.commit({"a.md": b"# A2", "docs/c.md": None, "docs/moved.md": C, "b.md": None, "new.md": D})
    report = synced.sync()
    assert (report.documents.added, report.documents.updated) == (("new.md",), ("a.md",))
    assert (report.documents.renamed, report.documents.removed) == ((("docs/c.md", "docs/moved.md"),), ("b.md",))
    assert report.comparison.mode == "diff"
    assert len(synced.wire.of("POST /files")) == 3
    assert synced.audit() == set()
    synced.settled()
    assert not set(before.values()) & synced.uploaded().keys()


def test_a_second_run_makes_no_request_and_leaves_the_manifest_as_it_is(synced: World) -> None:
    before = (synced.manifest_path.read_bytes(), synced.manifest_path.stat().st_mtime_ns)
    report = synced.sync()
    assert (report.exit_code, report.changed, report.requests, synced.wire.sent) == (0, False, {}, [])
    synced.commit({"code.py": D})
    assert synced.sync().changed is False
    assert synced.wire.sent == []
    assert (synced.manifest_path.read_bytes(), synced.manifest_path.stat().st_mtime_ns) == before


def test_every_request_is_in_the_report(synced: World) -> None:
    synced.commit({"a.md": b"# A2", "b.md": None, "n.md": D})
    synced.wire.when("POST /files", refuse(503, "overloaded"), times=2)
    report = synced.sync()
    assert sum(report.requests.values()) == len(synced.wire.sent)
    counted = Counter(sent.method for sent in synced.wire.sent)
    told: Counter[str] = Counter()
    for endpoint, number in report.requests.items():
        told[endpoint.split()[0]] += number
        assert "vs_" not in endpoint
        assert "file-" not in endpoint
    assert told == counted
    assert report.requests["POST /files"] == 4
    assert report.to_json()["bytes_uploaded"] == len(b"# A2") + len(D)


def test_two_hundred_documents_need_few_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow this machine is just now: batches by number alone.
    monkeypatch.setattr(attaching_module, "FLUSH_EVERY_S", 60.0)
    world.commit({f"docs/{number:03}.md": b"# %d" % number for number in range(200)})
    report = world.sync()
    assert (len(report.documents.added), report.exit_code) == (200, 0)
    assert len(world.wire.sent) <= 210
    batches = [len(sent.json["files"]) for sent in world.wire.of("POST /vector_stores/*/file_batches")]
    assert sum(batches) == 200
    assert max(batches[:1]) >= 100
    world.wire.calm()
    assert world.sync().requests == {}
    world.commit({"docs/007.md": b"# changed"})
    world.sync()
    assert len(world.wire.sent) <= 7


@pytest.mark.parametrize("full", [False, True])
def test_a_plan_says_what_the_run_does(synced: World, full: bool) -> None:
    synced.commit({"a.md": b"# A2", "b.md": None, "docs/c.md": None, "docs/moved.md": C, "new.md": D})
    plan = synced.plan(full=full)
    assert synced.wire.sent == []
    report = synced.sync(full=full)
    assert (plan.documents, plan.head, plan.base) == (report.documents, report.head, report.base)


# Searchable at every moment


def test_a_replaced_document_is_searchable_at_every_request(synced: World) -> None:
    synced.commit({"a.md": b"# A2", "docs/c.md": None, "docs/moved.md": C})
    seen: list[tuple[str, list[bytes], bool]] = []

    def look(sent: Sent) -> None:
        moved = bool(synced.searchable("docs/c.md") or synced.searchable("docs/moved.md"))
        seen.append((str(sent), synced.searchable("a.md"), moved))

    synced.wire.watchers.append(look)
    assert synced.sync().exit_code == 0
    assert len(seen) == 2 * len(synced.wire.sent) > 10
    for request, versions, moved in seen:
        assert versions, request
        assert set(versions) <= {A, b"# A2"}, request
        assert moved, request
    assert seen[0][1] == [A]
    assert seen[-1][1] == [b"# A2"]


def test_uploads_then_the_manifest_then_deletes_then_the_seal(synced: World) -> None:
    synced.commit({"a.md": b"# A2", "b.md": None, "n.md": D})
    old = {entry.path: entry.file_id for entry in synced.entries()}
    before = synced.manifest_path.read_bytes()
    superseded = {old["a.md"], old["b.md"]}
    kinds = []

    def look(sent: Sent) -> None:
        if sent.status is not None:
            return
        seal = synced.seal
        assert seal is not None
        assert seal.state == "open"
        if "delete" in kinds and sent.is_("GET /vector_stores/*"):
            return  # the last look at the store
        kinds.append("delete" if sent.method == "DELETE" else "bring")
        content = synced.manifest_path.read_bytes()
        if sent.method != "DELETE":
            assert content == before
            return
        state = parse_manifest(content, "m").targets["default"]
        assert set(state.pending_delete) == superseded
        assert not superseded & {entry.file_id for entry in state.files.values()}
        assert sorted(state.files) == ["a.md", "docs/c.md", "n.md"]
        assert seal.manifest == blob_id(content)
        assert seal.serial == state.serial

    synced.wire.watchers.append(look)
    assert synced.sync().exit_code == 0
    assert kinds == sorted(kinds)
    assert kinds.count("delete") == 4
    synced.settled()
    seal = synced.seal
    assert seal is not None
    assert seal.manifest == blob_id(synced.manifest_path.read_bytes())


def test_the_seal_is_taken_before_the_first_request(world: World) -> None:
    world.commit({"a.md": A})
    seals = []
    world.wire.watchers.append(lambda _: seals.append(world.seal))
    world.sync()
    assert all(seal is not None and seal.state == "open" for seal in seals)


# Failing documents


def test_a_failing_new_version_keeps_the_old_one_and_is_tried_again(synced: World) -> None:
    synced.commit({"a.md": b"# A2", "b.md": b"# B2"})
    synced.wire.when(*refuse_upload("a.md", 400, "the storage quota is used up"))
    report = synced.sync()
    assert report.exit_code == 1
    assert [(item["path"], "quota" in item["message"]) for item in report.documents.failed] == [("a.md", True)]
    assert (report.documents.updated, report.error) == (("b.md",), None)
    assert synced.searchable("a.md") == [A]
    assert synced.searchable("b.md") == [b"# B2"]
    assert synced.state.failed == {}
    assert synced.state.commit != report.head
    again = converges(synced)
    assert again.documents.updated == ("a.md",)


def test_a_version_that_is_not_indexed_in_time_keeps_the_old_one(synced: World) -> None:
    synced.commit({"a.md": b"# A2"})
    synced.wire.when("GET /vector_stores/*/files/*", alter(lambda data: data.update(status="in_progress")))
    report = synced.sync(index_timeout="0.1")
    assert (report.exit_code, [item["code"] for item in report.documents.failed]) == (1, ["index-timeout"])
    assert synced.searchable("a.md") == [A]
    assert len(synced.uploaded()) == 3  # the version that hung is gone
    assert converges(synced).documents.updated == ("a.md",)


def test_a_document_the_store_cannot_take_is_told_each_time_and_sent_once(synced: World) -> None:
    synced.commit({"a.md": b"# A2", "b.md": b"# B2"})
    synced.wire.when(*refuse_upload("a.md", 400, "File extension is not supported"))
    first = synced.sync()
    assert (first.exit_code, [item["path"] for item in first.documents.failed]) == (1, ["a.md"])
    assert synced.searchable("a.md") == [A]
    assert set(synced.state.failed) == {"a.md"}
    assert synced.state.commit == first.head
    synced.wire.calm()
    second = synced.sync()
    assert (second.exit_code, [item["path"] for item in second.documents.failed]) == (1, ["a.md"])
    assert second.documents.failed[0]["code"] == first.documents.failed[0]["code"]
    assert second.failure_reason == "documents"
    assert synced.wire.sent == []
    assert synced.searchable("a.md") == [A]
    synced.commit({"a.md": b"# A3"})
    assert converges(synced).documents.updated == ("a.md",)


def test_a_rename_whose_upload_fails_keeps_the_old_name(synced: World) -> None:
    synced.commit({"docs/c.md": None, "docs/moved.md": C})
    synced.wire.when(*refuse_upload("docs/moved.md"))
    report = synced.sync()
    assert (report.exit_code, report.documents.renamed, report.documents.removed) == (1, (), ())
    assert [item["path"] for item in report.documents.failed] == ["docs/moved.md"]
    assert synced.searchable("docs/c.md") == [C]
    assert not [sent for sent in synced.wire.sent if sent.method == "DELETE"]
    assert converges(synced).documents.renamed == (("docs/c.md", "docs/moved.md"),)


def test_a_rename_to_a_name_the_store_refuses_is_the_same_for_incremental_and_full_runs(synced: World) -> None:
    synced.commit({"docs/c.md": None, "docs/moved.md": C})
    synced.wire.when(*refuse_upload("docs/moved.md", 400, "File extension is not supported"))
    assert synced.sync().exit_code == 1
    assert synced.searchable("docs/c.md") == [C]
    incremental, full = synced.plan(), synced.plan(full=True)
    for name in ("added", "updated", "renamed", "removed", "failed"):
        assert getattr(incremental.documents, name) == getattr(full.documents, name), name


def test_one_failing_document_of_many_does_not_hold_the_others_up(world: World) -> None:
    world.commit({f"{number}.md": b"# %d" % number for number in range(12)})
    world.wire.when(*refuse_upload("5.md"))
    report = world.sync()
    assert (report.exit_code, len(report.documents.added)) == (1, 11)
    assert len(world.entries()) == 11
    assert converges(world).documents.added == ("5.md",)


def test_what_a_lost_upload_left_is_found_named_and_deleted(synced: World) -> None:
    synced.commit({"a.md": b"# A2"})
    strangers = {synced.upload("a.md", b"# A2 of another size"), synced.upload("b.md", b"# A2")}
    synced.wire.when("POST /files", lose(), times=1)
    report = synced.sync()
    assert report.exit_code == 0
    (orphan,) = orphans(report)
    assert (orphan.filename, orphan.bytes, orphan.verdict) == ("a.md", 4, "deleted")
    assert any(orphan.file_id in warning for warning in report.warnings)
    assert synced.audit() == strangers
    synced.settled()


def test_what_a_lost_upload_of_a_notebook_left_is_found_by_what_was_uploaded(synced: World) -> None:
    synced.commit({"a.ipynb": notebook("one"), "B.MD": b"# B\n"})
    strangers = {synced.upload("a.ipynb.md", b"one of another size\n"), synced.upload("a.ipynb", b"one\n")}
    synced.wire.when("POST /files", lose(), times=2)
    report = synced.sync(include=["*.md", "*.MD", "*.ipynb"])
    assert report.exit_code == 0
    assert sorted((orphan.filename, orphan.bytes, orphan.verdict) for orphan in orphans(report)) == [
        ("B.md", 4, "deleted"),
        ("a.ipynb.md", 4, "deleted"),
    ]
    assert synced.audit({**synced.files, "a.ipynb": b"one\n"}) == strangers
    synced.settled()


@pytest.mark.parametrize("what", ["POST /files", "POST /vector_stores/*/file_batches", POLL])
def test_a_run_that_dies_over_a_notebook_leaves_nothing_that_the_next_run_does_not_find(
    synced: World, what: str
) -> None:
    synced.commit({"a.ipynb": notebook("one"), "b.ipynb": notebook("two", code("b()"))})
    include = ["*.md", "*.ipynb"]
    assert synced.sync_and_die(lambda world: world.wire.when(what, die(answered=True)), include=include)
    assert synced.sync(include=include).exit_code == 0
    markdown = {"a.ipynb": b"one\n", "b.ipynb": b"two\n\n```\nb()\n```\n"}
    assert synced.audit({**synced.files, **markdown}) == set()
    synced.settled()


def test_of_two_files_that_a_lost_upload_may_have_made_none_is_touched(synced: World) -> None:
    now = time.time()
    synced.wire.clock = lambda: now  # both Files are made within the time in which the answer was lost
    synced.commit({"a.md": b"# A2"})
    stranger = synced.upload("a.md", b"# A2")
    synced.wire.when("POST /files", lose(), times=1)
    report = synced.sync()
    assert report.exit_code == 0
    assert {(item.verdict, item.why) for item in orphans(report)} == {
        ("listed", "there are more such Files than uploads without an answer")
    }
    assert synced.audit() == {item.file_id for item in orphans(report)} > {stranger}
    synced.settled()


@pytest.mark.parametrize(
    "what",
    [
        "POST /vector_stores",
        "POST /vector_stores/*/file_batches",
        "POST /vector_stores/*/files",
        "DELETE /vector_stores/*/files/*",
        "DELETE /files/*",
    ],
)
def test_any_other_lost_answer_leaves_nothing_behind(world: World, what: str) -> None:
    world.wire.when(what, lose(), times=1)
    world.commit({"a.md": A, "b.md": B})
    assert world.sync().exit_code == 0
    world.commit({"a.md": b"# A2"})
    assert world.sync().exit_code == 0
    assert len(world.stores()) == 1
    assert world.audit() == set()
    world.settled()


# The API goes away


GOING_AWAY = [
    pytest.param(unreachable(), "api", id="unreachable"),
    pytest.param(refuse(401, "Incorrect API key provided."), "credentials", id="401"),
    pytest.param(refuse(403, "no"), "permission", id="403"),
    pytest.param(refuse(429, "No credit.", "insufficient_quota"), "api", id="quota"),
    pytest.param(refuse(429, "slow down", headers={"retry-after": "3600"}), "api", id="rate"),
    pytest.param(refuse(503, "maintenance", headers={"retry-after": "3600"}), "api", id="maintenance"),
]


@pytest.mark.parametrize(("fault", "reason"), GOING_AWAY)
@pytest.mark.parametrize("what", ["POST /files", POLL])
def test_nothing_is_deleted_after_the_api_went_away(synced: World, what: str, fault: Fault, reason: str) -> None:
    synced.commit({"a.md": b"# A2", "b.md": None, "docs/c.md": b"# C2"})
    synced.wire.when(what, fault, skip=1 if what == "POST /files" else 0)
    report = synced.sync()
    assert not [sent for sent in synced.wire.sent if sent.method == "DELETE"]
    assert (report.exit_code, report.failure_reason) == (3, reason)
    assert isinstance(report.body, Synced)
    assert report.body.left == 2 - len(report.documents.updated) > 0
    assert synced.searchable("b.md") == [B]
    assert A in synced.searchable("a.md")
    converges(synced)


@pytest.mark.parametrize(("fault", "reason"), GOING_AWAY[:2])
@pytest.mark.parametrize("what", ["DELETE /files/*", "DELETE /vector_stores/*/files/*"])
def test_what_could_not_be_deleted_is_deleted_by_the_next_run(
    synced: World, what: str, fault: Fault, reason: str
) -> None:
    synced.commit({"a.md": b"# A2", "b.md": None, "docs/c.md": b"# C2"})
    synced.wire.when(what, fault, skip=1)
    report = synced.sync(concurrency="1")
    assert (report.exit_code, report.failure_reason) == (3, reason)
    assert report.documents.updated == ("a.md", "docs/c.md")
    seal = synced.seal
    assert seal is not None
    assert seal.state == "open"
    converges(synced)


def test_a_file_that_may_not_be_deleted_is_told_and_tried_again(synced: World) -> None:
    synced.commit({"b.md": None})
    synced.wire.when("DELETE /vector_stores/*/files/*", refuse(400, "it is locked"))
    report = synced.sync()
    assert report.exit_code == 3
    assert report.error is not None
    assert "locked" in report.error.message
    assert len(synced.state.pending_delete) == 1
    converges(synced)


@pytest.mark.parametrize("fault", [unreachable(), refuse(401, "Incorrect API key provided.")])
def test_when_the_very_first_request_fails_nothing_is_left(synced: World, fault: Fault) -> None:
    before = (synced.manifest_path.read_bytes(), synced.seal)
    synced.commit({"a.md": b"# A2"})
    synced.wire.when(lambda _: True, fault)
    with pytest.raises(VsyncError) as error:
        synced.sync()
    assert error.value.exit_code == 3
    assert (synced.manifest_path.read_bytes(), synced.seal) == before
    synced.wire.calm()
    synced.sync()
    assert not synced.wire.of("GET /vector_stores/*/files")  # the seal was closed: nothing had to be listed
    assert synced.audit() == set()


def test_a_refused_key_in_mid_run_records_what_is_confirmed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching_module, "FLUSH_AT", 4)
    world.commit({f"{number:02}.md": b"# %d" % number for number in range(16)})
    polled = threading.Event()

    async def after_a_poll(sent: Sent, forward: Forward) -> httpx2.Response:
        while not polled.is_set():  # noqa: ASYNC110 - the watcher that sets it is no coroutine
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)
        return await refuse(401, "Incorrect API key provided.")(sent, forward)

    world.wire.when("POST /files", after_a_poll, skip=8)
    world.wire.watchers.append(lambda sent: polled.set() if sent.is_(POLL) and sent.status else None)
    report = world.sync(concurrency="1")
    assert (report.exit_code, report.failure_reason) == (3, "credentials")
    confirmed = set(report.documents.added)
    assert confirmed
    assert confirmed == set(world.state.files)
    assert len(confirmed) < 16
    assert world.state.commit is None
    uploaded = len(world.wire.of("POST /files"))
    again = converges(world)
    assert not confirmed & set(again.documents.added)
    assert uploaded < 16


def test_a_stop_in_mid_run_records_what_is_confirmed(synced: World) -> None:
    stop = QuickStop()
    synced.commit({"a.md": b"# A2", "b.md": None, "n1.md": D, "n2.md": D + D})
    synced.wire.when("POST /files", call(lambda: stop.request(signal.SIGTERM)), skip=1)
    report = synced.sync(stop=stop, concurrency="1")
    assert (report.exit_code, report.failure_reason) == (143, "interrupted")
    assert not [sent for sent in synced.wire.sent if sent.method == "DELETE"]
    assert synced.searchable("b.md") == [B]
    assert set(report.documents.updated + report.documents.added) == {
        path for path, entry in synced.state.files.items() if entry.sha256 in _sha256s(b"# A2", D, D + D)
    }
    converges(synced)


@pytest.mark.parametrize(
    "what", ["GET /vector_stores/*", "POST /files", "POST /vector_stores/*/files", POLL, "DELETE /files/*"]
)
def test_a_stop_at_any_moment_is_made_up_for(synced: World, what: str) -> None:
    stop = QuickStop()
    synced.commit({"a.md": b"# A2", "b.md": None, "docs/c.md": b"# C2"})
    synced.wire.when(what, call(lambda: stop.request(signal.SIGINT)), times=1)
    report = synced.sync(stop=stop)
    if any(sent.is_(what) for sent in synced.wire.sent):
        assert report.exit_code == 130
    converges(synced)


def test_a_stop_ends_a_long_wait_for_the_server(synced: World) -> None:
    """A cancelled opened has seconds, the wait that a server asks for may be minutes."""
    stop = QuickStop()
    synced.commit({"a.md": b"# A2"})

    async def busy(sent: Sent, forward: Forward) -> httpx2.Response:
        stop.request(signal.SIGTERM)
        return await refuse(429, "slow down", headers={"retry-after": "200"})(sent, forward)

    synced.wire.when("POST /files", busy)
    report = synced.sync(stop=stop)
    assert report.exit_code == 143
    assert len(synced.wire.of("POST /files")) == 1
    converges(synced)


def _sha256s(*contents: bytes) -> set[str]:
    return {hashlib.sha256(content).hexdigest() for content in contents}


# Attributes and chunking


def test_new_attributes_are_a_retag_without_an_upload(synced: World) -> None:
    first = synced.state.commit
    before = {entry.path: entry for entry in synced.entries()}
    synced.settings["attributes"] = ["team=docs", "level=3"]
    report = synced.sync()
    assert report.documents.retagged == ("a.md", "b.md", "docs/c.md")
    assert (report.documents.added, report.documents.updated, report.documents.removed, report.exit_code) == (
        (),
        (),
        (),
        0,
    )
    assert not synced.wire.of("POST /files")
    assert not [sent for sent in synced.wire.sent if sent.method == "DELETE"]
    for entry in synced.entries():
        old = before[entry.path]
        assert entry.file_id == old.file_id
        assert entry.attributes == {**old.attributes, "team": "docs", "level": 3}
        assert entry.attributes["commit"] == first
    converges(synced)
    synced.settings["attributes"] = []
    assert len(synced.sync().documents.retagged) == 3
    assert [entry.attributes for entry in synced.entries()] == [before[e.path].attributes for e in synced.entries()]


def test_a_document_that_changes_with_its_attributes_is_uploaded_again(synced: World) -> None:
    head = synced.commit({"a.md": b"# A2"})
    synced.settings["attributes"] = ["team=docs"]
    report = synced.sync()
    assert (report.documents.updated, report.documents.retagged) == (("a.md",), ("b.md", "docs/c.md"))
    assert synced.entry("a.md").attributes["commit"] == head
    assert synced.entry("b.md").attributes["commit"] != head


def test_another_chunking_uploads_anew_and_leaves_no_gap(synced: World) -> None:
    old = {entry.file_id for entry in synced.entries()}
    synced.settings |= {"chunk_size": "400", "chunk_overlap": "100"}
    synced.wire.watchers.append(lambda sent: _all_searchable(synced, sent))
    report = synced.sync()
    assert report.documents.updated == ("a.md", "b.md", "docs/c.md")
    for entry in synced.entries():
        assert entry.file_id not in old
        assert entry.chunking["static"] == {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100}
    converges(synced)


def _all_searchable(world: World, sent: Sent) -> None:
    for path in world.files:
        assert world.searchable(path), (path, sent)


# Which store


def test_a_store_given_by_id_is_used_and_its_other_entries_stay(world: World) -> None:
    store = world.make_store("somebody's")
    theirs = world.plant(store_id=store, path="a.md")
    world.commit({"a.md": A})
    report = world.sync(vector_store_id=store)
    assert (report.vector_store_id, report.exit_code) == (store, 0)
    assert world.audit() == set()
    assert theirs in {entry.file_id for entry in world.entries()}
    world.commit({"a.md": b"# A2"})
    assert world.sync().documents.updated == ("a.md",)
    assert world.audit() == set()


def test_another_store_than_the_manifests_is_refused(synced: World) -> None:
    other = synced.make_store("other")
    synced.commit({"a.md": b"# A2"})
    with pytest.raises(ManifestError) as error:
        synced.sync(vector_store_id=other)
    assert error.value.exit_code == 2
    assert not any(changing(sent) for sent in synced.wire.sent)


@pytest.mark.parametrize("state", ["deleted", "expired"])
def test_a_store_that_is_gone_is_told_and_none_is_made_instead(synced: World, state: str) -> None:
    before = synced.manifest_path.read_bytes()
    synced.commit({"a.md": b"# A2"})
    store = synced.store_id
    if state == "deleted":
        synced.ask("DELETE", f"/vector_stores/{store}")
    else:
        synced.wire.when("GET /vector_stores/*", alter(lambda data: data.update(status="expired")))
    with pytest.raises(StoreGone) as error:
        synced.sync()
    assert (error.value.exit_code, error.value.reason) == (3, "store")
    assert not any(changing(sent) for sent in synced.wire.sent)
    assert synced.manifest_path.read_bytes() == before


def test_two_targets_in_one_repository_do_not_touch_each_other(world: World) -> None:
    world.commit({"a.md": A, "internal/b.md": B})
    world.sync(exclude=["internal/"])
    world.sync(target="internal", include=["internal/"])
    first, second = (store["id"] for store in world.stores())
    world.commit({"a.md": None, "c.md": C, "internal/b.md": None, "internal/d.md": D})
    world.sync(exclude=["internal/"], force=True)
    world.sync(target="internal", include=["internal/"], force=True)
    assert [(entry.path, entry.content) for entry in world.entries(first)] == [("c.md", C)]
    assert [(entry.path, entry.content) for entry in world.entries(second)] == [("internal/d.md", D)]
    manifest = world.manifest
    assert manifest is not None
    assert sorted(manifest.targets) == ["default", "internal"]


@pytest.mark.parametrize("shared", [False, True], ids=["a store each", "one store"])
def test_whichever_target_runs_first_without_a_manifest_knows_whose_the_others_entries_are(
    world: World, shared: bool
) -> None:
    given: dict[str, Any] = {"vector_store_id": world.make_store("everybody's")} if shared else {}
    world.commit({"a.md": A, "b.md": B})
    for target in ("default", "second"):
        world.sync(target=target, **given)
    world.forget_manifest()
    world.forget_seal()
    world.commit({"a.md": b"# A2", "b.md": None})
    for target in ("second", "default"):
        assert world.sync(target=target, **given).exit_code == 0
    entries = [entry for store in world.stores() for entry in world.entries(store["id"])]
    assert [(entry.path, entry.content) for entry in entries] == [("a.md", b"# A2")] * 2
    assert len(world.uploaded()) == 2


# Several runs at once


def together(world: World, runs: int, **given: Any) -> list[Report | BaseException]:
    """As many runs at the same time, each in a thread of its own."""
    results: list[Report | BaseException] = []
    start = threading.Barrier(runs)

    def go() -> None:
        start.wait()
        try:
            results.append(world.sync(**given))
        except BaseException as error:
            results.append(error)

    threads = [threading.Thread(target=go) for _ in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "update"])
def test_runs_at_the_same_time_take_turns(world: World, first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsync.state.local._LOOK_EVERY_S", 0.01)
    world.commit({"a.md": A, "b.md": B})
    if not first:
        world.sync()
        world.wire.calm()
        world.commit({"a.md": b"# A2", "b.md": None})
    results = together(world, 3)
    assert [result for result in results if not isinstance(result, Report)] == []
    assert sorted(result.changed for result in results if isinstance(result, Report)) == [False, False, True]
    assert len(world.stores()) == 1
    assert len(world.wire.of("POST /files")) == (2 if first else 1)
    assert world.audit() == set()
    world.settled()


class Waiting(Observer):
    """Tells when the run waits for another one."""

    def __init__(self) -> None:
        self.waits = threading.Event()
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)
        if "waiting" in text:
            self.waits.set()


def test_a_run_that_waited_for_another_has_nothing_left_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsync.state.local._LOOK_EVERY_S", 0.01)
    world.commit({"a.md": A})
    second = Waiting()
    reports: list[Report] = []

    def wait() -> None:
        with world.opened(observer=second) as opened:
            reports.append(sync.run(*opened))

    thread = threading.Thread(target=wait)

    def begin() -> None:
        thread.start()
        assert second.waits.wait(10)

    world.wire.when("POST /files", call(begin), times=1)
    assert world.sync().documents.added == ("a.md",)
    published = world.manifest_path.read_bytes()
    thread.join(10)
    (report,) = reports
    assert (report.exit_code, report.changed) == (0, False)
    assert world.manifest_path.read_bytes() == published
    world.settled()
    assert report.requests == {}


def test_a_run_does_not_wait_for_ever(synced: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vsync.state.local._LOOK_EVERY_S", 0.01)
    synced.commit({"a.md": b"# A2"})
    held: list[BaseException] = []

    def try_meanwhile() -> None:
        thread = threading.Thread(target=lambda: held.append(_failure(lambda: synced.sync(lock_timeout="0.05"))))
        thread.start()
        thread.join(10)

    synced.wire.when("POST /files", call(try_meanwhile), times=1)
    report = synced.sync()
    (error,) = held
    assert isinstance(error, VsyncError)
    assert (error.exit_code, error.reason) == (3, "git")
    assert "--lock-timeout" in error.remedy
    assert report.exit_code == 0
    assert synced.audit() == set()
    synced.settled()


def _failure(action: Callable[[], object]) -> BaseException:
    try:
        action()
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")


def test_a_run_whose_seal_was_taken_over_stops_and_publishes_nothing(
    synced: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vsync.sync.lock.RENEW_EVERY_S", 0.02)
    synced.commit({"a.md": b"# A2"})
    before = synced.manifest_path.read_bytes()

    async def taken_over(sent: Sent, forward: Forward) -> httpx2.Response:
        path = synced.seal_path
        assert path is not None
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "run": "another"}))
        await asyncio.sleep(0.1)
        return await forward()

    synced.wire.when("POST /files", taken_over)
    with pytest.raises(VsyncError, match="taken over"):
        synced.sync()
    assert synced.manifest_path.read_bytes() == before
    assert not [sent for sent in synced.wire.sent if sent.method == "DELETE"]
    assert synced.searchable("a.md")[0] == A


@pytest.mark.parametrize("what", ["POST /vector_stores/*/file_batches", "DELETE /vector_stores/*/files/*"])
def test_a_write_that_failed_is_not_sent_again_by_a_run_that_was_taken_over(synced: World, what: str) -> None:
    synced.commit({"a.md": b"# A2", "b.md": b"# B2"})

    async def taken_over_and_cut(sent: Sent, forward: Forward) -> httpx2.Response:
        path = synced.seal_path
        assert path is not None
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "run": "another"}))
        raise httpx2.ConnectError("All connection attempts failed")

    synced.wire.when(what, taken_over_and_cut)
    with contextlib.suppress(VsyncError):
        assert synced.sync().exit_code == 3
    assert {sent.status for sent in synced.wire.of(what)} == {None}
    assert len(synced.wire.of(what)) <= 2  # those that were under way


def test_a_late_run_changes_nothing_though_the_manifest_is_gone(synced: World) -> None:
    synced.commit({"a.md": b"# A2"})
    synced.sync(origin=Origin("acme/docs", "1", "200"))
    synced.forget_manifest()
    synced.wire.calm()
    late = synced.sync(origin=Origin("acme/docs", "1", "199"))
    assert (late.superseded, late.exit_code, synced.wire.sent) == (True, 0, [])


def test_a_late_run_changes_nothing(synced: World) -> None:
    synced.commit({"a.md": b"# A2"})
    synced.sync(origin=Origin("acme/docs", "1", "200"))
    synced.wire.calm()
    old = synced.repo.git("rev-parse", "HEAD~1")
    synced.repo.git("update-ref", "refs/heads/main", old)
    late = synced.sync(origin=Origin("acme/docs", "1", "199"))
    assert (late.superseded, late.exit_code, late.changed) == (True, 0, False)
    assert synced.wire.sent == []
    newer = synced.sync(origin=Origin("acme/docs", "1", "201"))
    assert newer.documents.updated == ("a.md",)
    synced.files["a.md"] = A
    assert synced.audit() == set()


# Odd servers, end to end


@pytest.mark.parametrize("missing", [answer(404, {"detail": "Not Found"}), refuse(404, "Invalid URL (POST /v1/x)")])
def test_a_server_without_batches_holds_every_document_once(world: World, missing: Fault) -> None:
    world.wire.when(lambda sent: "/file_batches" in sent.path, missing)
    world.commit({f"{number}.md": b"# %d" % number for number in range(9)})
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.settled()


def test_a_server_that_ignores_the_files_of_a_batch_holds_every_document_once(world: World) -> None:
    counts = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}

    async def ignoring(sent: Sent, forward: Forward) -> httpx2.Response:
        if sent.path.endswith("/files"):
            return response(200, {"object": "list", "data": [], "has_more": False})
        return response(200, {"id": "vsfb_1", "object": "vector_store.file_batch", "created_at": 1, "vector_store_id": "vs",
                              "status": "completed", "file_counts": counts})  # fmt: skip

    world.wire.when(lambda sent: "/file_batches" in sent.path, ignoring)
    world.commit({f"{number}.md": b"# %d" % number for number in range(9)})
    assert world.sync().exit_code == 0
    assert world.audit() == set()
    world.settled()


def test_a_second_plan_that_a_limit_refuses_is_not_told_as_if_nothing_was_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest moves while the run is at work. By then the run has uploaded."""
    world.commit({"a.md": A, "b.md": B})
    refusals = iter([None, "The plan is too large."])

    def moved(*_: object, **__: object) -> None:
        raise ManifestMoved

    monkeypatch.setattr("vsync.sync.publish.TargetPart.publish", moved)
    monkeypatch.setattr("vsync.sync.basis.refusal", lambda *_: next(refusals))
    with pytest.raises(PublicationFailed, match=r"the new plan is refused\. The plan is too large") as raised:
        world.sync()
    assert raised.value.exit_code == 3
    assert "the next run finds it there" in raised.value.remedy
    monkeypatch.undo()
    assert world.sync().exit_code == 0
    world.settled()


def test_a_file_that_is_no_document_any_more_goes_at_once_after_a_listing_as_well(synced: World) -> None:
    synced.forget_seal()
    synced.commit({"b.md": b""})
    report = synced.sync()
    assert (report.exit_code, report.documents.removed) == (0, ("b.md",))
    assert synced.audit({"a.md": A, "docs/c.md": C}) == set()
    synced.settled()
