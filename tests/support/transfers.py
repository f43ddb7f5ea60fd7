"""One transfer of documents from memory into a store, and the ways in which a store spoils it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

import httpx2

from tests.support.wire import Fault, Forward, QuickStop, Sent, World, alter, client, refuse, response
from vsync.config.targets import Target
from vsync.documents.attributes import Identity
from vsync.documents.chunking import Chunking
from vsync.documents.document import Document
from vsync.plan.plan import Operation, Plan
from vsync.report.observer import Observer
from vsync.source.base import Source
from vsync.source.content import read_content
from vsync.state.journal import Journal
from vsync.store.stores import Stores
from vsync.system.retry import Clock
from vsync.system.spool import Content, spool
from vsync.transfer.outcome import Outcome
from vsync.transfer.transfer import transfer
from vsync.transfer.upload import Delivery

IDENTITY = Identity("owner-1", "default", "acme/docs")
BATCH = "POST /vector_stores/*/file_batches"
POLL = "GET /vector_stores/*/file_batches/*"
IN_BATCH = "GET /vector_stores/*/file_batches/*/files"
SINGLE = "POST /vector_stores/*/files"
LOOK = "GET /vector_stores/*/files/*"

INTERNAL = {"code": "server_error", "message": "An internal error occurred."}


class Memory:
    """Documents in memory, as far as `transfer` asks for them."""

    def __init__(self, contents: Mapping[str, bytes | Exception]) -> None:
        self._contents = contents

    def read(self, document: Document) -> tuple[Content, str]:
        content = self._contents[document.path]
        if isinstance(content, Exception):
            raise content
        return spool([content]), document.blob


class Skipping(QuickStop):
    """A stop whose sleeps take no time. `now` is a clock that the sleeps alone move."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds)
        await asyncio.sleep(0)


def numbered(count: int) -> dict[str, bytes]:
    return {f"{number:03}.md": b"# %d" % number for number in range(count)}


def document(path: str, content: object = b"", **target: Any) -> Document:
    return Document(
        path, hashlib.sha1(repr(content).encode()).hexdigest(), Target(source="acme/docs", **target).tag(path)
    )


def uploads(contents: Mapping[str, object]) -> list[Operation]:
    return [Operation("upload", path, document(path, content)) for path, content in sorted(contents.items())]


class Ran:
    """One transfer, and what it left."""

    def __init__(
        self,
        world: World,
        contents: Mapping[str, bytes | Exception],
        operations: Sequence[Operation] | None = None,
        *,
        stop: QuickStop | None = None,
        timeout: float = 30.0,
        still_ours: Callable[[], None] = lambda: None,
        observer: Observer | None = None,
        clock: Clock = time.monotonic,
        **delivery: Any,
    ) -> None:
        self.world = world
        self.journal, self.lost = Journal(), 0
        given: dict[str, Any] = {
            "attributes": {},
            "chunking": Chunking(),
            "commit": "c0ffee",
            "index_timeout_s": 5.0,
        } | delivery
        plan = Plan(tuple(uploads(contents) if operations is None else operations))

        async def run() -> Outcome:
            async with client(world.wire) as (api, _), asyncio.timeout(timeout):
                made = Stores(api).open(world.store_id, journal=self.journal)
                try:
                    return await transfer(
                        plan,
                        made,
                        partial(read_content, cast(Source, Memory(contents))),
                        Delivery(IDENTITY, **given),
                        observer or Observer(),
                        stop or QuickStop(),
                        still_ours=still_ours,
                        clock=clock,
                    )
                finally:
                    self.lost = len(self.journal.lost)

        self.outcome = asyncio.run(run())

    @property
    def confirmed(self) -> list[str]:
        return sorted(self.outcome.confirmed)

    @property
    def failed(self) -> dict[str, tuple[str, bool]]:
        return {path: (item.code, item.final) for path, item in self.outcome.failed.items()}

    def check(self) -> None:
        """What is confirmed is searchable, and every File is in the store or known to be in vain."""
        entries = {entry.file_id: entry for entry in self.world.entries()}
        for path, entry in self.outcome.confirmed.items():
            assert entries[entry.file_id].status == "completed"
            assert entries[entry.file_id].path == path
            assert entry.sha256 == hashlib.sha256(entries[entry.file_id].content).hexdigest()
            assert entry.bytes == len(entries[entry.file_id].content)
        assert not self.outcome.confirmed.keys() & self.outcome.failed.keys()
        assert not {entry.file_id for entry in self.outcome.confirmed.values()} & set(self.outcome.discarded)


def refuse_with(world: World, culprits: set[str], status: int, message: str, code: str | None = None) -> Fault:
    """Refuses what attaches one of these, and nothing else."""

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        body = sent.json
        items = body.get("files", [body])
        uploaded = world.uploaded()
        if any(uploaded[item["file_id"]] in culprits for item in items):
            return await refuse(status, message, code)(sent, forward)
        return await forward()

    return fault


def fail_entries(world: World, status: str, last_error: object, names: set[str]) -> None:
    """The server reports these Files as ended in that way."""

    def change(data: dict[str, Any]) -> None:
        uploaded = world.uploaded()
        for item in data.get("data", [data]):
            if uploaded.get(item["id"]) in names:
                item.update(status=status, last_error=last_error)

    def count(data: dict[str, Any]) -> None:
        data["file_counts"]["completed"] -= len(names)
        data["file_counts"][status] += len(names)

    async def filtered(sent: Sent, forward: Forward) -> httpx2.Response:
        wanted = sent.query.get("filter")
        sent.query = {name: value for name, value in sent.query.items() if name != "filter"}
        original = await forward()
        data = original.json()
        change(data)
        if wanted:
            data["data"] = [item for item in data["data"] if item["status"] == wanted]
        return response(200, data)

    world.wire.when(IN_BATCH, filtered)
    world.wire.when(LOOK, alter(change))
    world.wire.when(POLL, alter(count))


class SickIndex:
    """A server that fails to index the first so many Files of a name; 0 is a name that it indexes."""

    def __init__(self, world: World, sick: Mapping[str, int], status: str = "failed", error: object = INTERNAL) -> None:
        self._world, self._sick, self._status, self._error = world, sick, status, error
        world.wire.when(IN_BATCH, self._list)
        world.wire.when(LOOK, alter(self._change))
        world.wire.when(POLL, self._count)

    def _is_sick(self, file_id: str) -> bool:
        uploaded = self._world.uploaded()
        name = uploaded[file_id]
        return [other for other in uploaded if uploaded[other] == name].index(file_id) < self._sick.get(name, 0)

    def _change(self, data: dict[str, Any]) -> None:
        for item in data.get("data", [data]):
            if item["object"] == "vector_store.file" and self._is_sick(item["id"]):
                item.update(status=self._status, last_error=self._error)

    async def _list(self, sent: Sent, forward: Forward) -> httpx2.Response:
        wanted = sent.query.get("filter")
        sent.query = {name: value for name, value in sent.query.items() if name != "filter"}
        data = (await forward()).json()
        self._change(data)
        data["data"] = [item for item in data["data"] if wanted in {None, item["status"]}]
        return response(200, data)

    async def _count(self, sent: Sent, forward: Forward) -> httpx2.Response:
        data = (await forward()).json()
        ill = sum(self._is_sick(item["id"]) for item in self._world.pages(f"{sent.path}/files"))
        data["file_counts"]["completed"] -= ill
        data["file_counts"][self._status] += ill
        return response(200, data)
