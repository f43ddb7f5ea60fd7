"""One consumer at a time: an OS lock beside the state file. The lock goes with its process, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from vsync.errors import ConfigurationError, SealHeld
from vsync.system.atomic_write import give_to_owner_of, keep_out_of_git, make_folder
from vsync.system.stop import Stop

_LOOK_EVERY_S = 0.1


@contextlib.contextmanager
def held(state: Path, wait_s: float, stop: Stop) -> Iterator[None]:
    """Holds the lock of a state file. Raises SealHeld when another process still holds it after `wait_s` seconds.

    The lock is a file of its own: SQLite would lose its own locks on a file that is closed somewhere else in the process
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    path = state.with_name(f"{state.name}.lock")
    try:
        if state.parent.name == ".vsync":
            keep_out_of_git(state.parent)
        else:
            make_folder(state.parent)
        descriptor = _locked(path, wait_s, stop)
    except OSError as error:
        raise ConfigurationError(
            f"The lock {path} of the state file cannot be made: {error.strerror}.",
            "Repair that, or give another path with --state (VSYNC_STATE).",
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(path: Path, wait_s: float, stop: Stop) -> int:
    """Opens the lock's file and locks it. A file that was deleted meanwhile locks nobody out: then the new one is taken."""
    until = time.monotonic() + wait_s
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            give_to_owner_of(path.parent, path)
            _lock(descriptor, path, wait_s, until, stop)
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


def _lock(descriptor: int, path: Path, wait_s: float, until: float, stop: Stop) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= until:
            state = path.with_name(path.name.removesuffix(".lock"))
            raise SealHeld(
                f"Another consumer uses the state file {state} (this one waited {wait_s:g} s).",
                "Run one consumer for each stream. A second stream needs a --state and a --source of its own.",
            )
        stop.pause_thread(_LOOK_EVERY_S)
