"""The faults of a request on its way to a server and back."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.support.wire import Fault, Forward, Sent, World, answer, cut, error, lose, refuse, response, unreachable

_HTML = "<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1><p>cloudflare</p></body></html>"
_FORBIDDEN = "<html><head><title>Forbidden</title></head><body><h1>Blocked by rule 942100</h1></body></html>"


@dataclass(frozen=True)
class Kind:
    """A fault and its name.

    `lasting`: the fault hits every request from its place on, else only the request at its place.
    `passes`: the run must end well in spite of the fault.
    """

    name: str
    make: Callable[[], Fault]
    lasting: bool = False
    passes: bool = False


def _late(*, done: bool) -> Fault:
    """The client gives up before an answer comes."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        if done:
            await forward()
        raise httpx2.ReadTimeout("The read operation timed out")

    return fault


def _halved() -> Fault:
    """The answer's status with half of its JSON."""

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        whole = await forward()
        body = whole.content[: len(whole.content) // 2]
        return httpx2.Response(whole.status_code, headers={"content-type": "application/json"}, content=body)

    return fault


def _done_but(fault: Fault) -> Fault:
    """The server does what it is asked, but a gateway answers something else."""

    async def done(sent: Sent, forward: Forward) -> httpx2.Response:
        await forward()
        return await fault(sent, forward)

    return done


def _rate_limit(headers: dict[str, str]) -> Fault:
    return refuse(429, "Rate limit reached for requests", "rate_limit_exceeded", headers)


def _no_quota() -> Fault:
    return refuse(429, "You exceeded your current quota.", "insufficient_quota")


def _no_key() -> Fault:
    return refuse(401, "Incorrect API key provided.", "invalid_api_key")


def _no_scope() -> Fault:
    return refuse(403, "You have insufficient permissions for this operation.")


def _not_found() -> Fault:
    return refuse(404, "Not found.", "not_found")


_PASSING: dict[str, Callable[[], Fault]] = {
    "connection refused": unreachable,
    "cut before it is read": cut,
    "answer lost": lose,
    "no answer in time": lambda: _late(done=False),
    "done, and no answer in time": lambda: _late(done=True),
    "500": lambda: answer(500, _HTML),
    "502": lambda: answer(502, _HTML),
    "503": lambda: answer(503, _HTML),
    "done, and 502": lambda: _done_but(answer(502, _HTML)),
    "done, and 504": lambda: _done_but(answer(504, _HTML)),
    "server_error": lambda: answer(500, error("The server had an error.", "server_error")),
    "429": lambda: _rate_limit({}),
    "429, Retry-After 1": lambda: _rate_limit({"retry-after": "1"}),
    "409": lambda: refuse(409, "Conflict"),
}
_FINAL: dict[str, Callable[[], Fault]] = {
    "half an answer": _halved,
    "a page with 200": lambda: answer(200, _HTML),
    "null with 200": lambda: answer(200, b"null"),
    "429, Retry-After 9999": lambda: _rate_limit({"retry-after": "9999"}),
    "no quota": _no_quota,
    "401": _no_key,
    "403": _no_scope,
    "403 from a gateway": lambda: answer(403, _FORBIDDEN),
    "done, and 403 from a gateway": lambda: _done_but(answer(403, _FORBIDDEN)),
    "404": _not_found,
    "404 from a proxy": lambda: answer(404, "<html>Not found</html>"),
    "400": lambda: refuse(400, "This request cannot be served."),
}
_LASTING = (
    "connection refused",
    "cut before it is read",
    "answer lost",
    "done, and no answer in time",
    "half an answer",
    "500",
    "done, and 502",
    "503",
    "429",
    "429, Retry-After 1",
    "no quota",
    "401",
    "403",
    "403 from a gateway",
    "404",
    "400",
)
KINDS = {
    kind.name: kind
    for kind in (
        *(Kind(name, make, passes=True) for name, make in _PASSING.items()),
        *(Kind(name, make) for name, make in _FINAL.items()),
        *(Kind(f"{name}, for good", {**_PASSING, **_FINAL}[name], lasting=True) for name in _LASTING),
    )
}


def put(world: World, kind: Kind, at: int) -> list[Sent]:
    """Puts the fault at the request of that number. The list that is returned grows by each request that meets the fault.

    A 404 is never put at a delete. It would say that the entry is gone, and nobody could know that this is wrong.
    """
    met: list[Sent] = []
    fault = kind.make()

    async def noted(sent: Sent, forward: Forward) -> httpx2.Response:
        met.append(sent)
        return await fault(sent, forward)

    def meets(sent: Sent) -> bool:
        if sent.method == "DELETE" and kind.name.startswith("404"):
            return False
        return sent.number >= at if kind.lasting else sent.number == at

    world.wire.when(meets, noted)
    return met


def undated(fault: Fault | None = None) -> Fault:
    """The answer has no `Date`."""

    async def without(sent: Sent, forward: Forward) -> httpx2.Response:
        answered = await (fault(sent, forward) if fault else forward())
        answered.headers.pop("date", None)
        return answered

    return without


def stale(world: World, lists: int) -> Fault:
    """The next so many lists of a store show its entries as they are at this moment: no new entry, and deleted entries still."""
    then = {store["id"]: list(world.pages(f"/vector_stores/{store['id']}/files")) for store in world.stores()}
    left = lists

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        nonlocal left
        answered = await forward()
        store = sent.path.split("/")[2] if sent.is_("GET /vector_stores/*/files") else None
        if store is None or left == 0 or answered.status_code != 200:
            return answered
        left -= 1
        page: dict[str, Any] = answered.json()
        page["data"] = then.get(store, [])
        if page["data"]:
            page["first_id"], page["last_id"] = page["data"][0]["id"], page["data"][-1]["id"]
        return response(200, page, {"date": answered.headers["date"]})

    return fault


def expire(world: World, store_id: str) -> None:
    """Does what the server does when a store expires."""
    with _database(world) as database:
        database.execute("UPDATE vector_stores SET expired = 1 WHERE id = ?", (store_id,))
        database.execute(
            "DELETE FROM vector_store_files WHERE vector_store = (SELECT seq FROM vector_stores WHERE id = ?)",
            (store_id,),
        )


@dataclass(frozen=True)
class Indexing:
    """How the indexing of a document ends, for its first `times` uploads; for all of them when `times` is None."""

    name: str
    status: str
    code: str | None = None
    times: int | None = None
    final: bool = False
    passes: bool = False


INDEXING = {
    indexing.name: indexing
    for indexing in (
        Indexing("server_error at the first try", "failed", "server_error", times=1, passes=True),
        Indexing("server_error at every try", "failed", "server_error"),
        Indexing("invalid_file", "failed", "invalid_file", final=True),
        Indexing("unsupported_file", "failed", "unsupported_file", final=True),
        Indexing("cancelled", "cancelled"),
        Indexing("hangs", "in_progress"),
    )
}


def spoil(world: World, filename: str, indexing: Indexing) -> list[str]:
    """Has the indexing of this filename end so. The list that is returned grows by each File that it hits."""
    spoilt: list[str] = []

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        _set_status(world, spoilt, indexing)
        answered = await forward()
        wanted = indexing.times is None or len(spoilt) < indexing.times
        if wanted and sent.is_("POST /files") and sent.upload.filename == filename:
            spoilt.append(answered.json()["id"])
        return answered

    world.wire.when(lambda _: True, fault)
    return spoilt


def _set_status(world: World, file_ids: list[str], indexing: Indexing) -> None:
    marks = ", ".join("?" * len(file_ids))
    with _database(world) as database:
        database.execute(
            "UPDATE vector_store_files SET status = ?, error_code = ?, error_message = ?, due_at = 1e12"
            f" WHERE file IN (SELECT seq FROM files WHERE id IN ({marks}))",
            (indexing.status, indexing.code, indexing.code and "It could not be indexed.", *file_ids),
        )


def leave_out(world: World, filename: str) -> list[str]:
    """Batches leave out the Files of this name, and end as if they were complete. The list that is returned grows by these Files."""
    left_out: list[str] = []

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        if sent.is_("POST /vector_stores/*/file_batches"):
            body = sent.json
            body["files"] = [item for item in body["files"] if item["file_id"] not in left_out]
            sent.raw = json.dumps(body).encode()
        answered = await forward()
        if sent.is_("POST /files") and sent.upload.filename == filename:
            left_out.append(answered.json()["id"])
        return answered

    world.wire.when(lambda _: True, fault)
    return left_out


@contextlib.contextmanager
def _database(world: World) -> Iterator[sqlite3.Connection]:
    """The embedded store's own file, for what the API has no request for."""
    with contextlib.closing(sqlite3.connect(world.folder / "store.db", timeout=60)) as connection, connection:
        yield connection
