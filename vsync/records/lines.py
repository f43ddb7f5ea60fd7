"""The lines of the input, in batches. A thread reads ahead, so that nothing that is slow to come holds up the event loop."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from vsync.errors import InputDamaged, VsyncError
from vsync.records.compressed import Damaged, decompressed, is_compressed
from vsync.records.input_file import (
    Waker,
    check_standard_input,
    file_of,
    followed,
    former_file,
    go_on,
    open_file,
    pieces,
)
from vsync.records.place import HEAD_BYTES, InputFile, Place, Start
from vsync.records.read_ahead import ReadAhead
from vsync.records.splitter import Line, Splitter
from vsync.system.stop import Stop

MAX_BATCH_BYTES = 6 * 1024 * 1024
"""Four batches may be under way, each with its lines, records and documents: about 230 MB in all, where one has 10 MB."""
_JOIN_S = 1.0


class Lines:
    """The lines of a file, of a pipe, or of standard input where there is no path.

    `open` comes first, then `begin`, and `close` at the end. `follow`: the file grows, and has no end. `note` is told when a followed file
    begins again. After a request to stop there are no more batches, whatever was read.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        stop: Stop,
        follow: bool = False,
        note: Callable[[str], None] = lambda _: None,
        standard_input: int = 0,
    ) -> None:
        self._path = path
        self._stop, self._follow, self._note = stop, follow, note
        self._standard_input = standard_input
        self._descriptor: int | None = None
        self._start = Start()
        self.former: Path | None = None
        """The file in which reading goes on, if the file of the run before has another name now."""
        self._ahead = ReadAhead(stop)
        self._waker: Waker | None = None
        self._thread: threading.Thread | None = None
        self._block: list[Line] = []
        self._taken = 0
        self._notes: deque[str] = deque()

    @property
    def begins_behind(self) -> int:
        """The number of the line behind which reading begins. 0: it begins at the beginning."""
        return self._start.line

    @property
    def is_there(self) -> bool:
        """Whether there is a file. A followed one may come later."""
        return self._descriptor is not None

    def open(self) -> None:
        """Opens the input. Raises ConfigurationError when there is nothing that can be read."""
        if self._path is None:
            check_standard_input(self._standard_input, follow=self._follow)
            self._descriptor = self._standard_input
        else:
            self._descriptor = open_file(self._path, follow=self._follow)

    def begin(self, place: Place | None = None) -> None:
        """Begins to read: at that place, if the file is the one of the place, else at its beginning."""
        file = None
        if self._path is not None and not is_compressed(self._path):
            start = self._go_on(self._path, place) if place is not None else None
            file = file_of(self._descriptor) if self._descriptor is not None else None
            if start is not None and file is not None and self._descriptor is not None:
                self._start = start
                file.saw(os.pread(self._descriptor, min(HEAD_BYTES, start.offset), 0))
        self._waker = Waker()
        # A daemon: a read that hangs (a file on a server that is gone) does not keep the process alive.
        self._thread = threading.Thread(
            target=self._read, args=(self._descriptor, self._waker, file), name="records input", daemon=True
        )
        self._thread.start()

    def _go_on(self, path: Path, place: Place) -> Start | None:
        """Goes to the place, in the file of the place. None: it is not there any more."""
        start = None if self._descriptor is None else go_on(self._descriptor, place)
        if start is None and self._follow and (former := former_file(path, place)) is not None:
            # It was renamed before it was read to its end. What has its name now comes behind it.
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor, start, self.former = former
        return start

    def close(self) -> None:
        """Ends the reading. What was read and not taken is dropped."""
        self._ahead.close()
        if self._waker is None or self._thread is None:
            if self._descriptor is not None and self._path is not None:
                os.close(self._descriptor)
            self._descriptor = None
            return
        self._waker.wake()
        self._thread.join(_JOIN_S)
        if not self._thread.is_alive():
            self._waker.close()
        self._waker = self._descriptor = None

    async def batch(self, size: int, delay_s: float) -> list[Line] | None:
        """The next lines: `size` of them, or MAX_BATCH_BYTES, or what has come `delay_s` after the first, or the last ones.

        None: the input is at its end, or the run was told to stop. Raises InputDamaged after the last line of an input that
        cannot be read to its end.
        """
        await asyncio.sleep(0)  # other tasks get their turn, also when all lines are there
        lines: list[Line] = []
        room, until = MAX_BATCH_BYTES, 0.0
        while not self._stop.requested:
            while self._notes:
                self._note(self._notes.popleft())
            if self._taken < len(self._block):
                until = until or time.monotonic() + delay_s
                room = self._take(lines, size, room)
                if len(lines) >= size or self._taken < len(self._block):
                    return lines
            elif (block := self._ahead.take()) is not None:
                self._block, self._taken = block, 0
            elif not lines:
                if self._ahead.ended:
                    return None
                await self._ahead.wait(None)
            else:
                left = until - time.monotonic()
                if left <= 0 or self._is_ended():
                    return lines
                await self._ahead.wait(left)
        return None

    def _take(self, lines: list[Line], size: int, room: int) -> int:
        """Moves lines from the block to the batch, at least one to an empty batch. Returns how many more bytes it may have."""
        block, start = self._block, self._taken
        end = start
        last = min(len(block), start + size - len(lines))
        while end < last:
            room -= len(block[end].raw)
            if room < 0 and (lines or end > start):
                break
            end += 1
        lines += block[start:end]
        self._taken = end
        return room

    def _is_ended(self) -> bool:
        try:
            return self._ahead.ended
        except VsyncError:
            return True  # the next batch raises it

    # --- The thread --------------------------------------------------------------------------------------------

    def _read(self, descriptor: int | None, waker: Waker, file: InputFile | None) -> None:
        splitter, size = Splitter(start=self._start, file=file), 0
        error: Exception | None = None
        try:
            for piece in self._pieces(descriptor, waker):
                if isinstance(piece, bytes):
                    size += len(piece)
                    lines = splitter.feed(piece)
                else:
                    lines, splitter = splitter.end(), Splitter(file=piece)
                if lines:
                    if not self._ahead.put(lines, size):
                        return
                    size = 0
            if not waker.woken():
                self._ahead.put(splitter.end(), size)
        except Damaged as damage:
            error = self._damaged(str(damage), splitter.lines_seen)
        except OSError as failure:
            error = self._damaged(failure.strerror or str(failure), splitter.lines_seen)
        except Exception as defect:  # it is raised again where the lines are asked for
            error = defect
        finally:
            self._ahead.end(error)

    def _pieces(self, descriptor: int | None, waker: Waker) -> Iterator[bytes | InputFile]:
        if self._follow and self._path is not None:
            return followed(self._path, descriptor, waker, self._say)
        assert descriptor is not None  # only a file that is followed may be missing
        if self._path is None:
            return pieces(descriptor, waker)
        plain = pieces(descriptor, waker, close=True)
        return decompressed(self._path, plain) if is_compressed(self._path) else plain

    def _say(self, text: str) -> None:
        self._notes.append(text)
        self._ahead.wake()

    def _damaged(self, why: str, lines: int) -> InputDamaged:
        name = "Standard input" if self._path is None else f"The input {self._path}"
        return InputDamaged(
            f"{name} cannot be read on after line {lines:,}: {why}.",
            "The records up to there are read. Mend the input and run again.",
        )
