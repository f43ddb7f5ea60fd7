"""A plan carried out against a store: what is asked in which order and how often, and what becomes of each document."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import math
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.transfers import (
    BATCH,
    IN_BATCH,
    LOOK,
    POLL,
    SINGLE,
    Ran,
    Skipping,
    document,
    fail_entries,
    numbered,
    refuse_with,
)
from tests.support.wire import (
    Fault,
    Forward,
    QuickStop,
    Sent,
    Wire,
    World,
    alter,
    answer,
    call,
    client,
    delay,
    lose,
    refuse,
    unreachable,
)
from vsync.documents.chunking import Chunking
from vsync.errors import ApiUnavailable, CredentialsRefused, Interrupted, RepositoryError
from vsync.plan.plan import Operation
from vsync.recovery.proof import ProvenId
from vsync.report.observer import Observer
from vsync.state.manifest import Entry
from vsync.store import vector_store as store_module
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.transfer import attach as attaching_module
from vsync.transfer.outcome import Removal
from vsync.transfer.remove import remove


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.make_store("docs")
    yield made
    made.wire.close()


@pytest.fixture
def batches(world: World) -> Callable[[], list[list[str]]]:
    """The filenames of each batch that was asked for."""
    return lambda: [[world.uploaded()[item["file_id"]] for item in sent.json["files"]] for sent in world.wire.of(BATCH)]


# Uploading


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_uploads_run_side_by_side_up_to_the_limit_and_not_more(world: World, limit: int) -> None:
    running, most = 0, 0
    full = asyncio.Event()

    async def held(_: Sent, forward: Forward) -> httpx2.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running >= limit:
            full.set()
        await full.wait()
        await asyncio.sleep(0.01)  # one upload too many would come now
        running -= 1
        return await forward()

    world.wire.when("POST /files", held)
    ran = Ran(world, numbered(12), concurrency=limit)
    assert most == limit
    assert len(ran.confirmed) == 12
    ran.check()


@pytest.mark.parametrize(
    ("path", "filename", "media"),
    [
        ("docs/guide.md", "docs/guide.md", "text/markdown"),
        ("docs/guide.rst", "docs/guide.rst.txt", "text/plain"),
        ("page.mdx", "page.mdx.md", "text/markdown"),
        ("page.htm", "page.htm.html", "text/html"),
        ("src/app.ts", "src/app.ts", "application/typescript"),  # the host's tables say it is a film or a translation
        ("src/lib.rs", "src/lib.rs.txt", "text/plain"),
        ("data.json", "data.json", "application/json"),
        ("manual.pdf", "manual.pdf", "application/pdf"),
        ("LICENSE", "LICENSE.txt", "text/plain"),
        ('say "hi".md', 'say "hi".md', "text/markdown"),
        ("two\nlines\r.md", "two\nlines\r.md", "text/markdown"),
        ("back\\slash.md", "back\\slash.md", "text/markdown"),
        ("ünï/日本語/🦊.md", "ünï/日本語/🦊.md", "text/markdown"),
        ("a;name=x; filename=y.md", "a;name=x; filename=y.md", "text/markdown"),
    ],
)
def test_a_document_is_sent_under_its_name_and_type(world: World, path: str, filename: str, media: str) -> None:
    ran = Ran(world, {path: b"text"})
    (sent,) = world.wire.of("POST /files")
    assert (sent.upload.filename, sent.upload.media_type, sent.upload.content) == (filename, media, b"text")
    assert "\n" not in sent.upload.header
    assert list(world.uploaded().values()) == [filename]
    (entry,) = world.entries()
    assert entry.attributes["path"] == path
    assert ran.confirmed == [path]


def test_a_document_may_have_a_name_and_attributes_of_its_own(world: World) -> None:
    own = dataclasses.replace(document("users/7", b"one"), filename="seven.md", attributes={"lang": "de"})
    Ran(world, {"users/7": b"one"}, [Operation("upload", "users/7", own)], attributes={"team": "docs"})
    (sent,) = world.wire.of("POST /files")
    (entry,) = world.entries()
    assert (sent.upload.filename, entry.attributes["path"], entry.attributes["lang"]) == ("seven.md", "users/7", "de")
    assert "team" not in entry.attributes


def test_a_document_that_cannot_be_read_fails_alone(world: World) -> None:
    ran = Ran(world, {"a.md": b"# A", "b.md": RepositoryError("b.md is gone"), "c.md": b"# C"})
    assert ran.confirmed == ["a.md", "c.md"]
    assert ran.failed == {"b.md": ("unreadable", False)}
    assert ran.outcome.cause is None
    ran.check()


def test_an_upload_that_is_refused_fails_alone(world: World) -> None:
    world.wire.when(
        lambda sent: sent.is_("POST /files") and sent.upload.filename == "001.md",
        refuse(400, "Invalid extension md. Supported formats: …", "unsupported"),
    )
    ran = Ran(world, numbered(3))
    assert ran.confirmed == ["000.md", "002.md"]
    assert ran.failed == {"001.md": ("unsupported", True)}


@pytest.mark.parametrize(
    ("status", "message", "final"),
    [
        (413, "Too big", True),
        (415, "No", True),
        (400, "The file could not be parsed because it is too large.", True),
        (422, "unsupported media", True),
        (400, "You have exceeded your file storage quota.", False),
        (400, "Invalid request", False),
        (404, "Not here", False),
        (500, "unsupported state", False),
        (400, "Cannot find file x; it is not supported", False),
    ],
)
def test_a_refusal_is_final_only_when_the_same_file_would_be_refused_again(
    world: World, status: int, message: str, final: bool
) -> None:
    world.wire.when("POST /files", refuse(status, message))
    ran = Ran(world, {"a.md": b"# A"})
    assert ran.outcome.failed["a.md"].final is final
    assert message in ran.outcome.failed["a.md"].message
    assert ran.outcome.discarded == []


def test_a_lost_upload_answer_is_counted_and_the_document_is_there_once(world: World) -> None:
    world.wire.when("POST /files", lose(), times=2)
    ran = Ran(world, numbered(3))
    assert ran.lost == 2
    assert len(ran.confirmed) == 3
    assert len(world.entries()) == 3
    assert len(world.uploaded()) == 5  # the two that nobody knows of
    ran.check()


# Attaching


def test_each_file_has_its_own_attributes_and_chunking_in_the_batch(world: World) -> None:
    contents = {"docs/a.md": b"# A", "docs/b.md": b"# B"}
    Ran(world, contents, attributes={"team": "x", "level": 3, "live": True}, chunking=Chunking(400, 100))
    (batch,) = world.wire.of(BATCH)
    assert set(batch.json) == {"files"}
    by_path = {item["attributes"]["path"]: item for item in batch.json["files"]}
    assert sorted(by_path) == sorted(contents)
    for path, item in by_path.items():
        assert item["attributes"] == {
            "team": "x",
            "level": 3,
            "live": True,
            "path": path,
            "sha256": hashlib.sha256(contents[path]).hexdigest(),
            "owner": "owner-1",
            "target": "default",
            "source": "acme/docs",
            "commit": "c0ffee",
        }
        assert item["chunking_strategy"] == {
            "type": "static",
            "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100},
        }


def test_the_servers_own_chunking_is_asked_for_as_such(world: World) -> None:
    Ran(world, {"a.md": b"# A"}, commit=None)
    entry = world.wire.sent[1].json
    assert entry["chunking_strategy"] == {"type": "auto"}
    assert "commit" not in entry["attributes"]


def test_one_document_is_attached_without_a_batch(world: World) -> None:
    ran = Ran(world, {"a.md": b"# A"})
    assert [sent.method for sent in world.wire.sent] == ["POST", "POST", "GET"]
    assert len(world.wire.of(SINGLE)) == 1
    ran.check()


def test_files_are_attached_while_uploads_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch, batches: Callable[[], list[list[str]]]
) -> None:
    monkeypatch.setattr(attaching_module, "FLUSH_EVERY_S", 60.0)
    monkeypatch.setattr(attaching_module, "FLUSH_AT", 10)
    world.wire.when("POST /files", delay(0.002))
    ran = Ran(world, numbered(35), concurrency=2)
    kinds = [str(sent) for sent in world.wire.sent]
    first = next(n for n, sent in enumerate(world.wire.sent) if sent.is_(BATCH))
    assert 10 <= kinds[:first].count("POST /files") <= 14
    assert sum(map(len, batches())) == 35
    assert len(batches()) >= 3
    assert len(ran.confirmed) == 35
    ran.check()


def test_files_do_not_wait_longer_than_a_second_to_be_attached(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (attaching_module.FLUSH_EVERY_S, attaching_module.FLUSH_AT) == (1.0, 100)
    monkeypatch.setattr(attaching_module, "FLUSH_EVERY_S", 0.05)
    world.wire.when("POST /files", delay(0.04))
    ran = Ran(world, numbered(10), concurrency=1)
    last_upload = max(sent.number for sent in world.wire.of("POST /files"))
    attached = [sent.number for sent in world.wire.sent if sent.is_(BATCH) or sent.is_(SINGLE)]
    assert len([number for number in attached if number < last_upload]) >= 3
    assert len(ran.confirmed) == 10


def test_no_batch_is_larger_than_the_api_takes(
    world: World, monkeypatch: pytest.MonkeyPatch, batches: Callable[[], list[list[str]]]
) -> None:
    assert store_module.MAX_BATCH == 2_000
    monkeypatch.setattr(attaching_module, "MAX_BATCH", 5)
    ran = Ran(world, numbered(12))
    assert sorted(map(len, batches())) == [2, 5, 5]
    assert len(ran.confirmed) == 12


@pytest.mark.parametrize("count", [2, 7, 40])
@pytest.mark.parametrize(
    ("status", "message", "code", "final"),
    [
        (400, "Files with extensions [.md] are not supported for retrieval.", "unsupported_file", True),
        (400, "Invalid attribute", None, False),
    ],
)
def test_one_bad_file_refuses_the_batch_and_fails_alone(
    world: World, count: int, status: int, message: str, code: str | None, final: bool
) -> None:
    culprit = f"{count // 3:03}.md"
    world.wire.when(BATCH, refuse_with(world, {culprit}, status, message, code))
    world.wire.when(SINGLE, refuse_with(world, {culprit}, status, message, code))
    ran = Ran(world, numbered(count))
    assert ran.failed == {culprit: (code or "http_400", final)}
    assert message in ran.outcome.failed[culprit].message
    assert len(ran.confirmed) == count - 1
    assert len(ran.outcome.discarded) == 1
    assert world.uploaded()[ran.outcome.discarded[0]] == culprit
    # Two requests for each time that what is left is halved.
    attaches = [sent for sent in world.wire.sent if sent.is_(BATCH) or sent.is_(SINGLE)]
    assert len(attaches) <= 2 * math.ceil(math.log2(count)) + 3
    ran.check()


def test_several_bad_files_fail_and_all_others_are_attached(world: World) -> None:
    culprits = {"003.md", "017.md", "029.md"}
    for what in (BATCH, SINGLE):
        world.wire.when(what, refuse_with(world, culprits, 400, "not supported", "unsupported_file"))
    ran = Ran(world, numbered(32))
    assert set(ran.failed) == culprits
    assert len(ran.confirmed) == 29
    assert len([sent for sent in world.wire.sent if sent.is_(BATCH) or sent.is_(SINGLE)]) <= 40
    ran.check()


@pytest.mark.parametrize("message", ["Cannot find file {}, or project p does not have access to it.", "No such File"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_fresh_file_may_be_unknown_for_a_while(world: World, times: int, message: str) -> None:
    world.wire.when(BATCH, refuse(400, message.format("file-1")), times=times)
    ran = Ran(world, numbered(5))
    assert (len(ran.confirmed), ran.failed) == (5, {})
    assert len(world.wire.of(BATCH)) == times + 1
    ran.check()


def test_a_single_fresh_file_may_be_unknown_for_a_while(world: World) -> None:
    world.wire.when(SINGLE, refuse(404, "No file found with id 'file-1'."), times=4)
    ran = Ran(world, numbered(1))
    assert len(ran.confirmed) == 1
    ran.check()


def test_a_file_that_stays_unknown_fails_alone_and_is_tried_again_by_the_next_run(world: World) -> None:
    for what in (BATCH, SINGLE):
        world.wire.when(what, refuse_with(world, {"002.md"}, 400, "Cannot find file file-x", "file_not_found"))
    ran = Ran(world, numbered(8))
    assert ran.failed == {"002.md": ("file_not_found", False)}
    assert len(ran.confirmed) == 7
    assert len([sent for sent in world.wire.sent if sent.is_(BATCH) or sent.is_(SINGLE)]) <= 20
    ran.check()


@pytest.mark.parametrize(
    "missing",
    [
        lambda sent: answer(404, {"detail": "Not Found"}),
        lambda sent: refuse(404, f"Invalid URL (POST /v1{sent.path})"),
        lambda sent: answer(405, {"detail": "Method Not Allowed"}),
        lambda sent: refuse(400, "Unknown parameter: 'files'.", "unknown_parameter"),
        lambda sent: answer(501, "<html>Not Implemented</html>"),
    ],
    ids=["404", "404 with the path", "405", "no files=", "501"],
)
def test_a_server_without_batches_gets_each_file_by_itself(world: World, missing: Callable[[Sent], Fault]) -> None:
    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        return await missing(sent)(sent, forward)

    world.wire.when(lambda sent: "/file_batches" in sent.path, fault)
    ran = Ran(world, numbered(20))
    assert (len(ran.confirmed), ran.failed, ran.outcome.cause) == (20, {}, None)
    assert len(world.wire.of(SINGLE)) == 20
    assert len({sent.json["file_id"] for sent in world.wire.of(SINGLE)}) == 20
    ran.check()


@pytest.mark.parametrize("status", ["completed", "in_progress"])
def test_a_server_that_ignores_the_files_of_a_batch_gets_each_by_itself(world: World, status: str) -> None:
    counts = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}
    batch = {"id": "vsfb_1", "object": "vector_store.file_batch", "created_at": 1, "vector_store_id": world.store_id}
    batch |= {"status": status, "file_counts": counts}
    world.wire.when(BATCH, answer(200, batch))
    world.wire.when(POLL, answer(200, batch))
    world.wire.when(IN_BATCH, answer(200, {"object": "list", "data": [], "has_more": False}))
    ran = Ran(world, numbered(6))
    assert (len(ran.confirmed), ran.failed) == (6, {})
    assert len(world.wire.of(SINGLE)) == 6
    ran.check()


def test_a_server_that_takes_only_some_files_of_a_batch_gets_the_others_by_themselves(world: World) -> None:
    async def take_some(sent: Sent, forward: Forward) -> httpx2.Response:
        sent.raw = json.dumps({"files": sent.json["files"][:2]}).encode()
        return await forward()

    world.wire.when(BATCH, take_some)
    ran = Ran(world, numbered(6))
    assert (len(ran.confirmed), ran.failed) == (6, {})
    assert len(world.wire.of(SINGLE)) == 4
    ran.check()


@pytest.mark.parametrize("fault", [unreachable(), refuse(401, "Incorrect API key provided.")])
def test_files_that_were_left_out_of_a_batch_are_known_when_the_api_goes_away(world: World, fault: Fault) -> None:
    """Nothing else knows their ids: a File that is in no store has no owner."""
    counts = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}
    batch = {"id": "vsfb_1", "object": "vector_store.file_batch", "created_at": 1, "vector_store_id": world.store_id}
    batch |= {"status": "completed", "file_counts": counts}
    world.wire.when(BATCH, answer(200, batch))
    world.wire.when(POLL, answer(200, batch))
    world.wire.when(IN_BATCH, answer(200, {"object": "list", "data": [], "has_more": False}))
    world.wire.when(SINGLE, fault, skip=2)
    ran = Ran(world, numbered(6))
    assert ran.outcome.cause is not None
    attached = {entry.file_id for entry in world.entries()}
    assert world.uploaded().keys() - attached <= set(ran.outcome.discarded)


# Waiting


def test_a_batch_that_is_answered_with_the_store_is_read_from_its_files(world: World) -> None:
    """https://github.com/openai/openai-python/issues/2724"""
    store = world.ask("GET", f"/vector_stores/{world.store_id}")
    world.wire.when(POLL, answer(200, store))
    ran = Ran(world, numbered(4))
    assert (len(ran.confirmed), ran.failed) == (4, {})
    assert all("vsfb_" in sent.path for sent in world.wire.sent if "/file_batches/" in sent.path)
    assert not world.wire.of(SINGLE)
    ran.check()


def test_a_batch_that_cannot_be_asked_for_is_waited_for_file_by_file(world: World) -> None:
    world.wire.when(lambda sent: sent.is_(POLL) or sent.is_(IN_BATCH), refuse(404, "No such batch"))
    ran = Ran(world, numbered(4))
    assert (len(ran.confirmed), ran.failed) == (4, {})
    assert not world.wire.of(SINGLE)
    assert len(world.wire.of(LOOK)) >= 4
    ran.check()


def test_indexing_is_waited_for(world: World, tmp_path: Path) -> None:
    world.wire.close()
    world.wire = Wire(tmp_path / "store.db", indexing_delay_s=0.15)
    ran = Ran(world, numbered(3))
    assert len(world.wire.of(POLL)) > 1
    assert len(ran.confirmed) == 3
    ran.check()


@pytest.mark.parametrize("count", [1, 4])
def test_a_document_that_cannot_be_indexed_fails_alone_and_for_good(world: World, count: int) -> None:
    contents = numbered(count) | {"000.md": b"\xff\xfe\x00\xd8 no text"}
    ran = Ran(world, contents)
    ((path, (code, final)),) = ran.failed.items()
    assert (path, code, final) == ("000.md", "unsupported_file", True)
    assert ran.outcome.failed["000.md"].message
    assert len(ran.confirmed) == count - 1
    assert [world.uploaded()[file_id] for file_id in ran.outcome.discarded] == ["000.md"]
    ran.check()


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(
    ("status", "error", "code", "final"),
    [
        ("failed", {"code": "server_error", "message": "An internal error occurred."}, "server_error", False),
        ("failed", {"code": "invalid_file", "message": "too large"}, "invalid_file", True),
        ("failed", None, "failed", False),
        ("cancelled", None, "cancelled", False),
    ],
)
def test_each_way_indexing_can_end_badly_is_told(
    world: World, count: int, status: str, error: object, code: str, final: bool
) -> None:
    fail_entries(world, status, error, {"000.md"})
    ran = Ran(world, numbered(count))
    assert ran.failed == {"000.md": (code, final)}
    assert len(ran.confirmed) == count - 1
    assert len(ran.outcome.discarded) == (1 if final else 3)  # what the content is not to blame for is tried again
    assert ("tried 3 times" in ran.outcome.failed["000.md"].message) is not final
    ran.check()


def test_a_batch_that_is_never_done_ends_at_the_timeout(world: World) -> None:
    counts = {"in_progress": 3, "completed": 0, "failed": 0, "cancelled": 0, "total": 3}
    world.wire.when(POLL, alter(lambda data: data.update(status="in_progress", file_counts=counts)))
    world.wire.when(IN_BATCH, alter(lambda data: [item.update(status="in_progress") for item in data["data"]]))
    ran = Ran(world, numbered(3), index_timeout_s=0.1, timeout=5)
    assert {code for code, _ in ran.failed.values()} == {"index-timeout"}
    assert not any(final for _, final in ran.failed.values())
    assert len(ran.failed) == len(ran.outcome.discarded) == 3
    assert "--index-timeout" in ran.outcome.failed["000.md"].message


def test_one_file_that_hangs_does_not_take_its_batch_along(world: World) -> None:
    fail_entries(world, "in_progress", None, {"001.md"})
    ran = Ran(world, numbered(3), index_timeout_s=0.1, timeout=5)
    assert ran.failed == {"001.md": ("index-timeout", False)}
    assert ran.confirmed == ["000.md", "002.md"]
    ran.check()


def test_a_single_file_that_hangs_ends_at_the_timeout(world: World) -> None:
    fail_entries(world, "in_progress", None, {"000.md"})
    ran = Ran(world, numbered(1), index_timeout_s=0.1, timeout=5)
    assert ran.failed == {"000.md": ("index-timeout", False)}


def test_an_entry_that_vanishes_while_it_is_indexed_ends_at_the_timeout(world: World) -> None:
    world.wire.when(LOOK, refuse(404, "No file found"))
    ran = Ran(world, numbered(1), index_timeout_s=0.1, timeout=5)
    assert ran.failed == {"000.md": ("index-timeout", False)}
    assert len(ran.outcome.discarded) == 1


def test_polls_become_rarer(world: World) -> None:
    stop = Skipping()
    times: list[float] = []
    world.wire.watchers.append(lambda sent: times.append(stop.now()) if sent.is_(POLL) and not sent.status else None)
    fail_entries(world, "in_progress", None, {"000.md", "001.md"})
    ran = Ran(world, numbered(2), index_timeout_s=60, timeout=10, stop=stop, clock=stop.now)
    assert {code for code, _ in ran.failed.values()} == {"index-timeout"}
    gaps = [later - earlier for earlier, later in pairwise(times[:-1])]  # the last look is when the time is over
    assert times[0] <= 0.3
    assert all(later >= earlier - 0.01 for earlier, later in pairwise(gaps))
    assert max(gaps) <= 5.01
    assert 60 <= times[-1] <= 60.1
    assert len(times) <= 20


# Ending early


@pytest.mark.parametrize(
    ("fault", "cause"),
    [(refuse(401, "Incorrect API key provided."), CredentialsRefused), (unreachable(), ApiUnavailable)],
    ids=["401", "unreachable"],
)
@pytest.mark.parametrize("what", ["POST /files", BATCH, POLL])
def test_when_the_api_goes_away_every_file_is_confirmed_attached_or_known(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str, fault: Fault, cause: type[Exception]
) -> None:
    monkeypatch.setattr(attaching_module, "FLUSH_AT", 5)
    world.wire.when("POST /files", delay(0.001))
    world.wire.when(what, fault, skip=12 if what == "POST /files" else 1)
    ran = Ran(world, numbered(20), concurrency=2)
    assert isinstance(ran.outcome.cause, cause)
    assert ran.outcome.unfinished
    assert len(ran.confirmed) < 20
    attached = {entry.file_id for entry in world.entries()}
    assert world.uploaded().keys() - attached <= set(ran.outcome.discarded)
    ran.check()


def test_after_the_key_was_refused_nothing_more_is_tried(world: World) -> None:
    world.wire.when("POST /files", refuse(401, "Incorrect API key provided."), skip=3)
    ran = Ran(world, numbered(50), concurrency=2)
    assert isinstance(ran.outcome.cause, CredentialsRefused)
    assert len(world.wire.of("POST /files")) <= 5
    assert not world.wire.of(BATCH)
    assert len(ran.outcome.discarded) == 3


def test_a_stop_ends_uploads_and_attaches_what_is_there(world: World) -> None:
    stop = QuickStop()
    world.wire.when("POST /files", call(lambda: stop.request(signal.SIGTERM)), skip=4)
    ran = Ran(world, numbered(30), concurrency=1, stop=stop)
    assert isinstance(ran.outcome.cause, Interrupted)
    assert ran.outcome.cause.exit_code == 143
    assert ran.outcome.unfinished
    assert len(world.wire.of("POST /files")) == 5
    assert len(world.entries()) == 5
    ran.check()


def test_a_stop_ends_the_wait_for_indexing_at_once(world: World) -> None:
    stop = QuickStop()
    fail_entries(world, "in_progress", None, {"000.md", "001.md"})
    world.wire.when(POLL, call(lambda: stop.request(signal.SIGINT)), skip=1)
    ran = Ran(world, numbered(2), stop=stop, index_timeout_s=60, timeout=5)
    assert isinstance(ran.outcome.cause, Interrupted)
    assert ran.outcome.cause.exit_code == 130
    assert len(world.entries()) == 2


def test_nothing_to_carry_out_makes_no_request(world: World) -> None:
    ran = Ran(world, {})
    assert world.wire.sent == []
    assert ran.outcome.complete


# Retagging


def retag(world: World, contents: Mapping[str, bytes], previous: Mapping[str, Entry], **attributes: Any) -> Ran:
    operations = [
        Operation("retag", path, document(path, attributes=attributes), previous[path]) for path in sorted(previous)
    ]
    return Ran(world, contents, operations, attributes=attributes, commit="later")


def test_a_retag_changes_attributes_alone_and_keeps_the_commit(world: World) -> None:
    contents = numbered(2)
    first = Ran(world, contents)
    world.wire.calm()
    ran = retag(world, contents, first.outcome.confirmed, team="x")
    assert Counter(sent.method for sent in world.wire.sent) == {"GET": 2, "POST": 2}
    assert not world.wire.of("POST /files")
    for entry in world.entries():
        assert entry.attributes["team"] == "x"
        assert entry.attributes["commit"] == "c0ffee"
        assert entry.attributes["path"] == entry.filename
        assert entry.attributes["sha256"] == hashlib.sha256(entry.content).hexdigest()
    for path, recorded in ran.outcome.confirmed.items():
        before = first.outcome.confirmed[path]
        assert recorded == before._replace(blob=recorded.blob, tag=recorded.tag)
        assert recorded.tag != before.tag


@pytest.mark.parametrize("gone", ["entry", "file"])
def test_a_retag_of_a_missing_entry_uploads_the_document(world: World, gone: str) -> None:
    contents = numbered(1)
    first = Ran(world, contents)
    (entry,) = first.outcome.confirmed.values()
    world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{entry.file_id}")
    if gone == "file":
        world.ask("DELETE", f"/files/{entry.file_id}")
    ran = retag(world, contents, first.outcome.confirmed, team="x")
    (new,) = world.entries()
    assert ran.outcome.confirmed["000.md"].file_id == new.file_id != entry.file_id
    assert new.attributes["team"] == "x"


def test_a_retag_never_touches_somebody_elses_entry(world: World) -> None:
    theirs = world.plant(path="000.md", owner="somebody", target="default")
    previous = {"000.md": Entry("b", hashlib.sha256(b"# 0").hexdigest(), 3, theirs, "t.t")}
    ran = retag(world, numbered(1), previous, team="x")
    assert ran.outcome.confirmed["000.md"].file_id != theirs
    (entry,) = [entry for entry in world.entries() if entry.file_id == theirs]
    assert dict(entry.attributes) == {"path": "000.md", "owner": "somebody", "target": "default"}


# Removing


def removed(world: World, ids: Sequence[str], stop: QuickStop | None = None, concurrency: int = 4) -> Removal:
    async def run() -> Removal:
        async with client(world.wire) as (api, _):
            store: VectorStore = Stores(api).open(world.store_id)
            return await remove(
                [ProvenId(file_id) for file_id in ids], store, Observer(), stop or QuickStop(), concurrency=concurrency
            )

    return asyncio.run(run())


@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_id_is_removed_once(world: World, concurrency: int) -> None:
    first = Ran(world, numbered(9))
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    world.wire.calm()
    removal = removed(world, ids, concurrency=concurrency)
    assert sorted(removal.gone) == sorted(ids)
    assert (removal.refused, removal.cause) == ({}, None)
    assert len(world.wire.sent) == 18
    assert (world.entries(), world.uploaded()) == ([], {})


def test_a_refused_removal_is_told_and_the_others_go_on(world: World) -> None:
    first = Ran(world, numbered(4))
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    world.wire.when(lambda sent: sent.method == "DELETE" and ids[1] in sent.path, refuse(400, "it is locked"))
    removal = removed(world, ids)
    assert list(removal.refused) == [ids[1]]
    assert "locked" in removal.refused[ids[1]]
    assert len(removal.gone) == 3


@pytest.mark.parametrize("fault", [unreachable(), refuse(401, "Incorrect API key"), refuse(403, "no")])
def test_no_removal_is_tried_after_the_api_went_away(world: World, fault: Fault) -> None:
    first = Ran(world, numbered(12))
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    world.wire.calm()
    world.wire.when("DELETE /vector_stores/*/files/*", fault, skip=3)
    removal = removed(world, ids, concurrency=1)
    assert removal.cause is not None
    assert len(removal.gone) == 3
    assert len({sent.path for sent in world.wire.of("DELETE /vector_stores/*/files/*")}) == 4


def test_a_stop_ends_removals(world: World) -> None:
    first = Ran(world, numbered(6))
    stop = QuickStop()
    world.wire.when("DELETE /files/*", call(lambda: stop.request(signal.SIGTERM)), skip=1)
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    removal = removed(world, ids, stop, concurrency=1)
    assert isinstance(removal.cause, Interrupted)
    assert len(removal.gone) == 2
    assert len(world.entries()) == 4


def test_a_defect_while_removing_is_raised_when_the_others_have_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Ran(world, numbered(8))
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    original = VectorStore.remove
    running: set[str] = set()

    async def broken(store: VectorStore, file_id: str) -> None:
        if file_id == ids[2]:
            raise KeyError(file_id)
        running.add(file_id)
        await original(store, file_id)
        running.discard(file_id)

    monkeypatch.setattr(VectorStore, "remove", broken)
    with pytest.raises(KeyError):
        removed(world, ids, concurrency=4)
    assert not running
    assert 4 < len(world.entries()) < 8


def test_nothing_to_remove_makes_no_request(world: World) -> None:
    world.wire.calm()
    assert removed(world, []).gone == []
    assert world.wire.sent == []
