"""When to give up: an endpoint that only fails, and has done so for a while, ends the run early."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Row:
    """Failures without a success between them."""

    failures: int
    first: float


_SLOW_FAILURES, _SLOW_SECONDS = 3, 240.0


class Breaker:
    """Counts failed attempts of each kind of request (`POST /files`), over all documents and stores of a run.

    A kind is hopeless when at least `failures` attempts in a row have failed, and `seconds` have passed since the first of
    them: many requests at once fail together in a short outage, and one that is tried again and again may be the only one
    that fails. Three that span four minutes are enough: where a server hangs, each takes minutes to fail. Retries count as
    attempts. What is not to be counted is the caller's business: a 429 that says when to come back is an answer of a server
    that works, and a request that is refused for its content says nothing of the others.
    """

    def __init__(
        self, failures: int = 10, seconds: float = 30.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rules = ((failures, seconds), (_SLOW_FAILURES, _SLOW_SECONDS))
        self._clock = clock
        self._rows: dict[str, _Row] = {}

    def failed(self, kind: str) -> bool:
        """Counts a failed attempt. True: requests of that kind are hopeless."""
        now = self._clock()
        row = self._rows.setdefault(kind, _Row(0, now))
        row.failures += 1
        return any(row.failures >= failures and now - row.first >= seconds for failures, seconds in self._rules)

    def succeeded(self, kind: str) -> None:
        self._rows.pop(kind, None)
