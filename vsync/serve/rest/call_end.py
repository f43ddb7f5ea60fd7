"""A job that a call must not cut in the middle: it is told to stop, and ends between two of its steps."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from vsync.system.stop import Stop

T = TypeVar("T")


async def to_its_end(work: Callable[[Stop], Coroutine[Any, Any, T]], server: Stop) -> T:
    """What the work gives. It gets the request to stop that ends it: that of the server, or of a caller who hangs up.

    Returns and raises only when the work has ended. Else a thread of it could write files while the next call is at work.
    """
    stop = Stop()
    stop.attach()
    working = asyncio.ensure_future(work(stop))
    telling = asyncio.ensure_future(_pass_on(server, stop))
    try:
        await asyncio.wait({working})
    except asyncio.CancelledError:
        stop.request(signal.SIGHUP)
        await asyncio.wait({working})
        if not working.cancelled():
            working.exception()  # nobody is there to hear of it; asyncio would complain that nobody asked
        raise
    finally:
        telling.cancel()
        working.cancel()  # only where the process ends, and has waited for long enough
    return working.result()


async def _pass_on(server: Stop, stop: Stop) -> None:
    await server.wait()
    stop.request(server.signum or signal.SIGTERM)
