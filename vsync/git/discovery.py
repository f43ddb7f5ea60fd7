"""Finds the folders of a git repository: its `.git`, and what linked worktrees share."""

from __future__ import annotations

from pathlib import Path

from vsync.errors import RepositoryError
from vsync.system.regular_file import read_text

_MOST_BYTES = 65_536
"""Of a file of git that holds one path."""


def repository_at(path: Path) -> Path:
    """The folder, or the nearest one above it, that has a `.git`; else the folder itself, which may be a bare repository.

    A folder of a repository can look like a bare repository, with a committed configuration that runs commands. Such a
    folder is refused. Git itself never commits anything of the name `.git`.
    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
    """
    above = next((folder for folder in (path, *path.parents) if _is_git(folder / ".git")), None)
    if above is None or (above / ".git") in (path, *path.parents):
        return path
    if above != path and _is_bare(path):
        raise RepositoryError(
            f"{path} looks like a bare repository, but is a folder of the repository {above}.",
            "A bare repository is used only where no other repository is around it: move it elsewhere.",
        )
    return above


def common_dir(git_dir: Path) -> Path:
    """The folder that linked worktrees share. GitPython would take it from the environment of a surrounding git."""
    try:
        written = read_text(git_dir / "commondir", _MOST_BYTES).rstrip("\n")
    except (OSError, ValueError):
        return git_dir
    return (git_dir / written).resolve()


def _is_git(path: Path) -> bool:
    """Whether a `.git` is a repository's own folder, or a file that names one (a linked worktree, a submodule)."""
    return path.is_file() or (path / "HEAD").exists()


def _is_bare(path: Path) -> bool:
    return all((path / name).exists() for name in ("HEAD", "objects", "refs"))


def git_dir_above(path: Path) -> tuple[Path, Path] | None:
    """The nearest folder above the path that has a `.git`, and git's own folder for it. None: the path is in no repository."""
    top = next((folder for folder in path.parents if _is_git(folder / ".git")), None)
    if top is None:
        return None
    git = top / ".git"
    if git.is_dir():
        return top, git
    try:
        named = read_text(git, _MOST_BYTES).removeprefix("gitdir:").strip()
    except (OSError, ValueError):
        return None
    return top, (top / named).resolve()
