"""A measuring server: as much of OpenAI's Files and Vector Stores API as syncs and bulk jobs need, in memory.

A request takes effect when it has arrived and is answered a fixed time later, so answers overlap as they do over a
network. An entry is completed a fixed time after its attach. Bodies of uploads are hashed, counted and forgotten.

Three addresses are its own, neither delayed nor counted: `GET /_stats`; `POST /_fill` with a number of Files, which makes
so many and a store that lists them, and answers with the store's id; and `POST /_watch` with a list of alternatives
(`[["a.md"], ["old.md", "new.md"]]`). From then on every request is followed by a check that of each alternative at
least one is the `path` of a completed entry.

    python -m benchmarks.server [--latency 0.04] [--indexing 0.5]      prints its port
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PIECE_BYTES = 256 * 1024
STARTED = int(time.time())
"""When everything here was made: seconds since the epoch."""

Json = dict[str, Any]


class Refusal(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# --- State ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    id: str
    filename: str
    bytes: int
    sha256: str
    purpose: str = "assistants"

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": STARTED,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


@dataclass
class Entry:
    """A File in a store."""

    file_id: str
    store_id: str
    attributes: Json
    chunking: Json
    completed_at: float

    @property
    def status(self) -> str:
        return "completed" if time.monotonic() >= self.completed_at else "in_progress"

    def as_json(self) -> Json:
        return {
            "id": self.file_id,
            "object": "vector_store.file",
            "created_at": STARTED,
            "vector_store_id": self.store_id,
            "status": self.status,
            "last_error": None,
            "usage_bytes": 0,
            "attributes": self.attributes,
            "chunking_strategy": self.chunking,
        }


@dataclass
class Store:
    id: str
    name: str
    metadata: Json
    entries: dict[str, Entry] = field(default_factory=dict)
    batches: dict[str, list[Entry]] = field(default_factory=dict)

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "object": "vector_store",
            "created_at": STARTED,
            "name": self.name,
            "status": "completed",
            "usage_bytes": 0,
            "last_active_at": STARTED,
            "metadata": self.metadata,
            "file_counts": counts(self.entries.values()),
        }

    def batch_json(self, batch_id: str) -> Json:
        numbers = counts(self.batches[batch_id])
        return {
            "id": batch_id,
            "object": "vector_store.files_batch",
            "created_at": STARTED,
            "vector_store_id": self.id,
            "status": "in_progress" if numbers["in_progress"] else "completed",
            "file_counts": numbers,
        }


def counts(entries: Iterable[Entry]) -> dict[str, int]:
    found = Counter(entry.status for entry in entries)
    names = ("in_progress", "completed", "failed", "cancelled")
    return {name: found[name] for name in names} | {"total": found.total()}


@dataclass
class Watch:
    """Documents that must never be missing, and what was seen of them."""

    alternatives: list[list[str]] = field(default_factory=list)
    checks: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass
class Request:
    query: dict[str, str]
    body: Json
    file: File | None = None


Route = tuple[str, re.Pattern[str], Callable[..., Any]]


def routes_of(*calls: tuple[str, str, Callable[..., Any]]) -> list[Route]:
    """Method, path and endpoint of each call. An endpoint answers with JSON, or with the path of a file that holds the answer."""
    return [
        (f"{method} {path}", re.compile(f"{method} /v1{path.replace('{id}', '([^/]+)')}"), endpoint)
        for method, path, endpoint in calls
    ]


class Api:
    """What the server holds, and one method for each endpoint."""

    def __init__(self, indexing_s: float) -> None:
        self.indexing_s = indexing_s
        self.files: dict[str, File] = {}
        self.stores: dict[str, Store] = {}
        self.requests: Counter[str] = Counter()
        self.connections = set[int]()
        """The numbers of those over which a request has come."""
        self.bytes_received = 0
        self.watch = Watch()
        self._last_id = 0

    def routes(self) -> list[Route]:
        return ROUTES

    def control(self, path: str, body: Json) -> Json | None:
        """The answer at one of the server's own addresses; None: it is none of these."""
        match path:
            case "/_stats":
                return self.stats()
            case "/_watch":
                self.watch = Watch(body["alternatives"])
                return {}
            case "/_fill":
                return self.fill(body["files"])
        return None

    def new_id(self, prefix: str) -> str:
        self._last_id += 1
        return f"{prefix}{self._last_id:08}"

    def stats(self) -> Json:
        """What was asked, and what there is now: the state of a sync that has ended."""
        entries = [entry for store in self.stores.values() for entry in store.entries.values()]
        return {
            "requests": dict(sorted(self.requests.items())),
            "connections": len(self.connections),
            "bytes_received": self.bytes_received,
            "files": len(self.files),
            "stores": len(self.stores),
            "documents": {
                str(entry.attributes.get("path")): self.files[entry.file_id].sha256
                for entry in entries
                if entry.status == "completed"
            },
            "entries": len(entries),
            "checks": self.watch.checks,
            "violations": self.watch.violations,
        }

    def fill(self, number: int) -> Json:
        """Makes Files and a store that lists them."""
        store = Store(self.new_id("vs_"), "filled", {})
        for n in range(number):
            file = File(self.new_id("file-"), f"page-{n:05}.md", 4_000, "0" * 64)
            self.files[file.id] = file
            store.entries[file.id] = Entry(file.id, store.id, {"path": f"docs/{file.filename}"}, {"type": "auto"}, 0.0)
        self.stores[store.id] = store
        return {"id": store.id}

    def check(self, after: str) -> None:
        """Whether every watched document can be found just now."""
        if not self.watch.alternatives:
            return
        present = {
            entry.attributes.get("path")
            for store in self.stores.values()
            for entry in store.entries.values()
            if entry.status == "completed"
        }
        self.watch.checks += 1
        for paths in self.watch.alternatives:
            if present.isdisjoint(paths):
                self.watch.violations.append(f"{' or '.join(paths)} is missing after {after}")

    def create_file(self, request: Request) -> Json:
        if request.file is None:
            raise Refusal(400, "'file' is a required property")
        self.files[request.file.id] = request.file
        self.bytes_received += request.file.bytes
        return request.file.as_json()

    def list_files(self, request: Request) -> Json:
        return page(self.files, File.as_json, {"limit": "10000", **request.query})

    def get_file(self, request: Request, file_id: str) -> Json:
        if file_id not in self.files:
            raise Refusal(404, f"No such File object: {file_id}")
        return self.files[file_id].as_json()

    def delete_file(self, request: Request, file_id: str) -> Json:
        if self.files.pop(file_id, None) is None:
            raise Refusal(404, f"No such File object: {file_id}")
        for store in self.stores.values():
            store.entries.pop(file_id, None)
        return {"id": file_id, "object": "file", "deleted": True}

    def list_stores(self, request: Request) -> Json:
        return page(self.stores, Store.as_json, request.query)

    def create_store(self, request: Request) -> Json:
        store = Store(self.new_id("vs_"), request.body.get("name") or "", request.body.get("metadata") or {})
        self.stores[store.id] = store
        return store.as_json()

    def get_store(self, request: Request, store_id: str) -> Json:
        return self._store(store_id).as_json()

    def delete_store(self, request: Request, store_id: str) -> Json:
        del self.stores[self._store(store_id).id]
        return {"id": store_id, "object": "vector_store.deleted", "deleted": True}

    def list_entries(self, request: Request, store_id: str) -> Json:
        return page(_filtered(self._store(store_id).entries.values(), request), Entry.as_json, request.query)

    def attach(self, request: Request, store_id: str) -> Json:
        return self._attach(self._store(store_id), request.body).as_json()

    def get_entry(self, request: Request, store_id: str, file_id: str) -> Json:
        return self._entry(store_id, file_id).as_json()

    def update_entry(self, request: Request, store_id: str, file_id: str) -> Json:
        entry = self._entry(store_id, file_id)
        entry.attributes = request.body.get("attributes") or {}
        return entry.as_json()

    def detach(self, request: Request, store_id: str, file_id: str) -> Json:
        del self._store(store_id).entries[self._entry(store_id, file_id).file_id]
        return {"id": file_id, "object": "vector_store.file.deleted", "deleted": True}

    def attach_batch(self, request: Request, store_id: str) -> Json:
        store, batch_id = self._store(store_id), self.new_id("vsfb_")
        store.batches[batch_id] = [self._attach(store, item) for item in request.body.get("files") or []]
        return store.batch_json(batch_id)

    def get_batch(self, request: Request, store_id: str, batch_id: str) -> Json:
        store = self._store(store_id)
        if batch_id not in store.batches:
            raise Refusal(404, f"No file batch found with id {batch_id!r}")
        return store.batch_json(batch_id)

    def list_batch(self, request: Request, store_id: str, batch_id: str) -> Json:
        entries = self._store(store_id).batches.get(batch_id, [])
        return page(_filtered(entries, request), Entry.as_json, request.query)

    def _store(self, store_id: str) -> Store:
        if store_id not in self.stores:
            raise Refusal(404, f"Vector store with id {store_id!r} not found")
        return self.stores[store_id]

    def _entry(self, store_id: str, file_id: str) -> Entry:
        entry = self._store(store_id).entries.get(file_id)
        if entry is None:
            raise Refusal(404, f"No file found with id {file_id!r} in vector store {store_id!r}")
        return entry

    def _attach(self, store: Store, item: Json) -> Entry:
        file_id = item["file_id"]
        if file_id not in self.files:
            raise Refusal(404, f"No such File object: {file_id}")
        chunking = item.get("chunking_strategy") or {"type": "auto"}
        entry = Entry(file_id, store.id, item.get("attributes") or {}, chunking, time.monotonic() + self.indexing_s)
        store.entries[file_id] = entry
        return entry


def _filtered(entries: Iterable[Entry], request: Request) -> dict[str, Entry]:
    wanted = request.query.get("filter")
    return {entry.file_id: entry for entry in entries if wanted is None or entry.status == wanted}


def page(items: dict[str, Any], as_json: Callable[[Any], Json], query: dict[str, str]) -> Json:
    """One page of a listing, by `limit`, `order` and `after`."""
    ids = list(items) if query.get("order") == "asc" else list(reversed(items))
    if query.get("after") in items:
        ids = ids[ids.index(query["after"]) + 1 :]
    limit = int(query.get("limit", 20))
    return {
        "object": "list",
        "data": [as_json(items[item]) for item in ids[:limit]],
        "first_id": ids[0] if ids else None,
        "last_id": ids[:limit][-1] if ids else None,
        "has_more": len(ids) > limit,
    }


ROUTES = routes_of(
    ("POST", "/files", Api.create_file),
    ("GET", "/files", Api.list_files),
    ("GET", "/files/{id}", Api.get_file),
    ("DELETE", "/files/{id}", Api.delete_file),
    ("GET", "/vector_stores", Api.list_stores),
    ("POST", "/vector_stores", Api.create_store),
    ("GET", "/vector_stores/{id}", Api.get_store),
    ("DELETE", "/vector_stores/{id}", Api.delete_store),
    ("GET", "/vector_stores/{id}/files", Api.list_entries),
    ("POST", "/vector_stores/{id}/files", Api.attach),
    ("GET", "/vector_stores/{id}/files/{id}", Api.get_entry),
    ("POST", "/vector_stores/{id}/files/{id}", Api.update_entry),
    ("DELETE", "/vector_stores/{id}/files/{id}", Api.detach),
    ("POST", "/vector_stores/{id}/file_batches", Api.attach_batch),
    ("GET", "/vector_stores/{id}/file_batches/{id}", Api.get_batch),
    ("GET", "/vector_stores/{id}/file_batches/{id}/files", Api.list_batch),
)


# --- HTTP -------------------------------------------------------------------------------------------------------------


class Server:
    def __init__(self, api: Api, latency_s: float) -> None:
        self._api = api
        self._latency_s = latency_s
        self._numbers = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the client closes it."""
        number = next(self._numbers)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                status, answer = await self._exchange(reader, number)
                if isinstance(answer, Path):
                    await self._send_file(answer, writer)
                    continue
                body = json.dumps(answer).encode()
                writer.write(_head(status, "application/json", len(body)) + body)
                await writer.drain()
        writer.close()

    async def _send_file(self, path: Path, writer: asyncio.StreamWriter) -> None:
        with path.open("rb") as file:
            writer.write(_head(200, "application/octet-stream", os.fstat(file.fileno()).st_size))
            await asyncio.get_running_loop().sendfile(writer.transport, file)

    async def _exchange(self, reader: asyncio.StreamReader, connection: int) -> tuple[int, Any]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
        length = int(headers.get("content-length", 0))
        address = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        request = Request(query, {})
        kind = headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            request.file = await self._receive(reader, length, kind.partition("boundary=")[2])
        elif length:
            request.body = json.loads(await reader.readexactly(length))
        own = self._api.control(address.path, request.body)
        if own is not None:
            return 200, own
        self._api.connections.add(connection)
        status, answer = self._handle(f"{method} {address.path}", request)
        await asyncio.sleep(self._latency_s)
        return status, answer

    def _handle(self, asked: str, request: Request) -> tuple[int, Any]:
        for name, pattern, endpoint in self._api.routes():
            if match := pattern.fullmatch(asked):
                self._api.requests[name] += 1
                try:
                    return 200, endpoint(self._api, request, *match.groups())
                except Refusal as error:
                    return error.status, {"error": {"message": str(error), "type": "invalid_request_error"}}
                finally:
                    self._api.check(asked)
        self._api.requests["unknown"] += 1
        return 404, {"error": {"message": f"Invalid URL ({asked})", "type": "invalid_request_error"}}

    async def _receive(self, reader: asyncio.StreamReader, length: int, boundary: str) -> File | None:
        """The file of a multipart body, whose bytes are hashed as they come and not kept."""
        delimiter = b"\r\n--" + boundary.strip('"').encode()
        found = None
        parts = Parts(_pieces(reader, length), delimiter)
        while (head := await parts.head()) is not None:
            name = re.search(rb'filename="([^"]*)"', head)
            digest, size = hashlib.sha256(), 0
            async for piece in parts.body():
                digest.update(piece)
                size += len(piece)
            if name:
                found = File(self._api.new_id("file-"), name[1].decode(), size, digest.hexdigest())
        return found


def _head(status: int, kind: str, length: int) -> bytes:
    return f"HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n".encode()


async def _pieces(reader: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    while length:
        piece = await reader.read(min(length, PIECE_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(b"", length)
        length -= len(piece)
        yield piece


class Parts:
    """The parts of a multipart body, holding little more than one piece of it."""

    def __init__(self, pieces: AsyncIterator[bytes], delimiter: bytes) -> None:
        self._pieces = pieces
        self._delimiter = delimiter
        self._held = b"\r\n"  # so that the first delimiter is found like the others
        self._begun = False

    async def head(self) -> bytes | None:
        """The next part's header; None behind the last part, when the whole body has been read."""
        if not self._begun:
            self._begun = True
            async for _ in self.body():
                pass
        while b"\r\n\r\n" not in self._held:
            if self._held.startswith(b"--"):
                async for _ in self._pieces:
                    pass
                return None
            self._held += await anext(self._pieces)
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return head

    async def body(self) -> AsyncIterator[bytes]:
        """The part's bytes, up to the delimiter."""
        kept = len(self._delimiter) - 1
        while (end := self._held.find(self._delimiter)) < 0:
            if len(self._held) > kept:
                yield self._held[:-kept]
                self._held = self._held[-kept:]
            self._held += await anext(self._pieces)
        yield self._held[:end]
        self._held = self._held[end + len(self._delimiter) :]


async def run(api: Api, latency_s: float) -> None:
    """Serves until it is told to end. Prints its port."""
    server = Server(api, latency_s)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2 * PIECE_BYTES)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server")
    parser.add_argument("--latency", type=float, default=0.04, metavar="S")
    parser.add_argument("--indexing", type=float, default=0.5, metavar="S")
    options = parser.parse_args()
    asyncio.run(run(Api(options.indexing), options.latency))


if __name__ == "__main__":
    main()
