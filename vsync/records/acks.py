"""Prints acknowledgements, in the order in which they come. A reader that does not read does not hold up the event loop."""

from __future__ import annotations

import asyncio
import os
import select
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import IO

from vsync.system.redaction import forms
from vsync.system.stop import Stop

_AT_ONCE = 4096
"""A pipe that can be written to takes this many bytes without a wait (Linux's PIPE_BUF)."""
_PATIENCE_S = 5.0


class Acks:
    """Writes lines to a stream. `lost` says why the stream does not have them all; None: it has them.

    When the reader is gone or the disk is full, `note` is told once, and all further lines are dropped. After a request to
    stop, a reader that does not read is waited for `patience_s` seconds in all.
    """

    def __init__(
        self,
        stream: IO[str],
        secrets: Iterable[str] = (),
        *,
        stop: Stop | None = None,
        note: Callable[[str], None] = lambda _: None,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._stream, self._secrets, self._note = stream, secrets, note
        self._stop, self._patience_s = stop or Stop(), patience_s
        self._left: deque[memoryview] = deque()
        self._order = asyncio.Lock()
        self.lost: str | None = None

    async def write(self, lines: Sequence[str]) -> None:
        """Returns when the stream has the lines."""
        if not lines or self.lost is not None:
            return
        text = self._hidden("\n".join(lines) + "\n")
        self._left.append(memoryview(text.encode("utf-8", "backslashreplace")))
        async with self._order:
            try:
                await self._drain()
            except BrokenPipeError:
                self._lose("Their reader is gone")
            except OSError as error:
                self._lose(error.strerror or str(error))

    def _hidden(self, text: str) -> str:
        """The text without secrets. All lines are looked at together, since there are millions and nearly none has a secret."""
        found = {form for secret in self._secrets for form in forms(secret) if form in text}
        for form in sorted(found, key=len, reverse=True):
            text = text.replace(form, "***")
        return text

    async def _drain(self) -> None:
        """Writes what is left. What a cancelled call did not write stays for the next one, so that no line is cut."""
        descriptor = _descriptor(self._stream)
        while self._left and self.lost is None:
            data = self._left[0]
            if descriptor is None:
                self._stream.write(str(data, "utf-8"))
                self._stream.flush()
                written = len(data)
            elif await self._takes(descriptor):
                try:
                    written = os.write(descriptor, data if _is_file(descriptor) else data[:_AT_ONCE])
                except BlockingIOError:
                    continue
            else:
                self._lose("Their reader does not read")
                return
            if written < len(data):
                self._left[0] = data[written:]
            else:
                self._left.popleft()

    async def _takes(self, descriptor: int) -> bool:
        """Waits until the stream takes something. False: it takes nothing, and the run was told to stop."""
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        if poll.poll(0):
            return True
        loop = asyncio.get_running_loop()
        free = asyncio.Event()
        loop.add_writer(descriptor, free.set)
        waits = {asyncio.ensure_future(free.wait()), asyncio.ensure_future(self._stop.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not free.is_set():
                began = time.monotonic()
                await asyncio.wait(waits, timeout=max(0.0, self._patience_s))
                self._patience_s -= time.monotonic() - began
            return free.is_set()
        finally:
            loop.remove_writer(descriptor)
            for wait in waits:
                wait.cancel()

    def _lose(self, why: str) -> None:
        self.lost = why
        self._left.clear()
        self._note(
            f"The acknowledgements on standard output are not whole: {why[0].lower()}{why[1:]}. No more of them are printed."
        )


def _descriptor(stream: IO[str]) -> int | None:
    """The number of the stream's file; None: it has none. What the stream holds is written first."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return None
    stream.flush()
    return descriptor


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
