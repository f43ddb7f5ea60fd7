"""The repositories of submodules, as far as they are on this machine. Nothing is fetched, and `.gitmodules` is not read.

A submodule's repository lies in the `modules` folder of the repository's own git folder, or is a `.git` folder in its
working tree. Any other place is refused: a `.git` file could name any repository of this machine.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.changes import is_nameable
from vsync.git.repository import Repository

Open = Callable[[Path], Repository]
"""Opens the repository in a folder. Raises RepositoryError."""

NOT_HERE = "it is not checked out: use `submodules: true` (actions/checkout), or run `git submodule update --init`"
NO_COMMIT = "its repository is here, but not the commit that this commit names: run `git submodule update`"


class Submodules:
    """The submodules of one clone. `open_at` checks owners as for the clone itself."""

    def __init__(self, clone: Repository, open_at: Open) -> None:
        self._clone = clone
        self._open = open_at

    def open(self, path: bytes, commit: str) -> tuple[Repository | None, str]:
        """The repository of the submodule at a path of the clone, if it has the commit. Else None, and why.

        The receiver closes the repository.
        """
        text = path.decode("utf-8", "surrogateescape")
        if not is_nameable(text):
            return None, NOT_HERE
        why = NOT_HERE
        for place in self._places(text):
            repository = self._opened(place)
            if repository is None:
                continue
            if repository.has_commit(commit):
                return repository, ""
            repository.close()
            why = NO_COMMIT
        return None, why

    def inside(self, repository: Repository) -> Submodules:
        """The submodules of a submodule."""
        return Submodules(repository, self._open)

    def _git_folders(self) -> set[Path]:
        return {self._clone.git_dir, self._clone.storage}

    def _places(self, path: str) -> Iterator[Path]:
        """Where the repository may be."""
        work_tree = self._clone.work_tree
        if work_tree is not None and _is_plain(work_tree, f"{path}/.git"):
            yield work_tree / path
        for folder in sorted(self._git_folders()):
            # The name of a submodule is its path, unless somebody has renamed it.
            if _is_plain(folder, f"modules/{path}/HEAD"):
                yield folder / "modules" / path

    def _opened(self, place: Path) -> Repository | None:
        try:
            repository = self._open(place)
        except (GitUnavailable, RepositoryError):
            return None
        git_dir = repository.git_dir
        modules = [folder / "modules" for folder in self._git_folders()]
        stored = any(git_dir != folder and git_dir.is_relative_to(folder) for folder in modules)
        if (stored or git_dir == place / ".git") and repository.common_dir == git_dir:
            return repository
        repository.close()
        return None


def _is_plain(folder: Path, path: str) -> bool:
    """Whether something is at a path below a folder, and no link on the way to it."""
    place = folder
    for part in path.split("/"):
        place = place / part
        try:
            mode = os.lstat(place).st_mode
        except (OSError, ValueError):
            return False
        if stat.S_ISLNK(mode):
            return False
    return True
