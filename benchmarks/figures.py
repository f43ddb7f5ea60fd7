"""What a benchmark found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MB = 1_000_000


@dataclass(frozen=True)
class Figure:
    """A measured value and its goal: the most it may be, or the least. None: it is told without a goal."""

    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    at_least: bool = False

    @property
    def missed(self) -> bool:
        if self.goal is None:
            return False
        return self.value < self.goal if self.at_least else self.value > self.goal


@dataclass(frozen=True)
class Measured:
    """One measured command."""

    what: str
    command: str
    figures: Sequence[Figure]
