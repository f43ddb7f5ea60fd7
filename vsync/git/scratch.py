"""Temporary folders, each for one run. When a run is killed, a later run of the same user removes its folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

_PREFIX, _UNLOCKED_PREFIX = "vsync-git-", "vsync-new-"
_MAX_UNLOCKED_S = 3600.0
_MAX_REMOVED = 100


class Scratch:
    """A folder in the temporary folder. `owner` is its user and group; None: those of this process.

    The process that makes the folder keeps a lock on it, and the kernel drops the lock when that process ends. So a
    folder that another process can lock is abandoned.
    """

    def __init__(self, owner: tuple[int, int] | None = None) -> None:
        remove_abandoned(os.geteuid() if owner is None else owner[0])
        # The folder gets the name that other runs look for only after it is locked.
        unlocked = Path(tempfile.mkdtemp(prefix=_UNLOCKED_PREFIX))
        self._lock: int | None = os.open(unlocked, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # a file system without locks: no other run can lock it either
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if owner is not None:
            os.chown(unlocked, *owner)
        self.path = unlocked.rename(unlocked.with_name(_PREFIX + unlocked.name.removeprefix(_UNLOCKED_PREFIX)))

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)  # git may still be closing a file in it
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_abandoned(uid: int) -> None:
    """Removes the abandoned scratch folders of that user. A folder that cannot be removed stays."""
    removed = 0
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith((_PREFIX, _UNLOCKED_PREFIX)) and removed < _MAX_REMOVED:
                removed += _remove(Path(entry.path), uid)


def _remove(folder: Path, uid: int) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False  # it belongs to somebody else, is a link, or is gone
    try:
        status = os.fstat(descriptor)
        if status.st_uid != uid or stat.S_IMODE(status.st_mode) != 0o700:
            return False
        if folder.name.startswith(_UNLOCKED_PREFIX) and time.time() - status.st_mtime < _MAX_UNLOCKED_S:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False  # its process is still running
    finally:
        os.close(descriptor)
    return True
