"""The files of the results folder in the working tree, with the ids that git gives them. No link is followed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vsync.batch.branch_changes import RESULTS, SUMMARY
from vsync.batch.result_places import summary_path
from vsync.batch.summary_file import MOST_BYTES
from vsync.errors import ConfigurationError, PublicationFailed
from vsync.git.changes import FOLDER, SYMLINK
from vsync.source.folder_tree import Folder
from vsync.system.beneath import Beneath, Version, version_of
from vsync.system.redaction import printable
from vsync.system.secret_search import SecretSearch
from vsync.system.spool import CHUNK_BYTES

_NOT_FOR_GIT = {"", ".", "..", ".git", "git~1"}
_NEVER = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and bytes that are no UTF-8, which stand in a path as surrogates. No request file has them."""

_MOST_FOLDER_BYTES, _MOST_NAME_BYTES = 255, 235
"""File systems take names of 255 bytes, of which the temporary name of a file needs 20."""
_MOST_PATH_BYTES = 5_000
"""More than a request file's path has."""


@dataclass(frozen=True, slots=True)
class HereFile:
    """A file of the results folder. Of one that is too large only the size is known: its hashes are empty."""

    path: str
    blob: str
    sha256: str
    bytes: int


def is_results_path(path: str, folder: str) -> bool:
    """Whether a path is that of a results file or a summary, and one that files may have on any machine."""
    inner = path.removeprefix(f"{folder}/")
    parts = inner.split("/")
    return (
        path != inner
        and parts[-1].endswith((RESULTS, SUMMARY))
        and not _NEVER.search(path)
        and not any(part.casefold() in _NOT_FOR_GIT or len(part.encode()) > _MOST_FOLDER_BYTES for part in parts)
        and len(parts[-1].encode()) <= _MOST_NAME_BYTES
        and len(path.encode()) <= _MOST_PATH_BYTES
    )


class ResultsOnDisk:
    """The results folder `folder` beneath `root`. Paths are relative to `root`. Files above `most_bytes` are not read."""

    def __init__(self, root: Path, folder: str, object_format: str, most_bytes: int) -> None:
        self._root = root
        self._folder = folder
        self._beneath = Beneath(root)
        self._algorithm = object_format
        self._most_bytes = most_bytes
        self._read_before: dict[tuple[str, Version], HereFile] = {}
        self._searched: dict[tuple[str, Version, tuple[bytes, ...]], bool] = {}

    def files(self) -> dict[str, HereFile]:
        """Results files and summaries by path. Links and all other files are left out.

        A file that is still the same is not read again: results may have gigabytes.
        """
        top = Folder(self._root)
        found = top.find(os.fsencode(self._folder))
        if found is not None and found.mode == SYMLINK:
            raise self._link(self._folder)
        if found is None or found.mode != FOLDER:
            return {}
        below = Folder(self._root / self._folder)
        paths = [f"{self._folder}/{os.fsdecode(entry.path)}" for entry in below.entries() if entry.mode != SYMLINK]
        return {path: self._read(path) for path in sorted(paths) if is_results_path(path, self._folder)}

    def _read(self, path: str) -> HereFile:
        with self.open(path) as file:
            key = path, version_of(file)
            if key not in self._read_before:
                self._read_before[key] = self._hashed(path, file, key[1].size)
        return self._read_before[key]

    def _hashed(self, path: str, file: IO[bytes], size: int) -> HereFile:
        if size > self._most_bytes:
            return HereFile(path, "", "", size)
        # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
        blob = hashlib.new(self._algorithm, b"blob %d\0" % size, usedforsecurity=False)
        own, left = hashlib.sha256(), size
        while left and (chunk := file.read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
            blob.update(chunk)
            own.update(chunk)
        return HereFile(path, blob.hexdigest(), own.hexdigest(), size)

    def holds_one_of(self, path: str, wanted: tuple[bytes, ...]) -> bool:
        """Whether a file holds one of these texts. A file that is still the same is not read again."""
        with self.open(path) as file:
            key = path, version_of(file), wanted
            if key not in self._searched:
                search = SecretSearch(wanted)
                while not search.found and (chunk := file.read(CHUNK_BYTES)):
                    search.add(chunk)
                self._searched[key] = search.found
        return self._searched[key]

    def summary(self, place: str) -> bytes | None:
        """The summary beside a results file; None: there is none, or it is too large for one."""
        with contextlib.suppress(FileNotFoundError), self._beneath.open(summary_path(place)) as file:
            content = file.read(MOST_BYTES + 1)
            return content if len(content) <= MOST_BYTES else None
        return None

    def can_be_made(self, path: str) -> bool:
        """Whether nothing is at the path, nor in the place of one of its folders."""
        try:
            return not self._beneath.exists(path)
        except (NotADirectoryError, PermissionError):
            return False
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENAMETOOLONG}:
                return False
            raise self._refused(path, "read", error) from error

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        with self._refusals(path, "read"), self._beneath.open(path) as file:
            yield file

    def opened(self, files: Iterable[HereFile]) -> Iterator[tuple[IO[bytes], int]]:
        """Each file, open at its start, with its size. It is closed when the next one is asked for."""
        for each in files:
            with self.open(each.path) as file:
                yield file, each.bytes

    @contextlib.contextmanager
    def new(self, path: str) -> Iterator[IO[bytes]]:
        """A new file, which gets its name when it is whole."""
        with self._refusals(path, "written"), self._beneath.new(path) as file:
            yield file

    @contextlib.contextmanager
    def _refusals(self, path: str, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._refused(path, done, error) from error

    def _refused(self, path: str, done: str, error: OSError) -> ConfigurationError | PublicationFailed:
        if error.errno == errno.ELOOP:
            return self._link(path)
        return PublicationFailed(
            f"{printable(path)} cannot be {done}: {error.strerror or error}.",
            "Mend that and run again: the results that are there stay as they are.",
        )

    @staticmethod
    def _link(path: str) -> ConfigurationError:
        return ConfigurationError(
            f"A symbolic link is in the path {printable(path)}.",
            "Put a folder or a file in the place of the link: vsync follows none in the results folder.",
        )
