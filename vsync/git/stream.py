"""A git command that runs while its output is read. GitPython starts it, and every wait for it has a deadline."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from vsync.errors import GitUnavailable
from vsync.git.deadlines import command_of, too_slow
from vsync.git.gitpython import gitpython
from vsync.git.process import end, has_terminal
from vsync.system.spool import CHUNK_BYTES

_STDERR_WAIT_S = 1.0
"""For the end of stderr after git has ended. A helper that still runs may keep it open."""


class GitStream:
    """A running git.

    A thread reads what git writes to stderr, and keeps the end of it. Otherwise a full stderr pipe would stop git for
    ever, while this process waits for stdout.

    `deadline_s` is for each wait for more output, and for the end of git.
    """

    def __init__(
        self,
        command: gitpython.Git,
        arguments: Sequence[str],
        deadline_s: float,
        istream: int | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`more` are variables for this command alone."""
        self._own_session = not has_terminal()
        handle = command.execute(
            ["git", *arguments],
            as_process=True,
            istream=istream,
            env=dict(more or {}),
            start_new_session=self._own_session,
        )
        assert isinstance(handle, gitpython.Git.AutoInterrupt)
        assert handle.proc is not None
        self._handle = handle  # GitPython ends the process when nothing refers to its handle any more
        self._name = command_of(arguments)
        self._deadline_s = deadline_s
        self._popen: subprocess.Popen[bytes] = handle.proc
        self._rest = b""
        self._tail: deque[bytes] = deque(maxlen=8)
        errors, self._popen.stderr = self._popen.stderr, None
        assert errors is not None
        self._reader = threading.Thread(target=self._drain, args=(errors,), daemon=True)
        self._reader.start()
        assert self._popen.stdout is not None
        self._output = self._popen.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)

    def _drain(self, errors: IO[bytes]) -> None:
        with errors:
            self._tail.extend(iter(lambda: errors.read1(4096), b""))  # type: ignore[attr-defined]  # a BufferedReader

    def stderr(self) -> bytes:
        """The end of what git wrote to stderr. Call it after git has ended."""
        self._reader.join(_STDERR_WAIT_S)
        return b"".join(self._tail)

    def write(self, data: bytes) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.write(data)
        self._popen.stdin.flush()

    def read(self, most: int = CHUNK_BYTES) -> bytes:
        """The next bytes, at most so many; none at the end. Raises GitUnavailable at the deadline."""
        if not self._rest:
            return self._next(most)
        data, self._rest = self._rest[:most], self._rest[most:]
        return data

    def line(self) -> bytes:
        """The next line with its end. The last one may have none."""
        data = self._rest
        while b"\n" not in data and (more := self._next(CHUNK_BYTES)):
            data += more
        line, newline, self._rest = data.partition(b"\n")
        return line + newline

    def pieces(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def _next(self, most: int) -> bytes:
        if not self._poll.poll(self._deadline_s * 1000):
            raise self._too_slow()
        return os.read(self._output, most)

    def finish(self, stdin: bytes | None = None) -> tuple[int, bytes]:
        """Gives git its input, and waits for its end. The exit status, and the rest of what git wrote."""
        try:
            stdout, _ = self._popen.communicate(stdin, timeout=self._deadline_s)
        except subprocess.TimeoutExpired:
            raise self._too_slow() from None
        return self._popen.returncode, stdout

    def kill(self) -> None:
        """Ends git at once. One that cannot be ended is left."""
        end(self._popen, own_session=self._own_session)
        self._handle.proc = None  # GitPython would wait for it without a deadline

    def _too_slow(self) -> GitUnavailable:
        self.kill()
        return too_slow(self._name, self._deadline_s)
