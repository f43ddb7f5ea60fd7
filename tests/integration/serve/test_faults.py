"""What callers see when the API behind the server refuses, fails, or is slow, and when they hang up themselves."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer, refusal
from tests.support.servers.recording import Answer, Recorded
from vsync.serve.rest import connections

Carry = Callable[[], Answer]

HTML = Answer(403, b"<html><body><h1>Blocked</h1></body></html>", {"Content-Type": "text/html"})


def error_of(answer: httpx2.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


@pytest.mark.parametrize(
    ("fault", "status", "code", "upstream"),
    [
        (refusal(401, "Incorrect API key.", "invalid_api_key"), 401, "invalid_api_key", 401),
        (
            refusal(401, "You have insufficient permissions for this operation. Missing scopes: api.files.read.", ""),
            403,
            "permission_denied",
            401,
        ),
        (refusal(403, "Not yours.", "forbidden"), 403, "forbidden", 403),
        (refusal(429, "Slow down.", "rate_limit_exceeded", {"Retry-After": "42"}), 429, "rate_limit_exceeded", 429),
        (refusal(429, "You exceeded your current quota.", "insufficient_quota"), 429, "insufficient_quota", 429),
        (refusal(503, "Overloaded.", "overloaded"), 502, "upstream_unavailable", 503),
        (refusal(500, "The server had an error.", "server_error"), 502, "upstream_unavailable", 500),
        (HTML, 502, "upstream_unavailable", 403),
        (Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"}), 502, "upstream_unavailable", None),
        (Answer(200, b"{}", {"Content-Type": "application/json"}), 502, "upstream_unavailable", None),
        (None, 502, "upstream_unavailable", None),
    ],
    ids=["key", "scope", "forbidden", "rate", "quota", "503", "500", "gateway", "page", "empty", "cut"],
)
@pytest.mark.parametrize(
    "call", [("GET", "/files", None), ("DELETE", "/vector_stores", {"vector_store_ids": ["vs_1"]})]
)
def test_a_failure_of_the_api_is_passed_on(
    api: ProjectsServer,
    served: Served,
    fault: Answer | None,
    status: int,
    code: str,
    upstream: int | None,
    call: tuple[str, str, object],
) -> None:
    api.intercept = lambda _, __: fault
    method, path, body = call
    answer = served.call(method, path, body=body)
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (status, code)
    assert error.get("upstream", {}).get("status") == upstream
    assert "<html" not in answer.text
    assert served.calls[-1]["status"] == status
    if fault is not None and "Retry-After" in fault.headers:
        assert answer.headers["retry-after"] == "42"
        assert error["upstream"]["request_id"] == "req_0123"


def test_an_api_that_is_silent_is_given_up_when_the_time_of_its_tries_is_over(
    api: ProjectsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_ANSWER_S", 0.3)
    monkeypatch.setattr(
        connections, "_BUDGET_S", 0.9
    )  # a try of 0.3 s and a wait of at most 0.5 s, and not a second wait
    go = threading.Event()

    def hold(_: Recorded, carry: Carry) -> Answer:
        go.wait(20)
        return carry()

    api.intercept = hold
    with Served(api.base_url) as served:
        answer = served.call("GET", "/vector_stores")
        go.set()
    assert (answer.status_code, error_of(answer)["code"]) == (502, "upstream_unavailable")
    assert len(api.requests) == 2


def test_an_api_that_is_not_there_is_502(api: ProjectsServer) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # it does not listen
        with Served(f"http://127.0.0.1:{reserved.getsockname()[1]}/v1") as served:
            answer = served.call("GET", "/vector_stores")
    assert (answer.status_code, error_of(answer)["code"]) == (502, "upstream_unavailable")
    assert "upstream" not in error_of(answer)


def test_a_failure_that_passes_is_not_seen(api: ProjectsServer, served: Served) -> None:
    store = api.make_store(KEY, "a")
    api.fail(2, 500)
    assert served.call("GET", "/vector_stores").json() == [store]
    assert len(api.requests) == 3


def test_a_request_is_given_up_sooner_than_in_a_run(api: ProjectsServer, served: Served) -> None:
    api.fail(99, 503)
    served.call("GET", "/vector_stores")
    assert len(api.requests) == 4


def test_what_was_done_before_the_api_failed_is_in_the_answer(api: ProjectsServer) -> None:
    stores = [api.make_store(KEY, f"{number}") for number in range(5)]

    def refuse_later(request: Recorded, carry: Carry) -> Answer:
        deletes = sum(1 for sent in api.requests if sent.method == "DELETE")
        return refusal(401, "Revoked.", "invalid_api_key") if request.method == "DELETE" and deletes >= 2 else carry()

    api.intercept = refuse_later
    with Served(api.base_url, concurrency=1) as served:
        answer = served.call("DELETE", "/vector_stores", body={"vector_store_ids": stores})
    report = answer.json()
    assert (answer.status_code, report["success"]) == (207, stores[:2])
    assert {failed["status_code"] for failed in report["failed"]} == {401}
    assert [failed["error"].startswith("not tried: ") for failed in report["failed"]] == [False, True, True]
    assert "refused the key" in report["error"]


def test_one_store_that_cannot_be_deleted_does_not_stop_the_others(api: ProjectsServer, served: Served) -> None:
    stores = [api.make_store(KEY, f"{number}") for number in range(3)]

    def refuse_one(request: Recorded, carry: Carry) -> Answer:
        return refusal(400, "Busy.", "busy") if request.method == "DELETE" and stores[1] in request.path else carry()

    api.intercept = refuse_one
    answer = served.call("DELETE", "/vector_stores", body={"vector_store_ids": stores})
    report = answer.json()
    assert (answer.status_code, report["success"]) == (207, [stores[0], stores[2]])
    assert report["failed"] == [{"id": stores[1], "error": "Busy.", "status_code": 400, "request_id": "req_0123"}]


def test_a_long_list_that_fails_on_its_way_breaks_off(api: ProjectsServer, served: Served) -> None:
    for number in range(150):
        api.make_store(KEY, f"{number}")
    api.fail(99, 503, when="after=")
    with pytest.raises(httpx2.RemoteProtocolError):
        served.call("GET", "/vector_stores")
    assert (served.calls[-1]["status"], served.calls[-1]["cut"]) == (200, "ApiUnavailable")
    assert served.complaints == []


def test_the_first_page_of_a_list_fails_with_a_status_of_its_own(api: ProjectsServer, served: Served) -> None:
    api.fail(99, 503)
    assert served.call("GET", "/vector_stores").status_code == 502


def test_a_defect_is_500_with_an_id_and_the_log_has_its_traceback(api: ProjectsServer) -> None:
    with Served(api.base_url, verbose=True) as served:
        assert served.clients is not None
        served.clients.of = lambda caller: 1 / 0  # type: ignore[method-assign,assignment,return-value]  # mypy: a method is replaced by what is none; the defect is wanted
        answer = served.call("GET", "/files")
        assert len(served.calls) == 1
        told = [line for line in served.lines if '"level": "error"' in line]
    assert (answer.status_code, error_of(answer)["code"]) == (500, "internal_error")
    assert "ZeroDivisionError" not in answer.text
    assert len(told) == 1
    assert answer.json()["request_id"] in told[0]
    assert "ZeroDivisionError" in told[0]
    assert KEY not in told[0]


# --- Callers that hang up -----------------------------------------------------------------------------------


class Held:
    """Holds each request of a kind until it is let go, and says when the first has come."""

    def __init__(self, api: ProjectsServer, method: str) -> None:
        self.came, self.go = threading.Event(), threading.Event()

        def hold(request: Recorded, carry: Carry) -> Answer:
            if request.method == method:
                self.came.set()
                self.go.wait(10)
            return carry()

        api.intercept = hold


def send_raw(served: Served, method: str, path: str, body: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", served.port))
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nx-openai-api-key: {KEY}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    assert condition()


def test_the_work_for_a_caller_who_hangs_up_is_cancelled(api: ProjectsServer) -> None:
    stores = [api.make_store(KEY, f"{number}") for number in range(6)]
    held = Held(api, "DELETE")
    with Served(api.base_url, concurrency=1) as served:
        ids = ", ".join(f'"{store}"' for store in stores)
        connection = send_raw(served, "DELETE", "/vector_stores", f'{{"vector_store_ids": [{ids}]}}'.encode())
        assert held.came.wait(10)
        connection.close()
        wait_for(lambda: bool(served.lines))
        held.go.set()
        assert (served.calls[0]["status"], served.calls[0]["route"]) == (499, "/vector_stores")
        wait_for(lambda: len(api.requests) >= 2)
        assert served.call("GET", "/health").status_code == 200
    assert sum(1 for request in api.requests if request.method == "DELETE") == 1
    assert len(api.ids(KEY, "/vector_stores")) == 5


def test_the_client_of_a_caller_who_hung_up_works_for_the_next(api: ProjectsServer, served: Served) -> None:
    held = Held(api, "GET")
    connection = send_raw(served, "GET", "/vector_stores")
    assert held.came.wait(10)
    connection.close()
    wait_for(lambda: bool(served.lines))
    held.go.set()
    assert served.call("GET", "/vector_stores").json() == []


def test_a_caller_who_hangs_up_while_a_list_is_written_ends_the_listing(api: ProjectsServer, served: Served) -> None:
    for number in range(350):
        api.make_store(KEY, f"{number}")
    held = threading.Event()

    def hold(request: Recorded, carry: Carry) -> Answer:
        if "after=" in request.target:
            held.wait(10)
        return carry()

    api.intercept = hold
    connection = send_raw(served, "GET", "/vector_stores")
    assert b"200 OK" in connection.recv(65_536)
    connection.close()
    wait_for(lambda: bool(served.lines))
    held.set()
    [call] = served.calls
    assert call["cut"] == "hung up"
    assert call["upstream_requests"] <= 2


def test_a_caller_who_sends_half_a_body_and_hangs_up_gets_nothing(served: Served) -> None:
    connection = socket.create_connection(("127.0.0.1", served.port))
    connection.sendall(
        f"DELETE /files HTTP/1.1\r\nHost: localhost\r\nx-openai-api-key: {KEY}\r\nContent-Length: 100\r\n\r\n{{".encode()
    )
    connection.close()
    wait_for(lambda: bool(served.lines))
    assert served.calls[0]["status"] == 499


def test_a_call_that_asks_for_another_protocol_is_answered_in_this_one(served: Served) -> None:
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-key": "x", "sec-websocket-version": "13"}
    assert served.call("GET", "/files", headers=upgrade).status_code == 200


def test_what_is_no_http_is_refused_and_the_server_goes_on(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"400" in connection.recv(1_000)
    assert served.call("GET", "/health").status_code == 200
