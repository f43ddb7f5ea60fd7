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

from .changes import SYMLINK, TreeEntry
from .content import CHUNK_BYTES, Content, spool
from .errors import ConfigurationError, RepositoryError

_REGULAR = "100644"


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
            with os.scandir(os.path.join(os.fsencode(self.root), folder)) as found:  # noqa: PTH118 - bytes
                for item in found:
                    path = folder + item.name
                    if item.is_symlink():
                        yield TreeEntry(path, SYMLINK, "")
                    elif item.is_dir(follow_symlinks=False):
                        # Never documents (selection says so too); a .git folder is not worth the walk.
                        if not item.name.startswith(b".git") and item.name != b".vsync":
                            waiting.append(path + b"/")
                    elif item.is_file(follow_symlinks=False):
                        yield TreeEntry(path, _REGULAR, "")

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
            with contextlib.ExitStack() as stack:
                current = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
                stack.callback(os.close, current)
                for part in folders:
                    current = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=current)
                    stack.callback(os.close, current)
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=current)
        except OSError as error:
            raise RepositoryError(
                f"{os.fsdecode(path)!r} in {self.root} cannot be read: {error.strerror}.",
                "It may have changed while it was read, or its permissions forbid it: mend that and run again.",
            ) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RepositoryError(f"{os.fsdecode(path)!r} in {self.root} is no longer a file.", "Run again.")
        return descriptor
