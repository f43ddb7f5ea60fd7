"""The files that Git LFS pointers stand for, as far as a checkout with `lfs: true` has put them on this machine.

They lie in git's own folder, under the hash that the pointer names, and in the working tree under the pointer's path. A
file counts only when it has the pointer's size and hash. Nothing is followed, and nothing is fetched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from vsync.documents.inspection import MAX_BYTES
from vsync.documents.lfs_pointer import LFS_HEADS, Pointer
from vsync.errors import RepositoryError
from vsync.system.beneath import Beneath
from vsync.system.spool import CHUNK_BYTES, Content, spool

_STORED = "lfs/objects"
_HEAD_BYTES = max(map(len, LFS_HEADS))


class LfsFiles:
    """The files of one clone. Several threads may use it.

    `common_dir` is git's folder that linked worktrees share. `work_tree` is the top folder of the checked out files; None:
    the clone has none.
    """

    def __init__(self, common_dir: Path, work_tree: Path | None) -> None:
        self._git = Beneath(common_dir)
        self._stored = common_dir / _STORED
        self._work_tree = None if work_tree is None else Beneath(work_tree)
        self._top = work_tree
        self._verified: dict[tuple[str, str], _Place | None] = {}
        self._lock = threading.Lock()

    def may_hold(self, path: str, pointer_bytes: int) -> bool:
        """Whether the file of a pointer at that path may be here. It takes no more than two looks at the file system."""
        if self._stored.is_dir():
            return True
        if self._top is None:
            return False
        try:
            return os.lstat(self._top / path).st_size != pointer_bytes
        except (OSError, ValueError):
            return False

    def may_have_come(self, path: str) -> bool:
        """The same, for a file whose size nobody knows: something else than a pointer stands in the working tree."""
        if self._stored.is_dir():
            return True
        try:
            with _Place(self._work_tree, path).open() as file:
                return not file.read(_HEAD_BYTES).startswith(LFS_HEADS)
        except (OSError, ValueError):
            return False

    def has_size(self, pointer: Pointer, path: str) -> bool:
        """Whether a file of the pointer's size is here. Its hash is not looked at."""
        for place in self._places(pointer, path):
            with contextlib.suppress(OSError, ValueError), place.open() as file:
                if os.fstat(file.fileno()).st_size == pointer.bytes:
                    return True
        return False

    def holds(self, pointer: Pointer, path: str) -> bool:
        """Whether the pointer's file is here, with its size and its hash. A file that is too large to upload is not hashed."""
        return self._place_of(pointer, path) is not None

    def chunks(self, pointer: Pointer, path: str) -> Generator[bytes]:
        """The bytes of the pointer's file in pieces. Raises RepositoryError when it is not here any more, or is another."""
        place = self._place_of(pointer, path)
        if place is None:
            raise not_here(path)
        try:
            yield from _checked(place, pointer, path)
        except OSError as error:
            raise not_here(path) from error

    def read(self, pointer: Pointer, path: str) -> Content:
        """The bytes of the pointer's file, spooled and checked. Raises RepositoryError."""
        if pointer.bytes > MAX_BYTES:
            raise RepositoryError(f"The file of the Git LFS pointer {path!r} is too large.", "Run again.")
        with contextlib.closing(self.chunks(pointer, path)) as chunks:
            return spool(chunks)

    def _place_of(self, pointer: Pointer, path: str) -> _Place | None:
        key = (pointer.sha256, path)
        with self._lock:  # two threads hash no file at the same time
            if key not in self._verified:
                self._verified[key] = next(
                    (place for place in self._places(pointer, path) if _is_file_of(pointer, place)), None
                )
            return self._verified[key]

    def _places(self, pointer: Pointer, path: str) -> Iterator[_Place]:
        oid = pointer.sha256
        yield _Place(self._git, f"{_STORED}/{oid[:2]}/{oid[2:4]}/{oid}")
        yield _Place(self._work_tree, path)


class _Place(NamedTuple):
    """Where a file may lie."""

    folder: Beneath | None
    path: str

    def open(self) -> IO[bytes]:
        """Raises OSError for anything but a regular file that is reached without a link."""
        if self.folder is None:
            raise FileNotFoundError(self.path)
        return self.folder.open(self.path)


def _is_file_of(pointer: Pointer, place: _Place) -> bool:
    digest = hashlib.sha256()
    try:
        with place.open() as file:
            if os.fstat(file.fileno()).st_size != pointer.bytes:
                return False
            if pointer.bytes > MAX_BYTES:  # a sparse file may have terabytes, and take days to read
                return True
            for chunk in _at_most(file, pointer.bytes):
                digest.update(chunk)
    except (OSError, ValueError):  # a path with a NUL opens nothing
        return False
    return digest.hexdigest() == pointer.sha256


def _at_most(file: IO[bytes], left: int) -> Iterator[bytes]:
    """The bytes of a file, up to the size that it had: a growing file must have an end."""
    while left and (chunk := file.read(min(left, CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk


def _checked(place: _Place, pointer: Pointer, path: str) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    with place.open() as file:
        for chunk in _at_most(file, pointer.bytes):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
    if size != pointer.bytes or digest.hexdigest() != pointer.sha256:
        raise RepositoryError(
            f"The file of the Git LFS pointer {path!r} has changed since the run began.", "Run again."
        )


def not_here(path: str) -> RepositoryError:
    """The error for a document whose file is needed, and is not in this checkout."""
    return RepositoryError(
        f"{path!r} is a Git LFS pointer, and its file is not in this checkout.",
        "Check out with `lfs: true` (actions/checkout), or run `git lfs pull`.",
    )
