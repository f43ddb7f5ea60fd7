"""A JSON value as text: in templates, names and attributes. Pure."""

from __future__ import annotations

import json

from vsync.records.change import BadRecord, Json

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, check_circular=False, allow_nan=False).encode


def as_json(value: Json) -> str:
    """JSON with sorted members: equal values give equal texts. Raises BadRecord for a value that JSON cannot hold."""
    try:
        return _json(value)
    except (ValueError, RecursionError):
        raise BadRecord("not-text", "The document holds a number too large for JSON, or is nested too deep.") from None


def spelled(value: Json) -> str:
    """Text as it is, null as nothing, everything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return str(value) if type(value) is int else as_json(value)
