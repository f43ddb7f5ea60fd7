"""Many blobs at once, between the scratch repository of a remote and this process.

A git process for each blob would take most of the time. So the blobs go in groups through one process, by a temporary
file on the disk: they need no memory.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from vsync.errors import GitUnavailable
from vsync.git.process import rewind
from vsync.git.remedies import DAMAGED
from vsync.git.remote import Remote
from vsync.system.spool import CHUNK_BYTES

_GROUP_BYTES = 64 * 1024 * 1024
_GROUP = 1_000
_SMALL_BYTES = 4 * 1024 * 1024


def read_blobs(remote: Remote, blobs: Sequence[str]) -> Iterator[Iterator[bytes]]:
    """The bytes of each fetched blob, in pieces. Read each to its end before the next one."""
    described = remote.described(*blobs)
    group: list[tuple[str, int]] = []
    for blob, about in zip(blobs, described, strict=True):
        if about is None or about[0] != "blob":
            raise _missing(blob)
        if group and (len(group) == _GROUP or sum(size for _, size in group) + about[1] > _GROUP_BYTES):
            yield from _read_group(remote, group)
            group = []
        group.append((blob, about[1]))
    yield from _read_group(remote, group)


def _read_group(remote: Remote, group: Sequence[tuple[str, int]]) -> Iterator[Iterator[bytes]]:
    """https://git-scm.com/docs/git-cat-file#_batch_output"""
    if not group:
        return
    with tempfile.TemporaryFile() as file:
        wanted = "".join(f"{blob}\n" for blob, _ in group).encode()
        remote.local("cat-file", "--batch", stdin=wanted, into=file)
        rewind(file)
        for blob, size in group:
            if file.readline(200) != f"{blob} blob {size}\n".encode():
                raise _missing(blob)
            yield _pieces(file, blob, size)
            file.read(1)


def _pieces(file: IO[bytes], blob: str, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(size, CHUNK_BYTES))
        if not piece:
            raise _missing(blob)
        size -= len(piece)
        yield piece


def store_files(remote: Remote, files: Iterable[tuple[IO[bytes], int]]) -> Iterator[str]:
    """Makes a blob of each file, and gives its id. The files stand at their start; each comes with its size in bytes.

    Raises OSError when a file has become shorter meanwhile. The ids are valid when all of them have been given.
    """
    with tempfile.TemporaryFile() as feed:
        for file, size in files:
            if size > _SMALL_BYTES:
                yield remote.store(file)
                continue
            if feed.tell() + size > _GROUP_BYTES:
                _import(remote, feed)
                feed.seek(0)
                feed.truncate()
            content = file.read(size)
            if len(content) < size:
                raise OSError(f"it has {len(content)} bytes, and had {size}")
            feed.write(b"blob\ndata %d\n" % size + content + b"\n")
            algorithm = hashlib.sha256 if remote.object_format == "sha256" else hashlib.sha1
            yield algorithm(b"blob %d\0" % size + content, usedforsecurity=False).hexdigest()
        if feed.tell():
            _import(remote, feed)


def _import(remote: Remote, feed: IO[bytes]) -> None:
    """https://git-scm.com/docs/git-fast-import#_blob"""
    remote.local("fast-import", "--quiet", stdin=feed)


def _missing(blob: str) -> GitUnavailable:
    return GitUnavailable(f"git did not give the blob {blob[:12]}.", DAMAGED)
