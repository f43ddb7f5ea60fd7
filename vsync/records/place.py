"""How far a file was acknowledged, and whether a file is still the one of which that was recorded. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

HEAD_BYTES = 1024
"""So many bytes of a file's beginning tell which file it is."""
TAIL_BYTES = 256
"""So many bytes before a place tell whether the file was cut and written again."""


class Start(NamedTuple):
    """Where reading begins: behind this line, at this byte."""

    line: int = 0
    offset: int = 0


@dataclass(slots=True)
class InputFile:
    """A file that is being read, and its beginning as far as it was read. A thread adds to the beginning."""

    device: int
    inode: int
    head: bytes = b""

    def saw(self, piece: bytes) -> None:
        """Takes the next bytes of the file."""
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + piece)[:HEAD_BYTES]


@dataclass(frozen=True, slots=True)
class Place:
    """The place behind the last acknowledged line of a file. It holds no contents.

    | field | meaning |
    | --- | --- |
    | `device`, `inode` | the file, as the system numbers it |
    | `head`, `head_size` | the hash of the file's first bytes, and how many these are: the file may have grown since |
    | `tail`, `tail_size` | the hash of the last bytes of the line, and how many these are |
    | `line`, `offset` | the number of the line, and the byte behind its line break |
    | `options` | what the user asked for: other options make other documents of the same lines |
    """

    device: int
    inode: int
    head_size: int
    head: str
    tail_size: int
    tail: str
    line: int
    offset: int
    options: str = ""

    @classmethod
    def behind(cls, file: InputFile, line: int, raw: bytes, end: int, options: str) -> Place:
        """The place behind a line of that file. `raw` is the line without its line break, `end` the byte behind that."""
        head, tail = file.head[:end], raw[-TAIL_BYTES:]
        return cls(file.device, file.inode, len(head), digest(head), len(tail), digest(tail), line, end, options)

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str | None) -> Place | None:
        """The recorded place; None: there is none, or another version of vsync has written it."""
        try:
            place = cls(**json.loads(text or ""))
        except (ValueError, TypeError):
            return None
        numbers = (place.device, place.inode, place.head_size, place.tail_size, place.line, place.offset)
        return place if all(type(number) is int and number >= 0 for number in numbers) else None

    def is_head(self, head: bytes) -> bool:
        """Whether the file that begins so is the one of this place."""
        return len(head) >= self.head_size and digest(head[: self.head_size]) == self.head

    def start(self, before: bytes) -> Start | None:
        """Where reading goes on, by the bytes that stand before the place now; None: others stand there than before."""
        line = before.removesuffix(b"\n").removesuffix(b"\r")
        if len(line) < self.tail_size or digest(line[len(line) - self.tail_size :]) != self.tail:
            return None
        # A line that had no line break may get it now. The rest of that line is then no new line.
        return Start(self.line if before.endswith(b"\n") else self.line - 1, self.offset)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
