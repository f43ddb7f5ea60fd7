"""A plain folder as source: what stands below it, read without ever following a link.

Every open goes component by component from the folder's own descriptor with O_NOFOLLOW, so that a link put in place
while the scan runs cannot lead outside either.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from .changes import SYMLINK, TreeEntry, show_path
from .content import CHUNK_BYTES, Content, spool
from .errors import ConfigurationError, RepositoryError

_REGULAR = "100644"

Kind = Literal["file", "folder", "link"]


class Folder:
    """The files below one folder."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise ConfigurationError(f"There is no folder {path}.", "Check --folder (input folder).")
        self.root = path.resolve()

    def entries(self) -> Iterator[TreeEntry]:
        """Every file and link below the folder, with no blob id yet. Sockets, devices and pipes are left out."""
        waiting = [b""]
        while waiting:
            folder = waiting.pop()
            for name, kind in self._listed(folder):
                if kind == "folder":
                    # Never documents (selection says so too); a .git folder is not worth the walk.
                    if not name.startswith(b".git") and name != b".vsync":
                        waiting.append(folder + name + b"/")
                elif kind is not None:
                    yield TreeEntry(folder + name, SYMLINK if kind == "link" else _REGULAR, "")

    def _listed(self, folder: bytes) -> list[tuple[bytes, Kind | None]]:
        """What stands in a folder; None for what is neither folder, file nor link."""
        parts = [part for part in folder.split(b"/") if part]
        try:
            with self._descend(parts) as descriptor, os.scandir(descriptor) as found:
                return [(os.fsencode(item.name), _kind(item)) for item in found]
        except OSError as error:
            raise _unreadable(folder, self.root, error) from error

    @contextlib.contextmanager
    def _descend(self, folders: list[bytes]) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            current = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, current)
            for part in folders:
                current = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=current)
                stack.callback(os.close, current)
            yield current

    def size(self, path: bytes) -> int:
        """The file's size in bytes."""
        descriptor = self._open(path)
        try:
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def chunks(self, path: bytes) -> Iterator[bytes]:
        """The file's bytes in pieces."""
        with os.fdopen(self._open(path), "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def read(self, path: bytes) -> Content:
        return spool(self.chunks(path))

    def _open(self, path: bytes) -> int:
        *folders, name = path.split(b"/")
        try:
            with self._descend(folders) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError as error:
            raise _unreadable(path, self.root, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RepositoryError(f"{show_path(path)!r} in {self.root} is no longer a file.", "Run again.")
        return descriptor


def _kind(item: os.DirEntry[str]) -> Kind | None:
    if item.is_symlink():
        return "link"
    if item.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if item.is_file(follow_symlinks=False) else None


def _unreadable(path: bytes, root: Path, error: OSError) -> RepositoryError:
    return RepositoryError(
        f"{show_path(path)!r} in {root} cannot be read: {error.strerror}.",
        "It may have changed while it was read, or its permissions forbid it: mend that and run again.",
    )
