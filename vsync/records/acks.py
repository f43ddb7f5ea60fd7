"""Prints acknowledgements, in the order in which they come. A reader that does not read does not stop a stream from ending."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable, Iterable, Sequence
from typing import IO

from vsync.records.hidden import without_secrets
from vsync.system.stop import Stop
from vsync.system.workflow import inert_json

_AT_ONCE = 4096
"""A pipe that can be written to takes this many bytes without a wait (Linux's PIPE_BUF)."""
_PATIENCE_S = 3.0
_LOOK_EVERY_S = 0.1


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
        self.lost: str | None = None

    def write(self, lines: Sequence[str]) -> None:
        """Returns when the stream has the lines. May wait for a reader: call it where waiting holds nobody up."""
        if lines:
            self._write(without_secrets("\n".join(lines) + "\n", self._secrets))

    def write_report(self, line: str) -> None:
        """Writes the last line, which holds no secrets any more. It is left out where a line before it is not whole."""
        self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        if self.lost is not None:
            return
        text = inert_json(text)
        try:
            descriptor = _descriptor(self._stream)
            if descriptor is None:
                self._stream.write(text)
                self._stream.flush()
            elif not self._written(descriptor, memoryview(text.encode("utf-8", "backslashreplace"))):
                self._lose("their reader does not read")
        except BrokenPipeError:
            self._lose("their reader is gone")
        except OSError as error:
            self._lose(error.strerror or str(error))

    def _written(self, descriptor: int, left: memoryview) -> bool:
        """Writes bytes. False: the reader takes nothing, and the run was told to stop."""
        most = len(left) if stat.S_ISREG(os.fstat(descriptor).st_mode) else _AT_ONCE
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        while left:
            while not poll.poll(_LOOK_EVERY_S * 1000):
                if self._stop.requested:
                    self._patience_s -= _LOOK_EVERY_S
                    if self._patience_s < 0:
                        return False
            try:
                left = left[os.write(descriptor, left[:most]) :]
            except BlockingIOError:
                continue  # somebody else filled it meanwhile
        return True

    def _lose(self, why: str) -> None:
        self.lost = why
        self._note(f"The acknowledgements on standard output are not whole: {why}. No more of them are printed.")


def _descriptor(stream: IO[str]) -> int | None:
    """The number of the stream's file; None: it has none. What the stream holds is written first."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return None
    stream.flush()
    return descriptor
