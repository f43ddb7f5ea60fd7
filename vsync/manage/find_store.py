"""A vector store by what a person calls it: its id or its name."""

from __future__ import annotations

import re

from vsync.errors import StoreConflict, StoreGone
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""What can be an id. Other text would be another address of the API."""


async def find_store(stores: Stores, given: str) -> StoreInfo:
    """The store of that id, else the one store of that name. Raises StoreConflict when several have the name, and StoreGone."""
    if _ID.fullmatch(given):
        try:
            return await stores.get(given)
        except StoreGone as error:
            gone = error
    else:
        gone = StoreGone(f"There is no vector store named {given!r}.")
    named = [info for info in await stores.list() if info.name == given]
    if not named:
        raise StoreGone(gone.message, "See `vsync stores list`.") from None
    if len(named) > 1:
        raise StoreConflict(
            f"There are {len(named)} vector stores named {given!r}: {', '.join(info.id for info in named)}.",
            "Give the id of one of them.",
        )
    return named[0]
