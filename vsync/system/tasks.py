"""Several pieces of work at once."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable


async def all_of(works: Iterable[Awaitable[None]]) -> None:
    """Waits until every piece of work has ended, also when one of them fails. Then raises the first error."""
    import asyncio  # 40 ms, and a run with nothing to do has no event loop

    for answer in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
