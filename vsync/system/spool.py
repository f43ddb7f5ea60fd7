"""A document's bytes on their way into the store: in memory when small, else in an unlinked file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

IN_MEMORY_BYTES = 1024 * 1024
CHUNK_BYTES = 256 * 1024


@dataclass(slots=True)
class Content:
    """A file to read from its start, with its SHA-256 and size in bytes. The receiver closes it."""

    file: IO[bytes]
    sha256: str
    bytes: int

    def close(self) -> None:
        self.file.close()


def spool(chunks: Iterable[bytes]) -> Content:
    """The chunks as one seekable file: the SDK can send a file again only when it can rewind it.

    It is not a SpooledTemporaryFile. HTTP clients ask for a file's descriptor, and that writes a SpooledTemporaryFile
    to disk, however small it is.
    """
    file: IO[bytes] = io.BytesIO()
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            if size > IN_MEMORY_BYTES and isinstance(file, io.BytesIO):
                file = _on_disk(file)
            file.write(chunk)
        file.seek(0)
    except BaseException:
        _drop(file)
        raise
    return Content(file, digest.hexdigest(), size)


def _on_disk(memory: io.BytesIO) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the receiver
    try:
        file.write(memory.getbuffer())
    except BaseException:
        _drop(file)
        raise
    memory.close()
    return file


def _drop(file: IO[bytes]) -> None:
    """Closes a file that is not needed. On a full disk closing fails as well, when bytes are still to be written."""
    with contextlib.suppress(OSError):
        file.close()
