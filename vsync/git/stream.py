"""A git command that runs while its output is read. GitPython starts it."""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from typing import IO

from vsync.git.gitpython import gitpython


class GitStream:
    """A running git.

    A thread reads what git writes to stderr, and keeps the end of it. Otherwise a full stderr pipe would stop git for
    ever, while this process waits for stdout.
    """

    def __init__(self, command: gitpython.Git, arguments: Sequence[str], istream: int | None = None) -> None:
        handle = command.execute(["git", *arguments], as_process=True, istream=istream)
        assert isinstance(handle, gitpython.Git.AutoInterrupt)
        assert handle.proc is not None
        self._handle = handle  # GitPython ends the process when nothing refers to its handle any more
        self.popen: subprocess.Popen[bytes] = handle.proc
        self._tail: deque[bytes] = deque(maxlen=8)
        errors, self.popen.stderr = self.popen.stderr, None
        assert errors is not None
        self._reader = threading.Thread(target=self._drain, args=(errors,), daemon=True)
        self._reader.start()

    def _drain(self, errors: IO[bytes]) -> None:
        with errors:
            self._tail.extend(iter(lambda: errors.read1(4096), b""))  # type: ignore[attr-defined]  # a BufferedReader

    def stderr(self) -> bytes:
        """The end of what git wrote to stderr. Call it after git has ended."""
        self._reader.join()
        return b"".join(self._tail)

    @property
    def stdout(self) -> IO[bytes]:
        assert self.popen.stdout is not None
        return self.popen.stdout

    @property
    def stdin(self) -> IO[bytes]:
        assert self.popen.stdin is not None
        return self.popen.stdin
