"""How many calls a key may make. Pure.

Each key has a bucket of allowances: as many as it may make in a minute. A call takes one, and they come back evenly. So a
key may make all calls of a minute at once, and then one after another.
"""

from __future__ import annotations

from collections import OrderedDict

_MOST_KEYS = 10_000
"""More keys are forgotten, the one that has called last at last. Nobody has so many; somebody may invent them."""

_SLACK = 1e-9
"""Sums of fractions are not exact."""


class CallRate:
    """The buckets of all keys. Times are in seconds of a clock that never goes back."""

    def __init__(self, per_minute: int, *, most_keys: int = _MOST_KEYS) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60.0
        self._most_keys = most_keys
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def admit(self, key: bytes, now: float) -> float:
        """Takes an allowance. Returns 0, or after how many seconds there is one."""
        left, since = self._buckets.pop(key, (self._size, now))
        left = min(self._size, left + (now - since) * self._per_second)
        admitted = left > 1.0 - _SLACK
        self._buckets[key] = (max(0.0, left - admitted), now)
        while len(self._buckets) > self._most_keys:
            self._buckets.popitem(last=False)
        return 0.0 if admitted else (1.0 - left) / self._per_second
