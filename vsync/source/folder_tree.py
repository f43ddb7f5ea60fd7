"""The files below a folder, read without ever following a link.

Every file is opened component by component, from the folder's own descriptor and with O_NOFOLLOW. So a link that
somebody makes while the run reads cannot lead outside either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import IO, Literal

from vsync.errors import ConfigurationError, RepositoryError
from vsync.git.changes import FOLDER, SYMLINK, Lost, TreeEntry, show_path
from vsync.system.spool import CHUNK_BYTES, Content, spool

_REGULAR = "100644"
MAX_DEPTH = 2000
"""The deepest nesting of folders. Git has about the same limit (core.maxTreeDepth)."""

Kind = Literal["file", "folder", "link"]


class Folder:
    """The files below one folder."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise ConfigurationError(f"There is no folder {path}.", "Check --folder (input folder).")
        self.root = path.resolve()

    def entries(self) -> Iterator[TreeEntry]:
        """Every file and link below the folder, without a blob id. Sockets, devices and pipes are left out."""
        waiting: list[list[bytes]] = [[]]
        with contextlib.closing(Descent(self.root)) as descent:
            while waiting:
                parts = waiting.pop()
                folder = b"".join(part + b"/" for part in parts)
                for name, kind in self._listed(descent, parts):
                    if kind == "folder":
                        # `selection` refuses these as well. They are left out here to save the walk through a .git folder.
                        if not name.startswith(b".git") and name != b".vsync":
                            waiting.append([*parts, name])
                    elif kind is not None:
                        yield TreeEntry(folder + name, SYMLINK if kind == "link" else _REGULAR, "")

    def _listed(self, descent: Descent, parts: list[bytes]) -> list[tuple[bytes, Kind | None]]:
        """The names in a folder with their kinds. The kind is None for anything but a folder, file or link."""
        if len(parts) > MAX_DEPTH:
            raise RepositoryError(
                f"{self.root} has more than {MAX_DEPTH:,} folders in each other.",
                "Give a folder inside it with --folder.",
            )
        try:
            with os.scandir(descent.to(parts)) as items:
                return [(os.fsencode(item.name), _kind(item)) for item in items]
        except OSError as error:
            raise _unreadable(b"/".join(parts), self.root, error) from error

    def find(self, path: bytes) -> TreeEntry | None:
        """What stands at that path: a file, a link or a folder. None where there is nothing of these."""
        *folders, name = path.split(b"/")
        try:
            with contextlib.closing(Descent(self.root)) as descent:
                mode = os.stat(name, dir_fd=descent.to(folders), follow_symlinks=False).st_mode
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return None
            raise _unreadable(path, self.root, error) from error
        git_mode = FOLDER if stat.S_ISDIR(mode) else SYMLINK if stat.S_ISLNK(mode) else _REGULAR
        return TreeEntry(path, git_mode, "") if git_mode != _REGULAR or stat.S_ISREG(mode) else None

    def link_text(self, path: bytes) -> bytes | None:
        """The text of the link at that path. None: it cannot be read, or there is no link."""
        *folders, name = path.split(b"/")
        try:
            with contextlib.closing(Descent(self.root)) as descent:
                return os.readlink(name, dir_fd=descent.to(folders))
        except OSError:
            return None

    def lost(self, path: bytes) -> Lost | None:
        """What became of the folder at that path, when nothing is left in it. An unmounted disk leaves an empty folder."""
        parts = path.split(b"/")
        if b".." in parts or b"\0" in path:  # a manifest may hold any path
            return "gone"
        try:
            with contextlib.closing(Descent(self.root)) as descent, os.scandir(descent.to(parts)) as items:
                return _emptiness(items)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                return "gone"
            raise _unreadable(path, self.root, error) from error

    def size(self, path: bytes) -> int:
        """The file's size in bytes."""
        descriptor = self._open(path)
        try:
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def chunks(self, path: bytes) -> Generator[bytes]:
        """The file's bytes in pieces, up to the size that it had when it was opened: a growing file must have an end."""
        with os.fdopen(self._open(path), "rb") as file:
            left = os.fstat(file.fileno()).st_size
            while left and (chunk := self._next(file, min(left, CHUNK_BYTES), path)):
                left -= len(chunk)
                yield chunk

    def _next(self, file: IO[bytes], most: int, path: bytes) -> bytes:
        try:
            return file.read(most)
        except OSError as error:
            raise _unreadable(path, self.root, error) from error

    def read(self, path: bytes, limit: int) -> Content:
        """The file's bytes, spooled. Raises RepositoryError when there are more than `limit`."""
        return spool(self._limited(path, limit))

    def _limited(self, path: bytes, limit: int) -> Iterator[bytes]:
        for chunk in self.chunks(path):
            limit -= len(chunk)
            if limit < 0:
                raise RepositoryError(f"{show_path(path)!r} in {self.root} has become too large.", "Run again.")
            yield chunk

    def _open(self, path: bytes) -> int:
        *folders, name = path.split(b"/")
        try:
            with contextlib.closing(Descent(self.root)) as descent:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                descriptor = os.open(name, flags, dir_fd=descent.to(folders))
        except OSError as error:
            raise _unreadable(path, self.root, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RepositoryError(f"{show_path(path)!r} in {self.root} is no longer a file.", "Run again.")
        return descriptor


class Descent:
    """An open folder below the root. At most two folders are open at any time, at any depth."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._parts: list[bytes] = []
        self._current: int | None = None

    def to(self, parts: list[bytes]) -> int:
        """A descriptor of the folder at that path. From the current folder to a folder inside it is one step."""
        reached = len(self._parts)
        if self._current is None or parts[:reached] != self._parts:
            self.close()
            self._current, reached = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY), 0
        try:
            for part in parts[reached:]:
                above = self._current
                self._current = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
                os.close(above)
        except OSError:
            self.close()  # the open folder is neither the old one nor the wanted one
            raise
        self._parts = parts
        return self._current

    def close(self) -> None:
        if self._current is not None:
            os.close(self._current)
        self._current, self._parts = None, []


def _kind(item: os.DirEntry[str]) -> Kind | None:
    if item.is_symlink():
        return "link"
    if item.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if item.is_file(follow_symlinks=False) else None


def _emptiness(items: Iterable[os.DirEntry[str]]) -> Lost | None:
    """How empty a folder with these items is. What stands in it before a disk is mounted there, as `.gitkeep`, does not count."""
    state: Lost = "empty"
    for item in items:
        if item.name != "lost+found" and (not item.name.startswith(".") or item.is_dir(follow_symlinks=False)):
            return None
        state = "empty but for dot files or lost+found"
    return state


def _unreadable(path: bytes, root: Path, error: OSError) -> RepositoryError:
    return RepositoryError(
        f"{show_path(path)!r} in {root} cannot be read: {error.strerror}.",
        "It may have changed while it was read, or its permissions forbid it: mend that and run again.",
    )
