"""Reads the results folder on a branch of a git remote: its files and their blobs, without the bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vsync.batch.results_on_disk import is_results_path
from vsync.errors import GitUnavailable, RepositoryError
from vsync.git.changes import REGULAR
from vsync.git.remote import Remote
from vsync.system.redaction import printable

MAX_TRIES = 8
_FILE_MODES = {REGULAR, "100755"}


@dataclass(frozen=True, slots=True)
class Tip:
    """The branch as it was read. `files`: the blobs of results and summaries by path; `others`: all else in the folder; `folders`: of both.

    `commit` is None where there is no such branch.
    """

    commit: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    def in_the_way(self, path: str) -> str | None:
        """What stands on the branch where a file is to be; None: nothing does."""
        if path in self.others or path in self.folders:
            return path
        return next((above for above in _above(path) if above in self.others or above in self.files), None)


def _above(path: str) -> Iterator[str]:
    """The folders of a path, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


class BranchReader:
    """Reads one branch. `shared`: people use it too, so it must be there. `made` is the branch that vsync makes itself."""

    def __init__(self, remote: Remote, branch: str, folder: str, *, shared: bool, made: str) -> None:
        self.ref = f"refs/heads/{branch}"
        self._remote = remote
        self._branch = branch
        self._folder = folder
        self._shared = shared
        self._made = made

    def look(self) -> Tip:
        """Reads the branch. When it moves between listing and fetching, it is read again.

        Raises GitUnavailable and RepositoryError.
        """
        for _ in range(MAX_TRIES):
            commit = self._remote.refs(self.ref).get(self.ref)
            if commit is None:
                if self._shared:
                    raise self._no_branch()
                self._check_name()
                return Tip()
            try:
                if not self._remote.has(commit):
                    self._remote.fetch(commit, blobs=False)
            except GitUnavailable:
                if self._remote.refs(self.ref).get(self.ref) != commit:
                    continue  # it moved in between, and its old commit is gone
                raise
            return self._tip(commit)
        raise GitUnavailable(
            f"The branch {self._branch} moved {MAX_TRIES} times while it was read.",
            "Run again when fewer runs are under way.",
        )

    def _tip(self, commit: str) -> Tip:
        obstacle = self._remote.in_the_way(commit, self._folder)
        if obstacle is not None:
            raise RepositoryError(
                f"The results folder {printable(self._folder)} cannot be on the branch {self._branch}: "
                f"{printable(obstacle)} is no folder there.",
                "Rename what is in the way, or give another --results or --results-branch.",
            )
        files: dict[str, str] = {}
        others: set[str] = set()
        for entry in self._remote.files(commit, self._folder):
            path = os.fsdecode(entry.path)
            if entry.mode in _FILE_MODES and is_results_path(path, self._folder):
                files[path] = entry.blob
            else:
                others.add(path)
        folders = frozenset(above for path in (*files, *others) for above in _above(path))
        return Tip(commit, files, frozenset(others), folders)

    def small_file(self, blob: str, most_bytes: int) -> bytes | None:
        """The bytes of a file of the branch; None: it has more than `most_bytes`."""
        self._remote.fetch_blobs([blob])
        (described,) = self._remote.described(blob)
        return self._remote.blob(blob) if described is not None and described[1] <= most_bytes else None

    def _check_name(self) -> None:
        """Raises RepositoryError when the branch cannot be made: git has no branch beside one whose name goes on with a slash."""
        below = min(self._remote.refs(f"{self.ref}/*"), default=None)
        if below is not None:
            there = printable(below.removeprefix("refs/heads/"))
            raise RepositoryError(
                f"{self._remote.shown} has a branch {there}, so it can have no branch {self._branch} for the results.",
                f"Rename or delete {there}, or give the results another branch with --results-branch.",
            )

    def _no_branch(self) -> RepositoryError:
        return RepositoryError(
            f"{self._remote.shown} has no branch {self._branch} for the results.",
            f"Push it first, or leave out --results-branch: vsync makes the branch {self._made} itself.",
        )
