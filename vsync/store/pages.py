"""Listings, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from vsync.store.answers import id_of, items_of

T = TypeVar("T")

PAGE = 100
"""How many items one page of a store's listing holds at most."""

_MAX_PAGES = 1_000_000 // PAGE


async def pages(
    ask: Callable[[Callable[[], Awaitable[tuple[list[T], str | None]]]], Awaitable[tuple[list[T], str | None]]],
    fetch: Callable[[dict[str, Any]], Awaitable[Any]],
    read: Callable[[Any], T],
) -> AsyncIterator[list[T]]:
    """Every page of a listing, as a list of what `read` makes of each item.

    `fetch` sends the request for one page; `ask` runs it and tries again. `read` is called within `ask`, so a page that
    cannot be read is asked for again. The listing ends where the server repeats itself: some servers ignore the cursor.
    """
    after: dict[str, Any] = {}
    seen: set[str] = set()

    async def send() -> tuple[list[T], str | None]:
        page = await fetch(after)
        items = items_of(page)
        found, last = [read(item) for item in items], id_of(items[-1]) if items else None
        if last is None or last in seen:
            return [], None
        seen.add(last)
        return found, None if getattr(page, "has_more", None) is False else last

    for _ in range(_MAX_PAGES):
        found, last = await ask(send)
        if found:
            yield found
        if last is None:
            return
        after = {"after": last}
