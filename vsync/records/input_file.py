"""The input of a stream: a file, a named pipe or standard input. What it gives, in pieces.

Nothing here waits without an end: each wait ends at once when `Waker.wake` is called, from any thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from vsync.errors import ConfigurationError
from vsync.records.compressed import is_compressed

PIECE_BYTES = 256 * 1024
LOOK_EVERY_S = 0.25
"""How often a followed file is looked at."""
_TAIL_BYTES = 256


class Waker:
    """Ends the waits of a thread that reads. Once woken, no wait lasts."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._woken = False

    def woken(self) -> bool:
        return self._woken

    def wake(self) -> None:
        self._woken = True
        with contextlib.suppress(OSError):
            os.write(self._write, b"\0")

    def wait(self, descriptor: int | None, seconds: float | None = None) -> bool:
        """Waits until the descriptor has something to read, or is at its end. False: the time is over, or it was woken."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
        ready = poll.poll(None if seconds is None else seconds * 1000)
        return not self._woken and any(number == descriptor for number, _ in ready)

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


def open_file(path: Path, *, follow: bool = False) -> int:
    """Opens a file or a named pipe to be read. Does not wait for the writer of a pipe."""
    if follow and is_compressed(path):
        raise ConfigurationError(
            f"--follow cannot follow {path}: it is compressed.",
            "Leave --follow out, or give a file that is not compressed.",
        )
    try:
        _check_kind(path, path.stat().st_mode, follow)
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigurationError(
            f"The input {path} does not exist.", "Correct the path, or give - to read standard input."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"The input {path} cannot be opened: {error.strerror}.", "Give a file that can be read."
        ) from None


def _check_kind(path: Path, mode: int, follow: bool) -> None:
    if stat.S_ISFIFO(mode) and follow:
        raise ConfigurationError(
            f"--follow cannot follow {path}: it is a pipe, which is read until its writers close it.",
            "Leave --follow out.",
        )
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
        what = kinds.get(stat.S_IFMT(mode), "no file")
        raise ConfigurationError(f"The input {path} is {what}.", "Give a file of records, or - to read standard input.")


def check_standard_input(descriptor: int, *, follow: bool = False) -> None:
    """Raises ConfigurationError when nobody can have sent records to standard input, or when it cannot be followed."""
    if follow:
        raise ConfigurationError(
            "--follow needs a FILE: standard input is read until its writer closes it.", "Leave --follow out."
        )
    if os.isatty(descriptor):
        raise ConfigurationError("Standard input is a terminal: no records.", "Give a FILE, or pipe records in.")
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise ConfigurationError("Standard input is a folder.", "Give a FILE, or pipe records in.")


def pieces(descriptor: int, waker: Waker, *, close: bool = False) -> Iterator[bytes]:
    """All that the input gives until it ends, as it comes. `close`: the descriptor is closed at the end."""
    try:
        while not waker.woken():
            if not waker.wait(descriptor):
                continue
            try:
                piece = os.read(descriptor, PIECE_BYTES)
            except BlockingIOError:
                continue
            if not piece:
                return
            yield piece
    finally:
        if close:
            os.close(descriptor)


def followed(path: Path, descriptor: int, waker: Waker, note: Callable[[str], None]) -> Iterator[bytes | None]:
    """What stands in the file, and then what is added to it. It ends only when it is woken.

    A file that is cut shorter, or replaced by another of the same name, is read from its beginning: None comes first. A file
    that loses its name between two looks is not noticed.
    """
    tail, position = b"", 0
    try:
        while not waker.woken():
            if not _still_there(descriptor, tail, position):
                note(f"{path} was cut: it is read from its beginning.")
                yield None
                tail, position = b"", os.lseek(descriptor, 0, os.SEEK_SET)
            replaced = _is_replaced(path, descriptor)
            while not waker.woken() and (piece := os.read(descriptor, PIECE_BYTES)):
                tail, position = (tail + piece)[-_TAIL_BYTES:], position + len(piece)
                yield piece
            if replaced and not waker.woken() and (newer := _reopened(path)) is not None:
                os.close(descriptor)
                descriptor, tail, position = newer, b"", 0
                note(f"{path} was replaced: the new file is read from its beginning.")
                yield None
                continue
            waker.wait(None, LOOK_EVERY_S)
    finally:
        os.close(descriptor)


def _still_there(descriptor: int, tail: bytes, position: int) -> bool:
    """Whether what was read last still stands where it was. A file may be cut and written again between two looks."""
    return os.pread(descriptor, len(tail), position - len(tail)) == tail


def _is_replaced(path: Path, descriptor: int) -> bool:
    """Whether another file has the name now, and something stands in it. Until then the old file may still grow."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return now.st_size > 0 and not os.path.samestat(now, os.fstat(descriptor))


def _reopened(path: Path) -> int | None:
    """The new file of the name; None: it is gone already."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "what has its name now is no file")
