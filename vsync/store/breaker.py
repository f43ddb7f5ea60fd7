"""When to give up: a kind of request that has failed at every try for some time ends the run early."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Streak:
    """Failures without a success between them, and the time of the first."""

    failures: int
    first: float


_SLOW_FAILURES, _SLOW_SECONDS = 3, 240.0


class Breaker:
    """Counts failed tries of each kind of request (`uploading`), over all documents and stores of a run. Retries count too.

    A kind of request is hopeless when its last tries all failed, and one of these rules holds:

    | failures in a row | seconds since the first of them | why |
    | --- | --- | --- |
    | `failures` | `seconds` | many requests fail together in a short outage; one request may fail alone, again and again |
    | 3 | 240 | a server that hangs takes minutes to fail each request |

    The caller must not count a 429 that says when to come back (the server works), nor a request that is refused for its content.
    """

    def __init__(
        self, failures: int = 10, seconds: float = 30.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rules = ((failures, seconds), (_SLOW_FAILURES, _SLOW_SECONDS))
        self._clock = clock
        self._streaks: dict[str, _Streak] = {}

    def failed(self, kind: str) -> bool:
        """Counts a failed try. Returns True when requests of that kind are hopeless."""
        now = self._clock()
        streak = self._streaks.setdefault(kind, _Streak(0, now))
        streak.failures += 1
        return any(streak.failures >= failures and now - streak.first >= seconds for failures, seconds in self._rules)

    def succeeded(self, kind: str) -> None:
        self._streaks.pop(kind, None)
