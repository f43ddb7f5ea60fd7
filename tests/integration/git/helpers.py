"""Asking a repository in few words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vsync.git.changes import Change, TreeEntry
from vsync.git.repository import Repository


@contextmanager
def opened(path: Path) -> Iterator[Repository]:
    with closing(Repository(path)) as repository:
        yield repository


def tree(repository: Repository, commit: str) -> dict[bytes, TreeEntry]:
    entries = list(repository.tree(commit))
    assert len({entry.path for entry in entries}) == len(entries)
    return {entry.path: entry for entry in entries}


def diff(repository: Repository, base: str, head: str) -> dict[bytes, Change]:
    changes = list(repository.diff(base, head))
    assert len({change.path for change in changes}) == len(changes)
    return {change.path: change for change in changes}


def read(repository: Repository, blob: str) -> bytes:
    with repository.blobs() as blobs, closing(blobs.read(blob)) as content:
        return content.file.read()


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
