"""Finds the folders of a git repository: its `.git`, and what linked worktrees share."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vsync.errors import RepositoryError
from vsync.git.deadlines import Deadlines, too_slow
from vsync.git.diagnosis import not_a_repository, refused_owner, unusable
from vsync.git.process import GitProcess, Output, inheritable
from vsync.system.regular_file import read_text

_MOST_BYTES = 65_536
"""Of a file of git that holds one path."""
_OF_ANOTHER = "dubious ownership"
_FACTS = re.compile(r"(true|false)\n(true|false)\n(\w+)\n(/[^\0]*)\n", re.S)
"""Is it bare? Is this its working tree? The object format, and the `.git`: in the order in which git is asked."""
_CEILINGS = "GIT_CEILING_DIRECTORIES"


@dataclass(frozen=True, slots=True)
class Found:
    """A repository that git takes, and whose owner git accepts.

    | field | meaning |
    | --- | --- |
    | `git_dir`, `common_dir` | its `.git`, and the folder that linked worktrees share |
    | `root` | the top folder of its files; of a bare repository `git_dir` |
    | `configuration` | the output of `git config --list -z --show-scope` |
    """

    git_dir: Path
    common_dir: Path
    root: Path
    bare: bool
    object_format: str
    configuration: str


def find_repository(
    path: Path, environ: Mapping[str, str], trusted: Path | None = None, deadlines: Deadlines | None = None
) -> Found:
    """Asks git for the repository that holds the folder. Raises RepositoryError.

    Git checks who owns the repository (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory).
    `trusted` is a folder whose repositories may belong to anybody: the workspace of a job.
    """
    start = repository_at(path, environ)
    ask = _Asked(start, environ, trusted, deadlines or Deadlines())
    output = ask.git(
        "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-object-format", "--absolute-git-dir"
    )
    if output.status:
        raise _refused(path, start, output, environ)
    facts = re.fullmatch(_FACTS, os.fsdecode(output.stdout))
    if facts is None:
        raise unusable(start, f"the output of git rev-parse is not understood ({output.stdout[:200]!r})")
    bare, inside, object_format = facts[1], facts[2], facts[3]
    git_dir = Path(facts[4]).resolve()
    listed = ask.git("config", "--list", "-z", "--show-scope", "--includes")
    if listed.status:
        raise unusable(start, listed.stderr)
    configuration = os.fsdecode(listed.stdout)
    root = start if inside == "true" else git_dir.parent if git_dir.name == ".git" and bare == "false" else git_dir
    if inside == "true" and "\0core.worktree\n" in configuration:
        root = _top(ask, start)
    return Found(git_dir, common_dir(git_dir), root, bare == "true", object_format, configuration)


def checked_top(path: Path, trusted: Path | None = None) -> Path:
    """The folder of `repository_at`, for files that are kept beside a repository. Raises RepositoryError.

    Whoever owns the repository could lead those files elsewhere, so git is asked about the owner. It need not be in order.
    """
    start = repository_at(path)
    if (start / ".git").exists():
        output = _Asked(start, os.environ, trusted, Deadlines()).git("rev-parse")
        if output.status and _OF_ANOTHER in output.stderr:
            raise refused_owner(start, output.stderr)
    return start


def _top(ask: _Asked, start: Path) -> Path:
    """The top folder of the files, where the configuration names it."""
    output = ask.git("rev-parse", "--show-toplevel")
    if output.status:
        raise unusable(start, output.stderr)
    return Path(os.fsdecode(output.stdout).removesuffix("\n")).resolve()


def _lies_in(start: Path, trusted: Path) -> bool:
    """Whether the folder and its `.git` lie in the trusted folder: a `.git` can be a file or a link that names another place."""
    found = git_dir_above(start / ".git")
    places = [start, *((found[1], common_dir(found[1])) if found is not None and found[0] == start else ())]
    return all(place.resolve().is_relative_to(trusted) for place in places)


class _Asked:
    """Git, asked in one folder about the repository there, and about none above it."""

    def __init__(self, start: Path, environ: Mapping[str, str], trusted: Path | None, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._folder = start
        # Later git checks nothing more: the command line names no repository to it, so git searches and checks.
        owner = ["-c", f"safe.directory={start}"] if trusted is not None and _lies_in(start, trusted) else []
        self._options = (*owner, "-C", str(start))
        self._process = GitProcess(None, lambda: None, deadlines.command_s)
        above = str(start.parent)
        self._environment = {**inheritable(environ), "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
        if start.parent != start and os.pathsep not in above:
            self._environment[_CEILINGS] = above

    def git(self, *arguments: str) -> Output:
        output = self._process.run((*self._options, *arguments), self._environment)
        if output.ended:
            raise too_slow(arguments[0], self._deadlines.command_s)
        return output


def _refused(path: Path, start: Path, output: Output, environ: Mapping[str, str]) -> RepositoryError:
    words = output.stderr
    if _OF_ANOTHER in words:
        return refused_owner(start, words)
    if "not a git repository" in words or "gitfile" in words:
        return not_a_repository(path, _searched(path.resolve(), environ))
    return unusable(start, words)


def repository_at(path: Path, environ: Mapping[str, str] | None = None) -> Path:
    """The folder, or the nearest one above it, that has a `.git`; else the folder itself, which may be a bare repository.

    A folder of a repository can look like a bare repository, with a committed configuration that runs commands. Such a
    folder is refused. Git itself never commits anything of the name `.git`.
    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository

    `environ` may name folders that are not searched (https://git-scm.com/docs/git#_the_git_repository, GIT_CEILING_DIRECTORIES).
    """
    real = path.resolve()  # git searches from there as well
    above = next(
        (folder for folder in _searched(real, os.environ if environ is None else environ) if _is_git(folder / ".git")),
        None,
    )
    if above is None or (above / ".git") in (real, *real.parents):
        return real
    if above != real and _is_bare(real):
        raise RepositoryError(
            f"{path} looks like a bare repository, but is a folder of the repository {above}.",
            "A bare repository is used only where no other repository is around it: move it elsewhere.",
        )
    return above


def is_in_repository(path: Path) -> bool:
    """Whether the folder lies in a repository, or is a bare one, whether or not git takes it. Raises RepositoryError."""
    top = repository_at(path)
    return _is_git(top / ".git") or _is_bare(top)


def _searched(real: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """The folder and those above it that git would search."""
    ceilings = {
        Path(name).resolve() for name in environ.get(_CEILINGS, "").split(os.pathsep) if Path(name).is_absolute()
    }
    yield real
    yield from itertools.takewhile(lambda folder: folder not in ceilings, real.parents)


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
