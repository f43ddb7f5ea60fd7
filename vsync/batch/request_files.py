"""Finds the request files below the source folder, and opens them. It never follows a link and never leaves the root.

Each folder is opened from the one above it with O_NOFOLLOW, so that a link that somebody makes meanwhile leads nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vsync.batch.batch_report import Skipped
from vsync.errors import ConfigurationError, RepositoryError
from vsync.git.changes import decodable, show_path
from vsync.source.folder_tree import MAX_DEPTH, Descent
from vsync.system.redaction import printable

ENDING = b".jsonl"

_PIECE_BYTES = 256 * 1024
_KINDS = {
    stat.S_IFLNK: "It is a link. vsync follows no links: put the file itself here.",
    stat.S_IFIFO: "It is a pipe, not a file.",
    stat.S_IFSOCK: "It is a socket, not a file.",
    stat.S_IFCHR: "It is a device, not a file.",
    stat.S_IFBLK: "It is a device, not a file.",
    stat.S_IFDIR: (
        "It is a repository of its own (it has a .git), such as a submodule. Run vsync in that repository, or copy the request "
        "files here."
    ),
}


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request file. `path` is relative to the root, with slashes. `bytes` is the size that it had when it was found."""

    path: str
    absolute: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Found:
    """What stands below the source folder, sorted by path. `skipped` is what looks like a request file and is none."""

    files: tuple[RequestFile, ...]
    skipped: tuple[Skipped, ...] = ()


def find_requests(root: Path, source: str, results: str, *, missing_ok: bool = False) -> Found:
    """The request files below the folder `source`. Both folders are relative to the root, with slashes; `.` is the root itself.

    What lies in the results folder or below a folder with a dot is left out. A folder below the source folder that is a
    repository of its own is skipped: its files are not those of this repository. Raises ConfigurationError when there is no
    source folder or a link leads to it, and RepositoryError when a folder cannot be read. `missing_ok`: where there is no
    source folder, there are no request files. Git keeps no folder without files.
    """
    start, left_out = _parts(source), _parts(results)
    if missing_ok and not _exists(root, source):
        return Found(())
    files: list[RequestFile] = []
    skipped: list[Skipped] = []
    with contextlib.closing(Descent(root.resolve())) as descent:
        _check_source(descent, start, source)
        for parts, about in _walk(descent, start, left_out, root):
            path = b"/".join(parts)
            reason = _why_not(path, about.st_mode)
            if reason:
                skipped.append(Skipped(printable(show_path(path)), reason))
            else:
                name = path.decode()
                files.append(RequestFile(name, root / name, about.st_size))
    return Found(tuple(sorted(files, key=lambda f: f.path)), tuple(sorted(skipped, key=lambda s: s.path)))


def open_request_file(root: Path, path: str) -> IO[bytes]:
    """A request file, to be read from its beginning. `path` is relative to the root, with slashes.

    Raises OSError, whose `strerror` says why: there is no regular file any more, a link leads to it, or it may not be read.
    """
    *folders, name = path.encode("utf-8", "surrogateescape").split(b"/")
    try:
        with contextlib.closing(Descent(root.resolve())) as descent:
            if b".." in (*folders, name):
                raise _not_a_file(path, "it lies outside the folder")
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=descent.to(folders))
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise _not_a_file(path, "a link leads to it, and vsync follows no links") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_a_file(path, "it is not a file any more")
    return os.fdopen(descriptor, "rb")


def content_sha256(file: IO[bytes]) -> str:
    """The SHA-256 of what stands in the file from where it is, in hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def current_files(root: Path, source: str, results: str, *, missing_ok: bool = False) -> dict[str, str]:
    """The SHA-256 of each request file, by its path. Their lines are not checked, and files that cannot be read are left out.

    Raises what `find_requests` raises, and takes `missing_ok` as it does.
    """
    found = {}
    for file in find_requests(root, source, results, missing_ok=missing_ok).files:
        with contextlib.suppress(OSError), open_request_file(root, file.path) as content:
            found[file.path] = content_sha256(content)
    return found


def _exists(root: Path, source: str) -> bool:
    """Whether something stands at the path, be it a link."""
    return os.path.lexists(root / source)


def _not_a_file(path: str, reason: str) -> OSError:
    return OSError(errno.EINVAL, reason, path)


def _parts(folder: str) -> list[bytes]:
    parts = [os.fsencode(part) for part in folder.split("/") if part not in {"", "."}]
    if b".." in parts or folder.startswith("/"):
        raise ConfigurationError(f"The folder {folder!r} does not lie below the root.", "Name a folder inside it.")
    return parts


def _check_source(descent: Descent, parts: list[bytes], source: str) -> None:
    """Raises ConfigurationError when this is no folder that can be read."""
    try:
        descent.to(parts)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise ConfigurationError(
                f"There is no folder {source!r} in the repository.",
                f"Name the folder with the request files, from the top folder of the repository: --source DIR. Or make it, for "
                f"instance with an empty file {source}/.gitkeep: git keeps no empty folder.",
            ) from error
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            reason = f"{source!r} in the repository is no folder, or a link leads to it. vsync follows no links."
        else:
            reason = f"The folder {source!r} in the repository cannot be read: {error.strerror}."
        raise ConfigurationError(reason, "Name the folder with the request files: --source DIR.") from error


def _walk(
    descent: Descent, start: list[bytes], left_out: list[bytes], root: Path
) -> Iterator[tuple[list[bytes], os.stat_result]]:
    """What is a request file by its name, or may hide some: a link, or the folder of another repository."""
    waiting: list[tuple[list[bytes], os.stat_result | None]] = [(start, None)]
    while waiting:
        parts, folder = waiting.pop()
        listed = _listed(descent, parts, root)
        if folder is not None and any(name == b".git" for name, _ in listed):
            yield parts, folder
            continue
        for name, about in listed:
            inside = [*parts, name]
            if stat.S_ISDIR(about.st_mode):
                if name.startswith(b".") or inside == left_out:
                    continue
                waiting.append((inside, about))
            elif _may_be_meant(name, about.st_mode):
                yield inside, about


def _listed(descent: Descent, parts: list[bytes], root: Path) -> list[tuple[bytes, os.stat_result]]:
    if len(parts) > MAX_DEPTH:
        raise RepositoryError(
            f"{root} has more than {MAX_DEPTH:,} folders in each other.", "Move the request files up."
        )
    found = []
    try:
        with os.scandir(descent.to(parts)) as items:
            for item in items:
                with contextlib.suppress(FileNotFoundError):  # it was deleted meanwhile
                    found.append((os.fsencode(item.name), item.stat(follow_symlinks=False)))
    except OSError as error:
        raise RepositoryError(
            f"{printable(show_path(b'/'.join(parts)))!r} in {root} cannot be read: {error.strerror}.",
            "It may have changed while it was read, or its permissions forbid it: mend that and run again.",
        ) from error
    return found


def _may_be_meant(name: bytes, mode: int) -> bool:
    """Whether it has a request file's name, or is a link that may lead to a folder of them."""
    return name.lower().endswith(ENDING) or (stat.S_ISLNK(mode) and b"." not in name)


def _why_not(path: bytes, mode: int) -> str | None:
    """Why it is no request file. None: it is one."""
    if not stat.S_ISREG(mode):
        return _KINDS.get(stat.S_IFMT(mode), "It is not a file.")
    if not decodable(path):
        return "Its path is not UTF-8. Rename it."
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in path.decode()):
        return "Its path has a control character or a line break. Rename it."
    name = path.rpartition(b"/")[2]
    if name.startswith(b"."):
        return "Its name begins with a dot. Rename it."
    return None if name.endswith(ENDING) else "Its name does not end with .jsonl in small letters. Rename it."
