"""Turns the attribute filters of a search into a predicate."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from vsync.embedded.arguments import nested
from vsync.embedded.messages import invalid

MAX_DEPTH = 16

Predicate = Callable[[Mapping[str, Any]], bool]

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def predicate(value: Any, param: str = "filters", depth: int = 0) -> Predicate:
    """The predicate of a filter. A missing attribute equals nothing, so only `ne` and `nin` match it."""
    if depth > MAX_DEPTH:
        raise invalid(f"Invalid '{param}': nested too deeply.", "filters", "invalid_value")
    if isinstance(value, dict) and value.get("type") in ("and", "or"):
        return _compound(value, param, depth)
    return _comparison(value, param)


def _compound(value: Any, param: str, depth: int) -> Predicate:
    arguments = nested(value, param, ("type", "filters"))
    parts = [
        predicate(part, f"{param}.filters[{n}]", depth + 1)
        for n, part in enumerate(arguments.array("filters", 100, at_least=1))
    ]
    together = all if arguments.raw("type") == "and" else any
    return lambda attributes: together(part(attributes) for part in parts)


def _comparison(value: Any, param: str) -> Predicate:
    arguments = nested(value, param, ("type", "key", "value"))
    kind, key, wanted = (
        arguments.required("type"),
        arguments.required_text("key"),
        arguments.required("value"),
    )
    if kind in ("in", "nin"):
        choices = arguments.array("value", 1000)
        if not all(_is_value(choice) for choice in choices):
            raise invalid(f"Invalid '{param}.value': expected an array of values.", "filters", "invalid_type")
        return lambda attributes: any(_equal(attributes.get(key), choice) for choice in choices) == (kind == "in")
    if not _is_value(wanted):
        raise invalid(f"Invalid '{param}.value': expected a string, number or boolean.", "filters", "invalid_type")
    if kind in ("eq", "ne"):
        return lambda attributes: _equal(attributes.get(key), wanted) == (kind == "eq")
    if isinstance(kind, str) and kind in _ORDERINGS:
        holds = _ORDERINGS[kind]
        return lambda attributes: _comparable(attributes.get(key), wanted) and holds(attributes[key], wanted)
    raise invalid(
        f"Invalid '{param}.type': expected one of 'eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'and', 'or'.",
        "filters",
        "invalid_value",
    )


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _equal(found: Any, wanted: Any) -> bool:
    # In Python True equals 1. As attributes they are different.
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)


def _comparable(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return False
    if isinstance(wanted, str):
        return isinstance(found, str)
    return isinstance(found, int | float)
