"""What goes wrong in a run of a history: faults of requests, and the places at which a run dies."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from hypothesis import strategies as st

from tests.support.wire import Fault, Forward, Sent, Wire, alter, answer, cut, lose, refuse, response, unreachable
from vsync.git.remote import Remote

LISTINGS = ("GET /vector_stores/*/files", "GET /files")
BATCH = "POST /vector_stores/*/file_batches"
UPLOAD = "POST /files"
DETACH = "DELETE /vector_stores/*/files/*"


@dataclass(frozen=True)
class Trouble:
    """A fault of the requests `what` (`any`: of all requests). It spares the first `skip` of them, and hits the next `times`."""

    kind: str
    what: str
    skip: int
    times: int

    def into(self, wire: Wire) -> None:
        if self.kind == "stale":
            wire.when(lambda sent: any(sent.is_(listing) for listing in LISTINGS), alter(_forget_newest), times=1)
        elif self.kind in {"server_error", "hang"}:
            wire.when(BATCH, _badly_indexed(wire, self.kind), times=self.times)
        else:
            what = (lambda sent: True) if self.what == "any" else self.what
            wire.when(what, FAULTS[self.kind], skip=self.skip, times=self.times)


def _lost_behind_a_500() -> Fault:
    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        await forward()
        return response(500, {"error": {"message": "The server had an error.", "type": "server_error"}})

    return fault


def _garbled() -> Fault:
    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        answered = await forward()
        return response(answered.status_code, answered.content[: len(answered.content) // 2])

    return fault


FAULTS = {
    "cut": cut(),
    "lose": lose(),
    "unreachable": unreachable(),
    "500": refuse(500, "The server had an error."),
    "502": answer(502, "<html>Bad Gateway</html>"),
    "429": refuse(429, "Rate limit reached.", "rate_limit_exceeded", {"retry-after-ms": "1"}),
    "401": refuse(401, "Incorrect API key provided."),
    "lost behind a 500": _lost_behind_a_500(),
    "garbled": _garbled(),
}

troubles = st.one_of(
    st.builds(
        Trouble,
        kind=st.sampled_from(sorted(FAULTS)),
        what=st.sampled_from(["any", UPLOAD, BATCH, DETACH, "DELETE /files/*", "GET /vector_stores/*/file_batches/*"]),
        skip=st.integers(0, 6),
        times=st.sampled_from([1, 1, 2, 9]),
    ),
    st.builds(
        Trouble,
        kind=st.sampled_from(["stale", "server_error", "hang"]),
        what=st.just(""),
        skip=st.just(0),
        times=st.sampled_from([1, 9]),
    ),
)  # fmt: skip


def _forget_newest(page: dict[str, Any]) -> None:
    """The list does not show the newest item yet."""
    page["data"] = page["data"][:-1]
    page["last_id"] = page["data"][-1]["id"] if page["data"] else None


def _badly_indexed(wire: Wire, kind: str) -> Fault:
    status = "status = 'failed', error_code = 'server_error', error_message = 'An internal error occurred.'"
    if kind == "hang":
        status = "status = 'in_progress', due_at = 9e12"

    async def fault(sent: Sent, forward: Forward) -> httpx2.Response:
        answered = await forward()
        if answered.status_code == 200:
            file_id = sent.json["files"][0]["file_id"]
            with wire.store._database.write() as connection:
                connection.execute(
                    f"UPDATE vector_store_files SET {status} WHERE file = (SELECT seq FROM files WHERE id = ?)",
                    (file_id,),
                )
        return answered

    return fault


@dataclass(frozen=True)
class Death:
    """Where a process dies: before or after a request, a write to the disk, or a push."""

    at: str
    number: int
    after: bool

    def prepare(self, wire: Wire) -> None:
        """Prepares the death. Call it in the process that is to die."""
        if self.at == "write":
            setattr(os, "fsync", self._counting(lambda _: None))  # noqa: B010 - mypy refuses a plain assignment: the counter is no os.fsync
        elif self.at == "push":
            setattr(Remote, "_push", self._counting(Remote._push))  # noqa: B010 - mypy refuses a plain assignment to a method
        else:
            wire.when(lambda sent: True, _die(after=self.after), skip=self.number - 1)

    def _counting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        count = 0

        def call(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            if count == self.number and not self.after:
                os._exit(DEAD)
            done = real(*arguments)
            if count == self.number:
                os._exit(DEAD)
            return done

        return call


DEAD = 137


def _die(*, after: bool) -> Fault:
    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        if after:
            await forward()
        os._exit(DEAD)

    return fault


def deaths(*places: str) -> st.SearchStrategy[Death]:
    return st.builds(
        Death, at=st.sampled_from(["request", "request", *places]), number=st.integers(1, 12), after=st.booleans()
    )


def full_disk(number: int) -> Callable[[Any], None]:
    """An `os.fsync` that fails once."""
    count = 0

    def fsync(_: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(errno.ENOSPC, "No space left on device")

    return fsync
