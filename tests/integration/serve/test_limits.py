"""What one call, one key and all calls may take, and from where they may come."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.integration.serve.conftest import OTHER
from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer
from tests.support.servers.recording import Answer, Recorded
from vsync.serve import http_connection, server
from vsync.serve.rest import places
from vsync.serve.rest.app import Access
from vsync.serve.rest.limits import Limits

JSON = {"content-type": "application/json", "x-openai-api-key": KEY}


def plainly(served: Served, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[int, str]:
    """A call by a client that looks for the answer only after it has sent everything."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    chunked = not isinstance(body, bytes)
    connection.request(method, path, body, headers, encode_chunked=chunked)  # type: ignore[arg-type]  # mypy: an object may be no body; each test gives bytes or an iterable
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())["error"]["code"]
    connection.close()
    return found


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(0, size, 65_536):
        yield b"x" * 65_536


# --- Bodies and ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1_001, 5_000_000])
def test_a_body_that_is_too_large_is_413_by_its_length(api: ProjectsServer, size: int) -> None:
    with Served(api.base_url, limits=Limits(max_body=1_000)) as served:
        assert plainly(served, "DELETE", "/files", b"x" * size, JSON) == (413, "body_too_large")
        assert served.call("GET", "/health").status_code == 200


def test_a_body_that_is_too_large_is_413_while_it_arrives(api: ProjectsServer) -> None:
    with Served(api.base_url, limits=Limits(max_body=100_000)) as served:
        headers = {**JSON, "transfer-encoding": "chunked"}
        assert plainly(served, "DELETE", "/files", pieces(3_000_000), headers) == (413, "body_too_large")


def test_a_body_as_large_as_allowed_is_taken(api: ProjectsServer) -> None:
    body = json.dumps({"file_ids": []}).encode()
    with Served(api.base_url, limits=Limits(max_body=len(body))) as served:
        assert served.call("DELETE", "/files", content=body, headers=JSON).status_code == 200
        assert served.call("DELETE", "/files", content=body + b" ", headers=JSON).status_code == 413


def test_a_call_without_a_key_is_refused_before_its_body_is_looked_at(served: Served) -> None:
    headers = {"content-type": "application/json"}
    assert plainly(served, "DELETE", "/files", b"x" * 3_000_000, headers) == (401, "missing_api_key")
    assert plainly(served, "DELETE", "/files", b"x" * 9_000_000, headers) == (401, "missing_api_key")


@pytest.mark.parametrize("path", ["/vector_stores", "/vector_stores/with-files", "/vector_stores/vs_1/files", "/files"])
def test_three_hundred_thousand_ids_are_refused_at_once(served: Served, api: ProjectsServer, path: str) -> None:
    field = "vector_store_ids" if path in {"/vector_stores", "/vector_stores/with-files"} else "file_ids"
    answer = served.call("DELETE", path, body={field: [f"x{number}" for number in range(300_000)]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_many_ids")
    assert "300,000" in answer.json()["error"]["message"]
    larger = served.call("DELETE", path, body={field: [f"file-{number:024}" for number in range(300_000)]})
    assert larger.status_code == 413
    assert api.requests == []


def test_the_number_of_ids_is_an_option(api: ProjectsServer) -> None:
    with Served(api.base_url, limits=Limits(max_ids=2)) as served:
        assert served.call("DELETE", "/files", body={"file_ids": ["a", "b", "c"]}).status_code == 422
        assert served.call("DELETE", "/files", body={"file_ids": ["a", "b"]}).status_code == 207


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{", JSON),
        (b"\xff\xfe", JSON),
        (b"[" * 100_000, JSON),
        (b'{"file_ids": []}', {**JSON, "content-type": "text/plain"}),
        (b"file_ids=a", {**JSON, "content-type": "application/x-www-form-urlencoded"}),
        (b"", JSON),
    ],
    ids=["cut", "bytes", "deep", "text", "form", "none"],
)
def test_a_body_that_is_no_json_is_400(served: Served, content: bytes, headers: dict[str, str]) -> None:
    answer = served.call("DELETE", "/files", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in {"not_json", "nothing_named"}


@pytest.mark.parametrize(
    "query",
    [
        "dry_run=true&dry_run=false",
        "dry_run=false&dry_run=true",
        "all=true&all=true",
        "missing_ok=true&missing_ok=true",
    ],
)
def test_a_switch_that_is_given_twice_is_refused(api: ProjectsServer, served: Served, query: str) -> None:
    store = api.make_store(KEY, "docs")
    answer = served.call("DELETE", f"/vector_stores?{query}", body={"vector_store_ids": [store]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "repeated_parameter")
    assert answer.json()["error"]["param"] == query.partition("=")[0]
    assert api.ids(KEY, "/vector_stores") == [store]


@pytest.mark.parametrize(
    "content",
    [
        b'{"vector_store_ids": ["vs_1"], "vector_store_ids": ["vs_2"]}',
        b'{"filter": {"name": "old-*", "name": "*"}}',
        b'{"filter": {"metadata": {"team": "a", "team": "*"}}}',
    ],
)
def test_a_body_that_holds_a_name_twice_is_refused(served: Served, api: ProjectsServer, content: bytes) -> None:
    answer = served.call("DELETE", "/vector_stores", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_shape")
    assert "holds a name twice" in answer.json()["error"]["message"]
    assert api.requests == []


def test_filters_may_be_given_several_times(api: ProjectsServer, served: Served) -> None:
    for name in ("a", "b", "c"):
        api.make_store(KEY, name)
    query = "name=a&name=b&status=completed&status=in_progress&metadata=x=*&metadata=y=*"
    assert served.call("GET", f"/vector_stores?{query}").json() == []
    assert len(served.call("GET", "/vector_stores?name=a&name=b").json()) == 2
    assert served.call("GET", "/vector_stores?limit=1&limit=2").status_code == 422


def test_a_body_with_two_lengths_ends_the_connection(served: Served) -> None:
    """What follows might be a part of the body for a proxy, and here a call of its own."""
    head = f"DELETE /files HTTP/1.1\r\nHost: localhost\r\nx-openai-api-key: {KEY}\r\n"
    head += "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    hidden = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(served, (head + hidden).encode()) as connection, connection.makefile("rb") as answers:
        told = answers.read()
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.count(b"HTTP/1.1 ") == 1


# --- Calls --------------------------------------------------------------------------------------------------


def test_a_key_that_calls_too_often_is_told_to_wait_and_others_are_not(api: ProjectsServer) -> None:
    with Served(api.base_url, limits=Limits(calls_per_minute=3)) as served:
        assert [served.call("GET", "/files").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = served.call("GET", "/files")
        assert refused.json()["error"]["code"] == "too_many_calls"
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert served.call("GET", "/files", key=OTHER).status_code == 200
        assert served.call("GET", "/health").status_code == 200
    assert len(api.requests) == 4


def test_too_many_calls_at_once_are_refused_until_one_has_ended(api: ProjectsServer) -> None:
    came, go = threading.Semaphore(0), threading.Event()

    def hold(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        came.release()
        go.wait(10)
        return carry()

    api.intercept = hold
    with Served(api.base_url, limits=Limits(max_calls=2)) as served:
        threads = [threading.Thread(target=served.call, args=("GET", "/files")) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert came.acquire(timeout=10)
        refused = served.call("GET", "/files")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "too_busy")
        assert refused.headers["retry-after"] == "1"
        assert served.call("GET", "/health").status_code == 200
        go.set()
        for thread in threads:
            thread.join(10)
        assert served.call("GET", "/files").status_code == 200


# --- From where ---------------------------------------------------------------------------------------------

PAGE = "https://app.example.com"
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "DELETE",
    "access-control-request-headers": "content-type,x-openai-api-key,x-vsync-token,openai-project",
}


def test_no_page_of_a_browser_may_call_unless_it_is_allowed(served: Served) -> None:
    answer = served.call("GET", "/files", headers={"origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert served.call("OPTIONS", "/files", key=None, headers=PREFLIGHT).status_code == 401


def test_an_allowed_page_may_call_and_reads_errors_too(api: ProjectsServer) -> None:
    with Served(api.base_url, access=Access(origins={PAGE})) as served:
        preflight = served.call("OPTIONS", "/files", key=None, headers=PREFLIGHT)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "DELETE" in preflight.headers["access-control-allow-methods"]
        for key, status in ((KEY, 200), (None, 401), ("sk-wrong-0123456789", 401)):
            answer = served.call("GET", "/files", key=key, headers={"origin": PAGE})
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, PAGE)
            assert "x-request-id" in answer.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in answer.headers
        other = served.call("GET", "/files", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        refused = served.call("OPTIONS", "/files", key=None, headers={**PREFLIGHT, "origin": "https://evil.example"})
        assert refused.status_code == 400


@pytest.mark.parametrize("path", ["/files", "/docs", "/openapi.json", "/v1/files"])
def test_a_name_that_points_here_from_elsewhere_is_refused(served: Served, path: str) -> None:
    answer = served.call("GET", path, headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_host")


def test_a_name_can_be_allowed_and_health_is_always_answered(api: ProjectsServer) -> None:
    with Served(api.base_url, access=Access(hosts={"vsync.example"})) as served:
        assert served.call("GET", "/files", headers={"host": "vsync.example:8443"}).status_code == 200
        assert served.call("GET", "/files", headers={"host": "evil.example"}).status_code == 400
        assert served.call("GET", "/health", headers={"host": "10.0.0.7"}).status_code == 200


def test_a_server_for_all_addresses_answers_to_any_name(api: ProjectsServer) -> None:
    with Served(api.base_url, access=Access(only_here=False)) as served:
        assert served.call("GET", "/files", headers={"host": "anything.example"}).status_code == 200


def test_answers_are_not_kept_and_not_sniffed(served: Served) -> None:
    for answer in (served.call("GET", "/files"), served.call("DELETE", "/files", body={"file_ids": []})):
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
        assert "server" not in answer.headers


# --- Callers who say nothing --------------------------------------------------------------------------------


def is_closed(connection: socket.socket) -> bool:
    """Waits until the server closes a connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:  # it has not read what was sent
        return True


def connected(served: Served, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    connection.sendall(data)
    return connection


@pytest.mark.parametrize(
    "data", [b"", b"GET /files HTTP/1.1\r\nHost: localhost\r\nX-a: "], ids=["nothing", "half a head"]
)
def test_a_connection_without_a_call_is_closed(
    api: ProjectsServer, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(http_connection, "HEAD_TIMEOUT_S", 0.05)
    with Served(api.base_url) as served, connected(served, data) as connection:
        assert is_closed(connection)


def test_a_head_after_a_call_must_arrive_in_time_as_well(api: ProjectsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_TIMEOUT_S", 0.05)
    call = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with (
        Served(api.base_url) as served,
        connected(served, call + b"GET /hea") as connection,
        connection.makefile("rb") as answers,
    ):
        assert answers.read().count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"GET /fi", b"DELETE /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"],
    ids=["nothing", "half a head", "half a body"],
)
def test_callers_who_send_nothing_more_do_not_keep_others_out(
    api: ProjectsServer, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(server, "most_connections", lambda: 8)
    with Served(api.base_url) as served, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connected(served, data)) for _ in range(40)]
        assert served.call("GET", "/files").status_code == 200
        assert is_closed(silent[0])


def test_who_sends_no_key_takes_no_place_however_slow_its_body_is(api: ProjectsServer) -> None:
    head = b"DELETE /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    with Served(api.base_url, limits=Limits(max_calls=1)) as served, contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connected(served, head))
        assert served.call("GET", "/files").status_code == 200


def test_who_sends_its_body_slowly_gives_its_place_to_others(
    api: ProjectsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SLOW_S", 0.0)
    head = f"DELETE /files HTTP/1.1\r\nHost: localhost\r\nx-openai-api-key: {OTHER}\r\nContent-Length: 1000\r\n\r\n{{"
    with Served(api.base_url, limits=Limits(max_calls=1)) as served, connected(served, head.encode()) as slow:
        assert served.call("GET", "/health").status_code == 200  # the slow call has its place by now
        assert served.call("GET", "/files").status_code == 200
        assert b" 408 " in slow.recv(100)


# --- Requests to the API ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("calls", "expected"), [(1, 2), (6, 6)], ids=["one call", "all calls of a key"])
def test_one_call_has_as_many_requests_as_concurrency_says_and_all_calls_of_a_key_four_more(
    api: ProjectsServer, calls: int, expected: int
) -> None:
    files = [api.make_file(KEY, f"{number}.md") for number in range(24)]
    under_way, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def count(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        nonlocal under_way, most
        if request.method != "DELETE":
            return carry()
        with lock:
            under_way += 1
            most = max(most, under_way)
            if under_way == expected:
                full.set()
        assert full.wait(20)
        answer = carry()
        with lock:
            under_way -= 1
        return answer

    api.intercept = count
    with Served(api.base_url, concurrency=2) as served:
        callers = [
            threading.Thread(
                target=served.call, args=("DELETE", "/files"), kwargs={"body": {"file_ids": files[part::calls]}}
            )
            for part in range(calls)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(30)
    assert api.ids(KEY, "/files") == []
    assert most == expected
