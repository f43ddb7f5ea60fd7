"""The mistakes in the lines of a request file, in bounded memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vsync.batch.batch_report import Mistake
from vsync.batch.request_faults import Fault


@dataclass
class KeptMistakes:
    """Keeps the first `most` mistakes, and counts the others."""

    most: int
    kept: list[Mistake] = field(default_factory=list)
    more: int = 0

    def add(self, line: int, fault: Fault) -> None:
        """Keeps the fault, if there is room. A message is made only then."""
        if self._has_room():
            self.kept.append(Mistake(line, fault.code, fault.message))

    def add_clash(self, line: int, code: str, found: str, other: str) -> None:
        """Keeps that a line disagrees with something else, if there is room."""
        if self._has_room():
            self.kept.append(Mistake(line, code, f"{found} {other}"))

    @property
    def all(self) -> int:
        """How many mistakes there are."""
        return len(self.kept) + self.more

    def _has_room(self) -> bool:
        room = len(self.kept) < self.most
        self.more += not room
        return room
