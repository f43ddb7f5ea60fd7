"""Sizes as people write them. Pure."""

from __future__ import annotations

import re

PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})? ?([kmgKMG]?[bB]|[kmgKMG]i[bB])?$"
"""A size as a description of an API says it. What fits it, `bytes_of` reads."""

_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(|b|kb|mb|gb|kib|mib|gib)", re.ASCII)
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def bytes_of(text: str) -> int:
    """The bytes of `10MB`, `1.5GB`, `512KiB` or `4096`. Raises ValueError with what is allowed."""
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("a size, such as 500KB, 10MB or a number of bytes")
    return int(float(found[1]) * _BYTES[found[2]])
