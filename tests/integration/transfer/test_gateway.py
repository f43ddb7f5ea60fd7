"""A gateway refuses requests for their content, with pages of its own: one document fails, and the others get through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.transfers import BATCH, POLL, SINGLE, Ran, document, numbered
from tests.support.wire import Fault, Forward, Sent, World, answer, client, refuse
from vsync.errors import CredentialsRefused, GatewayRefused, PermissionDenied
from vsync.plan.plan import Operation
from vsync.recovery.proof import ProvenId
from vsync.report.observer import Observer
from vsync.store.stores import Stores
from vsync.system.stop import Stop
from vsync.transfer.outcome import Removal
from vsync.transfer.remove import remove

PAGE = "<html><head><title>Access denied</title></head><body><h1>Rule 942100</h1></body></html>"
STORE = "GET /vector_stores/*"

PAGES = {
    "403 html": answer(403, PAGE),
    "403 nothing": answer(403),
    "403 json": answer(403, {"message": "Forbidden"}),
    "401 html": answer(401, PAGE),
    "413 html": answer(413, "<html><h1>413 Request Entity Too Large</h1></html>"),
    "418 html": answer(418, PAGE),
    "451 html": answer(451, PAGE),
    "200 html": answer(200, PAGE),
}
pages = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.make_store("docs")
    yield made
    made.wire.close()


def upload_of(*names: str) -> Callable[[Sent], bool]:
    return lambda sent: sent.is_("POST /files") and sent.upload.filename in names


def mentions(word: str, *kinds: str) -> Callable[[Sent], bool]:
    return lambda sent: any(map(sent.is_, kinds)) and word.encode() in sent.raw


def after_it_is_done(page: Fault) -> Fault:
    """The API does what it is asked, and the gateway refuses the API's answer."""

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        await forward()
        return await page(sent, forward)

    return fault


# --- One document -------------------------------------------------------------------------------------------------


@pages
def test_one_refused_upload_is_that_documents_failure(world: World, page: Fault) -> None:
    world.wire.when(upload_of("001.md"), page)
    ran = Ran(world, numbered(4))
    assert ran.failed == {"001.md": ("refused-by-gateway", False)}
    assert ran.confirmed == ["000.md", "002.md", "003.md"]
    assert ran.outcome.cause is None
    assert not ran.outcome.complete  # the next run tries again
    assert len(world.wire.of(STORE)) == 1
    ran.check()


@pages
@pytest.mark.parametrize("count", [1, 4])
def test_one_refused_attachment_is_that_documents_failure(world: World, page: Fault, count: int) -> None:
    Ran(world, {"before.md": b"# Before"})
    world.wire.calm()
    world.wire.when(mentions("001.md", BATCH, SINGLE), page)
    ran = Ran(world, {"001.md": b"# 1"} | numbered(count))
    assert ran.failed.keys() == {"001.md"}
    if count > 1:
        assert len(ran.confirmed) == count - 1
        assert ran.outcome.cause is None
    assert len(ran.outcome.discarded) == 1
    ran.check()


def test_several_refused_attachments_are_found_in_their_batch(world: World) -> None:
    world.wire.when(
        lambda sent: any(mentions(word, BATCH, SINGLE)(sent) for word in ("003.md", "012.md")), PAGES["403 html"]
    )
    ran = Ran(world, numbered(16))
    assert ran.failed == dict.fromkeys(["003.md", "012.md"], ("refused-by-gateway", False))
    assert len(ran.confirmed) == 14
    assert ran.outcome.cause is None
    ran.check()


@pages
def test_one_refused_retag_is_that_documents_failure(world: World, page: Fault) -> None:
    contents = numbered(3)
    first = Ran(world, contents)
    world.wire.calm()
    world.wire.when(mentions("001.md", "POST /vector_stores/*/files/*"), page)
    operations = [
        Operation("retag", path, document(path, attributes={"team": "x"}), first.outcome.confirmed[path])
        for path in sorted(contents)
    ]
    ran = Ran(world, contents, operations, attributes={"team": "x"})
    assert ran.failed == {"001.md": ("refused-by-gateway", False)}
    assert "the old version stays" in ran.outcome.failed["001.md"].message
    assert ran.outcome.cause is None
    assert len(ran.confirmed) == 2


def test_a_file_that_was_made_although_the_answer_was_refused_is_looked_for(world: World) -> None:
    world.wire.when(upload_of("001.md"), after_it_is_done(PAGES["403 html"]))
    ran = Ran(world, numbered(3))
    assert ran.failed == {"001.md": ("refused-by-gateway", False)}
    assert ran.lost == 1


def test_more_refused_documents_than_others_do_not_end_the_run(world: World) -> None:
    refused = [f"{number:03}.md" for number in range(60)]
    world.wire.when(upload_of(*refused[1:]), PAGES["403 html"])
    ran = Ran(world, numbered(60), concurrency=1)
    assert ran.confirmed == ["000.md"]
    assert len(ran.failed) == 59
    assert ran.outcome.cause is None


# --- Every document -----------------------------------------------------------------------------------------------


UPLOADS, ATTACHMENTS = ["POST /files"], [SINGLE, BATCH]


@pytest.mark.parametrize("count", [1, 16])
@pytest.mark.parametrize(
    ("page", "kinds"),
    [*((name, UPLOADS) for name in PAGES), *((name, ATTACHMENTS) for name in PAGES if name != "200 html")],
    ids=str,
)
def test_when_every_document_is_refused_the_run_ends_and_names_one(
    world: World, page: str, kinds: list[str], count: int
) -> None:
    world.wire.when(lambda sent: any(map(sent.is_, kinds)), PAGES[page])
    ran = Ran(world, numbered(count), concurrency=16)
    assert isinstance(ran.outcome.cause, GatewayRefused)
    message = ran.outcome.cause.message
    assert ".md'" in message
    assert ("and 15 other documents" in message) is (count == 16)
    assert all(cause in message for cause in ("the key", "the gateway", "the network", "content"))
    assert ran.failed == dict.fromkeys(numbered(count), ("refused-by-gateway", False))
    assert ran.confirmed == []
    ran.check()


def test_a_gateway_that_refuses_all_is_not_asked_for_every_document(world: World) -> None:
    world.wire.when("POST /files", PAGES["403 html"])
    ran = Ran(world, numbered(90), concurrency=4)
    assert isinstance(ran.outcome.cause, GatewayRefused)
    assert 50 <= len(world.wire.of("POST /files")) <= 54
    assert ran.outcome.unfinished


@pytest.mark.parametrize("skip", [0, 2])
def test_when_a_request_without_a_document_is_refused_too_nothing_more_is_tried(world: World, skip: int) -> None:
    world.wire.when("POST /files", PAGES["403 html"], skip=skip)
    world.wire.when(STORE, PAGES["403 html"])
    ran = Ran(world, numbered(30), concurrency=1)
    assert isinstance(ran.outcome.cause, GatewayRefused)
    assert f"'{skip:03}.md'" in ran.outcome.cause.message
    assert len(world.wire.of("POST /files")) == skip + 1
    assert ran.failed == {f"{skip:03}.md": ("refused-by-gateway", False)}
    ran.check()


@pytest.mark.parametrize("page", ["403 html", "413 html", "418 html"])
def test_polls_that_a_gateway_denies_end_the_run_at_once(world: World, page: str) -> None:
    world.wire.when(lambda sent: sent.is_(POLL) or sent.is_("GET /vector_stores/*/files/*"), PAGES[page])
    ran = Ran(world, numbered(3))
    assert isinstance(ran.outcome.cause, GatewayRefused)
    assert ran.failed == {}


@pytest.mark.parametrize(
    ("fault", "cause"),
    [(refuse(401, "Incorrect API key provided."), CredentialsRefused), (refuse(403, "no"), PermissionDenied)],
)
@pytest.mark.parametrize("what", ["POST /files", BATCH])
def test_the_apis_own_refusal_of_the_key_ends_the_run_as_before(
    world: World, fault: Fault, cause: type[Exception], what: str
) -> None:
    world.wire.when(what, fault)
    ran = Ran(world, numbered(4))
    assert isinstance(ran.outcome.cause, cause)
    assert not world.wire.of(STORE)


# --- Deletes --------------------------------------------------------------------------------------------------------


def removed(world: World, ids: list[str]) -> Removal:
    async def run() -> Removal:
        async with client(world.wire) as (api, _):
            return await remove(
                [ProvenId(file_id) for file_id in ids],
                Stores(api).open(world.store_id),
                Observer(),
                Stop(),
                concurrency=1,
            )

    return asyncio.run(run())


@pytest.mark.parametrize("page", [*PAGES.values(), answer(200)], ids=[*PAGES, "200 nothing"])
@pytest.mark.parametrize("what", ["DELETE /vector_stores/*/files/*", "DELETE /files/*"])
def test_a_refused_delete_is_told_and_the_others_go_on(world: World, page: Fault, what: str) -> None:
    first = Ran(world, numbered(4))
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    world.wire.when(lambda sent: sent.is_(what) and ids[1] in sent.path, page)
    removal = removed(world, ids)
    assert list(removal.refused) == [ids[1]]
    assert removal.cause is None
    assert removal.gone == [ids[0], *ids[2:]]
    world.wire.calm()
    assert removed(world, [ids[1]]).gone == [ids[1]]
    assert (world.entries(), world.uploaded()) == ([], {})


def test_no_delete_is_tried_after_a_request_without_a_document_was_refused(world: World) -> None:
    first = Ran(world, numbered(6))
    ids = [entry.file_id for entry in first.outcome.confirmed.values()]
    world.wire.calm()
    world.wire.when("DELETE /vector_stores/*/files/*", PAGES["403 html"], skip=2)
    world.wire.when(STORE, PAGES["403 html"])
    removal = removed(world, ids)
    assert isinstance(removal.cause, GatewayRefused)
    assert len(removal.gone) == 2
    assert len(world.wire.of("DELETE /vector_stores/*/files/*")) == 3
