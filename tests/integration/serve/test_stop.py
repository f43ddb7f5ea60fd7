"""A server that is told to stop ends its calls in order."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer
from tests.support.servers.recording import Answer, Recorded
from vsync.embedded import EmbeddedStore
from vsync.serve import server


def test_a_bulk_delete_stops_between_two_requests_and_answers_with_what_was_done(api: ProjectsServer) -> None:
    stores = [api.make_store(KEY, f"{number}") for number in range(6)]
    answers: list[httpx2.Response] = []
    with Served(api.base_url, concurrency=1) as served:

        def stop_at_the_third(request: Recorded, carry: Callable[[], Answer]) -> Answer:
            if request.method == "DELETE" and stores[2] in request.path:
                served.stop.request(signal.SIGTERM)
            return carry()

        api.intercept = stop_at_the_third
        body = {"vector_store_ids": stores}
        caller = threading.Thread(target=lambda: answers.append(served.call("DELETE", "/vector_stores", body=body)))
        caller.start()
        caller.join(15)
        served.end()
        assert len(served.calls) == 1
    [answer] = answers
    report = answer.json()
    assert (answer.status_code, report["success"]) == (207, stores[:3])
    assert [failed["id"] for failed in report["failed"]] == stores[3:]
    assert all(failed["error"].startswith("not tried: ") for failed in report["failed"])
    assert report["error"] == "The server is stopping. Try again later."
    assert report["failed"][0]["error"] == "not tried: The server is stopping."
    assert "SIG" not in answer.text
    assert api.ids(KEY, "/vector_stores") == stores[3:]


def test_while_a_call_is_under_way_a_server_that_stops_tells_everybody(api: ProjectsServer) -> None:
    came, go = threading.Event(), threading.Event()
    answers: list[httpx2.Response] = []

    def hold(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        came.set()
        go.wait(10)
        return carry()

    api.intercept = hold
    with Served(api.base_url) as served, httpx2.Client(base_url=served.url, timeout=20) as kept:
        assert kept.get("/ready").status_code == 200
        caller = threading.Thread(target=lambda: answers.append(served.call("GET", "/files")))
        caller.start()
        assert came.wait(10)
        served.stop.request(signal.SIGTERM)
        on_kept = kept.get("/ready")
        ready, health, refused = (served.call("GET", path) for path in ("/ready", "/health", "/files"))
        go.set()
        caller.join(10)
        served.end()
    assert (on_kept.status_code, ready.status_code, health.status_code, refused.status_code) == (503, 503, 200, 503)
    assert (refused.json()["error"]["code"], refused.headers["retry-after"]) == ("stopping", "5")
    assert {answer.headers["connection"] for answer in (on_kept, ready, refused)} == {"close"}
    assert [answer.status_code for answer in answers] == [200]
    assert served.complaints == []


def test_a_server_that_stops_takes_no_request_for_the_embedded_store(tmp_path: Path) -> None:
    with contextlib.closing(EmbeddedStore(tmp_path / "s.db")) as store, Served(store=store) as served:
        bearer = {"authorization": "Bearer any"}
        assert served.call("GET", "/v1/files", headers=bearer).status_code == 200
        served.stop.signum = signal.SIGTERM  # the request to stop, before the server closes its connections
        assert served.call("GET", "/v1/files", headers=bearer).status_code == 503


def test_a_call_that_does_not_end_is_given_up_before_docker_kills(
    api: ProjectsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACE_S", 0.4)
    monkeypatch.setattr(server, "_CLOSING_S", 0.1)
    came, go = threading.Event(), threading.Event()
    answers: list[httpx2.Response] = []

    def hold(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        came.set()
        go.wait(30)
        return carry()

    api.intercept = hold
    with Served(api.base_url) as served:
        caller = threading.Thread(target=lambda: answers.append(served.call("GET", "/files")))
        caller.start()
        assert came.wait(10)
        served.end()
        caller.join(10)
        go.set()
    [answer] = answers
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "stopping")
    assert [line["status"] for line in served.calls] == [503]


@pytest.mark.parametrize(
    ("key", "status"), [(f"x-openai-api-key: {KEY}\r\n", b" 503 "), ("", b" 401 ")], ids=["a key", "no key"]
)
def test_a_body_that_has_not_arrived_does_not_delay_the_end(api: ProjectsServer, key: str, status: bytes) -> None:
    head = f"DELETE /files HTTP/1.1\r\nHost: localhost\r\n{key}Content-Length: 100\r\n\r\n{{"
    with Served(api.base_url) as served, socket.create_connection(("127.0.0.1", served.port), timeout=20) as caller:
        caller.sendall(head.encode())
        assert served.call("GET", "/health").status_code == 200  # by now the other call waits for its body
        began = time.monotonic()
        served.end()
        assert time.monotonic() - began < server.GRACE_S / 2
        assert status in caller.recv(1_000)
        assert served.complaints == []


def test_after_its_end_nothing_listens_and_no_client_is_left(api: ProjectsServer, served: Served) -> None:
    served.call("GET", "/files")
    assert served.clients is not None
    assert len(served.clients) == 1
    served.end()
    assert len(served.clients) == 0
    with pytest.raises(httpx2.ConnectError):
        served.call("GET", "/health")
    assert served.complaints == []
