"""Reads git's own small files. A pipe or a device among them is refused: opening it could wait for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_MAX_BYTES = 16_000_000


def read_plain(path: Path, most: int = _MAX_BYTES) -> bytes:
    """The bytes of a regular file. Raises OSError, also for anything that is no regular file, or has more bytes than `most`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        pieces, left = [], most + 1
        while left and (piece := os.read(descriptor, left)):
            pieces.append(piece)
            left -= len(piece)
        if not left:
            raise OSError(f"{path} is larger than {most} bytes")
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def text_of(path: Path) -> str:
    """The text of such a file. Raises OSError, and ValueError when it is no UTF-8."""
    return read_plain(path).decode()
