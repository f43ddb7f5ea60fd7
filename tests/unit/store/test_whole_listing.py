"""A stale listing is looked at again, for a bounded time, and the log says once why the run waits."""

from __future__ import annotations

import asyncio

from vsync.store.whole_listing import WAITED_S, WAITS_S, until_whole


class Listings:
    """A store whose listing shows one entry more at each look."""

    def __init__(self) -> None:
        self.shown = 0
        self.waits: list[float] = []
        self.notes: list[str] = []

    async def _look(self) -> int:
        self.shown += 1
        return self.shown

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)

    def until(self, count: int) -> int:
        def lacks(shown: int) -> str | None:
            return "The listing is short." if shown < count else None

        return asyncio.run(until_whole(self._look, lacks, self._pause, self.notes.append))


def test_a_whole_listing_is_looked_at_once() -> None:
    listings = Listings()
    assert listings.until(1) == 1
    assert (listings.waits, listings.notes) == ([], [])


def test_a_stale_listing_is_looked_at_again_and_the_log_says_so_once() -> None:
    listings = Listings()
    assert listings.until(4) == 4
    assert listings.waits == list(WAITS_S[:3])
    assert listings.notes == ["The listing is short. Waiting up to 90 s for a newer listing."]


def test_the_wait_is_bounded_and_then_the_last_look_is_given() -> None:
    listings = Listings()
    assert listings.until(1_000) == len(WAITS_S) + 1
    assert sum(listings.waits) == WAITED_S == 90


def test_a_listing_that_lags_by_a_minute_is_outwaited() -> None:
    assert sum(WAITS_S) > 60
