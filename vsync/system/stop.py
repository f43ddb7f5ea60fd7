"""The wish to stop, as a signal brings it: told at once to whoever sleeps."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from vsync.errors import Interrupted, VsyncError

if TYPE_CHECKING:
    import asyncio


_LOOK_EVERY_S = 0.1


class Stop:
    """Unset until a signal comes. `signum` is the first one; the same one once more ends the process at once.

    A cancelled job's container gets SIGINT, and SIGTERM 7.5 s later: that is the same wish, told twice.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._seen: set[int] = set()
        self._raises = False
        self._since = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None

    def install(self, *, raising: bool = False) -> None:
        """Listens to SIGINT and SIGTERM. As PID 1 of a container a process ignores signals that it has no handler for.

        `raising` is for what never looks whether it should stop: the first signal raises KeyboardInterrupt there.
        """
        self._raises = raising
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._received)

    def _received(self, signum: int, _: FrameType | None) -> None:
        if signum in self._seen:
            # Asked twice: at once, and whatever is open is left to the next run.
            _end_children()
            os._exit(128 + (self.signum or signum))
        first = not self._seen
        self._seen.add(signum)
        self.request(signum)
        if self._raises and first:
            raise KeyboardInterrupt

    def request(self, signum: int) -> None:
        if self.signum is None:
            self.signum, self._since = signum, time.monotonic()
        if self._loop is not None and self._event is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    @property
    def requested(self) -> bool:
        return self.signum is not None

    @property
    def requested_for(self) -> float | None:
        """Seconds since the wish came; None when it has not."""
        return time.monotonic() - self._since if self.requested else None

    def attach(self) -> None:
        """Ties this to the running event loop."""
        import asyncio  # 40 ms, and a run with nothing to do has no event loop

        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if self.requested:
            self._event.set()

    async def wait(self) -> None:
        """Returns when the wish has come."""
        if self._event is None:
            self.attach()
        assert self._event is not None
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Sleeps, or less when the wish comes."""
        import asyncio

        if self._event is None:
            self.attach()
        assert self._event is not None
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return

    async def pause(self, seconds: float) -> None:
        """Sleeps. Raises Interrupted when the wish comes, or has come."""
        await self.sleep(seconds)
        self.check()

    def pause_thread(self, seconds: float) -> None:
        """`pause`, where no event loop runs."""
        until = time.monotonic() + seconds
        while not self.requested and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_EVERY_S))  # Python goes on with a sleep that a signal has ended
        self.check()

    def cause(self, error: VsyncError) -> VsyncError:
        """What to tell as the reason why a run ended: the wish to stop comes before what failed because of it."""
        if self.signum is None or isinstance(error, Interrupted):
            return error
        return Interrupted(
            self.signum, f"Interrupted by {signal.Signals(self.signum).name}. {error.message}", error.remedy
        )

    def check(self) -> None:
        """Raises Interrupted when the wish has come."""
        if self.signum is not None:
            raise Interrupted(self.signum)


def _end_children() -> None:
    """Ends the programs that this process has started, with their helpers where these are in a session of their own."""
    with contextlib.suppress(OSError):
        for listing in Path("/proc/self/task").glob("*/children"):
            for child in map(int, listing.read_text().split()):
                with contextlib.suppress(OSError):
                    if os.getpgid(child) == child:
                        os.killpg(child, signal.SIGKILL)
                    else:
                        os.kill(child, signal.SIGKILL)
