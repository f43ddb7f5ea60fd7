"""Files that survive a crash, and that belong to whoever owns the folder they stand in."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import time
from pathlib import Path

from vsync.errors import ConfigurationError

_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.vsync-tmp")
_STALE_AFTER_S = 3600.0
_NOT_FOR_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
"""Some file systems do not sync folders."""


def write_durably(path: Path, content: bytes) -> None:
    """Writes a file so that after a crash it holds the old bytes or the new ones, never a part.

    Files that root makes in somebody's folder (the container in a workspace) are given to the folder's owner. Raises
    OSError (a full disk, say); the old bytes are there then, and no temporary file.
    """
    make_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".vsync-tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        give_to_owner_of(path.parent, Path(temporary))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_stale_temporaries(folder: Path) -> None:
    """Removes what writers that were killed an hour ago or earlier have left in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > _STALE_AFTER_S:
                Path(entry.path).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise
    finally:
        os.close(descriptor)


def keep_out_of_git(folder: Path) -> None:
    """Tells git to ignore what vsync writes into its folder, but for the manifest."""
    if folder.is_symlink():
        raise ConfigurationError(f"{folder} is a symbolic link.", "Replace it by a folder: vsync writes there.")
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_durably(
            ignore, b"# Written by vsync: the embedded store and reports are not for commits.\n*\n!manifest.json\n"
        )


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, each given to the owner of the one it is made in."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        give_to_owner_of(folder.parent, folder)
        _sync_folder(folder.parent)


def give_to_owner_of(folder: Path, path: Path) -> None:
    """What root makes in somebody's folder (the container in a workspace) is theirs."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def give_back(folder: Path) -> None:
    """Gives what root left anywhere below a folder (a fetch in somebody's clone) to the folder's owner."""
    if os.geteuid() != 0 or folder.stat().st_uid == 0:
        return
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            if path.lstat().st_uid == 0:
                give_to_owner_of(folder, path)
