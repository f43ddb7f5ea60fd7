"""Reads and writes files beneath a folder without ever following a link, so that nothing outside is read or written.

Each folder is opened from the one above it with O_NOFOLLOW. So a link that somebody makes meanwhile cannot lead outside either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from vsync.system.atomic_write import is_stale_temporary, sync_open_folder

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MOST_FOLDERS = 100
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""Errors of file systems that give no file a second name."""


class Version(NamedTuple):
    """Tells whether a file is still the same: another content has another version."""

    device: int
    inode: int
    size: int
    changed_ns: int


class Beneath:
    """The files beneath `root`. Paths are relative to it, with `/`, without `.` and `..`.

    Every method raises OSError. A link in the place of a folder or a file is one: its errno is ELOOP.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextlib.contextmanager
    def _folder(self, path: str, *, make: bool = False) -> Iterator[int]:
        """The folder at the path, open. `make`: with all that is missing; it belongs to the owner of the folder above it."""
        names = _names(path)
        current = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in names:
                above = current
                current = _opened(above, name, make=make)
                os.close(above)
        except BaseException:
            os.close(current)
            raise
        try:
            yield current
        finally:
            os.close(current)

    def check_writable(self, folder: str) -> None:
        """Raises OSError when no file could be made in the folder, or in the nearest one that is there. Makes nothing."""
        names = _names(folder)
        for end in range(len(names), -1, -1):
            with contextlib.suppress(FileNotFoundError), self._folder("/".join(names[:end])) as descriptor:
                if not os.access(".", os.W_OK | os.X_OK, dir_fd=descriptor):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/".join(names[:end]))
                return

    def open(self, path: str) -> IO[bytes]:
        """A regular file, open for reading."""
        folder, name = _place(path)
        with self._folder(folder) as above:
            descriptor = os.open(name, _READ, dir_fd=above)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            code = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO
            raise OSError(code, "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file", path)
        return open(descriptor, "rb")  # noqa: PTH123 - `Path` opens no descriptor

    def exists(self, path: str) -> bool:
        """Whether anything is there, a link included."""
        folder, name = _place(path)
        try:
            with self._folder(folder) as above:
                os.stat(name, dir_fd=above, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    @contextlib.contextmanager
    def new(self, path: str) -> Iterator[IO[bytes]]:
        """A new file that takes the place of the one at the path when the block ends well, and is removed when it does not.

        What was written is on the disk before it has its name. The file belongs to the owner of its folder.
        """
        folder, name = _place(path)
        with self._folder(folder, make=True) as above:
            _remove_stale(above)
            self._check_place(name, above)
            temporary = f".{name}.{secrets.token_hex(4)}.vsync-tmp"
            descriptor = os.open(temporary, _NEW, 0o644, dir_fd=above)
            try:
                with open(descriptor, "w+b") as file:  # noqa: PTH123 - `Path` opens no descriptor
                    yield file
                    file.flush()
                    os.fchmod(file.fileno(), 0o644)
                    os.fsync(file.fileno())
                _give_to_owner(above, temporary)
                os.replace(temporary, name, src_dir_fd=above, dst_dir_fd=above)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=above)
                raise
            sync_open_folder(above)

    def write(self, path: str, content: bytes) -> None:
        """Writes a small file so that after a crash it holds the old bytes or the new bytes."""
        with self.new(path) as file:
            file.write(content)

    def create(self, path: str, content: bytes) -> None:
        """Writes a small new file whole or not at all. Raises FileExistsError where anything is at the path, a link included."""
        folder, name = _place(path)
        with self._folder(folder, make=True) as above:
            temporary = f".{name}.{secrets.token_hex(4)}.vsync-tmp"
            try:
                self._fill(temporary, content, above)
                try:
                    os.link(temporary, name, src_dir_fd=above, dst_dir_fd=above, follow_symlinks=False)
                except OSError as error:
                    if error.errno not in _NO_LINKS:
                        raise
                    self._fill(name, content, above)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=above)
            sync_open_folder(above)

    @staticmethod
    def _fill(name: str, content: bytes, above: int) -> None:
        """Makes a file that is not there yet. It belongs to the owner of its folder."""
        descriptor = os.open(name, _NEW, 0o644, dir_fd=above)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - `Path` opens no descriptor
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
            _give_to_owner(above, name)
        except BaseException:
            os.unlink(name, dir_fd=above)
            raise

    def rename(self, old: str, new: str) -> None:
        """Renames a file, also into another folder, which is made if it is missing. A file of the new name is replaced."""
        (folder, name), (other, new_name) = _place(old), _place(new)
        with self._folder(folder) as above, self._folder(other, make=True) as below:
            self._check_place(name, above)
            if stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
                raise OSError(errno.EISDIR, "it is a folder", old)
            self._check_place(new_name, below)
            os.replace(name, new_name, src_dir_fd=above, dst_dir_fd=below)
            sync_open_folder(below)
            if folder != other:
                sync_open_folder(above)

    def names(self, folder: str) -> Iterator[str]:
        """The paths of what is no folder below a folder, in order. Left out: names that are not UTF-8, and what stands deeper than
        a hundred folders.
        """
        with self._folder(folder) as top:
            for below, folders, names, _ in os.fwalk(".", dir_fd=top, follow_symlinks=False):
                folders[:] = sorted(folders) if below.count("/") < _MOST_FOLDERS else []
                inner = below.removeprefix(".").removeprefix("/")
                for name in sorted(names):
                    path = "/".join(part for part in (folder, inner, name) if part)
                    if path.encode(errors="replace").decode() == path:
                        yield path

    def remove(self, path: str) -> None:
        """Removes a file, if it is there."""
        folder, name = _place(path)
        with contextlib.suppress(FileNotFoundError), self._folder(folder) as above:
            os.unlink(name, dir_fd=above)
            sync_open_folder(above)

    @staticmethod
    def _check_place(name: str, above: int) -> None:
        """A link is not replaced either: who made it expects the file somewhere else."""
        with contextlib.suppress(FileNotFoundError):
            mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)


def _names(path: str) -> list[str]:
    """The folders of a path. Raises OSError when it could lead out of the root, whatever is there."""
    names = path.split("/") if path else []
    if {"", ".", ".."} & set(names):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
    return names


def _place(path: str) -> tuple[str, str]:
    """The folder of a file, and its name there."""
    *folders, name = _names(path)
    return "/".join(folders), name


def version_of(file: IO[bytes]) -> Version:
    """The version of an open file."""
    about = os.fstat(file.fileno())
    return Version(about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


def _opened(above: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except FileNotFoundError:
        if not make:
            raise
    except NotADirectoryError:
        # With O_DIRECTORY, Linux says the same of a link as of a file.
        if stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from None
        raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=above)
        _give_to_owner(above, name)
        sync_open_folder(above)
    return os.open(name, _FOLDER, dir_fd=above)


def _give_to_owner(above: int, name: str) -> None:
    """Gives what root made (the container in a workspace) to the owner of the folder."""
    if os.geteuid() == 0:
        owner = os.fstat(above)
        os.chown(name, owner.st_uid, owner.st_gid, dir_fd=above, follow_symlinks=False)


def _remove_stale(folder: int) -> None:
    """Removes what killed runs left in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_stale_temporary(entry):
                os.unlink(entry.name, dir_fd=folder)
