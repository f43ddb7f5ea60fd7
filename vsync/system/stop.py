"""The request to stop that a signal brings. It wakes up whoever sleeps."""

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
    """Whether the run was told to stop. `signum` is the first signal; None: no signal has come.

    The same signal a second time ends the process at once. A cancelled job's container gets SIGINT, and SIGTERM 7.5 s
    later: two different signals are one request.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._seen: set[int] = set()
        self._raises = False
        self._since = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None

    def install(self, *, raising: bool = False) -> None:
        """Handles SIGINT and SIGTERM. PID 1 of a container ignores signals that it has no handler for.

        `raising` is for code that never asks `requested`: the first signal raises KeyboardInterrupt in it.
        """
        self._raises = raising
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self._received)

    def _received(self, signum: int, _: FrameType | None) -> None:
        if signum in self._seen:
            # The second time: end at once, and leave everything open to the next run.
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
        """For how many seconds the run has been told to stop; None: it has not been told."""
        return time.monotonic() - self._since if self.requested else None

    def attach(self) -> None:
        """Makes requests wake up tasks of the running event loop."""
        import asyncio  # 40 ms, and a run with nothing to do has no event loop

        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if self.requested:
            self._event.set()

    async def wait(self) -> None:
        """Returns when the run is told to stop."""
        if self._event is None:
            self.attach()
        assert self._event is not None
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Sleeps. Returns early when the run is told to stop."""
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
        """Sleeps. Raises Interrupted when the run is or was told to stop."""
        await self.sleep(seconds)
        self.check()

    def pause_thread(self, seconds: float) -> None:
        """`pause` for code without an event loop."""
        until = time.monotonic() + seconds
        while not self.requested and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_EVERY_S))  # a signal does not end Python's sleep, so it is a short one
        self.check()

    def cause(self, error: VsyncError) -> VsyncError:
        """The reason to report for the end of a run: the request to stop, when there was one, before the error that followed."""
        if self.signum is None or isinstance(error, Interrupted):
            return error
        return Interrupted(
            self.signum, f"Interrupted by {signal.Signals(self.signum).name}. {error.message}", error.remedy
        )

    def check(self) -> None:
        """Raises Interrupted when the run was told to stop."""
        if self.signum is not None:
            raise Interrupted(self.signum)


def _end_children() -> None:
    """Ends the programs that this process started. A program in its own session is ended with its helpers."""
    with contextlib.suppress(OSError):
        for listing in Path("/proc/self/task").glob("*/children"):
            for child in map(int, listing.read_text().split()):
                with contextlib.suppress(OSError):
                    if os.getpgid(child) == child:
                        os.killpg(child, signal.SIGKILL)
                    else:
                        os.kill(child, signal.SIGKILL)
