"""What a Git LFS pointer says of the file that it stands for. Pure.

The format: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_POINTER_BYTES = 1024
"""A pointer is smaller than this."""

LFS_HEADS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")

_POINTER = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n?"
)


class Pointer(NamedTuple):
    """The SHA-256 of the file in hex, and its size in bytes."""

    sha256: str
    bytes: int


def parse_pointer(data: bytes) -> Pointer | None:
    """What a pointer says. None: the bytes are no pointer, or one that is not understood.

    A pointer with extensions (`ext-0-…`) is not understood: a program makes the file from what LFS stores.
    """
    match = _POINTER.fullmatch(data) if len(data) < MAX_POINTER_BYTES else None
    return Pointer(match[1].decode("ascii"), int(match[2])) if match is not None else None
