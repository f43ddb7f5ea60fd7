"""Reads a body of JSON in which each name stands once in its object.

Python takes the last of two values of the same name, and others take the first one. So a proxy, a log or a person might see
another call than the one that deletes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from vsync.serve.rest.failure import Failure


class _StrictRequest(Request):
    async def json(self) -> Any:
        return json.loads(await self.body(), object_pairs_hook=_once)


class StrictRoute(APIRoute):
    """A route that reads bodies so. The framework makes its own error of the Failure, and names it as the cause."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_StrictRequest(request.scope, request.receive))

        return handle


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "The call has another shape than /docs describes: an object in the body holds a name twice."
        raise Failure(422, "invalid_shape", message, param="body")
    return found
