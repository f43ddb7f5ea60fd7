"""Git LFS without its program: pointers, and the files that a checkout with `lfs: true` puts into a clone."""

from __future__ import annotations

import hashlib
from pathlib import Path


def pointer_to(data: bytes, size: int | None = None) -> bytes:
    """The pointer that is committed for a file."""
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size or len(data)}\n".encode()


def place_of(git_folder: Path, data: bytes) -> Path:
    """Where git-lfs stores a file."""
    oid = hashlib.sha256(data).hexdigest()
    return git_folder / "lfs" / "objects" / oid[:2] / oid[2:4] / oid


def store(git_folder: Path, data: bytes) -> Path:
    """Puts a file where git-lfs stores it."""
    place = place_of(git_folder, data)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place
