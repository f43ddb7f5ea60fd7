"""Answers as bytes on a connection: packed too well, without end, half, of no protocol, and leading elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import resource
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.auth.credentials import Credentials
from vsync.errors import ApiUnavailable, RedirectRefused, VsyncError
from vsync.store import response_limit as bounds
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.client import Api, connect
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores

KEY = "sk-proj-not-for-others-0123456789"


class RawServer:
    """A server that answers every request with the same bytes, whatever they are. Keeps the heads of requests."""

    def __init__(self, answer: bytes | Callable[[], Iterator[bytes]]) -> None:
        self.heads: list[str] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._one(connection)

    def _one(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            more = connection.recv(65_536)
            if not more:
                return
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        self.heads.append(head.decode("latin-1"))
        lines = dict(line.split(": ", 1) for line in head.decode("latin-1").lower().split("\r\n")[1:])
        left = int(lines.get("content-length", 0)) - len(body)
        while left > 0:
            left -= len(connection.recv(65_536))
        for piece in [self._answer] if isinstance(self._answer, bytes) else self._answer():
            connection.sendall(piece)


@contextlib.contextmanager
def serving(answer: bytes | Callable[[], Iterator[bytes]]) -> Iterator[RawServer]:
    server = RawServer(answer)
    try:
        yield server
    finally:
        server.close()


def head(status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Words", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1")


async def nap(_: float) -> None:
    await asyncio.sleep(0)


def asked(address: str, ask: Callable[[Api], Any]) -> Any:
    """What comes of a question: a value, or the error that it ends with."""

    async def main() -> Any:
        async with connect(Credentials(KEY, f"{address}/v1", "org-1", "proj_1"), sleep=nap) as api:
            return await ask(api)

    try:
        return asyncio.run(main())
    except (VsyncError, Refused) as error:
        return without_key(error)


def without_key(error: Exception) -> Exception:
    assert KEY not in str(error)
    return error


def refused_on_the_way(error: Any) -> bool:
    """Whether one request ended with an answer that is not the API's. The run then asks whether the API still answers."""
    return isinstance(error, Refused) and error.by_gateway


def listed(api: Api) -> Any:
    return Stores(api).list()


def removed(api: Api) -> Any:
    return Stores(api).open("vs_1", Rates(writes_per_minute=10**9)).remove("file-1")


def created(api: Api) -> Any:
    return Stores(api).create("docs")


ZEROS = b" " * (1 << 20)


def bomb(megabytes: int, kind: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, kind)
    return b"".join(packer.compress(ZEROS) for _ in range(megabytes)) + packer.flush()


def test_an_answer_that_unpacks_to_many_times_its_size_does_not_fill_the_memory() -> None:
    packed = bomb(300, 31)
    assert len(packed) < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serving(head(content_type="application/json", content_encoding="gzip") + packed) as server:
        error = asked(server.address, listed)
    assert isinstance(error, ApiUnavailable)
    assert len(server.heads) < 5
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 220 * 1024  # KiB; all of it would be more


@pytest.mark.parametrize(("encoding", "kind"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_each_kind_of_packing_is_bounded(encoding: str, kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", 1 << 20)
    with serving(head(content_type="application/json", content_encoding=encoding) + bomb(2, kind)) as server:
        assert isinstance(asked(server.address, listed), ApiUnavailable)


def test_an_answer_that_is_packed_twice_is_bounded_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", 1 << 20)
    packed = gzip.compress(gzip.compress(ZEROS * 3))
    with serving(head(content_type="application/json", content_encoding="gzip, gzip") + packed) as server:
        assert isinstance(asked(server.address, listed), ApiUnavailable)


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", 1 << 20)

    def endless() -> Iterator[bytes]:
        yield head(content_type="application/json")
        while True:
            yield ZEROS

    with serving(endless) as server:
        assert isinstance(asked(server.address, listed), ApiUnavailable)
    assert len(server.heads) < 5


def test_an_answer_that_says_it_is_too_large_is_not_read() -> None:
    with serving(head(content_type="application/json", content_length=str(10**15)) + b"{}") as server:
        assert isinstance(asked(server.address, listed), ApiUnavailable)
    assert len(server.heads) < 5


def test_an_answer_up_to_the_bound_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"object": "list", "data": [], "has_more": false}'
    monkeypatch.setattr(bounds, "MAX_ANSWER_BYTES", len(body))
    for encoding, sent in (("identity", body), ("gzip", gzip.compress(body))):
        with serving(head(content_type="application/json", content_encoding=encoding) + sent) as server:
            assert asked(server.address, listed) == []
    with serving(head(content_type="application/json") + body + b" ") as server:
        assert isinstance(asked(server.address, listed), ApiUnavailable)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("ask", [listed, created, removed])
def test_a_redirection_to_another_host_is_not_followed(status: int, ask: Callable[[Api], Any]) -> None:
    with serving(head(content_type="application/json", content_length="2") + b"{}") as other:
        with serving(head(status, location=f"{other.address}/v1/elsewhere", content_length="0")) as server:
            error = asked(server.address, ask)
        cause = error.cause if isinstance(error, AnswerLost) else error
        assert isinstance(cause, RedirectRefused)
        assert any(KEY in line for line in server.heads)
        assert other.heads == []


def test_a_redirection_in_a_circle_ends() -> None:
    with serving(head(307, location="/v1/again", content_length="0")) as server:
        assert isinstance(asked(server.address, listed), ApiUnavailable)
    assert len(server.heads) < 200


BROKEN = {
    "nothing": b"",
    "no protocol": b"hello\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "half a status line": b"HTTP/1.1 20",
    "no status": b"HTTP/1.1 \r\n\r\n",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of six digits": b"HTTP/1.1 200200 OK\r\n\r\n",
    "a header without a name": b"HTTP/1.1 200 OK\r\n: x\r\n\r\n{}",
    "a header of bytes": b"HTTP/1.1 200 OK\r\nx-request-id: \xff\xfe\r\ncontent-length: 2\r\n\r\n{}",
    "a header of a megabyte": b"HTTP/1.1 200 OK\r\nx: " + b"a" * (1 << 20) + b"\r\n\r\n{}",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200_000,
    "less than it says": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "a length below zero": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
    "chunks that are none": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}",
    "half a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}",
    "half of what is packed": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"{}" * 99)[:20],
    "packed in an unknown way": b"HTTP/1.1 200 OK\r\ncontent-encoding: x-none\r\ncontent-length: 2\r\n\r\n{}",
    "a wait that is no time": b"HTTP/1.1 429 Busy\r\nretry-after: \xb2\r\ncontent-length: 0\r\n\r\n",
    "only 100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
}


@pytest.mark.parametrize("answer", BROKEN)
@pytest.mark.parametrize("ask", [listed, removed])
def test_what_is_no_answer_at_all_ends_as_documented(answer: str, ask: Callable[[Api], Any]) -> None:
    with serving(BROKEN[answer]) as server:
        error = asked(server.address, ask)
    if ask is removed and refused_on_the_way(error):
        return
    assert isinstance(error, VsyncError)
    assert error.exit_code == 3
    assert 0 < len(str(error)) < 2_000


# --- Ids in addresses ------------------------------------------------------------------------------------------------

IDS = st.sampled_from(
    ["..", ".", "../../files/file-x", "a/b", "a?x=1", "a#b", "%2e%2e", "%2F", "a\nb", "a\0b", "a b", "é", "\u2028", "//h/x", "\\"]
) | st.text(min_size=1, max_size=12)  # fmt: skip


@given(IDS, IDS)
def test_an_id_is_one_part_of_an_address_or_is_not_sent(store_id: str, file_id: str) -> None:
    paths: list[str] = []

    async def handle(request: httpx2.Request) -> httpx2.Response:
        paths.append(request.url.raw_path.decode("ascii").partition("?")[0])
        return httpx2.Response(404, json={"error": {"message": "No such thing", "code": None}})

    async def main() -> None:
        async with connect(Credentials(), transport=httpx2.MockTransport(handle), sleep=nap) as api:
            store = Stores(api).open(store_id)
            for ask in (
                store.remove(file_id),
                store.entry(file_id),
                store.retag(file_id, {}),
                store.batch_progress(file_id),
                store.batch_entries(file_id),
                Stores(api).get(store_id),
            ):
                with contextlib.suppress(VsyncError, Refused):
                    await ask

    asyncio.run(main())
    parts = {quote(text, safe="!$&'()*+,;=:@") for text in (store_id, file_id)}
    for path in paths:
        named = set(path.split("/")) - {"", "v1", "files", "vector_stores", "file_batches"}
        assert named <= parts, path
        assert path.count("/") <= 6


@pytest.mark.parametrize("hostile", ["../../files/file-x", "a/b", "..", "a?x", "a b", "a\nb", "", "é", "x" * 513])
def test_an_id_that_leads_elsewhere_is_not_taken_from_an_answer(hostile: str) -> None:
    body = json.dumps({"id": hostile, "object": "vector_store", "metadata": {}}).encode()
    with serving(head(content_type="application/json", content_length=str(len(body))) + body) as server:
        assert isinstance(asked(server.address, created), ApiUnavailable)
