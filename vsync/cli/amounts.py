"""Times and rates as options give them. Pure."""

from __future__ import annotations

import re

_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|)", re.ASCII)
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_RATE = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)
_LONGEST_S = 3_600.0
_LONGEST_WAIT_S = 30 * 86_400.0


def seconds_of(text: str) -> float:
    """The seconds of `200ms`, `1s`, `1`, `2m` or `1h`. Raises ValueError with what is allowed."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None or found[2] == "d":
        raise ValueError("a time is a number and one of ms, s, m or h, such as 200ms or 2s")
    return _at_most(found, _LONGEST_S, "one hour")


def wait_of(text: str) -> float:
    """The seconds of `90`, `45m`, `25h` or `2d`, for waits of days. Raises ValueError with what is allowed."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("a time is a number and one of s, m, h or d, such as 45m or 25h")
    return _at_most(found, _LONGEST_WAIT_S, "30 days")


def _at_most(found: re.Match[str], most_s: float, said: str) -> float:
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds > most_s:
        raise ValueError(f"at most {said} {'is' if said.startswith('one') else 'are'} possible")
    return seconds


def rate_of(text: str) -> float:
    """A number of records in a second, such as `250` or `0.5`; 0 is no limit. Raises ValueError with what is allowed."""
    if _RATE.fullmatch(text.strip()) is None:
        raise ValueError("a rate is a number of records in a second, such as 250 or 0.5; 0 is no limit")
    return float(text)
