"""The API server for tests takes what the SDK sends, and keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.support.servers.openai_api import OpenAIServer

KEY = "sk-test-0123456789"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenAIServer]:
    with OpenAIServer(tmp_path / "store.db", key=KEY) as running:
        yield running


def client(server: OpenAIServer, key: str = KEY) -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=server.base_url, max_retries=0)


def test_what_the_sdk_puts_in_is_there_to_look_at(server: OpenAIServer) -> None:
    with client(server) as api:
        store = api.vector_stores.create(name="docs")
        file = api.files.create(file=("a.md", b"# A\n"), purpose="assistants")
        other = api.files.create(file=("b.md", b"# B\n"), purpose="assistants")
        api.vector_stores.files.create(store.id, file_id=file.id, attributes={"path": "a.md"})
    assert server.stores() == {store.id: "docs"}
    assert server.files() == {file.id, other.id}
    assert server.documents(store.id) == {"a.md": "# A\n"}


def test_more_than_one_page_is_read(server: OpenAIServer) -> None:
    with client(server) as api:
        for number in range(101):
            api.vector_stores.create(name=f"docs {number}")
    assert len(server.stores()) == 101


def test_every_request_is_recorded_with_its_key_apart(server: OpenAIServer) -> None:
    with client(server) as api:
        api.files.create(file=("a.md", b"# A\n"), purpose="assistants")
    [request] = server.requests
    assert (request.method, request.path, request.status) == ("POST", "/v1/files", 200)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert b"# A\n" in request.without_authorization()
    assert KEY.encode() not in request.without_authorization()


def test_another_key_is_refused_and_nothing_is_done(server: OpenAIServer) -> None:
    with client(server, "sk-other") as api, pytest.raises(openai.AuthenticationError):
        api.vector_stores.create(name="docs")
    assert server.stores() == {}
    assert [request.status for request in server.requests] == [401]


def test_requests_fail_as_often_as_told(server: OpenAIServer) -> None:
    server.fail(1, 500, when="/vector_stores")
    with client(server) as api:
        assert api.files.list().data == []
        with pytest.raises(openai.InternalServerError):
            api.vector_stores.list()
        assert api.vector_stores.list().data == []
