"""Lengths of time as people write and read them. Pure."""

from __future__ import annotations

import re

_AGE = re.compile(r"(\d{1,9})\s*(s|m|h|d|w)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> int:
    """The seconds of `30d`, `12h`, `90m`, `45s` or `2w`. Raises ValueError with what is allowed."""
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("an age is a number and one of s, m, h, d or w, such as 30d or 12h")
    return int(found[1]) * _SECONDS[found[2]]


def age_text(seconds: int) -> str:
    """A length of time in the largest unit of which there are at least two, such as `3 d` or `90 m`."""
    for unit in ("d", "h", "m"):
        if seconds >= 2 * _SECONDS[unit]:
            return f"{seconds // _SECONDS[unit]} {unit}"
    return f"{max(seconds, 0)} s"
