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
from itertools import islice
from pathlib import Path

from vsync.errors import ConfigurationError
from vsync.records.compressed import is_compressed
from vsync.records.place import HEAD_BYTES, TAIL_BYTES, InputFile, Place, Start

PIECE_BYTES = 256 * 1024
LOOK_EVERY_S = 0.25
"""How often a followed file is looked at."""


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


def open_file(path: Path, *, follow: bool = False) -> int | None:
    """Opens a file or a named pipe to be read. Does not wait for the writer of a pipe.

    None: a file that is to be followed is not there yet, and its folder is.
    """
    if follow and is_compressed(path):
        raise ConfigurationError(
            f"--follow cannot follow {path}: it is compressed.",
            "Leave --follow out, or give a file that is not compressed.",
        )
    try:
        _check_kind(path, path.stat().st_mode, follow)
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        if follow and path.absolute().parent.is_dir():
            return None
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


def file_of(descriptor: int) -> InputFile | None:
    """The file behind a descriptor; None: it is none, so nothing in it can be found again."""
    status = os.fstat(descriptor)
    return InputFile(status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def go_on(descriptor: int, place: Place) -> Start | None:
    """Goes to the place in the file. None: this is another file, or the place is not there any more; nothing is done then."""
    file = file_of(descriptor)
    if file is None or (file.device, file.inode) != (place.device, place.inode):
        return None
    if os.fstat(descriptor).st_size < place.offset or not place.is_head(os.pread(descriptor, HEAD_BYTES, 0)):
        return None
    first = max(0, place.offset - TAIL_BYTES - len(b"\r\n"))
    start = place.start(os.pread(descriptor, place.offset - first, first))
    if start is not None:
        os.lseek(descriptor, start.offset, os.SEEK_SET)
    return start


_MOST_LOOKED_AT = 10_000
"""So many files of a folder are looked at, to find one that was renamed."""


def former_file(path: Path, place: Place) -> tuple[int, Start, Path] | None:
    """The file of the place under another name in the same folder, open at the place. None: it is not there."""
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in islice(entries, _MOST_LOOKED_AT):
            if entry.inode() != place.inode or not entry.is_file(follow_symlinks=False):
                continue
            descriptor = os.open(entry.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            start = go_on(descriptor, place)
            if start is not None:
                return descriptor, start, Path(entry.path)
            os.close(descriptor)
    return None


def followed(
    path: Path, descriptor: int | None, waker: Waker, note: Callable[[str], None]
) -> Iterator[bytes | InputFile]:
    """What stands in the file behind the place where its descriptor is, and then what is added to it.

    It ends only when it is woken. A file that does not exist yet is waited for. A file that is cut shorter, or replaced by
    another of the same name, is read from its beginning: the file comes before its bytes then. A file that loses its name
    between two looks is not noticed.
    """
    try:
        if descriptor is None:
            note(f"{path} does not exist yet: waiting for it.")
            while (descriptor := _reopened(path)) is None:
                if waker.woken():
                    return
                waker.wait(None, LOOK_EVERY_S)
            yield _file(descriptor)
        tail, position = _tail(descriptor)
        while not waker.woken():
            if not _still_there(descriptor, tail, position):
                note(f"{path} was cut: it is read from its beginning.")
                yield _file(descriptor)
                tail, position = b"", os.lseek(descriptor, 0, os.SEEK_SET)
            replaced = _is_replaced(path, descriptor)
            while not waker.woken() and (piece := os.read(descriptor, PIECE_BYTES)):
                tail, position = (tail + piece)[-TAIL_BYTES:], position + len(piece)
                yield piece
            if replaced and not waker.woken() and (newer := _reopened(path)) is not None:
                os.close(descriptor)
                descriptor, tail, position = newer, b"", 0
                note(f"{path} was replaced: the new file is read from its beginning.")
                yield _file(descriptor)
                continue
            waker.wait(None, LOOK_EVERY_S)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _file(descriptor: int) -> InputFile:
    file = file_of(descriptor)
    assert file is not None  # `_reopened` and `open_file` let nothing else pass
    return file


def _tail(descriptor: int) -> tuple[bytes, int]:
    """The bytes before the place where reading begins, and the place."""
    position = os.lseek(descriptor, 0, os.SEEK_CUR)
    first = max(0, position - TAIL_BYTES)
    return os.pread(descriptor, position - first, first), position


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
