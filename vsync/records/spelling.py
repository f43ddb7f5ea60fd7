"""A JSON value as text: in templates, names and attributes. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from vsync.records.change import BadRecord, Json
from vsync.records.exact import Exact, encode_exactly

_OPTIONS: Mapping[str, Any] = {
    "ensure_ascii": False,
    "sort_keys": True,
    "check_circular": False,
    "allow_nan": False,
}
_encode = json.JSONEncoder(**_OPTIONS).encode

_EXTENDED: Mapping[str, Callable[[Json], Json]] = {
    "$oid": str,
    "$numberInt": int,
    "$numberLong": int,
    "$numberDouble": float,
    "$numberDecimal": str,
    "$date": lambda date: date,
}
"""How MongoDB's JSON writes values that JSON does not have."""


def as_json(value: Json) -> str:
    """JSON with sorted members: equal values give equal texts. Raises BadRecord for a value that JSON cannot hold."""
    try:
        try:
            return _encode(value)
        except TypeError:  # it has exact numbers
            return encode_exactly(value, **_OPTIONS)
    except (ValueError, RecursionError):
        raise BadRecord("not-text", "The document holds a number too large for JSON, or is nested too deep.") from None


def bare(value: Json) -> Json:
    """The value of MongoDB that an object like `{"$oid": …}` holds; every other value as it is."""
    if type(value) is not dict or len(value) != 1:
        return value
    [(name, inner)] = value.items()
    if name == "$date" and type(inner) is dict:
        inner = inner.get("$numberLong")
    make = _EXTENDED.get(name)
    if make is None or inner is None or isinstance(inner, (dict, list, Exact)):
        return value
    try:
        return make(inner)
    except ValueError:
        return value


def spelled(value: Json) -> str:
    """Text as it is, null as nothing, everything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if type(value) is dict:
        found = bare(value)
        return as_json(value) if found is value else spelled(found)
    return str(value) if type(value) is int else as_json(value)
