"""How far a run has come: how many documents of each stage are done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Stage:
    """The documents of one stage: how many are done, and how many there are as far as is known."""

    done: int = 0
    total: int = 0


class Progress:
    """Counts the documents of each stage. Says every few seconds that a line of progress is due."""

    def __init__(self, line_every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._stages: dict[str, Stage] = {}
        self._line_every_s = line_every_s
        self._clock = clock
        self._last_line = clock()

    def add(self, name: str, documents: int) -> Stage:
        """A stage begins, or has more documents than were known."""
        stage = self._stages.setdefault(name, Stage())
        stage.total += documents
        return stage

    def advance(self, name: str) -> Stage:
        """One more document of the stage is done."""
        stage = self._stages.setdefault(name, Stage())
        stage.done += 1
        return stage

    def due_line(self) -> str | None:
        """The line to print now, such as `uploading 2/3, indexing 0/1`. None when the last line is too young."""
        now = self._clock()
        if now - self._last_line < self._line_every_s:
            return None
        self._last_line = now
        return ", ".join(f"{name} {stage.done}/{stage.total}" for name, stage in self._stages.items())
