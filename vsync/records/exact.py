"""Numbers that keep their spelling. Pure.

A float holds 17 digits, and does not know `19.90` from `19.9`. A document must hold what the record says.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any


class Exact:
    """A number with the text that spells it, where a float would be spelled otherwise. Equal texts are equal numbers."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __float__(self) -> float:
        return float(self.text)

    def __repr__(self) -> str:
        return self.text


def parse_number(text: str) -> float | Exact:
    """What a number of JSON with a fraction or an exponent means: a float where that has the same spelling."""
    number = float(text)
    return number if repr(number) == text or math.isinf(number) else Exact(text)


def encode_exactly(value: Any, **options: Any) -> str:
    """JSON in which exact numbers stand as they were spelled. `options` are those of `json.JSONEncoder`.

    The encoder takes no number as text. So it writes a mark for each exact number, and the marks are replaced.
    """
    mark = "an exact number"
    while True:
        numbers: list[str] = []
        text = json.JSONEncoder(default=_marking(mark, numbers), **options).encode(value)
        pieces = text.split(f'"{mark}"')
        if len(pieces) == len(numbers) + 1:
            return "".join(piece + number for piece, number in zip(pieces, [*numbers, ""], strict=True))
        mark = hashlib.sha256(text.encode(errors="replace")).hexdigest()  # the value holds the mark itself


def _marking(mark: str, numbers: list[str]) -> Any:
    def default(value: Any) -> str:
        if not isinstance(value, Exact):
            raise TypeError(f"{type(value).__name__} is no JSON")
        numbers.append(value.text)
        return mark

    return default
