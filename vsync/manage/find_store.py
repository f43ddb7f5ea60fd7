"""A vector store by what a person calls it: its id or its name."""

from __future__ import annotations

import re

from vsync.errors import StoreConflict, StoreGone
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores
from vsync.system.wording import shortened

_ID = re.compile(r"vs_[A-Za-z0-9_-]{1,128}")
"""An id of OpenAI's. Its API refuses every other text that is asked for as an id. Other servers may have other ids."""


def looks_like_id(text: str) -> bool:
    """Whether a text can be an id of OpenAI's. It may be a name all the same."""
    return bool(_ID.fullmatch(text))


async def find_store(stores: Stores, given: str, *, deleting: bool = False) -> StoreInfo:
    """The store of that id, else the one store of that name. Raises StoreConflict when several have the name, and StoreGone.

    `deleting`: what looks like an id is no name. The store of that id may be gone, and another one may have the id as its name.
    """
    if looks_like_id(given):
        try:
            return await stores.get(given)
        except StoreGone:
            pass  # a name may look like an id
    listed = await stores.list()
    found = [info for info in listed if info.id == given]
    if not found and given and not (deleting and looks_like_id(given)):
        found = [info for info in listed if info.name == given]
    if not found:
        raise StoreGone(
            f"There is no vector store with the id or the name {shortened(given)!r}.", "See `vsync stores list`."
        )
    if len(found) > 1:
        raise StoreConflict(
            f"There are {len(found)} vector stores named {shortened(given)!r}: {', '.join(info.id for info in found)}.",
            "Give the id of one of them.",
        )
    return found[0]
