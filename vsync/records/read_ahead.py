"""What a thread has read, and the event loop has not taken yet. It is bounded: the thread waits while it is full."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque

from vsync.records.splitter import Line
from vsync.system.stop import Stop

MOST_BYTES = 8 * 1024 * 1024
MOST_LINES = 20_000


class ReadAhead:
    """Blocks of lines, in order. One thread puts them in, one event loop takes them out."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._lock = threading.Condition()
        self._blocks: deque[tuple[list[Line], int]] = deque()
        self._bytes = self._lines = 0
        self._ended = self._closed = self._woken = False
        self._error: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._stopped: asyncio.Task[None] | None = None

    # --- The thread --------------------------------------------------------------------------------------------

    def put(self, lines: list[Line], size: int) -> bool:
        """Waits until there is room. False: nobody takes lines any more."""
        with self._lock:
            while self._blocks and (self._bytes >= MOST_BYTES or self._lines >= MOST_LINES) and not self._closed:
                self._lock.wait()
            self._blocks.append((lines, size))
            self._bytes += size
            self._lines += len(lines)
            self._wake()
            return not self._closed

    def end(self, error: Exception | None = None) -> None:
        """Nothing more comes. `error` is raised to the one who asks for more."""
        with self._lock:
            self._ended, self._error = True, error
            self._wake()

    def wake(self) -> None:
        """Ends a wait of the event loop, although nothing has come."""
        with self._lock:
            self._woken = True
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(_set, waiter)

    # --- The event loop ----------------------------------------------------------------------------------------

    def take(self) -> list[Line] | None:
        """The next block, where one is there."""
        with self._lock:
            if not self._blocks:
                return None
            lines, size = self._blocks.popleft()
            self._bytes -= size
            self._lines -= len(lines)
            self._lock.notify()
            return lines

    @property
    def ended(self) -> bool:
        """Whether all was taken, and nothing more comes. Raises the error that ended the input."""
        with self._lock:
            if self._blocks or not self._ended:
                return False
        if self._error is not None:
            raise self._error
        return True

    async def wait(self, seconds: float | None) -> None:
        """Waits for the next block, the end of the input or the request to stop; at most some seconds, or until `wake`."""
        with self._lock:
            woken, self._woken = self._woken, False
            if self._blocks or self._ended or woken:
                return
            self._loop = asyncio.get_running_loop()
            waiter = self._waiter = self._loop.create_future()
        if self._stopped is None:
            self._stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({waiter, self._stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def close(self) -> None:
        with self._lock:
            self._closed, self._waiter = True, None
            self._blocks.clear()
            self._bytes = self._lines = 0
            self._lock.notify()
        if self._stopped is not None and not self._stopped.get_loop().is_closed():
            self._stopped.cancel()
        self._stopped = None


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
