"""What a bulk delete has begun to delete, kept in a file until the job is through: run again with the same ids, it goes on.

The second run would otherwise take what the first one deleted for ids that never existed. It is kept before it is deleted,
because a run may die before it hears that it was: what then exists is deleted again, and what does not is done. The file
holds ids and names as they were given, and never a key. It stands in `$XDG_STATE_HOME/vsync/` or `~/.local/state/vsync/`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from vsync.documents.document import fingerprint
from vsync.system.regular_file import read_file

_LONGEST = 1024 * 1024
"""So much of the file is looked at for a line that was cut while it was written."""


class Unfinished:
    """The record of one job. `folder` None: this user has no folder for it, and nothing is kept."""

    def __init__(self, folder: Path | None, kind: str, api: str, given: Sequence[str]) -> None:
        name = f"unfinished-{fingerprint([kind, api, sorted(set(given))], 32)}.txt"
        self._path = None if folder is None else folder / "vsync" / name
        self._out: IO[str] | None = None
        self._whole = 0
        self.done = self._read()
        """What an earlier run of the same job has begun to delete. What of it does not exist is deleted."""

    def _read(self) -> frozenset[str]:
        try:
            content = read_file(self._path) if self._path is not None else b""
            whole = content[: content.rfind(b"\n") + 1]  # what follows the last line break was cut while it was written
            done = frozenset(whole.decode().split("\n")[:-1])
        except (OSError, ValueError):
            return frozenset()
        self._whole = len(whole)
        return done

    def __enter__(self) -> Self:
        return self

    def note(self, word: str) -> None:
        """Keeps that this exists and is about to be deleted. Where that is not possible, the next run only knows less."""
        if self._path is None or "\n" in word:
            return
        with contextlib.suppress(OSError, ValueError):
            if self._out is None:
                self._out = self._opened(self._path)
            self._out.write(f"{word}\n")
            self._out.flush()

    def _opened(self, path: Path) -> IO[str]:
        """The file, ready for another line. Raises OSError when there is something else in its place."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        with contextlib.ExitStack() as until_ready:
            out = until_ready.enter_context(os.fdopen(descriptor, "a", encoding="utf-8"))
            tail = os.pread(descriptor, _LONGEST, self._whole)
            if tail and not tail.endswith(b"\n"):
                os.ftruncate(descriptor, self._whole + tail.rfind(b"\n") + 1)
            until_ready.pop_all()
        return out

    def through(self) -> None:
        """The job has come to its end: its record goes."""
        self._close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._out is not None:
            with contextlib.suppress(OSError):
                self._out.close()
            self._out = None
