"""The request that deletes a File or a whole store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from vsync.store.answers import deleted
from vsync.store.client import Api
from vsync.store.rate_limit import SlidingWindow
from vsync.store.refusals import unless_gone


async def delete(
    api: Api, what: str, item: str, request: Callable[[str], Awaitable[Any]], window: SlidingWindow
) -> bool:
    """Deletes the File or store of the id `item`, and gives whether there was anything to delete. Raises Refused.

    What did not exist before this was asked is deleted as well. `request` gives the SDK's raw response. `window` is the rate of deletes.
    """
    tries = 0

    async def send() -> bool:
        nonlocal tries
        async with window.admit():
            tries += 1
            return deleted(await request(item), item)

    removed = await unless_gone(api.ask(what, send, limited=window.lower))
    return removed or tries > 1  # an earlier try, whose answer was lost, may have deleted it
