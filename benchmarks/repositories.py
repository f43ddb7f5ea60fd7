"""Repositories to measure with: made by `git fast-import`, always the same, without a working tree."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

WORDS = (
    "the a of and to in is that it for as with on by this be are or from at an not can which when has its will one if "
    "file store index commit branch document manifest upload request answer search token limit change version release "
    "install configure deploy restart backup restore cluster network certificate password account project team quota"
).split()

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
"""What git sees: nothing of the user's configuration."""


class Write(NamedTuple):
    path: str
    content: bytes


class Remove(NamedTuple):
    path: str


class Rename(NamedTuple):
    path: str
    new: str


Edit = Write | Remove | Rename


def prose(numbers: random.Random, size: int) -> bytes:
    """Markdown-like text of just that many bytes."""
    lines, written = [], 0
    while written < size:
        line = " ".join(numbers.choices(WORDS, k=12)) + ".\n"
        lines.append(line)
        written += len(line)
    return "".join(lines).encode()[: size - 1] + b"\n"


class Repository:
    """A repository in a folder that is its root, with one branch."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "core.compression", "1")
        self._commits = 0

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    def commit(self, edits: Iterable[Edit]) -> str:
        """A commit with these edits on top of the last one."""
        importer = subprocess.Popen(
            ["git", "fast-import", "--quiet", "--done"], cwd=self.root, env=ENVIRONMENT, stdin=subprocess.PIPE
        )
        assert importer.stdin is not None
        with importer.stdin as stdin:
            stdin.writelines(self._stream(edits))
        if importer.wait():
            raise subprocess.CalledProcessError(importer.returncode, "git fast-import")
        self._commits += 1
        return self.git("rev-parse", "main")

    def _stream(self, edits: Iterable[Edit]) -> Iterator[bytes]:
        when = 1_700_000_000 + self._commits
        yield b"commit refs/heads/main\ncommitter Bench <bench@example.com> %d +0000\ndata 6\nEdits\n\n" % when
        if self._commits:
            yield b"from refs/heads/main^0\n"
        for edit in edits:
            match edit:
                case Write(path, content):
                    yield b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(content))
                    yield content
                    yield b"\n"
                case Remove(path):
                    yield b"D %s\n" % path.encode()
                case Rename(path, new):
                    yield b"R %s %s\n" % (path.encode(), new.encode())
        yield b"\ndone\n"
