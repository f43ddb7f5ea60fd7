"""An ASGI app on a real port of this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from time import monotonic
from typing import Any, Self

import uvicorn


class _Loop(asyncio.SelectorEventLoop):
    """Its clock is the real one, also while a test sets `time.monotonic`: a timer of a clock that was ahead never rings."""

    def time(self) -> float:
        return monotonic()


class Server:
    """A server whose `app` may change: one for all tests, each of which puts its own store behind it."""

    def __init__(self) -> None:
        self.app: Any = None
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self._server = uvicorn.Server(
            uvicorn.Config(self._call, interface="asgi3", log_config=None, access_log=False, lifespan="off")
        )
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._server.serve([self._listener]))

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._listener.close()
