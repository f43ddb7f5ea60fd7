"""Waits for a listing of a store that is stale: its server shows an older state than the one that it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from vsync.errors import ApiUnavailable
from vsync.system.retry import Sleep
from vsync.system.wording import count

T = TypeVar("T")

WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0)
"""How long to wait before each further look."""

WAITED_S = sum(WAITS_S)


async def until_whole(
    look: Callable[[], Awaitable[T]], lacks: Callable[[T], str | None], pause: Sleep, note: Callable[[str], None]
) -> T:
    """Looks until nothing is lacking, for `WAITED_S` at most, and gives the last look.

    `lacks` says what is lacking, and None when nothing is. `note` gets it, once.
    """
    told = False
    for wait_s in WAITS_S:
        seen = await look()
        lacking = lacks(seen)
        if lacking is None:
            return seen
        if not told:
            note(f"{lacking} Waiting up to {WAITED_S:g} s for a newer listing.")
            told = True
        await pause(wait_s)
    return await look()


def what_is_unseen(store_id: str, unseen: int) -> str:
    """That the listing does not show what this run has attached."""
    return (
        f"The listing of the vector store {store_id} does not show {count(unseen, 'File')} that this run has attached."
    )


def still_stale(store_id: str, unseen: int) -> ApiUnavailable:
    """The error of a run whose own new entries no listing shows."""
    return ApiUnavailable(
        f"{what_is_unseen(store_id, unseen)} That stays so after {WAITED_S:g} s. The listing may hide older entries of the same "
        "documents as well, so nothing was deleted.",
        "Run again in a few minutes: the next run lists the store first, and deletes what is there twice.",
    )
