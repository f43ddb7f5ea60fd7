"""Sizes as people write them. Pure."""

from __future__ import annotations

import re

PATTERN = r"^[0-9]{1,12} ?([kmgKMG]?[bB]|[kmgKMG]i[bB])?$"

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def bytes_of(text: str) -> int:
    """The bytes of `4MB`, `500KB` or `1000`. Raises ValueError with what is allowed."""
    found = re.fullmatch(r"([0-9]{1,12})\s*([a-zA-Z]*)", text.strip())
    if found is None or found[2].lower() not in _UNITS:
        raise ValueError("a size, such as 500KB, 4MB or a number of bytes")
    return int(found[1]) * _UNITS[found[2].lower()]
