"""Sizes as people write them. Pure."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(|b|kb|mb|gb|kib|mib|gib)", re.ASCII)
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def bytes_of(text: str) -> int:
    """The bytes of `10MB`, `1.5GB`, `512KiB` or `4096`. Raises ValueError with what is allowed."""
    found = _SIZE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("a size is a number of bytes, or a number with KB, MB or GB, such as 10MB")
    return int(float(found[1]) * _BYTES[found[2]])
