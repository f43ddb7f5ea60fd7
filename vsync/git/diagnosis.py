"""Why a folder is no repository that git can use, or why a commit is not in it. It reads git's own files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from vsync.errors import RepositoryError
from vsync.system.redaction import one_line, printable
from vsync.system.regular_file import read_text

_MOST_BYTES = 1_000_000
_NO_REPOSITORY = (
    "Run inside a clone (in a workflow: after actions/checkout), or sync a plain folder with --folder (input folder)."
)
_LINKED = (
    "Its repository was moved or deleted: repair it (`git worktree repair`, `git submodule update --init`) or make a fresh "
    "clone. In a container, the repository must be mounted at that path as well."
)
_FRESH = "The clone may be damaged or incomplete: try a fresh one (`git fsck` tells more)."


def not_a_repository(path: Path, searched: Iterable[Path]) -> RepositoryError:
    """The error for a folder that git does not take for a repository, nor any other folder that git searches."""
    for folder in searched:
        git = folder / ".git"
        if git.is_file():
            return _broken_link(git)
        if git.is_dir():
            lacking = [name for name in ("HEAD", "objects", "refs") if not (git / name).exists()]
            lacks = f": it has no {' and no '.join(lacking)}" if lacking else ""
            return RepositoryError(f"{git} is not a repository that git can use{lacks}.", _FRESH)
    return RepositoryError(f"{path.absolute()} is not in a git repository.", _NO_REPOSITORY)


def _broken_link(git: Path) -> RepositoryError:
    """The error for a `.git` that is a file: it names the folder of a linked worktree or of a submodule."""
    try:
        text = read_text(git, _MOST_BYTES)
    except (OSError, ValueError):
        text = ""
    named = text.removeprefix("gitdir:").strip()
    if not text.startswith("gitdir:") or not named or "\0" in named:
        return RepositoryError(f"{git} is a file that names no repository.", _FRESH)
    if not (git.parent / named).is_dir():
        return RepositoryError(f"{git} names the repository {named}, which is not there.", _LINKED)
    return RepositoryError(f"{git} names {named}, which is not a repository that git can use.", _FRESH)


def refused_owner(folder: Path, words: str) -> RepositoryError:
    """The error for a repository that git does not use because somebody else owns it. `words` are those of git."""
    named = re.search(r"^\s*git config --global --add safe\.directory (.+)$", words, re.M)
    shown = printable(named[1] if named is not None else shlex.quote(str(folder)))
    return RepositoryError(
        f"git does not use the repository {printable(str(folder))}: another user owns it, and its configuration could run programs.",
        f"If you trust that user: `git config --global --add safe.directory {shown}`. If you did not mean that repository: "
        "sync a plain folder with --folder, or end the search below it with GIT_CEILING_DIRECTORIES.",
    )


def unusable(root: Path, words: str) -> RepositoryError:
    """The error for a repository that git refuses to work with. `words` are those of git."""
    why = one_line(words.removeprefix("fatal: "), ()) or "git gives no reason"
    return RepositoryError(
        f"git cannot use the repository {root}: {why.rstrip('.')}.",
        "Correct what git names (its configuration, a GIT_… variable), or make a fresh clone.",
    )


def commit_gone(commit: str, revision: str, objects: Path) -> RepositoryError:
    """The error for a commit that a branch names, and whose objects are not in the clone. `objects` is the clone's folder of them."""
    missing = _missing_alternates(objects)
    if missing:
        return RepositoryError(
            f"The commit {commit[:12]} of {revision} is not in this clone, which reads objects from {', '.join(missing)}: "
            "that folder is not there.",
            "Bring the folder back (in a container: mount it at the same path), or make a clone of its own "
            "(`git clone --dissociate`).",
        )
    return RepositoryError(f"The commit {commit[:12]} of {revision} is not in this clone.", _FRESH)


def _missing_alternates(objects: Path) -> list[str]:
    """The folders of objects that the clone reads from (`git clone --shared`, `--reference`) and that are not there."""
    try:
        lines = read_text(objects / "info" / "alternates", _MOST_BYTES).splitlines()
    except (OSError, ValueError):
        return []
    return [line for line in lines if line.strip() and line[0] != "#" and not (objects / line).is_dir()]
