"""What a value of front matter says as an attribute. Pure."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time

from vsync.documents.attributes import AttributeValue

_MAX_JOINED = 4096
"""Characters of a list as text. An attribute has far fewer."""

_EXACT = 2**53
"""Beyond it a server that reads numbers as floats changes them."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def value_of(value: object) -> AttributeValue | None:
    """What an attribute says of the value. None: nothing, because the value is empty or a mapping.

    A point in time is seconds since 1970; a date is its midnight and a time without a zone is one of UTC. The values of
    a list are joined; lists and mappings in it are left out. A text has no line breaks and no control characters.
    """
    match value:
        case bool():
            return value
        case int() | float():
            return _number(value)
        case date():
            return _seconds(value)
        case list():
            return _joined(value)
        case _:
            return one_line(value)


def _number(value: float) -> AttributeValue | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if abs(value) <= _EXACT:
        return value
    # Python writes no number of several thousand digits.
    return str(value) if value.bit_length() <= 1024 else None


def _seconds(value: date) -> float:
    at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _joined(values: list[object]) -> str | None:
    parts: list[str] = []
    room = _MAX_JOINED
    for value in values:
        part = one_line(value)
        if part is not None:
            parts.append(part)
            room -= len(part) + 2
        if room < 0:
            break
    return ", ".join(parts) or None


def one_line(value: object) -> str | None:
    """A scalar as text on one line; None for other values, and where no text is left.

    A date and a time are written as ISO 8601 has them.
    """
    match value:
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case int() | float():
            text = str(number) if (number := _number(value)) is not None else ""
        case date() | time():
            text = str(value)
        case _:
            return None
    lines = (line.strip() for line in text.splitlines())
    return _CONTROL.sub("", " ".join(line for line in lines if line).replace("\t", " ")).strip() or None
