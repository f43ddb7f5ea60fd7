"""The content of a File comes whole, or not at all: broken, slow, resumed, and larger than any other answer."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx2
import pytest

from tests.support.wire import client, error, response
from vsync.auth.credentials import Credentials
from vsync.errors import ApiUnavailable
from vsync.store import client as api_module
from vsync.store import download as download_module
from vsync.store import response_limit
from vsync.store.api_errors import Refused
from vsync.store.client import connect
from vsync.store.download import Download
from vsync.store.files import Files

CONTENT = bytes(range(256)) * 20
HALF = len(CONTENT) // 2
LENGTH = {"content-type": "application/octet-stream", "content-length": str(len(CONTENT))}
RANGES = LENGTH | {"accept-ranges": "bytes"}


class Pieces(httpx2.AsyncByteStream):
    """A body in pieces. An exception among them is raised there."""

    def __init__(self, pieces: Iterable[bytes | Exception], pause_s: float = 0.0) -> None:
        self._pieces = pieces
        self._pause_s = pause_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(self._pause_s)
            if isinstance(piece, Exception):
                raise piece
            yield piece


class Server(httpx2.AsyncBaseTransport):
    """Gives its answers one after another, and keeps the requests."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self.requests: list[httpx2.Request] = []
        self._answers = iter(answers)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return next(self._answers)

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.requests]


def broken(headers: dict[str, str], *pieces: bytes) -> httpx2.Response:
    return httpx2.Response(200, headers=headers, stream=Pieces([*pieces, httpx2.ReadError("reset by peer")]))


def whole(headers: dict[str, str] = LENGTH) -> httpx2.Response:
    return httpx2.Response(200, headers=headers, stream=Pieces([CONTENT[:7], CONTENT[7:]]))


def rest(start: int, content_range: str | None = None) -> httpx2.Response:
    headers = {"content-range": content_range or f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return httpx2.Response(206, headers=headers, stream=Pieces([CONTENT[start:]]))


def fetched(server: Server, into: Any = None, **given: Any) -> tuple[bytes, int]:
    file = io.BytesIO(b"what was there before" * 1_000) if into is None else into

    async def main() -> int:
        async with client(server) as (api, _):
            return await Download(api, "file-1", file, given.pop("progress", lambda _, __: None), **given).run()

    size = asyncio.run(main())
    return file.getvalue(), size


def test_the_content_comes_whole() -> None:
    progress: list[tuple[int, int | None]] = []
    server = Server(whole())
    found = fetched(server, progress=lambda at, of: progress.append((at, of)))
    assert found == (CONTENT, len(CONTENT))
    assert progress == [(7, len(CONTENT)), (len(CONTENT), len(CONTENT))]
    assert server.requests[0].url.path == "/v1/files/file-1/content"
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_file_without_content_is_empty() -> None:
    assert fetched(Server(httpx2.Response(200, headers={"content-length": "0"}, stream=Pieces([])))) == (b"", 0)


def test_a_server_need_not_say_the_length() -> None:
    progress: list[int | None] = []
    assert fetched(Server(whole({})), progress=lambda _, of: progress.append(of))[0] == CONTENT
    assert progress == [None, None]


@pytest.mark.parametrize("headers", [{}, LENGTH], ids=["no length", "no ranges"])
def test_a_broken_answer_is_asked_for_again_from_the_beginning(headers: dict[str, str]) -> None:
    server = Server(broken(headers, CONTENT[:HALF]), whole())
    assert fetched(server) == (CONTENT, len(CONTENT))
    assert server.ranges == [None, None]


def test_a_broken_answer_is_resumed_where_the_server_can_do_that() -> None:
    server = Server(broken(RANGES, CONTENT[:HALF]), rest(HALF))
    assert fetched(server) == (CONTENT, len(CONTENT))
    assert server.ranges == [None, f"bytes={HALF}-"]


def test_an_answer_may_break_off_more_than_once() -> None:
    again = httpx2.Response(
        206,
        headers={"content-range": f"bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}"},
        stream=Pieces([CONTENT[HALF : HALF + 9], httpx2.RemoteProtocolError("incomplete")]),
    )
    server = Server(broken(RANGES, CONTENT[:HALF]), again, rest(HALF + 9))
    assert fetched(server)[0] == CONTENT
    assert server.ranges == [None, f"bytes={HALF}-", f"bytes={HALF + 9}-"]


def test_a_server_may_begin_again_instead_of_going_on() -> None:
    assert fetched(Server(broken(RANGES, CONTENT[:HALF]), whole()))[0] == CONTENT


@pytest.mark.parametrize("given", ["bytes 0-9/10", "bytes */5120", "", "bytes 99999999999999999999-1/2"])
def test_another_part_than_the_one_that_was_asked_for_is_not_taken(given: str) -> None:
    server = Server(broken(RANGES, CONTENT[:HALF]), rest(HALF, given or " "), whole())
    assert fetched(server)[0] == CONTENT
    assert server.ranges == [None, f"bytes={HALF}-", None]


def test_a_part_that_nobody_asked_for_is_not_taken() -> None:
    assert fetched(Server(rest(HALF), whole()))[0] == CONTENT


def test_an_answer_that_is_shorter_than_it_said_is_asked_for_again() -> None:
    short = httpx2.Response(200, headers=LENGTH, stream=Pieces([CONTENT[:HALF]]))
    assert fetched(Server(short, whole()))[0] == CONTENT


def test_a_page_is_not_taken_for_the_content() -> None:
    with pytest.raises(Refused, match="not one of the OpenAI API") as caught:
        fetched(Server(*(response(200, "<html>Log in</html>") for _ in range(9))))
    assert caught.value.by_gateway


def test_a_file_that_is_gone_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        fetched(Server(response(404, error("No such File object: file-1"))))
    assert caught.value.status == 404


def test_a_server_that_breaks_off_each_time_ends_the_run() -> None:
    with pytest.raises(ApiUnavailable, match="reset by peer"):
        fetched(Server(*(broken(LENGTH, CONTENT[:HALF]) for _ in range(9))))


class Full(io.BytesIO):
    def write(self, _: Any) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_not_the_servers_fault() -> None:
    server = Server(whole(), whole())
    with pytest.raises(OSError, match="No space left"):
        fetched(server, Full())
    assert len(server.requests) == 1


def test_a_connection_that_breaks_is_resumed() -> None:
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head.lower())
        lines = [f"{name}: {value}" for name, value in RANGES.items()]
        if "range: bytes=" in head.lower():
            lines = [f"content-range: bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}", f"content-length: {HALF}"]
        status = "200 OK" if len(heads) == 1 else "206 Partial Content"
        writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode())
        writer.write(CONTENT[:HALF] if len(heads) == 1 else CONTENT[HALF:])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main() -> tuple[int, bytes]:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            into = io.BytesIO()
            async with connect(Credentials("sk-test-0123456789", address), sleep=_nap) as api:
                return await Download(api, "file-1", into, lambda _, __: None).run(), into.getvalue()

    assert asyncio.run(main()) == (len(CONTENT), CONTENT)
    assert f"range: bytes={HALF}-" in heads[1]


# --- Slow and large -------------------------------------------------------------------------------------------


def test_a_download_that_moves_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "_LONGEST_S", 0.02)
    slow = httpx2.Response(200, headers=LENGTH, stream=Pieces([CONTENT[:HALF], CONTENT[HALF:]], pause_s=0.03))
    server = Server(slow)
    assert fetched(server)[0] == CONTENT
    assert len(server.requests) == 1


def test_a_download_that_hardly_moves_is_cut_and_resumed() -> None:
    minutes = itertools.count(0.0, 60.0)
    dribble = httpx2.Response(200, headers=RANGES, stream=Pieces(CONTENT[at : at + 1] for at in range(100)))
    server = Server(dribble, rest(11))
    assert fetched(server, clock=lambda: next(minutes))[0] == CONTENT
    assert server.ranges == [None, "bytes=11-"]


def test_a_slow_download_that_moves_enough_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "SLOW_BYTES", 10)
    minutes = itertools.count(0.0, 60.0)
    pieces = [CONTENT[at : at + 2] for at in range(0, len(CONTENT), 2)]
    server = Server(httpx2.Response(200, headers=LENGTH, stream=Pieces(pieces)))
    assert fetched(server, clock=lambda: next(minutes))[0] == CONTENT


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_limit, "MAX_ANSWER_BYTES", len(CONTENT) - 1)


def asked(server: Server, ask: Callable[[Any], Any]) -> Any:
    """By the client of a real run, which limits the size of answers."""

    async def main() -> Any:
        async with connect(Credentials(), transport=server, sleep=_nap) as api:
            return await ask(api)

    return asyncio.run(main())


async def _nap(_: float) -> None: ...


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("headers", [{}, LENGTH], ids=["no length", "length"])
class TestLargerThanAnyOtherAnswer:
    def test_content_may_be(self, headers: dict[str, str]) -> None:
        into = io.BytesIO()
        assert asked(Server(whole(headers)), lambda api: Download(api, "file-1", into, lambda _, __: None).run())
        assert into.getvalue() == CONTENT

    def test_an_error_may_not_be(self, headers: dict[str, str]) -> None:
        page = httpx2.Response(404, headers=headers, stream=Pieces([CONTENT]))
        with pytest.raises(Refused) as caught:
            asked(Server(page), lambda api: Download(api, "file-1", io.BytesIO(), lambda _, __: None).run())
        assert caught.value.by_gateway

    def test_an_answer_after_it_may_not_be(self, headers: dict[str, str]) -> None:
        async def both(api: Any) -> None:
            await Download(api, "file-1", io.BytesIO(), lambda _, __: None).run()
            await Files(api).all()

        with pytest.raises(ApiUnavailable, match="not one of the OpenAI API"):
            asked(Server(whole(headers), whole(headers)), both)
