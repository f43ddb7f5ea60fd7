"""What `vsync init` reads of a repository: the paths of its commit and its working tree, and the beginnings of some files."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from vsync.config.survey import worth_reading
from vsync.git.changes import SUBMODULE, SYMLINK, decodable
from vsync.git.repository import Repository
from vsync.system.beneath import Beneath

_MOST_BYTES = 65_536
"""Of one file. Front matter and what a configuration says of a site stand before that."""
_LARGEST = 1_000_000
"""A larger file of a commit is not read: git gives it as a whole."""


@dataclass(frozen=True, slots=True)
class RepositoryFiles:
    """The paths of a repository, and the beginnings of some files as text. `blobs`: of the paths of the commit."""

    paths: tuple[str, ...]
    sample: Mapping[str, str]
    blobs: Mapping[str, str] = field(default_factory=dict)


def read_files(repository: Repository) -> RepositoryFiles:
    """Reads a repository: its newest commit, and what the working tree holds beside it. Nothing outside is read.

    Names that are not UTF-8, links and submodules are left out.
    """
    commit = None if repository.is_unborn() else repository.resolve("HEAD")
    blobs: dict[str, str] = {}
    if commit is not None:
        for entry in repository.tree(commit):
            if decodable(entry.path) and entry.mode not in {SYMLINK, SUBMODULE}:
                blobs[entry.path.decode()] = entry.blob
    here = Beneath(repository.root)
    names = [path.decode() for path in repository.working_files() if decodable(path)]
    new = [path for path in names if path not in blobs and _is_file(repository, path)]
    paths = (*blobs, *new)
    wanted = worth_reading(paths)
    sample = _of_working_tree(here, [path for path in wanted if path not in blobs])
    if commit is not None:
        sample |= _of_commit(repository, commit, {path: blobs[path] for path in wanted if path in blobs})
    return RepositoryFiles(paths, sample, blobs)


def _is_file(repository: Repository, path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(repository.root / path).st_mode)
    except OSError:
        return False


def _of_commit(repository: Repository, commit: str, blobs: Mapping[str, str]) -> dict[str, str]:
    held = repository.held(commit, sorted(set(blobs.values())))
    small = {blob for blob, size in repository.sizes(held).items() if size <= _LARGEST}
    with repository.blobs() as reader:
        return {
            path: _text(b"".join(reader.chunks(blob))[:_MOST_BYTES]) for path, blob in blobs.items() if blob in small
        }


def _of_working_tree(here: Beneath, paths: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        with contextlib.suppress(OSError), here.open(path) as file:
            found[path] = _text(file.read(_MOST_BYTES))
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
