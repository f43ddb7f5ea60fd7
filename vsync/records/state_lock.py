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
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The lock {path} of the state file cannot be made: {error.strerror}.",
            "Repair that, or give another path with --state (VSYNC_STATE).",
        ) from error
    try:
        give_to_owner_of(path.parent, path)
        _lock(descriptor, path, wait_s, stop)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, wait_s: float, stop: Stop) -> None:
    until = time.monotonic() + wait_s
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
