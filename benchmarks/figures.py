"""What a benchmark found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MB = 1_000_000


@dataclass(frozen=True)
class Figure:
    """A measured value and the most it may be (None: told without a goal)."""

    name: str
    value: float
    unit: str = ""
    goal: float | None = None

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value > self.goal


@dataclass(frozen=True)
class Measured:
    """One measured command."""

    what: str
    command: str
    figures: Sequence[Figure]
