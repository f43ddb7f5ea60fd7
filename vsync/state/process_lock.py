"""One process at a time: an OS lock on a file, held for as long as a job. It goes with its process, however that ends.

`file_lock` is for a few writes of small files; its holder is never long.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from vsync.errors import VsyncError
from vsync.system.atomic_write import give_to_owner_of, keep_out_of_git, make_folder
from vsync.system.stop import Stop

_LOOK_EVERY_S = 0.1


@contextlib.contextmanager
def exclusive(path: Path, wait_s: float, stop: Stop, taken: Callable[[], VsyncError]) -> Iterator[None]:
    """Holds the lock `path`, which is made when it is missing. Raises OSError when it cannot be made.

    Raises the error that `taken` gives when another process still holds it after `wait_s` seconds. A lock in a folder `.vsync`
    is kept out of git.
    """
    if path.parent.name == ".vsync":
        keep_out_of_git(path.parent)
    else:
        make_folder(path.parent)
    descriptor = _locked(path, time.monotonic() + wait_s, stop, taken)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path, until: float, stop: Stop, taken: Callable[[], VsyncError]) -> int:
    """Opens the lock's file and locks it. A file that was deleted meanwhile locks nobody out: then the new one is taken."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            give_to_owner_of(path.parent, path)
            _lock(descriptor, until, stop, taken)
            if _has_the_name(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _has_the_name(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int, until: float, stop: Stop, taken: Callable[[], VsyncError]) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= until:
            raise taken()
        stop.pause_thread(_LOOK_EVERY_S)
