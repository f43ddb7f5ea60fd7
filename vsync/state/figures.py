"""What a vector store shows of itself after a run, as the closed seal keeps it. Pure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from vsync.state.manifest import MAX_NUMBER


@dataclass(frozen=True, slots=True)
class Figures:
    """What the store shows after a run. The next run compares it with what the store shows then.

    | field | meaning |
    | --- | --- |
    | `others` | how many entries the store counts beside the documents that the manifest records; below zero where it counts less |
    | `usage` | how many bytes it uses; None: not known |
    | `marks` | the hash of what vsync wrote into its metadata; None: not known |
    | `beside` | the sum of the serials of the manifest's other targets in this store: their runs change the usage |
    | `count_alarms` | how often in a row the count differed although all documents were as recorded |
    | `usage_alarms` | how often the usage alone differed although all documents were as recorded |
    """

    others: int
    usage: int | None = None
    marks: str | None = None
    beside: int = 0
    count_alarms: int = 0
    usage_alarms: int = 0


_MAX_HASH = 64
_NUMBERS = ("others", "beside", "count_alarms", "usage_alarms")


def figures_data(figures: Figures) -> dict[str, Any]:
    """The figures as JSON has them. What is not known is left out, and so is an alarm that never was."""
    data = dataclasses.asdict(figures)
    return {
        key: value for key, value in data.items() if value is not None and (value != 0 or key in {"others", "usage"})
    }


def parse_figures(data: object) -> Figures | None:
    """The figures in this JSON; None when they cannot be read: then nothing is compared."""
    if not isinstance(data, dict) or "others" not in data:
        return None
    numbers = {key: data.get(key, 0) for key in _NUMBERS}
    usage, marks = data.get("usage"), data.get("marks")
    if not all(_is_number(number) for number in numbers.values()):
        return None
    if not (usage is None or _is_number(usage)) or not (marks is None or _is_hash(marks)):
        return None
    return Figures(**numbers, usage=usage, marks=marks)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_HASH and value.isascii()


def _is_number(value: object) -> bool:
    return type(value) is int and abs(value) < MAX_NUMBER
