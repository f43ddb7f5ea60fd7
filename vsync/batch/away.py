"""Waiting for batches outlasts an API that is away for a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from vsync.errors import ApiUnavailable

TOLERATED_S = 3600.0
"""For so long the API may be away while batches are waited for."""


class Away:
    """Lets an API be away for a while."""

    def __init__(self, clock: Callable[[], float], note: Callable[[str], None]) -> None:
        self._clock = clock
        self._note = note
        self._since: float | None = None

    async def tried(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Whether the work was done. Raises ApiUnavailable when the API has been away for too long, or for good."""
        try:
            await work()
        except ApiUnavailable as error:
            if type(error) is not ApiUnavailable:
                raise
            now = self._clock()
            self._since = now if self._since is None else self._since
            if now - self._since > TOLERATED_S:
                raise
            self._note(f"{error.message} Asking again later.")
            return False
        self._since = None
        return True
