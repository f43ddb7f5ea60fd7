"""Whether the server works, for those who watch over it. No key is needed."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel, Field

from vsync.serve.rest.described import errors
from vsync.serve.rest.upstream import stopping
from vsync.system.stop import Stop


class Health(BaseModel):
    """The state of the server."""

    status: str = Field(description="`ok`.", examples=["ok"])


def add_health(app: FastAPI, stop: Stop) -> None:
    @app.get(
        "/health",
        operation_id="health",
        summary="Is the server alive?",
        description="Answers 200 as long as the process works. It asks no other server.",
        tags=["health"],
    )
    async def health() -> Health:
        return Health(status="ok")

    @app.get(
        "/ready",
        operation_id="ready",
        summary="Does the server take calls?",
        description="Answers 200, and 503 from the moment when the server is told to stop.",
        tags=["health"],
        responses=errors(503),
    )
    async def ready() -> Health:
        if stop.requested:
            raise stopping()
        return Health(status="ok")

    # Many monitors ask with HEAD.
    for path, answer in (("/health", health), ("/ready", ready)):
        app.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
