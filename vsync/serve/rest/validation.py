"""What is wrong with the shape of a call, in words that repeat none of its values. Pure.

The framework's own words may hold what was sent, and that may be secret: somebody may put a key into the wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from vsync.serve.rest.failure import Failure

_MOST_NAMED = 5
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_PLACES = {"body": "the body", "query": "the query", "path": "the path", "header": "the header"}

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "json_invalid": "is not JSON",
    "string_type": "must be a text",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_unicode": "is not valid Unicode",
    "list_type": "must be a list",
    "too_long": "has too many items",
    "too_short": "has too few items",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "string_pattern_mismatch": "is not of the right form",
}
_SAID = {"enum", "literal_error", "too_long", "greater_than_equal", "less_than_equal", "string_too_long"}
"""Errors whose context tells what is allowed. It comes from the description of the API, never from the call."""


def shape_failure(errors: Sequence[Mapping[str, Any]]) -> Failure:
    """The failure for a call of another shape: 400 for a body that is no JSON, else 422."""
    kinds = {str(error.get("type")) for error in errors}
    if "json_invalid" in kinds:
        return not_json()
    problems = list(dict.fromkeys(_problem(error) for error in errors))
    more = f" and {len(problems) - _MOST_NAMED:,} more" if len(problems) > _MOST_NAMED else ""
    named = "; ".join(problems[:_MOST_NAMED])
    return Failure(
        422,
        "invalid_shape",
        f"The call has another shape than /docs describes: {named}{more}.",
        param=_param(errors[0]) if errors else None,
    )


def not_json() -> Failure:
    """The failure for a body that is no JSON, or does not say that it is."""
    return Failure(
        400, "not_json", "The body is not JSON. Send a JSON object, with the header content-type: application/json."
    )


def _problem(error: Mapping[str, Any]) -> str:
    place = _param(error)
    kind = str(error.get("type"))
    words = _WORDS.get(kind, "is not valid")
    allowed = _allowed(error, kind)
    return f"{place} {words}{allowed}"


def _param(error: Mapping[str, Any]) -> str:
    """The place that is wrong. A name that is not one of the API's own is not repeated."""
    where, *steps = [str(step) for step in error.get("loc", ())] or ["body"]
    known = steps[:-1] if error.get("type") == "extra_forbidden" else steps
    shown = [step if step.isdecimal() or _NAME.fullmatch(step) else "…" for step in known]
    if error.get("type") == "extra_forbidden":
        inside = ".".join([where, *shown])
        return f"a name in {inside}"
    return ".".join(shown) if shown else _PLACES.get(where, where)


def _allowed(error: Mapping[str, Any], kind: str) -> str:
    context = error.get("ctx")
    if kind not in _SAID or not isinstance(context, Mapping):
        return ""
    for key in ("expected", "max_length", "ge", "le"):
        if key in context:
            return f" (allowed: {context[key]})" if key == "expected" else f" ({_BOUNDS[key]} {context[key]})"
    return ""


_BOUNDS = {"max_length": "at most", "ge": "at least", "le": "at most"}
