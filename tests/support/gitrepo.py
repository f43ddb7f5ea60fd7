"""Real repositories for tests, made by real git, and the same every time.

Commits are written with `git fast-import`: one process a commit, any bytes as a name, any mode, and nothing of it in
the working tree. So what a test reads from a commit cannot have come from anywhere else.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A U Thor",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "C O Mitter",
    "GIT_COMMITTER_EMAIL": "committer@example.com",
    "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
    "GIT_TEST_FSYNC": "0",  # git need not wait for the disk: nobody pulls the plug
    "LC_ALL": "C",
    "TZ": "UTC",
}
"""What makes git the same everywhere."""

_FIRST_COMMIT_AT = 1_704_164_645


class File(NamedTuple):
    """A path's content with its mode, as git writes it."""

    mode: str
    data: bytes


def executable(data: bytes) -> File:
    return File("100755", data)


def link(target: str | bytes) -> File:
    return File("120000", target.encode() if isinstance(target, str) else target)


def submodule(commit: str = "1234567890" * 4) -> File:
    return File("160000", commit.encode())


Content = bytes | File | None
"""Bytes are a plain file; None removes the path."""

Name = TypeVar("Name", str, bytes)


class Repo:
    """A repository in a folder. `commit` takes what changes against the branch's last commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._commits = 0
        self._tips: dict[str, str] = {}

    @classmethod
    def make(cls, root: Path, *options: str) -> Repo:
        shutil.copytree(_empty_repository(*options), root, dirs_exist_ok=True)
        repo = cls(root)
        repo._tips["main"] = ""
        return repo

    def clone(self, to: Path, *options: str) -> Repo:
        """A clone over git's own protocol, as from another host."""
        subprocess.run(
            ["git", "clone", "-q", "--template=", *options, self.root.as_uri(), str(to)],
            env=environment(),
            check=True,
            capture_output=True,
        )
        return Repo(to)

    def give(self, other: Repo, branch: str = "main") -> None:
        """What a forced push of the branch leaves in another repository, without the six processes of a push."""

        def missing(source: str, target: str) -> None:
            if not Path(target).exists():
                shutil.copy(source, target)

        loose = Path("refs") / "heads" / branch
        shutil.copytree(
            self.git_folder / "objects", other.git_folder / "objects", copy_function=missing, dirs_exist_ok=True
        )
        shutil.copy(self.git_folder / loose, other.git_folder / loose)
        other.forget(branch)

    @property
    def git_folder(self) -> Path:
        found = self.root / ".git"
        return found if found.is_dir() else self.root

    def git(self, *arguments: str, stdin: bytes = b"", **variables: str) -> str:
        """A git command's output. A variable set to the empty string is left out of its environment."""
        return os.fsdecode(self.git_bytes(*arguments, stdin=stdin, **variables)).rstrip("\n")

    def git_bytes(self, *arguments: str, stdin: bytes = b"", **variables: str) -> bytes:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment(**variables), input=stdin, capture_output=True
        )
        if done.returncode:
            raise AssertionError(f"git {' '.join(arguments)} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def commit(self, files: Mapping[Name, Content] | None = None, *, branch: str = "main") -> str:
        """Writes a commit on a branch and gives its id."""
        self._commits += 1
        ref = f"refs/heads/{branch}"
        lines = [
            b"commit %s\n" % ref.encode(),
            b"mark :1\n",
            b"committer C O Mitter <committer@example.com> %d +0000\n" % (_FIRST_COMMIT_AT + self._commits),
            _data(b"commit %d\n" % self._commits),
        ]
        parent = self._tips[branch] if branch in self._tips else self._made_elsewhere(ref)
        if parent:
            lines.append(b"from %s\n" % parent.encode())
        for path, content in (files or {}).items():
            lines.append(_change(os.fsencode(path), content))
        lines.append(b"get-mark :1\n")
        self._tips[branch] = self.git("fast-import", "--quiet", stdin=b"".join(lines))
        return self._tips[branch]

    def forget(self, branch: str) -> None:
        """A branch was moved by git itself: the next commit goes onto what it is now."""
        self._tips.pop(branch, None)

    def checkout(self) -> None:
        """Puts the branch's files into the working tree."""
        self.git("reset", "-q", "--hard")

    def show(self, commit: str, path: str) -> bytes:
        """The bytes of one path of a commit, read by git itself."""
        return self.git_bytes("cat-file", "blob", f"{commit}:{path}")

    def blob(self, commit: str, path: str) -> str:
        return self.git("rev-parse", f"{commit}:{path}")

    def _made_elsewhere(self, ref: str) -> str:
        return self.git("for-each-ref", "--format=%(objectname)", ref)


@functools.cache
def _empty_repository(*options: str) -> Path:
    """What `git init` makes. Each test copies it: a copy costs a tenth of the process."""
    folder = tempfile.mkdtemp(prefix="empty-repository-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = ["git", "init", "-q", "-b", "main", "--template=", *options, folder]
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    return Path(folder)


def environment(**variables: str) -> dict[str, str]:
    """The environment for a process: this one's without git's variables, with those that make git the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    every = {**kept, **ENVIRONMENT, **variables}
    return {name: value for name, value in every.items() if value}


def _change(path: bytes, content: Content) -> bytes:
    quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
    if content is None:
        return b"D %s\n" % quoted
    mode, data = content if isinstance(content, File) else ("100644", content)
    if mode == "160000":
        return b"M 160000 %s %s\n" % (data, quoted)
    return b"M %s inline %s\n%s" % (mode.encode(), quoted, _data(data))


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
