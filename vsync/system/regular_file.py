"""Reads files whose paths come from outside: never a pipe, device or socket, and never without a bound.

A pipe would stop the run for ever, and a device such as /dev/zero has no end.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 256 * 1024 * 1024
"""More than a manifest of a million documents has."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file. Raises OSError for anything else, and for a file of more than `most` bytes."""
    check_regular(path, most)
    # The file may be replaced after the check. Then this does not wait for the writer of a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - `Path` opens no descriptor
        _check_kind(os.fstat(descriptor).st_mode, path)
        content = file.read(most + 1)
    if len(content) > most:
        raise _too_large(most, path)
    return content


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a regular file. Raises OSError, and ValueError when it is not UTF-8."""
    return read_file(path, most).decode("utf-8")


def check_regular(path: Path, most: int | None = None) -> None:
    """Raises OSError when there is no regular file at the path, or one of more than `most` bytes. Links are followed."""
    about = path.stat()
    _check_kind(about.st_mode, path)
    if most is not None and about.st_size > most:
        raise _too_large(most, path)


def is_something_else(path: Path) -> bool:
    """Whether there is a pipe, a device or a socket at the path."""
    try:
        return stat.S_IFMT(path.stat().st_mode) in _KINDS
    except OSError:
        return False


def _too_large(most: int, path: Path) -> OSError:
    return OSError(errno.ENXIO, f"it is larger than {most:,} bytes", str(path))


def _check_kind(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.ENXIO, f"it is {_KINDS.get(stat.S_IFMT(mode), 'something')}, and no file", str(path))
