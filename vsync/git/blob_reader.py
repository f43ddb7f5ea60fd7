"""Reads the bytes of blobs, each checked against its id."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
from collections.abc import Generator, Iterator

from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.local import LocalGit
from vsync.git.stream import GitStream
from vsync.system.spool import CHUNK_BYTES, Content, spool

NUMBER = re.compile(rb"[0-9]{1,18}")


class BlobReader:
    """Reads blobs through one `git cat-file --batch`. Several threads may use it."""

    def __init__(self, git: LocalGit) -> None:
        self._git = git
        self._lock = threading.Lock()
        self._stream: GitStream | None = None

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.finish()

    def read(self, blob: str) -> Content:
        """The blob's bytes, spooled. The receiver closes them.

        Raises RepositoryError when the bytes do not have the blob's id.
        """
        with self._lock, contextlib.closing(self._chunks(blob, checked=True)) as chunks:
            return spool(chunks)

    def chunks(self, blob: str) -> Generator[bytes]:
        """The blob's bytes in pieces. Read them to the end, or close them, before the next blob."""
        with self._lock:
            yield from self._chunks(blob)

    def _chunks(self, blob: str, *, checked: bool = False) -> Generator[bytes]:
        if self._stream is None:
            self._stream = self._git.start("cat-file", "--batch", stdin=True)
        whole = False
        try:
            size = self._request(blob, self._stream)
            digest = _blob_hash(blob, size)
            for chunk in _exactly(size, self._stream):
                if checked:
                    digest.update(chunk)
                yield chunk
            whole = self._stream.read(1) == b"\n"
            if not whole:
                raise missing_blob(blob)
        finally:
            if not whole:  # the rest in the pipe would be taken for the bytes of the next blob
                self._stream.kill()
                self._stream = None
        if checked and digest.hexdigest() != blob:
            raise RepositoryError(
                f"The bytes that git gives for the blob {blob[:12]} do not have that id.",
                "The clone may be damaged: try a fresh one (`git fsck` tells more).",
            )

    def _request(self, blob: str, stream: GitStream) -> int:
        """Asks git for a blob, and gives the blob's size in bytes."""
        try:
            stream.write(blob.encode("ascii") + b"\n")
            header = stream.line().split()
        except OSError:
            raise missing_blob(blob) from None
        if len(header) != 3 or header[1] != b"blob" or not NUMBER.fullmatch(header[2]):
            raise missing_blob(blob)
        return int(header[2])


def missing_blob(blob: str) -> GitUnavailable:
    return GitUnavailable(
        f"The blob {blob[:12]} is not in this clone and could not be fetched.",
        "Check the network and the remote's credentials, or clone without --filter.",
    )


def _exactly(size: int, stream: GitStream) -> Iterator[bytes]:
    """The next `size` bytes, in pieces. There are fewer only when the stream ends."""
    while size and (chunk := stream.read(min(size, CHUNK_BYTES))):
        size -= len(chunk)
        yield chunk


def _blob_hash(blob: str, size: int) -> hashlib._Hash:
    """The hash that gives a blob's id from its bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    algorithm = hashlib.sha1 if len(blob) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % size, usedforsecurity=False)
