"""The bytes of one document on their way into the store: in memory when small, in an unlinked file when not."""

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
    """A rewound file to read from, with its SHA-256 and size in bytes. The receiver closes it."""

    file: IO[bytes]
    sha256: str
    bytes: int

    def close(self) -> None:
        self.file.close()


def spool(chunks: Iterable[bytes]) -> Content:
    """The chunks as one seekable file: the SDK can only send again what it can rewind.

    Not a SpooledTemporaryFile: asked for its descriptor, as HTTP clients do, that goes to disk however small it is.
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
    """Closes a file whose bytes nobody wants; a full disk refuses once more what is still to be written."""
    with contextlib.suppress(OSError):
        file.close()
