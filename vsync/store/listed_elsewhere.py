"""Whether a vector store of the project still lists a File: a File that a store lists must not be deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from vsync.store.entries import StoreInfo
from vsync.store.files import Files
from vsync.store.pages import PAGE

MAX_REQUESTS = 50
"""How many requests one question to all stores may cost."""


async def listed_elsewhere(
    file_ids: Collection[str], stores: Sequence[StoreInfo], files: Files, *, by_id: bool = False
) -> frozenset[str] | None:
    """Those of the Files that one of the stores lists. None: to find out would take more than `MAX_REQUESTS`.

    A store is asked for each File, or for its whole listing, whichever takes fewer requests. A listing with fewer entries
    than the store counts may lag behind: then the store is asked for each File as well. `by_id` has each store asked for
    each File: listing and count may lag behind together, and a File that goes for good must not depend on that. Raises
    Refused.
    """
    spare = MAX_REQUESTS - requests_to_ask(len(file_ids), stores, by_id=by_id)
    if spare < 0:
        return None
    left = set(file_ids)
    for info in _alive(stores):
        listing: Collection[str] | None = None
        if not by_id and _pages(info) < len(left):
            listing = await files.listed_in(info.id)
            if len(listing) < info.files:
                listing = None
                spare -= len(left)
                if spare < 0:
                    return None
        if listing is None:
            listing = [file_id for file_id in sorted(left) if await files.is_in(info.id, file_id)]
        left.difference_update(listing)
    return frozenset(file_ids) - left


def requests_to_ask(file_count: int, stores: Sequence[StoreInfo], *, by_id: bool = False) -> int:
    """How many requests it takes at most to ask these stores for so many Files."""
    return sum(file_count if by_id else min(file_count, _pages(info)) for info in _alive(stores))


def most_to_ask(file_count: int, stores: Sequence[StoreInfo]) -> int:
    """For how many of so many Files these stores can be asked within `MAX_REQUESTS`."""
    if requests_to_ask(file_count, stores) <= MAX_REQUESTS:
        return file_count
    return max(number for number in range(MAX_REQUESTS + 1) if requests_to_ask(number, stores) <= MAX_REQUESTS)


def _alive(stores: Sequence[StoreInfo]) -> list[StoreInfo]:
    """The stores that have not expired: an expired store lists nothing."""
    return [info for info in stores if info.status != "expired"]


def _pages(info: StoreInfo) -> int:
    """How many requests the whole listing of a store takes: the last page may be empty."""
    return info.files // PAGE + 1
