"""JSON that is one line, and that every reader of JSON takes. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from vsync.records.exact import encode_exactly


def json_line(values: Mapping[str, Any]) -> str:
    """The values as JSON, without a line break. What JSON or UTF-8 cannot hold is written as text, or escaped."""
    try:
        line = encode_exactly(values, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):  # a number like NaN, or a value nested without an end
        line = encode_exactly({name: _plain(value) for name, value in values.items()}, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(json.loads(line), ensure_ascii=True)
    return line


_DEEPEST = 50


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict | list) and depth == _DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {str(name): _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return value
