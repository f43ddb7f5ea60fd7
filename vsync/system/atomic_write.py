"""Writes files that survive a crash, and that belong to the owner of their folder."""

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
"""Errors of file systems that cannot sync folders."""


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a file so that after a crash it holds the old bytes or the new bytes, never a part.

    The file belongs to the folder's owner, also when root writes it (the container in a workspace). Raises OSError, for
    example when the disk is full. Then the file has its old bytes, and the temporary file is removed.
    """
    make_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".vsync-tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        give_to_owner_of(path.parent, Path(temporary))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_stale_temporaries(folder: Path) -> None:
    """Removes temporary files that killed runs left in a folder at least an hour ago."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_stale_temporary(entry):
                Path(entry.path).unlink(missing_ok=True)


def is_stale_temporary(entry: os.DirEntry[str]) -> bool:
    """Whether a killed run left this file at least an hour ago. Raises OSError when the file has gone."""
    if not _TEMPORARY.fullmatch(entry.name):
        return False
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_AFTER_S


def sync_folder(folder: Path) -> None:
    """Makes sure that a new or renamed file of the folder is still there after a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_open_folder(descriptor)
    finally:
        os.close(descriptor)


def sync_open_folder(descriptor: int) -> None:
    """The same for a folder that is open."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise


def keep_out_of_git(folder: Path) -> None:
    """Tells git to ignore all that vsync writes into its folder, except the manifest."""
    if folder.is_symlink():
        raise ConfigurationError(f"{folder} is a symbolic link.", "Replace it by a folder: vsync writes there.")
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_durably(
            ignore, b"# Written by vsync: the embedded store and reports are not for commits.\n*\n!manifest.json\n"
        )


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents. Each belongs to the owner of its parent."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        give_to_owner_of(folder.parent, folder)
        sync_folder(folder.parent)


def give_to_owner_of(folder: Path, path: Path) -> None:
    """Gives a file that root made (the container in a workspace) to the owner of the folder."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def give_back(folder: Path) -> None:
    """Gives all that root made below a folder (a fetch in somebody's clone) to the folder's owner."""
    if os.geteuid() != 0 or folder.stat().st_uid == 0:
        return
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            if path.lstat().st_uid == 0:
                give_to_owner_of(folder, path)
