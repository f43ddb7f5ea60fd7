"""Which vector stores list which Files, and whose the entries are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from vsync.errors import ApiUnavailable, StoreGone
from vsync.manage.filters import Use
from vsync.manage.owner import owner_of_entry
from vsync.report.observer import Observer
from vsync.store.api_errors import Refused, unexpected_refusal
from vsync.store.client import Api
from vsync.store.entries import StoreEntry, StoreInfo
from vsync.store.pages import PAGE
from vsync.store.refusals import says_expired
from vsync.store.stores import Stores
from vsync.system.wording import count

T = TypeVar("T")

MOST_QUESTIONS = 10_000
"""How many questions for single Files the stores may need whose listing is not whole."""

READING_STORES = "reading stores"
_ASKING = "asking stores"
"""Stages of the progress, one step for each store and for each question."""

_SECOND_LOOK_AFTER_S = 2.0
_NOBODY = Observer()


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

    A listing that shows fewer may lag behind, or somebody may have removed entries since they were counted. So two seconds
    later both are read once more.
    """
    entries, whole = await _read(info, api)
    if whole:
        return entries, True
    await api.sleep(_SECOND_LOOK_AFTER_S)
    try:
        counted = await Stores(api).find(info.id)
    except Refused as error:
        raise unexpected_refusal(f"looking up the vector store {info.id}", error) from error
    return ([], True) if counted is None else await _read(counted, api)


async def _read(info: StoreInfo, api: Api) -> tuple[list[StoreEntry], bool]:
    if info.status == "expired":
        return [], True
    try:
        entries = await Stores(api).open(info.id).entries()
    except StoreGone:
        return [], True
    return entries, len(entries) >= info.files


async def usage_of_all(
    stores: Sequence[StoreInfo],
    api: Api,
    concurrency: int,
    only: Container[str] | None = None,
    observer: Observer = _NOBODY,
) -> Usage:
    """The uses of every File, or of those in `only`: all these stores are listed."""
    usage = Usage()
    observer.stage(READING_STORES, len(stores))

    async def look(info: StoreInfo) -> None:
        entries, whole = await entries_of(info, api)
        observer.advance(READING_STORES)
        usage.add(info, [entry for entry in entries if only is None or entry.file_id in only])
        if not whole:
            usage.unsure.append(info)

    await side_by_side(stores, look, concurrency)
    return usage


async def usage_of(
    file_ids: Collection[str],
    stores: Sequence[StoreInfo],
    api: Api,
    concurrency: int,
    observer: Observer = _NOBODY,
) -> Usage:
    """The uses of these Files. Each store is asked for each File or listed, whichever takes fewer requests.

    A store whose listing is not whole is asked for each File as well.
    """
    wanted = set(file_ids)
    alive = [info for info in stores if info.status != "expired"] if wanted else []
    long = [info for info in alive if _pages(info) < len(wanted)]
    usage = await usage_of_all(long, api, concurrency, wanted, observer)
    cheap = [info for info in alive if _pages(info) >= len(wanted)]
    observer.stage(_ASKING, len(cheap) * len(wanted))
    await _ask(_questions(wanted, cheap, usage), usage, api, concurrency, observer)
    await ask_unsure(wanted, usage, api, concurrency)
    return usage


async def ask_unsure(file_ids: Collection[str], usage: Usage, api: Api, concurrency: int) -> None:
    """Asks each store whose listing is not whole for each of the Files that it has not shown, and adds what it says.

    Raises ApiUnavailable when that takes too many questions.
    """
    questions = list(islice(_questions(file_ids, usage.unsure, usage), MOST_QUESTIONS + 1))
    if len(questions) > MOST_QUESTIONS:
        names = ", ".join(info.id for info in usage.unsure[:3])
        raise ApiUnavailable(
            f"Which Files are in use cannot be told: the listing of {names} shows fewer entries than the store counts, and "
            "there are too many Files to ask for each.",
            "Run again in a few minutes, or choose fewer Files.",
        )
    await _ask(questions, usage, api, concurrency)


def _questions(file_ids: Collection[str], stores: Sequence[StoreInfo], usage: Usage) -> Iterator[tuple[StoreInfo, str]]:
    for info in stores:
        for file_id in sorted(file_ids):
            if not any(use.store_id == info.id for use in usage.of(file_id)):
                yield info, file_id


async def _ask(
    questions: Iterable[tuple[StoreInfo, str]],
    usage: Usage,
    api: Api,
    concurrency: int,
    observer: Observer = _NOBODY,
) -> None:
    async def question(pair: tuple[StoreInfo, str]) -> None:
        info, file_id = pair
        try:
            entry = await Stores(api).open(info.id).entry(file_id, listed=True)
        except Refused as error:
            if says_expired(error):
                return
            raise unexpected_refusal(f"asking {info.id} for {file_id}", error) from error
        finally:
            observer.advance(_ASKING)
        if entry is not None:
            usage.add(info, [entry])

    await side_by_side(questions, question, concurrency)


async def side_by_side(items: Iterable[T], work: Callable[[T], Awaitable[None]], concurrency: int) -> None:
    """Does the work for each item, for so many at once. The first error ends the rest and is raised as it is."""
    waiting = iter(items)

    async def next_ones() -> None:
        for item in waiting:
            await work(item)

    workers = [asyncio.ensure_future(next_ones()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def hurt(file_ids: Iterable[str], usage: Usage) -> list[str]:
    """A warning about the Files among these that stores use which stay; none where there are no such Files."""
    shared = [file_id for file_id in file_ids if usage.of(file_id)]
    if not shared:
        return []
    stores = sorted({(use.store_name, use.store_id) for file_id in shared for use in usage.of(file_id)})
    names = ", ".join(f"{name} ({store_id})" if name else store_id for name, store_id in stores[:5])
    more = f" and {len(stores) - 5:,} more" if len(stores) > 5 else ""
    return [
        f"{count(len(shared), 'of these Files is', 'of these Files are')} used by other stores that stay: {names}{more}. "
        f"{'They lose it' if len(shared) == 1 else 'They lose them'}."
    ]


def _pages(info: StoreInfo) -> int:
    """How many requests the listing of a store takes."""
    return max(1, -(-info.files // PAGE))
