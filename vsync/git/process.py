"""Runs git as a process: its environment, its user, and a deadline for each command.

GitPython is not used here: it adds the whole environment of this process again, and variables of a surrounding git
(a hook) would lead the command to another repository.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import IO, NamedTuple

_GRACE_S = 6.0
"""For all git commands after the run was told to stop. GitHub kills a cancelled container after ten seconds."""
_MIN_S = 1.0
"""Each command gets this time, even after the grace has passed."""
_MIN_AFTER_TIMEOUT_S = 0.4
"""The same, after one command has timed out: the remote is silent, so the next command would only wait as well."""
_POLL_S = 0.2
_LAST_WAIT_S = 1.0
"""For a process that was killed. On a file system that does not answer, even a killed process stays."""
MOST_OUTPUT_BYTES = 256 * 1024 * 1024
"""Of one command. It is looked at when the command has ended, and until then at each poll."""

_SECRET_PREFIXES = ("INPUT_", "OPENAI_", "ACTIONS_", "VSYNC_")
_MISLEADING = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_QUARANTINE_PATH", "GIT_CONFIG",
    "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE",
}  # fmt: skip
"""Variables that lead git to another repository, or that set the date of a commit: the age of a seal is that date."""


class Output(NamedTuple):
    """What a git command gave: its exit status and what it wrote. `ended`: this module ended it at a deadline."""

    status: int
    stdout: bytes
    stderr: str
    ended: bool = False


class GitProcess:
    """Runs git commands one after the other, each as a process of its own.

    | argument | meaning |
    | --- | --- |
    | `owner` | the user and group that git runs as; None: as this process does |
    | `stopped` | for how many seconds the run has been told to stop; None: it has not been told |
    | `deadline_s` | for how many seconds one command may run |
    """

    def __init__(
        self, owner: tuple[int, int] | None, stopped: Callable[[], float | None], deadline_s: float = 600.0
    ) -> None:
        self._owner = owner
        self._deadline_s = deadline_s
        self._stopped = stopped
        self._timed_out = False

    def run(
        self,
        arguments: tuple[str, ...],
        environment: Mapping[str, str],
        stdin: bytes | IO[bytes] = b"",
        into: IO[bytes] | None = None,
    ) -> Output:
        """Runs one command. A file on the disk as `stdin` is read from its start.

        What git writes goes `into` a file on the disk, from its start and in place of what it holds, and is not in the
        output. None: it is in the output.
        """
        with contextlib.ExitStack() as opened:
            if isinstance(stdin, bytes):
                # A file and not a pipe: a pipe would have to be fed while the deadline is watched.
                feed: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
                feed.write(stdin)
            else:
                feed = stdin
            rewind(feed)
            if into is not None:
                rewind(into)
                os.ftruncate(into.fileno(), 0)
            return self._run(arguments, environment, feed, into)

    def _run(
        self, arguments: tuple[str, ...], environment: Mapping[str, str], stdin: IO[bytes], into: IO[bytes] | None
    ) -> Output:
        user, group = self._owner or (None, None)
        own_session = not has_terminal()
        process = subprocess.Popen(
            ["git", *arguments],
            env=environment,
            stdin=stdin,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            user=user,
            group=group,
            extra_groups=None if group is None else [],
            start_new_session=own_session,
        )
        try:
            return self._wait_for(process, arguments[0], own_session=own_session)
        except BaseException:
            end(process, own_session=own_session)
            raise

    def _wait_for(self, process: subprocess.Popen[bytes], command: str, *, own_session: bool) -> Output:
        """Waits for git, and ends it at the deadline: git can wait for a helper or a silent server for ever.

        After the run was told to stop, git gets a few seconds more, so that what was done can still be recorded.
        """
        started = time.monotonic()
        while True:
            try:
                stdout, stderr = process.communicate(timeout=_POLL_S)
            except subprocess.TimeoutExpired as running:
                why = _why_too_much(running.output, running.stderr) or self._why_to_end(time.monotonic() - started)
            else:
                if (why := _why_too_much(stdout, stderr)) is not None:
                    return Output(1, b"", f"fatal: what git {command} wrote was not read because {why}", ended=True)
                return Output(process.returncode, stdout or b"", stderr.decode("utf-8", "replace"))
            if why is not None:
                self._timed_out = True
                end(process, own_session=own_session)
                return Output(process.returncode, b"", f"fatal: git {command} was ended because {why}", ended=True)

    def _why_to_end(self, running_s: float) -> str | None:
        """Why a command that has run for so many seconds must end now; None when it may go on."""
        stopped = self._stopped()
        least = _MIN_AFTER_TIMEOUT_S if self._timed_out else _MIN_S
        if stopped is not None and stopped >= _GRACE_S and running_s >= least:
            return "the run was told to stop"
        return f"{self._deadline_s:.0f} s had passed" if running_s >= self._deadline_s else None


def _why_too_much(*written: bytes | None) -> str | None:
    """Why so much output must not be kept; None when it may. A remote may list references without end."""
    most = max(len(output or b"") for output in written)
    return f"it was more than {MOST_OUTPUT_BYTES:,} bytes" if most > MOST_OUTPUT_BYTES else None


def rewind(file: IO[bytes]) -> None:
    """Sets the position that git inherits. `seek` alone may move only within the buffer of this process."""
    file.flush()
    os.lseek(file.fileno(), 0, os.SEEK_SET)


def inheritable(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that git may inherit: without secrets that it has no use for, and without misleading ones."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_SECRET_PREFIXES) and name not in _MISLEADING
    }


def has_terminal() -> bool:
    """Whether a person can be asked for a passphrase. Git's helpers then stay in the session of that terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end(process: subprocess.Popen[bytes], *, own_session: bool) -> None:
    """Ends git, and the helpers that it started when they are in a session of their own."""
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
        if own_session:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()  # a helper that still runs may keep its end open
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WAIT_S)
