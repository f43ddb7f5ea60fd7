"""The last request of a run that changed something: what the store shows now. The next run compares with it."""

from __future__ import annotations

import asyncio

from vsync.errors import ApiUnavailable, GatewayRefused
from vsync.store.api_errors import Refused
from vsync.store.client import Api
from vsync.store.stores import Stores

_AT_MOST_S = 10.0
"""All is done by then. The next run compares less where the answer takes longer."""


async def last_look(api: Api, store_id: str) -> int | None:
    """How many bytes the store uses; None when it does not say. Raises StoreGone, and what ends a run besides."""
    try:
        async with asyncio.timeout(_AT_MOST_S):
            return (await Stores(api).get(store_id)).used
    except (Refused, ApiUnavailable, GatewayRefused, TimeoutError):
        return None
