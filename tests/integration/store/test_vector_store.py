"""One store and its finding: by id or by name, whole listings, and what is gone."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from tests.support.wire import (
    Fault,
    Forward,
    Sent,
    World,
    alter,
    answer,
    client,
    error,
    lose,
    refuse,
    response,
    unreachable,
)
from vsync.documents.chunking import Chunking
from vsync.errors import ApiUnavailable, EndlessListing, StoreConflict, StoreGone
from vsync.store.api_errors import Refused
from vsync.store.choose import choose_by_name, store_metadata
from vsync.store.entries import NewEntry
from vsync.store.pages import PAGE
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore

T = TypeVar("T")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.wire.close()


def with_stores(world: World, ask: Callable[[Stores], Awaitable[T]]) -> T:
    async def run() -> T:
        async with client(world.wire) as (api, _):
            return await ask(Stores(api))

    return asyncio.run(run())


def with_store(world: World, store_id: str, ask: Callable[[VectorStore], Awaitable[T]]) -> T:
    return with_stores(world, lambda stores: ask(stores.open(store_id)))


def attach_many(world: World, store_id: str, count: int) -> list[str]:
    ids = [world.upload(f"{number}.md", b"# x") for number in range(count)]
    world.ask("POST", f"/vector_stores/{store_id}/file_batches", {"file_ids": ids})
    return ids


def without_cursor() -> Fault:
    """A server that begins every page again and says that there is more."""

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        sent.query = {name: value for name, value in sent.query.items() if name != "after"}
        original = await forward()
        return response(original.status_code, original.json() | {"has_more": True})

    return fault


# By id


def test_a_store_is_found_by_its_id(world: World) -> None:
    store_id = world.make_store("docs", team="a")
    attach_many(world, store_id, 3)
    info = with_stores(world, lambda stores: stores.get(store_id))
    assert (info.id, info.name, info.files, dict(info.metadata)) == (store_id, "docs", 3, {"team": "a"})


@pytest.mark.parametrize(
    "fault",
    [
        refuse(404, "No vector store found with id 'vs_none'."),
        refuse(400, "Invalid 'vector_store_id': 'vs_none'.", "invalid_value"),
    ],
    ids=["unknown", "malformed"],
)
def test_a_store_that_is_not_there_is_gone(world: World, fault: Fault) -> None:
    world.wire.when("GET /vector_stores/*", fault)
    with pytest.raises(StoreGone, match="vs_none") as gone:
        with_stores(world, lambda stores: stores.get("vs_none"))
    assert gone.value.remedy


def test_an_expired_store_is_gone_and_says_why(world: World) -> None:
    store_id = world.make_store("docs")
    world.wire.when("GET /vector_stores/*", alter(lambda data: data.update(status="expired")))
    with pytest.raises(StoreGone, match="expired"):
        with_stores(world, lambda stores: stores.get(store_id))


@pytest.mark.parametrize("ask", ["list", "get", "create"])
@pytest.mark.parametrize(
    "fault",
    [refuse(503, "overloaded"), refuse(418, "no tea"), answer(405, "<html>Not allowed</html>"), unreachable()],
    ids=["503", "418", "405", "unreachable"],
)
def test_a_server_that_refuses_stores_altogether_ends_the_run(world: World, fault: Fault, ask: str) -> None:
    world.wire.when(lambda _: True, fault)
    questions: dict[str, Callable[[Stores], Awaitable[Any]]] = {
        "list": lambda stores: stores.list(),
        "get": lambda stores: stores.get("vs_1"),
        "create": lambda stores: stores.create("docs"),
    }
    with pytest.raises(ApiUnavailable):
        with_stores(world, questions[ask])


def test_a_server_without_vector_stores_ends_the_run(world: World) -> None:
    """A wrong base URL: every path is unknown."""
    world.wire.when(lambda _: True, answer(404, {"detail": "Not Found"}))
    with pytest.raises(ApiUnavailable):
        with_stores(world, lambda stores: stores.list())


# By name


def test_a_store_of_our_own_is_found_by_its_name(world: World) -> None:
    world.make_store("other")
    ours = world.make_store("docs", **store_metadata("acme/docs", "default", "owner-1"))
    found = with_stores(world, lambda stores: stores.list())
    chosen = choose_by_name(found, "docs", "acme/docs", "default")
    assert chosen is not None
    assert (chosen.id, chosen.owner) == (ours, "owner-1")
    assert choose_by_name(found, "docs2", "acme/docs", "default") is None


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        store_metadata("acme/other", "default", "owner-1"),
        store_metadata("acme/docs", "internal", "owner-1"),
    ],
    ids=["nobody's", "another source's", "another target's"],
)
def test_a_store_that_only_has_the_name_is_not_ours(world: World, metadata: dict[str, str]) -> None:
    theirs = world.make_store("docs", **metadata)
    found = with_stores(world, lambda stores: stores.list())
    with pytest.raises(StoreConflict, match=theirs) as conflict:
        choose_by_name(found, "docs", "acme/docs", "default")
    assert theirs in conflict.value.remedy


def test_of_several_stores_with_one_name_none_is_taken_even_if_one_is_ours(world: World) -> None:
    ids = [world.make_store("docs"), world.make_store("docs", **store_metadata("acme/docs", "default", "o"))]
    found = with_stores(world, lambda stores: stores.list())
    with pytest.raises(StoreConflict) as conflict:
        choose_by_name(found, "docs", "acme/docs", "default")
    assert all(store_id in conflict.value.message for store_id in ids)


def test_an_expired_store_of_our_name_is_gone(world: World) -> None:
    world.make_store("docs", **store_metadata("acme/docs", "default", "o"))
    world.wire.when("GET /vector_stores", alter(lambda data: data["data"][0].update(status="expired")))
    found = with_stores(world, lambda stores: stores.list())
    with pytest.raises(StoreGone, match="expired"):
        choose_by_name(found, "docs", "acme/docs", "default")


@pytest.mark.parametrize("metadata", [{}, store_metadata("acme/other", "default", "o")], ids=["nobody's", "another's"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_sync_never_makes_a_second_store_of_a_taken_name(world: World, count: int, metadata: dict[str, str]) -> None:
    ids = [world.make_store("acme/docs", **metadata) for _ in range(count)]
    world.commit({"a.md": b"# A"})
    with pytest.raises(StoreConflict) as conflict:
        world.sync()
    assert conflict.value.exit_code == 2
    assert all(store_id in conflict.value.message for store_id in ids)
    assert [str(sent) for sent in world.wire.sent] == ["GET /vector_stores"]
    assert world.manifest is None


# Creating


@pytest.mark.parametrize("times", [1, 2])
def test_a_store_whose_creation_was_not_answered_has_no_twin(world: World, times: int) -> None:
    world.wire.when("POST /vector_stores", lose(), times=times)
    info = with_stores(world, lambda stores: stores.create("docs", {"team": "a"}))
    (only,) = world.stores()
    assert only["id"] == info.id
    assert only["metadata"]["team"] == "a"


def test_a_store_that_was_never_made_is_made_by_the_next_try(world: World) -> None:
    world.wire.when("POST /vector_stores", refuse(503, "overloaded"), times=2)
    info = with_stores(world, lambda stores: stores.create("docs"))
    assert [store["id"] for store in world.stores()] == [info.id]


def test_somebody_elses_store_of_that_name_is_not_taken_for_the_lost_one(world: World) -> None:
    theirs = world.make_store("docs")
    world.wire.when("POST /vector_stores", refuse(503, "overloaded"), times=1)
    info = with_stores(world, lambda stores: stores.create("docs"))
    assert info.id != theirs
    assert len(world.stores()) == 2


# Listing


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 30])
def test_every_entry_is_listed(world: World, count: int) -> None:
    store_id = world.make_store("docs")
    ids = attach_many(world, store_id, count) if count else []
    entries = with_store(world, store_id, lambda store: store.entries())
    assert [entry.file_id for entry in entries] == ids
    assert {sent.query["limit"] for sent in world.wire.sent} == {str(PAGE)}
    assert len(world.wire.sent) == max(1, -(-count // PAGE))


def test_every_store_is_listed(world: World) -> None:
    ids = [world.make_store(f"s{number}") for number in range(2 * PAGE + 1)]
    found = with_stores(world, lambda stores: stores.list())
    assert [info.id for info in found] == ids
    assert len(world.wire.sent) == 3


def test_a_server_that_ignores_the_cursor_is_not_asked_for_ever(world: World) -> None:
    store_id = world.make_store("docs")
    ids = attach_many(world, store_id, 3)
    world.wire.when("GET /vector_stores/*/files", without_cursor())
    entries = with_store(world, store_id, lambda store: store.entries())
    assert [entry.file_id for entry in entries] == ids
    assert len(world.wire.sent) == 2


@pytest.mark.parametrize("count", [PAGE, PAGE + 5])
def test_a_server_that_ignores_the_cursor_may_hide_what_follows_a_full_page(world: World, count: int) -> None:
    store_id = world.make_store("docs")
    attach_many(world, store_id, count)
    world.wire.when("GET /vector_stores/*/files", without_cursor())
    with pytest.raises(EndlessListing, match=f"the same {PAGE} items"):
        with_store(world, store_id, lambda store: store.entries())
    assert len(world.wire.sent) == 2


def test_an_entry_that_two_pages_show_is_one_entry(world: World) -> None:
    store_id = world.make_store("docs")
    ids = attach_many(world, store_id, PAGE + 1)
    world.wire.when("GET /vector_stores/*/files", alter(lambda data: data["data"].insert(0, data["data"][-1])), skip=1)
    entries = with_store(world, store_id, lambda store: store.entries())
    assert [entry.file_id for entry in entries] == ids


@pytest.mark.parametrize("fault", [refuse(503, "overloaded"), refuse(418, "no tea")], ids=["503", "418"])
def test_a_listing_that_fails_ends_the_run(world: World, fault: Fault) -> None:
    """A part of a listing is not the listing: what it leaves out would be uploaded again."""
    store_id = world.make_store("docs")
    attach_many(world, store_id, PAGE + 1)
    world.wire.when("GET /vector_stores/*/files", fault, skip=1)
    with pytest.raises(ApiUnavailable):
        with_store(world, store_id, lambda store: store.entries())


# One entry


def test_an_entry_is_described(world: World) -> None:
    store_id = world.make_store("docs")
    file_id = world.plant(path="a.md", level=3, live=True)
    entry = with_store(world, store_id, lambda store: store.entry(file_id))
    assert entry is not None
    assert (entry.file_id, entry.status, entry.chunking) == (file_id, "completed", Chunking())
    assert dict(entry.attributes) == {"path": "a.md", "level": 3, "live": True}


@pytest.mark.parametrize(
    "message",
    [None, "No file found with id 'file-none' in vector store 'vs_1'.", "Not Found"],
    ids=["embedded", "named", "bare"],
)
def test_an_entry_that_is_not_there_is_none_and_the_store_is_not_gone(world: World, message: str | None) -> None:
    store_id = world.make_store("docs")
    if message:
        world.wire.when("GET /vector_stores/*/files/*", refuse(404, message.replace("vs_1", store_id)))
    assert with_store(world, store_id, lambda store: store.entry("file-none")) is None


@pytest.mark.parametrize("ask", ["entries", "attach", "attach_batch", "search"])
def test_a_store_that_goes_away_meanwhile_is_told(world: World, ask: str) -> None:
    entry = NewEntry(world.upload("a.md", b"# A"), {}, Chunking())
    questions: dict[str, Callable[[VectorStore], Awaitable[Any]]] = {
        "entries": lambda store: store.entries(),
        "attach": lambda store: store.attach(entry),
        "attach_batch": lambda store: store.attach_batch([entry]),
        "search": lambda store: store.search("x", 3, None),
    }
    with pytest.raises(StoreGone, match="vs_none"):
        with_store(world, "vs_none", questions[ask])


@pytest.mark.parametrize(
    "refusal",
    [refuse(400, "Not now.", "expired"), refuse(400, "The vector store has expired.", "invalid_request_error")],
    ids=["by its code", "by its message"],
)
def test_a_store_that_expires_meanwhile_is_told(world: World, refusal: Fault) -> None:
    store_id = world.make_store("docs")
    entry = NewEntry(world.upload("a.md", b"# A"), {}, Chunking())
    world.wire.when("POST /vector_stores/*/files", refusal)
    with pytest.raises(Refused):  # something else has expired
        with_store(world, store_id, lambda store: store.attach(entry))
    world.wire.when("GET /vector_stores/*", alter(lambda data: data.update(status="expired")))
    with pytest.raises(StoreGone, match="has expired") as error:
        with_store(world, store_id, lambda store: store.attach(entry))
    assert "vsync verify --repair" in error.value.remedy


def test_attributes_are_replaced_whole(world: World) -> None:
    store_id = world.make_store("docs")
    file_id = world.plant(path="a.md", old="x")
    with_store(world, store_id, lambda store: store.retag(file_id, {"path": "a.md", "new": 1}))
    (entry,) = world.entries(store_id)
    assert dict(entry.attributes) == {"path": "a.md", "new": 1}


def test_a_search_gives_name_path_and_text(world: World) -> None:
    store_id = world.make_store("docs")
    file_id = world.plant(b"the quick brown fox", path="docs/fox.md", language="en")
    world.plant(b"a quick reply", path="docs/reply.md", language="de")
    (hit,) = with_store(
        world, store_id, lambda store: store.search("quick", 5, {"type": "eq", "key": "language", "value": "en"})
    )
    assert (hit.file_id, hit.filename, hit.text) == (file_id, "theirs.md", "the quick brown fox")
    assert hit.attributes["path"] == "docs/fox.md"
    assert hit.score > 0


# A batch


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(id="vs_1", object="vector_store"),
        lambda data: data.pop("file_counts"),
        lambda data: data["file_counts"].pop("in_progress"),
        lambda data: data.update(file_counts=None),
        lambda data: data["file_counts"].update(total="3"),
    ],
    ids=["the store", "no counts", "half the counts", "null", "text"],
)
def test_a_batch_that_cannot_be_read_counts_nothing(world: World, change: Callable[[dict[str, Any]], object]) -> None:
    store_id = world.make_store("docs")
    entry = NewEntry(world.upload("a.md", b"# A"), {}, Chunking())
    world.wire.when("GET /vector_stores/*/file_batches/*", alter(change))

    async def ask(store: VectorStore) -> Any:
        return await store.batch_progress(await store.attach_batch([entry]))

    progress = with_store(world, store_id, ask)
    assert not progress.readable
    assert progress.total == progress.completed == 0


# Removing


def test_an_entry_is_detached_before_its_file_is_deleted(world: World) -> None:
    store_id = world.make_store("docs")
    (file_id,) = attach_many(world, store_id, 1)
    with_store(world, store_id, lambda store: store.remove(file_id))
    assert [str(sent) for sent in world.wire.sent] == [
        f"DELETE /vector_stores/{store_id}/files/{file_id}",
        f"DELETE /files/{file_id}",
    ]
    assert world.uploaded() == {}


@pytest.mark.parametrize("gone", ["entry", "file", "both"])
def test_what_is_gone_already_is_removed(world: World, gone: str) -> None:
    store_id = world.make_store("docs")
    (file_id,) = attach_many(world, store_id, 1)
    if gone in {"entry", "both"}:
        world.ask("DELETE", f"/vector_stores/{store_id}/files/{file_id}")
    if gone in {"file", "both"}:
        world.ask("DELETE", f"/files/{file_id}")
    with_store(world, store_id, lambda store: store.remove(file_id))
    assert world.uploaded() == {}


def test_nothing_is_deleted_when_the_store_itself_is_gone(world: World) -> None:
    store_id = world.make_store("docs")
    (file_id,) = attach_many(world, store_id, 1)
    world.ask("DELETE", f"/vector_stores/{store_id}")
    with pytest.raises(StoreGone, match=store_id):
        with_store(world, store_id, lambda store: store.remove(file_id))
    assert set(world.uploaded()) == {file_id}


@pytest.mark.parametrize("what", ["DELETE /vector_stores/*/files/*", "DELETE /files/*"])
def test_a_removal_whose_answer_is_lost_is_asked_for_again(world: World, what: str) -> None:
    store_id = world.make_store("docs")
    (file_id,) = attach_many(world, store_id, 1)
    world.wire.when(what, lose(), times=1)
    with_store(world, store_id, lambda store: store.remove(file_id))
    assert (world.entries(store_id), world.uploaded()) == ([], {})


def test_a_file_that_may_not_be_detached_is_not_deleted(world: World) -> None:
    store_id = world.make_store("docs")
    (file_id,) = attach_many(world, store_id, 1)
    world.wire.when("DELETE /vector_stores/*/files/*", refuse(400, "it is locked"))
    with pytest.raises(Refused, match="locked"):
        with_store(world, store_id, lambda store: store.remove(file_id))
    assert not world.wire.of("DELETE /files/*")
    assert set(world.uploaded()) == {file_id}


# Rates


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_changes_keep_below_the_rates_and_also_when_they_are_tried_again(world: World) -> None:
    store_id = world.make_store("docs")
    ids = attach_many(world, store_id, 4)
    clock = Clock()
    times: list[tuple[str, float]] = []
    world.wire.watchers.append(
        lambda sent: times.append((str(sent).split("/")[1], clock.now)) if not sent.status else None
    )
    world.wire.when("DELETE /vector_stores/*/files/*", answer(503, error("overloaded")), times=1)

    async def ask(stores: Stores) -> None:
        store = stores.open(store_id, Rates(writes_per_minute=2, clock=clock, sleep=clock.sleep))
        for file_id in ids:
            await store.remove(file_id)

    with_stores(world, ask)
    detached = [at for what, at in times if what == "vector_stores"]
    assert detached == [0.0, 0.0, 60.0, 60.0, 120.0]


def test_uploads_keep_below_their_own_rate(world: World) -> None:
    store_id = world.make_store("docs")
    clock = Clock()

    async def ask(stores: Stores) -> list[float]:
        store = stores.open(store_id, Rates(uploads_per_minute=2, clock=clock, sleep=clock.sleep))
        times = []
        for number in range(5):
            await store.upload(f"{number}.md", io.BytesIO(b"# A"), 3, "text/markdown")
            times.append(clock.now)
        return times

    assert with_stores(world, ask) == [0.0, 0.0, 60.0, 60.0, 120.0]


@pytest.mark.parametrize("base", ["docs", None])
def test_the_store_by_its_name_keeps_its_name_in_the_metadata(world: World, base: str | None) -> None:
    """What a sync creates says whose it is, so that a run without a manifest finds it again."""
    world.commit({"a.md": b"# A"})
    world.sync(vector_store_name=base)
    (store,) = world.stores()
    manifest = world.manifest
    assert manifest is not None
    assert store["name"] == (base or "acme/docs")
    assert store["metadata"].items() >= store_metadata("acme/docs", "default", manifest.owner).items()


@pytest.mark.parametrize(
    "answered",
    [
        refuse(400, "Invalid value: File file-1 not found in vector store vs_1"),
        answer(400, b'{"detail": "Invalid value: File file-1 not found in vector store vs_1"}'),
        answer(400, b'{"error": {"detail": {"errors": [{"msg": "File file-1 does not exist"}]}}}'),
        refuse(410, "it went"),
    ],
    ids=["openai", "detail", "nested", "gone"],
)
def test_a_server_may_say_in_other_words_that_an_entry_is_not_there(world: World, answered: Fault) -> None:
    store_id = world.make_store("docs")
    world.wire.when("DELETE /vector_stores/*/files/*", answered)
    world.wire.when("GET /vector_stores/*/files/*", answered)
    with_store(world, store_id, lambda store: store.remove("file-1"))
    assert with_store(world, store_id, lambda store: store.entry("file-1")) is None


def test_a_number_that_is_none_costs_no_run(world: World) -> None:
    store_id = world.make_store("docs")
    odd = {"created_at": "soon", "usage_bytes": None, "file_counts": {"total": "many"}}
    world.wire.when("GET /vector_stores", alter(lambda page: page["data"][0].update(odd)))
    (found,) = with_stores(world, lambda stores: stores.list())
    assert (found.id, found.files, found.usage_bytes, found.created_at) == (store_id, 0, 0, 0)


@pytest.mark.parametrize("status", [501, 505])
def test_what_a_server_cannot_do_is_not_asked_twice(world: World, status: int) -> None:
    store_id = world.make_store("docs")
    world.wire.when("DELETE /vector_stores/*/files/*", refuse(status, "not implemented"))
    with pytest.raises(Refused):
        with_store(world, store_id, lambda store: store.remove("file-1"))
    assert len(world.wire.of("DELETE /vector_stores/*/files/*")) == 1
