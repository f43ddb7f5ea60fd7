"""The bytes of a file that is uploaded, counted and hashed on their way."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from typing import IO


class FileChanged(Exception):
    """A file has not the bytes that were to be uploaded: it was changed meanwhile."""


class UploadBody(io.RawIOBase):
    """The first `size` bytes of a file, as a file that can be read again from its beginning.

    `sha256` is the digest (hexadecimal) that the bytes must have; None: any. With other bytes the reading that reaches the end
    raises FileChanged and gives nothing, so a server never has them whole. Also raises FileChanged where the file has less than
    `size` bytes. `progress` is called with the number of bytes read so far.
    """

    def __init__(
        self, file: IO[bytes], size: int, sha256: str | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        super().__init__()
        self.size = size
        self._file = file
        self._wanted = sha256
        self._progress = progress
        self._at = 0
        self._begin()

    def _begin(self) -> None:
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    @property
    def md5(self) -> str:
        """The digest of the bytes that were read since the last beginning."""
        return self._md5.hexdigest()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        # httpx2 asks for the size by going to the end. Then it goes back to the beginning, and reads.
        self._at = offset if whence == os.SEEK_SET else self.size
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        if self._at == 0:
            self._file.seek(0)
            self._begin()
        left = self.size - self._at
        data = self._file.read(left if size < 0 else min(size, left))
        if not data and left and size:
            raise FileChanged("the file became shorter while it was uploaded")
        self._at += len(data)
        self._sha256.update(data)
        self._md5.update(data)
        if self._at == self.size and self._wanted not in {None, self._sha256.hexdigest()}:
            raise FileChanged("the file was changed before or while it was uploaded")
        if data:
            self._progress(self._at)
        return data
