"""Deals the fault matrix into parts of the same kind: each part is a small copy of the whole. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar


class Placed(Protocol):
    """What the deal looks at: the scenario, the kind of fault, and the place in the scenario's run."""

    @property
    def scenario(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def place(self) -> int: ...


_Case = TypeVar("_Case", bound=Placed)


class Part(NamedTuple):
    """Part `number` of `of` parts, counted from one."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_part(text: str) -> Part:
    """Reads `3/24`. Raises ValueError when the text names no part."""
    number, _, of = text.partition("/")
    part = Part(int(number), int(of))
    if not 1 <= part.number <= part.of:
        raise ValueError(f"there is no part {text}")
    return part


def deal(cases: Sequence[_Case], number: int) -> list[list[_Case]]:
    """Gives every case to one of so many parts. The same cases in the same order always give the same parts.

    Each case goes to the part that has the fewest cases of its kind and of its place together; among equals to the part
    with the fewest cases of its scenario, then of all.
    """
    parts: list[list[_Case]] = [[] for _ in range(number)]
    kinds, places, scenarios = ([Counter[object]() for _ in parts] for _ in range(3))
    for case in cases:
        place = (case.scenario, case.place)
        chosen = min(
            range(number),
            key=lambda part: (
                kinds[part][case.kind] + places[part][place],
                scenarios[part][case.scenario],
                len(parts[part]),
            ),
        )
        parts[chosen].append(case)
        kinds[chosen][case.kind] += 1
        places[chosen][place] += 1
        scenarios[chosen][case.scenario] += 1
    return parts
