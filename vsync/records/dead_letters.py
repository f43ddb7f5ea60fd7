"""The dead-letter file: records that were not applied, one a line, each as it was and with the reason."""

from __future__ import annotations

import codecs
import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from vsync.errors import ConfigurationError
from vsync.records.json_line import json_line


class DeadLetter(NamedTuple):
    """A record that was not applied. `raw` is its line; None: the line is too long, and `start` is its beginning."""

    line: int
    raw: bytes | None
    position: Any
    key: Any
    code: str
    reason: str
    input: str
    start: bytes = b""

    def to_json(self, time: str) -> dict[str, Any]:
        values = self._asdict()
        del values["raw"], values["start"]
        name, raw = ("record", self.raw) if self.raw is not None else ("record_start", self.start)
        try:
            # The beginning of a line may end inside a character.
            text = codecs.getincrementaldecoder("utf-8")().decode(raw, final=self.raw is not None)
        except UnicodeDecodeError:
            return {**values, "time": time, f"{name}_base64": b64encode(raw).decode()}
        return {**values, "time": time, name: text}


def _now() -> datetime:
    return datetime.now(UTC)


class DeadLetters:
    """Appends letters to a file that only its owner may read: it holds contents. The first letter makes the file."""

    def __init__(self, path: Path, now: Callable[[], datetime] = _now) -> None:
        self._path, self._now = path, now
        self._descriptor: int | None = None

    def open(self) -> None:
        """Raises ConfigurationError when the file could not be written."""
        folder = self._path.parent
        if self._path.exists():
            self._check(self._path.is_file() and os.access(self._path, os.W_OK))
        else:
            self._check(folder.is_dir() and os.access(folder, os.W_OK | os.X_OK))

    def _check(self, fine: bool) -> None:
        if not fine:
            raise ConfigurationError(
                f"The dead-letter file {self._path} cannot be written.",
                "Give another file with --dead-letter, in a folder that exists.",
            )

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Appends letters. They are on the disk when this returns. Raises OSError, for example when the disk is full."""
        if not letters:
            return
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        time = self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
        left = memoryview("".join(json_line(letter.to_json(time)) + "\n" for letter in letters).encode())
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.fsync(self._descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
