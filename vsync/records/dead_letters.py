"""The dead-letter file: records that were not applied, one a line, each as it was and with the reason."""

from __future__ import annotations

import codecs
import errno
import os
import stat
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from vsync.errors import ConfigurationError, PublicationFailed
from vsync.records.json_line import json_line
from vsync.system.atomic_write import give_to_owner_of, make_folder, sync_folder


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
    """Appends letters to a file that only its owner may read: it holds contents. The first letter makes the file.

    `hidden` takes secrets out of a reason. The record, its key and its position stay as they are.
    """

    def __init__(
        self, path: Path, now: Callable[[], datetime] = _now, *, hidden: Callable[[str], str] = lambda text: text
    ) -> None:
        self._path, self._now, self._hidden = path, now, hidden
        self._descriptor: int | None = None

    def open(self) -> None:
        """Raises ConfigurationError when the file could not be written. Makes nothing."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            self._check_folder()
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        else:
            if not stat.S_ISREG(mode):
                raise self._unusable("it is a symbolic link" if stat.S_ISLNK(mode) else "it is no file")
            if not os.access(self._path, os.R_OK | os.W_OK):
                raise self._unusable(os.strerror(errno.EACCES))

    def _check_folder(self) -> None:
        """The folder may be made later, in the nearest one that is there."""
        folder = next(folder for folder in self._path.absolute().parents if os.path.lexists(folder))
        if not folder.is_dir():
            raise self._unusable(f"{folder} is no folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise self._unusable(f"{folder}: {os.strerror(errno.EACCES)}")

    def _unusable(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"The dead-letter file {self._path} cannot be written: {why}.", "Give another file with --dead-letter."
        )

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Appends letters. They are on the disk when this returns. Raises PublicationFailed when the disk does not take them."""
        if not letters:
            return
        time = self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
        left = memoryview("".join(self._line(letter, time) for letter in letters).encode())
        try:
            if self._descriptor is None:
                self._descriptor = self._opened()
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise PublicationFailed(
                f"The dead-letter file {self._path} cannot be written: {error.strerror}.",
                "Mend that and run again: nothing is lost.",
            ) from error

    def _line(self, letter: DeadLetter, time: str) -> str:
        return json_line(letter._replace(reason=self._hidden(letter.reason)).to_json(time)) + "\n"

    def _opened(self) -> int:
        is_new = not self._path.exists()
        if is_new:
            make_folder(self._path.parent)
        # Not through a link: a repository may hold one that leads to a file of the user.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        if is_new:
            give_to_owner_of(self._path.parent, self._path)
            sync_folder(self._path.parent)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # A run died while it wrote. Its line would swallow the next letter.
            os.write(descriptor, b"\n")
        return descriptor

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
