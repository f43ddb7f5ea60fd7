"""Counts the requests to the API for each call, although calls of one key share a client."""

from __future__ import annotations

from contextvars import ContextVar

from vsync.serve.rest.access_log import Call
from vsync.store.traffic import Traffic, endpoint

CURRENT: ContextVar[Call | None] = ContextVar("vsync_call", default=None)
"""The call for which the running task works. Tasks that it starts inherit it."""


class CallTraffic(Traffic):
    """Counts a request for the client, and for the call that made it."""

    def count(self, method: str, path: str) -> None:
        super().count(method, path)
        call = CURRENT.get()
        if call is not None:
            call.requests[f"{method} {endpoint(path)}"] += 1
