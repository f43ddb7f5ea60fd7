"""Which vector stores list which Files, and whose the entries are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from vsync.errors import ApiUnavailable, StoreGone
from vsync.manage.filters import Use
from vsync.manage.owner import owner_of_entry
from vsync.store.client import Api
from vsync.store.entries import StoreEntry, StoreInfo
from vsync.store.pages import PAGE
from vsync.store.stores import Stores

T = TypeVar("T")

MOST_QUESTIONS = 10_000
"""How many Files may be asked for by their ids, in stores whose listing is not whole."""

_SECOND_LOOK_AFTER_S = 2.0


@dataclass(slots=True)
class Usage:
    """The uses of Files. `unsure` are stores whose listing shows fewer entries than the store counts."""

    uses: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    unsure: list[StoreInfo] = field(default_factory=list)

    def of(self, file_id: str) -> Sequence[Use]:
        return self.uses.get(file_id, ())

    def add(self, info: StoreInfo, entries: Iterable[StoreEntry]) -> None:
        for entry in entries:
            self.uses[entry.file_id].append(use_of(info, entry))


def use_of(info: StoreInfo, entry: StoreEntry) -> Use:
    path = str(entry.attributes.get("path", ""))
    return Use(info.id, info.name or "", path, owner_of_entry(entry), entry.attributes, entry.status)


async def entries_of(info: StoreInfo, api: Api) -> tuple[list[StoreEntry], bool]:
    """The entries of a store, and whether they are all that the store counts. A store that is gone has none.

    A listing that shows fewer may lag behind, so it is read once more, two seconds later.
    """
    if info.status == "expired":
        return [], True
    store = Stores(api).open(info.id)
    entries: list[StoreEntry] = []
    for last_look in (False, True):
        try:
            entries = await store.entries()
        except StoreGone:
            return [], True
        if len(entries) >= info.files:
            return entries, True
        if not last_look:
            await api.sleep(_SECOND_LOOK_AFTER_S)
    return entries, False


async def usage_of_all(stores: Sequence[StoreInfo], api: Api, concurrency: int) -> Usage:
    """The uses of every File: all these stores are listed."""
    usage = Usage()

    async def look(info: StoreInfo) -> None:
        entries, whole = await entries_of(info, api)
        usage.add(info, entries)
        if not whole:
            usage.unsure.append(info)

    await side_by_side(stores, look, concurrency)
    return usage


async def usage_of(file_ids: Collection[str], stores: Sequence[StoreInfo], api: Api, concurrency: int) -> Usage:
    """The uses of these Files. Each store is asked for each File or listed, whichever takes fewer requests.

    A store whose listing is not whole is asked for each File as well.
    """
    usage, wanted = Usage(), set(file_ids)
    by_id: list[StoreInfo] = []

    async def look(info: StoreInfo) -> None:
        entries, whole = await entries_of(info, api)
        usage.add(info, [entry for entry in entries if entry.file_id in wanted])
        if not whole:
            by_id.append(info)

    alive = [info for info in stores if info.status != "expired"]
    listed = [info for info in alive if _pages(info) < len(wanted)]
    by_id += [info for info in alive if _pages(info) >= len(wanted)]
    await side_by_side(listed, look, concurrency)
    await ask_by_id(wanted, by_id, usage, api, concurrency)
    return usage


async def ask_by_id(
    file_ids: Collection[str], stores: Sequence[StoreInfo], usage: Usage, api: Api, concurrency: int
) -> None:
    """Asks each of the stores for each of the Files that it has not shown yet, and adds what they say."""

    async def question(pair: tuple[StoreInfo, str]) -> None:
        info, file_id = pair
        try:
            entry = await Stores(api).open(info.id).entry(file_id)
        except StoreGone:
            return
        if entry is not None:
            usage.add(info, [entry])

    pairs = [
        (info, file_id)
        for info in stores
        for file_id in sorted(file_ids)
        if not any(use.store_id == info.id for use in usage.of(file_id))
    ]
    if len(pairs) > MOST_QUESTIONS:
        names = ", ".join(info.id for info in stores[:3])
        raise ApiUnavailable(
            f"Which Files are in use cannot be told: the listing of {names} shows fewer entries than the store counts, and "
            f"there are too many Files to ask for each.",
            "Nothing was deleted. Run again in a few minutes, or choose fewer Files.",
        )
    await side_by_side(pairs, question, concurrency)


async def side_by_side(items: Sequence[T], work: Callable[[T], Awaitable[None]], concurrency: int) -> None:
    """Does the work for each item, for so many at once. The first error ends the rest and is raised as it is."""
    waiting = iter(items)

    async def next_ones() -> None:
        for item in waiting:
            await work(item)

    workers = [asyncio.ensure_future(next_ones()) for _ in range(min(concurrency, len(items)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def _pages(info: StoreInfo) -> int:
    """How many requests the listing of a store takes."""
    return max(1, -(-info.files // PAGE))
