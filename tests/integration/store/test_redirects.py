"""A server that redirects: nothing goes to another origin, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.support.servers.recording import Answer, HttpServer, Recorded
from tests.support.wire import QuickStop
from vsync.auth.credentials import Credentials
from vsync.auth.identity_token import TokenSource
from vsync.errors import CredentialsRefused, RedirectRefused, VsyncError
from vsync.store.api_errors import AnswerLost, Refused
from vsync.store.client import Api, connect

KEY = "sk-proj-not-to-be-shown-0123456789"
FILE = b'{"id": "file-1", "object": "file", "bytes": 3, "created_at": 1, "filename": "a.md", "purpose": "assistants"}'
JSON = {"Content-Type": "application/json"}


class Redirecting(HttpServer):
    """Redirects every request whose path does not end in a slash."""

    def __init__(self, status: int, location: Callable[[Recorded], str]) -> None:
        super().__init__()
        self._status = status
        self._location = location

    def respond(self, request: Recorded) -> Answer:
        if request.path.endswith("/"):
            return Answer(200, FILE, JSON)
        return Answer(self._status, b"", {"Location": self._location(request)})


class Answering(HttpServer):
    """Another server: it answers everything, and remembers what it got."""

    def respond(self, request: Recorded) -> Answer:
        return Answer(200, FILE, JSON)


@pytest.fixture
def other() -> Iterator[Answering]:
    with Answering() as server:
        yield server


def ask(server: HttpServer, send: Callable[[Api], Awaitable[Any]], *, once: bool = False) -> Any:
    async def run() -> Any:
        keys = Credentials(api_key=KEY, base_url=f"{server.address}/v1", organization="org-1", project="proj-1")
        async with connect(keys, sleep=QuickStop().sleep) as api:
            return await api.ask("uploading a.md", lambda: send(api), once=once)

    return asyncio.run(run())


async def upload(api: Api) -> Any:
    return await api.client.files.create(file=("a.md", b"# A", "text/markdown"), purpose="assistants")


async def look(api: Api) -> Any:
    return await api.client.files.retrieve("file-1")


async def delete(api: Api) -> Any:
    return await api.client.files.delete("file-1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("send", [look, upload, delete])
def test_nothing_is_sent_to_another_host_or_port(
    status: int, send: Callable[[Api], Awaitable[Any]], other: Answering
) -> None:
    elsewhere = f"http://me:hunter22@{other.address.removeprefix('http://')}/v1/files/?token=hunter22"
    with Redirecting(status, lambda _: elsewhere) as server, pytest.raises((RedirectRefused, AnswerLost)) as error:
        ask(server, send)
    assert other.requests == []
    assert len(server.requests) == 1
    told = str(error.value)
    assert server.address in told
    assert "hunter22" not in told


def test_the_message_names_both_origins_and_the_setting(other: Answering) -> None:
    with Redirecting(307, lambda _: f"{other.address}/v1/files/") as server, pytest.raises(RedirectRefused) as error:
        ask(server, look)
    assert f"{server.address} redirects" in error.value.message
    assert other.address in error.value.message
    assert "OPENAI_BASE_URL" in error.value.remedy
    assert error.value.exit_code == 3


@pytest.mark.parametrize(
    "location",
    [
        "https://{host}/v1/files/",
        "//localhost:{port}/v1/files/",
        "http:\\\\localhost:{port}\\v1\\files/",
        "http://{host}@localhost:{port}/v1/files/",
        "ftp://{host}/v1/files/",
        "http://{host}:1/v1/files/",
    ],
)
def test_no_spelling_of_another_origin_is_followed(location: str) -> None:
    def elsewhere(request: Recorded) -> str:
        return location.format(host=f"127.0.0.1:{server.port}", port=server.port)

    with Redirecting(307, elsewhere) as server:
        with pytest.raises(VsyncError):
            ask(server, look)
        assert {request.headers.get("host", "") for request in server.requests} == {f"127.0.0.1:{server.port}"}


@pytest.mark.parametrize("send", [look, upload, delete])
@pytest.mark.parametrize("status", [307, 308])
def test_a_redirection_within_the_origin_is_followed_with_the_whole_body(
    status: int, send: Callable[[Api], Awaitable[Any]]
) -> None:
    with Redirecting(status, lambda request: f"{request.path}/") as server:
        ask(server, send)
        first, second = server.requests
    assert second.method == first.method
    assert second.path == f"{first.path}/"
    assert second.content == first.content
    assert second.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_an_upload_does_not_become_another_request(status: int) -> None:
    with Redirecting(status, lambda request: f"{request.path}/") as server:
        with pytest.raises(RedirectRefused, match="POST") as error:
            ask(server, upload)
        assert len(server.requests) == 1
    assert "307" in error.value.remedy


def test_an_upload_that_was_redirected_may_have_been_made() -> None:
    with Redirecting(303, lambda request: f"{request.path}/") as server, pytest.raises(AnswerLost) as lost:
        ask(server, upload, once=True)
    assert not lost.value.again


def test_a_circle_of_redirections_ends() -> None:
    with Redirecting(307, lambda request: request.path) as server:
        with contextlib.suppress(Refused), pytest.raises(VsyncError, match="not one of the OpenAI API"):
            ask(server, look)
        assert len(server.requests) < 10


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_is_followed_with_the_right_to_ask(status: int, other: Answering) -> None:
    """The bearer of a job buys identity tokens, wherever it goes."""
    with Redirecting(status, lambda _: f"{other.address}/token/") as server:
        source = TokenSource(f"{server.address}/token", "bearer-0123456789", "audience", lambda _: None)
        with pytest.raises(CredentialsRefused, match="redirects to") as error:
            source()
    assert other.requests == []
    assert server.address in error.value.message
    assert other.address in error.value.message
