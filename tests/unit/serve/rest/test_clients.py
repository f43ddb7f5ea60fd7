from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest

from vsync.serve.rest.caller import Caller
from vsync.serve.rest.clients import Clients
from vsync.serve.rest.failure import Failure
from vsync.store.client import Api
from vsync.store.rate_limit import Rates
from vsync.system.redaction import forms, redacted

A, B, C = Caller("key-a"), Caller("key-b"), Caller("key-c")


class Opened:
    """Opens clients that are names, and notes what is opened and closed."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.now = 0.0
        self.fails = False
        self.hold: asyncio.Event | None = None
        self.hold_end: asyncio.Event | None = None

    @contextlib.asynccontextmanager
    async def connect(self, caller: Caller) -> AsyncIterator[Api]:
        self.opened.append(caller.api_key)
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise OSError("no connection")
        yield cast(Api, caller.api_key)
        self.closed.append(caller.api_key)
        if self.hold_end is not None:
            await self.hold_end.wait()

    def pool(self, most: int = 200) -> Clients:
        return Clients(self.connect, Rates, most=most, idle_s=60.0, clock=lambda: self.now)


def run(work: Callable[[Opened], Awaitable[None]]) -> None:
    async def main() -> None:
        await work(Opened())

    asyncio.run(main())


def test_calls_of_one_key_share_a_client_and_other_keys_do_not() -> None:
    async def work(world: Opened) -> None:
        async with world.pool() as clients:
            async with clients.of(A) as one, clients.of(A) as same, clients.of(B) as other:
                assert one is same
                assert one.rates is same.rates
                assert other is not one
                assert other.rates is not one.rates
            async with clients.of(Caller("key-a", "org")), clients.of(Caller("key-a", None, "org")):
                assert len(clients) == 4
        assert sorted(world.closed) == sorted(world.opened)

    run(work)


def test_many_calls_at_once_open_one_client() -> None:
    async def work(world: Opened) -> None:
        world.hold = asyncio.Event()

        async def call() -> None:
            async with clients.of(A):
                pass

        async with world.pool() as clients:
            calls = [asyncio.ensure_future(call()) for _ in range(20)]
            await asyncio.sleep(0)
            world.hold.set()
            await asyncio.gather(*calls)
        assert world.opened == ["key-a"]

    run(work)


def test_a_client_is_closed_when_it_was_idle_for_a_minute_and_not_while_it_is_used() -> None:
    async def work(world: Opened) -> None:
        async with world.pool() as clients:
            async with clients.of(A):
                async with clients.of(B):
                    pass
                world.now = 59.0
                await clients.sweep()
                assert world.closed == []
                world.now = 61.0
                await clients.sweep()
                assert world.closed == ["key-b"]
            await clients.sweep()
            assert world.closed == ["key-b"], "its last call ended just now"
            world.now = 121.0
            await clients.sweep()
            assert (world.closed, len(clients)) == (["key-b", "key-a"], 0)
            async with clients.of(A):
                pass
        assert world.opened == ["key-a", "key-b", "key-a"]

    run(work)


def test_no_key_is_remembered_after_its_client_is_closed() -> None:
    async def work(world: Opened) -> None:
        redacted("some text", ["a-very-own-secret"])
        assert forms.cache_info().currsize > 0
        async with world.pool() as clients:
            await clients.sweep()
        assert forms.cache_info().currsize == 0

    run(work)


def test_a_client_that_is_taken_while_another_is_closed_stays_open() -> None:
    async def work(world: Opened) -> None:
        async with world.pool() as clients:
            for caller in (A, B):
                async with clients.of(caller):
                    pass
            world.now, world.hold_end = 61.0, asyncio.Event()
            sweep = asyncio.ensure_future(clients.sweep())
            while not world.closed:  # noqa: ASYNC110 # closing a client sets no event
                await asyncio.sleep(0)
            async with clients.of(B):
                world.hold_end.set()
                await sweep
                assert world.opened.count("key-b") == world.closed.count("key-b") + 1
                assert len(clients) == 1

    run(work)


def test_the_client_that_was_idle_for_longest_makes_room() -> None:
    async def work(world: Opened) -> None:
        async with world.pool(most=2) as clients:
            for caller, world.now in ((A, 1.0), (B, 2.0), (C, 3.0)):
                async with clients.of(caller):
                    pass
            assert len(clients) == 2
            async with clients.of(B), clients.of(C):
                with pytest.raises(Failure) as caught:
                    async with clients.of(A):
                        pass
                assert (caught.value.status, caught.value.code) == (503, "too_many_keys")
        assert world.opened == ["key-a", "key-b", "key-c"]
        assert sorted(world.closed) == ["key-a", "key-b", "key-c"]

    run(work)


def test_a_client_that_could_not_be_opened_is_opened_again() -> None:
    async def work(world: Opened) -> None:
        async with world.pool() as clients:
            world.fails = True
            with pytest.raises(OSError, match="no connection"):
                async with clients.of(A):
                    pass
            world.fails = False
            async with clients.of(A) as client:
                assert str(client.api) == "key-a"

    run(work)


def test_a_call_that_is_cancelled_while_its_client_opens_leaves_it_to_others() -> None:
    async def work(world: Opened) -> None:
        world.hold = asyncio.Event()

        async def call() -> None:
            async with clients.of(A):
                pass

        async with world.pool() as clients:
            first, second = asyncio.ensure_future(call()), asyncio.ensure_future(call())
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.wait({first})
            world.hold.set()
            await second
        assert (world.opened, world.closed) == (["key-a"], ["key-a"])

    run(work)


def test_a_key_stands_for_itself_only_as_a_digest_that_no_other_server_has() -> None:
    world = Opened()
    one, other = world.pool(), world.pool()
    assert one.digest("key", None) == one.digest("key", None)
    assert one.digest("key", "x") != one.digest("key", None, "x")
    assert one.digest("key") != other.digest("key")
    assert b"key" not in one.digest("key")
