"""Folders for the time of one run. Those of runs that were killed are removed by later runs of the same user."""

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
_UNLOCKED_FOR_S = 3600.0
_MOST_REMOVED = 100


class Scratch:
    """A folder in the temporary folder that belongs to `owner` (user and group; None: to whoever runs this).

    Whoever made it keeps a lock on it, which the kernel drops with the process: one that can be locked is nobody's any
    more.
    """

    def __init__(self, owner: tuple[int, int] | None = None) -> None:
        remove_abandoned(os.geteuid() if owner is None else owner[0])
        # Under the name that others look for it stands only when it is locked.
        unlocked = Path(tempfile.mkdtemp(prefix=_UNLOCKED_PREFIX))
        self._lock: int | None = os.open(unlocked, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # a file system without locks: nobody else can lock it there either
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if owner is not None:
            os.chown(unlocked, *owner)
        self.path = unlocked.rename(unlocked.with_name(_PREFIX + unlocked.name.removeprefix(_UNLOCKED_PREFIX)))

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)  # it may hold a packed file that git is still closing
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_abandoned(uid: int) -> None:
    """Removes the scratch folders of that user whose processes have ended. What cannot be removed stays."""
    removed = 0
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith((_PREFIX, _UNLOCKED_PREFIX)) and removed < _MOST_REMOVED:
                removed += _remove(Path(entry.path), uid)


def _remove(folder: Path, uid: int) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False  # somebody else's, a link, or gone
    try:
        there = os.fstat(descriptor)
        if there.st_uid != uid or stat.S_IMODE(there.st_mode) != 0o700:
            return False
        if folder.name.startswith(_UNLOCKED_PREFIX) and time.time() - there.st_mtime < _UNLOCKED_FOR_S:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False  # its process lives
    finally:
        os.close(descriptor)
    return True
