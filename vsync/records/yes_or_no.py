"""Does a field say that its row is deleted? Pure.

Databases and programs write booleans, and times of deletion, in many ways. A guess would delete documents.
"""

from __future__ import annotations

import re
from typing import Final

from vsync.records.change import Json
from vsync.records.exact import Exact
from vsync.records.fields import MISSING
from vsync.records.spelling import bare

_NO: Final = frozenset(
    {"", "-", "\0", "f", "false", "n", "no", "off", "none", "nil", "null", "\\n", "base64:type16:aa=="}
)
_YES: Final = frozenset({"\x01", "t", "true", "y", "yes", "on", "base64:type16:aq=="})
_NUMBER: Final = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_NO_TIME: Final = re.compile(r"(?:0000-00-00|0001-01-01)(?:[T ]00:00:00.{0,20})?", re.ASCII)
_TIME: Final = re.compile(
    r"[12][0-9]{3}([-/]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01])(?:[T ][0-9:.,]{2,20} ?(?:Z|UTC|[+-][0-9:]{2,9})?)?",
    re.ASCII,
)
_BEGIN_AND_END: Final = ("1970-01-01", "9999-12-31")
"""Some programs write these dates for 'never'."""
_SECONDS: Final = 10**8
"""A number that is at least this large is a time: seconds since 1970, or parts of them."""


def says_yes(value: Json) -> bool | None:
    """Whether the field says yes; a time says yes, and a field that is missing or null says no. None: nobody knows."""
    if value is MISSING or value is None or isinstance(value, bool):
        return value is True
    value = bare(value)
    if isinstance(value, (int, float, Exact)):
        return _number_says_yes(float(value)) if not isinstance(value, int) or abs(value) < 10**30 else None
    return _text_says_yes(value if value in {"\0", "\x01"} else value.strip()) if isinstance(value, str) else None


def _text_says_yes(text: str) -> bool | None:
    word = text.lower()
    if word in _NO or _NO_TIME.fullmatch(text):
        return False
    if word in _YES:
        return True
    if _TIME.fullmatch(text):
        return None if text.startswith(_BEGIN_AND_END) else True
    return _number_says_yes(float(text)) if _NUMBER.fullmatch(text) else None


def _number_says_yes(number: float) -> bool | None:
    if number in {0, 1}:
        return number == 1
    return True if _SECONDS <= number < float("inf") else None
