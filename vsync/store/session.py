"""A connection to the API for as long as one job needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from vsync.errors import ApiUnavailable
from vsync.store.api_errors import Refused
from vsync.store.client import Api
from vsync.store.connect import Connect
from vsync.system.stop import Stop

T = TypeVar("T")


def ask(connect: Connect, question: Callable[[Api], Awaitable[T]], stop: Stop | None = None) -> T:
    """Connects, asks, and closes the connection. Runs an event loop of its own.

    Raises ApiUnavailable for a refusal that the question did not handle.
    """

    async def connected() -> T:
        if stop is not None:
            stop.attach()
        async with connect() as api:
            return await question(api)

    try:
        return asyncio.run(connected())
    except Refused as error:
        raise ApiUnavailable(
            f"The API refused the request ({error.status} {error.code}): {error.message}", "Run again later."
        ) from error
