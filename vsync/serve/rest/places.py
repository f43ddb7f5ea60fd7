"""The places for calls that are answered at the same time, and who gets one. Pure.

Nobody may take the places away from the others: no caller with many calls, and no caller who sends its body so slowly that
the call never begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vsync.serve.rest.failure import Failure

SLOW_S = 2.0
"""A call whose body has not arrived after so long gives its place to another call, if there is no other place."""

_BUSY_S = 1.0


@dataclass(slots=True, eq=False)
class Place:
    """The place of one call. `give_up` ends the wait for its body; None: the body is there."""

    key: bytes = field(repr=False)
    since: float
    give_up: Callable[[], None] | None = None


class Places:
    """`most` calls at the same time, and of one key three quarters of them. Times are those of a clock that never goes back."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_one = most - most // 4
        self._taken: set[Place] = set()

    def take(self, key: bytes, now: float) -> Place:
        """A place for a call of a key. Raises Failure when there is none."""
        if self._most_of_one < self._most and sum(1 for place in self._taken if place.key == key) >= self._most_of_one:
            message = f"This key has {self._most_of_one:,} calls under way already. Wait until one has ended."
            raise Failure(429, "too_many_calls", message, retry_after=_BUSY_S)
        if len(self._taken) >= self._most and not self._freed(now):
            message = f"The server is answering {len(self._taken):,} calls already. Try again in a moment."
            raise Failure(503, "too_busy", message, retry_after=_BUSY_S)
        place = Place(key, now)
        self._taken.add(place)
        return place

    def leave(self, place: Place) -> None:
        """The place is free again. To leave twice does no harm."""
        self._taken.discard(place)

    def _freed(self, now: float) -> bool:
        """Whether a call whose body is slow has given up its place."""
        slow = [place for place in self._taken if place.give_up is not None and place.since <= now - SLOW_S]
        if not slow:
            return False
        slowest = min(slow, key=lambda place: place.since)
        self.leave(slowest)
        if slowest.give_up is not None:
            slowest.give_up()
        return True
