"""Reading commands of git on this machine. GitPython starts each of them, and each has a deadline."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vsync.errors import GitUnavailable
from vsync.git.deadlines import Deadlines, command_of
from vsync.git.gitpython import gitpython
from vsync.git.stream import GitStream


class GitFailed(Exception):
    """A git command ended with a status that is not zero. `stderr` is the end of what it wrote there."""

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__(stderr)
        self.status = status
        self.stderr = stderr

    @property
    def last_line(self) -> str:
        lines = self.stderr.splitlines()
        return lines[-1].strip() if lines else "no message"


class LocalGit:
    """Runs git in a folder. GitPython adds `variables` to the environment of this process."""

    def __init__(self, folder: Path, variables: Mapping[str, str], deadlines: Deadlines) -> None:
        self._git = gitpython.Git(str(folder))
        self._git.update_environment(**variables)
        self.deadlines = deadlines

    def set(self, variables: Mapping[str, str]) -> None:
        self._git.update_environment(**variables)

    def start(
        self,
        *arguments: str,
        stdin: bool = False,
        deadline_s: float | None = None,
        more: Mapping[str, str] | None = None,
    ) -> GitStream:
        """Starts a command, to read its output while it runs. Several threads may do so."""
        seconds = self.deadlines.command_s if deadline_s is None else deadline_s
        return GitStream(self._git, arguments, seconds, subprocess.PIPE if stdin else None, more)

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        deadline_s: float | None = None,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        """The output of a command. Raises GitFailed, and GitUnavailable at the deadline."""
        stream = self.start(*arguments, stdin=stdin is not None, deadline_s=deadline_s, more=more)
        status, stdout = stream.finish(stdin)
        if status:
            raise GitFailed(status, stream.stderr().decode("utf-8", "replace").strip())
        return stdout

    def text(self, *arguments: str, more: Mapping[str, str] | None = None) -> str:
        """The output of a command as text, without blanks around it."""
        return os.fsdecode(self.run(*arguments, more=more)).strip()

    def text_or_raise(self, *arguments: str) -> str:
        """`text`, for a command that fails only when something is wrong. Raises GitUnavailable then."""
        try:
            return self.text(*arguments)
        except GitFailed as error:
            raise failed(arguments[0], error.last_line) from error

    @contextmanager
    def output(self, *arguments: str) -> Iterator[Iterable[bytes]]:
        """The output of a command, while it runs. Raises GitUnavailable when the command fails."""
        stream = self.start(*arguments)
        try:
            yield stream.pieces()
        except BaseException:
            stream.kill()
            raise
        status, _ = stream.finish()
        if status:
            raise failed(command_of(arguments), stream.stderr().decode("utf-8", "replace").strip()[-500:])


def failed(command: str, output: str) -> GitUnavailable:
    return GitUnavailable(f"git {command} failed: {output}", "The clone may be damaged or incomplete: try a fresh one.")


def not_understood(command: str, output: str) -> GitUnavailable:
    return failed(command, f"its output is not understood ({output[:200]!r}).")
