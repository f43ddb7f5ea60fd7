"""An OS lock on a file, for a few writes of small files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from vsync.errors import PublicationFailed
from vsync.system.atomic_write import give_to_owner_of

_WAIT_S = 30.0
_WAIT_STOPPED_S = 5.0
"""The same, after the run was told to stop: GitHub kills a cancelled container after ten seconds."""
_MAX_PAUSE_S = 0.2


@contextlib.contextmanager
def locked(path: Path, stopped: Callable[[], float | None]) -> Iterator[None]:
    """Holds an OS lock on a file, and makes the file when it is missing. Raises PublicationFailed when it waits too long.

    `stopped` says for how many seconds the run has been told to stop; None: it has not been told.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        give_to_owner_of(path.parent, path)
        _lock(descriptor, path, stopped)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, stopped: Callable[[], float | None]) -> None:
    started = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - started
        else:
            return
        if waited >= _WAIT_S or (stopped() or 0.0) >= _WAIT_STOPPED_S:
            raise PublicationFailed(
                f"Another process holds the lock {path} and does not let go of it: it may have been stopped in the middle "
                f"(this run waited {waited:.0f} s).",
                f"Let it go on, or end it (`fuser {shlex.quote(str(path))}` shows it), and run again: nothing is lost.",
            )
        time.sleep(min(_MAX_PAUSE_S, 0.005 + waited / 10))
