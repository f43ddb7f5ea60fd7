"""Listings, page by page, with a bound that no server can stretch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from vsync.errors import EndlessListing
from vsync.store.answers import id_of, items_of
from vsync.system.retry import Clock
from vsync.system.wording import count

T = TypeVar("T")

PAGE = 100
"""How many items one page of a store's listing holds at most."""

MAX_ITEMS = 1_000_000
MAX_PAGES = MAX_ITEMS // PAGE
LONGEST_S = 4 * 3600.0
"""How long one listing may take in all. A million entries take about an hour."""


async def pages(
    ask: Callable[[Callable[[], Awaitable[tuple[list[T], str | None]]]], Awaitable[tuple[list[T], str | None]]],
    fetch: Callable[[dict[str, Any]], Awaitable[Any]],
    read: Callable[[Any], T],
    *,
    size: int = PAGE,
    costly: bool = False,
    clock: Clock = time.monotonic,
) -> AsyncIterator[list[T]]:
    """Every page of a listing, as a list of what `read` makes of each item.

    `fetch` sends the request for one page; `ask` runs it and tries again. `read` is called within `ask`, so a page that
    cannot be read is asked for again. `size` is how many items a page was asked to have. `costly`: an item that stays hidden
    would cost money. The listing ends where the server repeats itself: some servers ignore the cursor, and show everything
    in one page.

    Raises EndlessListing where a page is repeated and may not be everything: it is full, or the listing is costly and the
    server says that there is more. Raises it too for a listing with more pages or items than any store, and for one that
    takes hours. What was listed until then is not the whole, so the caller must not act on it.
    """
    after: dict[str, Any] = {}
    seen: set[str] = set()
    began, listed = clock(), 0
    repeated = 0

    async def send() -> tuple[list[T], str | None]:
        nonlocal repeated
        page = await fetch(after)
        items = items_of(page)
        found = [read(item) for item in items]
        more = getattr(page, "has_more", None)
        last = _last_id(items, needed=more is True)
        if last in seen:
            full = more is not False and len(items) == size
            repeated = len(items) if full or (costly and more is True) else 0
            return [], None
        if last is not None:
            seen.add(last)
        return found, None if more is False else last

    for _ in range(MAX_PAGES):
        found, last = await ask(send)
        if repeated:
            raise EndlessListing(
                f"The API's listing may not be whole: asked for what follows, the server shows the same {count(repeated, 'item')} again.",
                "Check OPENAI_BASE_URL, and ask who runs the server: it must heed `after`.",
            )
        listed += len(found)
        if listed > MAX_ITEMS:
            break
        if found:
            yield found
        if last is None:
            return
        if clock() - began > LONGEST_S:
            raise _endless(f"it has taken {LONGEST_S / 3600:.0f} hours")
        after = {"after": last}
    raise _endless(f"it has more than {MAX_PAGES:,} pages or {MAX_ITEMS:,} items")


def _last_id(items: list[Any], *, needed: bool) -> str | None:
    """The id of the last item that has one: what follows it is asked for next. Raises ValueError where it is needed and missing."""
    for item in reversed(items):
        with contextlib.suppress(ValueError):
            return id_of(item)
    if items and needed:
        raise ValueError("no item of the page has an id")
    return None


def _endless(why: str) -> EndlessListing:
    return EndlessListing(
        f"The API's listing has no end: {why}, and the server says that there are more.",
        "Check OPENAI_BASE_URL, and ask who runs the server. A store with so many documents must be divided into several.",
    )
