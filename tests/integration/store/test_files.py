"""The project's Files, and whether a store lists them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.wire import Fault, World, client, refuse
from vsync.errors import ApiUnavailable
from vsync.store.api_errors import Refused
from vsync.store.files import Files
from vsync.store.pages import PAGE

T = TypeVar("T")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.wire.close()


def with_files(world: World, ask: Callable[[Files], Awaitable[T]]) -> T:
    async def run() -> T:
        async with client(world.wire) as (api, _):
            return await ask(Files(api))

    return asyncio.run(run())


def attach(world: World, store_id: str, count: int) -> set[str]:
    ids = [world.upload(f"{number}.md", b"# x") for number in range(count)]
    world.ask("POST", f"/vector_stores/{store_id}/file_batches", {"file_ids": ids})
    return set(ids)


@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1])
def test_every_file_that_a_store_lists_is_named(world: World, count: int) -> None:
    store_id = world.make_store("docs")
    ids = attach(world, store_id, count)
    assert with_files(world, lambda files: files.listed_in(store_id)) == ids
    assert len(world.wire.sent) == -(-count // PAGE)


@pytest.mark.parametrize(
    "fault",
    [None, refuse(400, "The vector store has expired.", "expired")],
    ids=["deleted", "expired"],
)
def test_a_store_that_does_not_exist_any_more_lists_nothing(world: World, fault: Fault | None) -> None:
    if fault is not None:
        world.wire.when("GET /vector_stores/*/files", fault)
    assert with_files(world, lambda files: files.listed_in("vs_none")) == set()


def test_a_listing_that_is_refused_says_nothing(world: World) -> None:
    world.wire.when("GET /vector_stores/*/files", refuse(400, "not now"))
    with pytest.raises(Refused):
        with_files(world, lambda files: files.listed_in(world.make_store("docs")))


def test_a_store_is_asked_for_one_file(world: World) -> None:
    store_id = world.make_store("docs")
    (file_id,) = attach(world, store_id, 1)
    assert with_files(world, lambda files: files.is_in(store_id, file_id))
    assert not with_files(world, lambda files: files.is_in(store_id, "file-none"))
    assert not with_files(world, lambda files: files.is_in("vs_none", file_id))


@pytest.mark.parametrize("status", [404, 405, 418])
def test_a_server_without_files_ends_the_run(world: World, status: int) -> None:
    world.wire.when("GET /files", refuse(status, "no"))
    with pytest.raises(ApiUnavailable) as error:
        with_files(world, lambda files: files.names())
    assert ("OPENAI_BASE_URL" in error.value.remedy) == (status in {404, 405})
