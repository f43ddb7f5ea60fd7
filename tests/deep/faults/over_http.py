"""Faults of the connection between a real client and a real server."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from unittest import mock

from tests.deep.faults.audit import of_http
from tests.deep.faults.scenarios import KEY, Surrounded, api_port
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded
from tests.support.wire import Sent
from vsync.store import client as api

Proceed = Callable[[], Answer]
_PATIENCE_S = 0.3


def _shortened(proceed: Proceed) -> Answer:
    whole = proceed()
    return dataclasses.replace(whole, cut=len(whole.body) // 2)


def _without_a_body(proceed: Proceed) -> Answer:
    return dataclasses.replace(proceed(), cut=0)


def _dropped_when_done(proceed: Proceed) -> None:
    proceed()


def _too_slow(proceed: Proceed) -> Answer:
    done = proceed()
    time.sleep(3 * _PATIENCE_S)
    return done


KINDS: dict[str, Callable[[Proceed], Answer | None]] = {
    "a body shorter than promised": _shortened,
    "headers without the body": _without_a_body,
    "connection dropped": lambda _: None,
    "connection dropped when done": _dropped_when_done,
    "slower than the client waits": _too_slow,
}


class Door:
    """Stands between a server and its client: counts the requests, and lets one request meet a fault."""

    def __init__(self, watch: Callable[[Sent], None] | None = None) -> None:
        self.met = False
        self.count = 0
        self.first = threading.Event()
        self._watch = watch
        self._fault: tuple[int, Callable[[Proceed], Answer | None]] | None = None
        self._lock = threading.Lock()
        self._inside = 0

    def meets(self, fault: str | Callable[[Proceed], Answer | None], at: int) -> None:
        """Puts a fault at request number `at`: one of KINDS by its name, or a function."""
        self._fault = (at, fault if callable(fault) else KINDS[fault])

    def __call__(self, request: Recorded, proceed: Proceed) -> Answer | None:
        with self._lock:
            self.count += 1
            number = self.count
            self._inside += 1
        try:
            self._look(request, None)
            self.first.set()
            if self._fault is None or number != self._fault[0]:
                answer: Answer | None = proceed()
            else:
                self.met = True
                answer = self._fault[1](proceed)
            self._look(request, answer.status if answer else 0)
            return answer
        finally:
            with self._lock:
                self._inside -= 1

    def _look(self, request: Recorded, status: int | None) -> None:
        if self._watch is not None:
            with self._lock:
                self._watch(of_http(request.method, request.target, status))

    def quiet(self) -> None:
        """Waits until the server answers no request any more. It goes on with requests of a client that has died."""
        deadline = time.monotonic() + 30
        while self._inside and time.monotonic() < deadline:
            time.sleep(0.01)


@contextlib.contextmanager
def served(world: Surrounded, watch: Callable[[Sent], None] | None = None) -> Iterator[Door]:
    """Serves the world's store on a port, and has the world's runs send their requests there."""
    door = Door(watch)
    with (
        OpenAIServer(world.folder / "store.db", key=KEY, port=api_port()) as server,
        mock.patch.object(api, "_READ_TIMEOUT_S", _PATIENCE_S),
    ):
        server.intercept = door
        world.over = server.base_url
        try:
            yield door
            door.quiet()
        finally:
            world.over = None
