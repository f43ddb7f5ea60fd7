"""A request that makes something is sent once. Only when its answer is lost is it sent again, after a look for what it made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from vsync.store.api_errors import AnswerLost
from vsync.system.retry import Sleep, backoff

T = TypeVar("T")

MAX_TRIES = 5
"""How often a request is sent whose answers are lost. Each try may leave a twin of what it makes."""


async def send_once(
    request: Callable[[], Awaitable[T]],
    find_again: Callable[[], Awaitable[T | None]] | None = None,
    *,
    wait: Sleep,
    tries: int = MAX_TRIES,
    halted: Callable[[], bool] = lambda: False,
) -> T:
    """The result of a request that makes something each time it is sent.

    | when | what happens |
    | --- | --- |
    | `request` answers | its result is returned |
    | `request` raises AnswerLost | wait; then `find_again` asks whether the lost request did its work |
    | `find_again` returns a result | that result is returned, and nothing more is sent |
    | `find_again` returns None, or is not given | `request` is sent again |
    | the answers of all `tries` are lost, or one more try is useless (`again` is False), or `halted()` | the last AnswerLost is raised |

    Any other error of `request`, `find_again` or `wait` is raised at once. The caller turns AnswerLost into the error that
    its own callers expect.
    """
    for attempt in range(tries):
        try:
            return await request()
        except AnswerLost as lost:
            if not lost.again or attempt + 1 == tries or halted():
                raise
            await wait(backoff(attempt) if lost.wait_s is None else lost.wait_s)
            if halted():
                raise
        found = await find_again() if find_again is not None else None
        if found is not None:
            return found
    raise AssertionError("the last try returns or raises")
