"""A clone as git sees it here: its refs and objects, but a configuration of ours.

A clone's configuration, its hooks and its `info` can name programs that git runs. A list of such settings would never
be whole. So git gets another folder as its `GIT_DIR`: links to the refs and a configuration that vsync writes. Nothing
else of the clone is in it. Linked worktrees have two folders, as in the clone.
"""

from __future__ import annotations

import os
import re
import weakref
from pathlib import Path

from vsync.errors import RepositoryError
from vsync.git.diagnosis import unusable
from vsync.git.discovery import Found
from vsync.git.scratch import Scratch
from vsync.system.regular_file import read_file

_LINKED = ("refs", "packed-refs", "logs", "shallow", "worktrees")
"""Linked even where they are not there: another git may make them meanwhile."""
_NAMED_COMMIT = re.compile(r"[A-Z][A-Z_]*_HEAD")
"""Files such as FETCH_HEAD and ORIG_HEAD."""
_MAX_HEAD_BYTES = 4096


class View:
    """The view of one clone. It is made when it is first needed."""

    def __init__(self, found: Found, remotes: str) -> None:
        """`remotes` are lines of a configuration file."""
        self._found = found
        self._remotes = remotes
        self._scratch: Scratch | None = None

    @property
    def git_dir(self) -> Path:
        return self._made() / "git"

    @property
    def common_dir(self) -> Path:
        linked = self._found.git_dir != self._found.common_dir
        return self._made() / ("common" if linked else "git")

    def variables(self) -> dict[str, str]:
        """What leads git to the view, and away from what a surrounding git (a hook) has set."""
        files = (
            {} if self._found.bare else {"GIT_WORK_TREE": str(self.git_dir)}
        )  # an empty place, never the working tree
        return files | {
            "GIT_DIR": str(self.git_dir),
            "GIT_COMMON_DIR": str(self.common_dir),
            "GIT_OBJECT_DIRECTORY": str(self._found.common_dir / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
            "GIT_INDEX_FILE": str(self.git_dir / "index"),
            "GIT_SHALLOW_FILE": str(self.common_dir / "shallow"),
            "GIT_NAMESPACE": "",
        }

    def close(self) -> None:
        if self._scratch is not None:
            self._scratch.close()
            self._scratch = None

    def _made(self) -> Path:
        if self._scratch is None:
            scratch = Scratch()
            weakref.finalize(self, scratch.close)  # a repository that nobody closes
            found = self._found
            _mirror(found.git_dir, scratch.path / "git", found.root)
            if found.git_dir != found.common_dir:
                _mirror(found.common_dir, scratch.path / "common", found.root)
                (scratch.path / "git" / "commondir").write_text("../common\n")
            for folder in {scratch.path / "git", *scratch.path.glob("common")}:
                (folder / "config").write_bytes(os.fsencode(_configuration(found) + self._remotes))
            self._scratch = scratch
        return self._scratch.path


def _mirror(source: Path, target: Path, root: Path) -> None:
    """Makes a folder with links to the refs of one of git's own folders."""
    target.mkdir()
    (target / "HEAD").write_bytes(_head(source, root))
    named = {path.name for path in source.iterdir() if path.name == "reftable" or _NAMED_COMMIT.fullmatch(path.name)}
    for name in named.union(_LINKED):
        (target / name).symlink_to(source / name)


def _head(folder: Path, root: Path) -> bytes:
    """What HEAD says. Git takes no link for it that leads out of its folder."""
    path = folder / "HEAD"
    try:
        if path.is_symlink() and path.readlink().is_relative_to("refs"):
            return b"ref: " + os.fsencode(path.readlink()) + b"\n"
        return read_file(path, _MAX_HEAD_BYTES)
    except OSError as error:
        raise unusable(root, f"{path}: {error.strerror or error}") from error


def _configuration(found: Found) -> str:
    storage = "\trefStorage = reftable\n" if (found.common_dir / "reftable").is_dir() else ""
    bare = str(found.bare).lower()
    if not found.object_format.isalnum():
        raise RepositoryError(
            f"git names an object format that is not understood ({found.object_format[:40]!r}).",
            "Try another git, or a fresh clone.",
        )
    return (
        f"[core]\n\trepositoryformatversion = 1\n\tbare = {bare}\n"
        f"[extensions]\n\tobjectFormat = {found.object_format}\n{storage}"
    )
