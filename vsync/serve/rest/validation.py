"""What is wrong with the shape of a call, in words that repeat none of its values. Pure.

The framework's own words may hold what was sent, and that may be secret: somebody may put a key into the wrong field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from vsync.serve.rest.allowed import Allowed
from vsync.serve.rest.failure import Failure
from vsync.serve.rest.fields import FORMS

_MOST_NAMED = 5
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
    "null_given": "holds a null",
}
_SAID = {"enum", "literal_error", "too_long", "greater_than_equal", "less_than_equal", "string_too_long"}
"""Errors whose context tells what is allowed. It comes from the description of the API, never from the call."""


_OTHER_WAY = "none_required"
"""A field that may be left out could also hold nothing: no caller can write that."""


def shape_failure(
    errors: Sequence[Mapping[str, Any]], names: Collection[str], allowed: Allowed, *, is_json: bool
) -> Failure:
    """The failure for a call of another shape: 400 for a body that is missing or no JSON, else 422.

    `names` are the names that may be repeated, `allowed` those that this call takes. `is_json`: the call says that its body
    is JSON.
    """
    whole_body = [error for error in errors if tuple(error.get("loc", ())) == ("body",)]
    if any(error.get("type") == "missing" for error in whole_body):
        return Failure(
            400, "nothing_named", "There is no body. Send a JSON object that holds ids, or a filter.", param="body"
        )
    if (whole_body and not is_json) or any(error.get("type") == "json_invalid" for error in errors):
        return not_json()
    told = [error for error in errors if error.get("type") != _OTHER_WAY]
    problems = list(dict.fromkeys(_problem(error, names, allowed) for error in told))
    more = f" and {len(problems) - _MOST_NAMED:,} more" if len(problems) > _MOST_NAMED else ""
    return Failure(
        422,
        "invalid_shape",
        f"The call has another shape than /docs describes: {'; '.join(problems[:_MOST_NAMED])}{more}.",
        param=_place(told[0], names) if told else None,
    )


_LISTS = {"name", "metadata", "status", "path", "attribute", "purpose", "in_store"}
"""The parameters that may stand several times in a query."""


def check_once(given: Iterable[str], names: Collection[str]) -> None:
    """Raises Failure when a parameter is given twice that has one value: nobody can tell which one is meant.

    `given` are the names in the query, `names` those that may be repeated in an error.
    """
    numbers = Counter(given)
    for name, number in numbers.items():
        if number > 1 and name not in _LISTS:
            shown = name if name in names else "A parameter"
            message = f"{shown} is given {number} times in the query. Give it once."
            raise Failure(422, "repeated_parameter", message, param=name if name in names else "query")


def not_json() -> Failure:
    """The failure for a body that is no JSON, or does not say that it is."""
    return Failure(
        400, "not_json", "The body is not JSON. Send a JSON object, with the header content-type: application/json."
    )


def _problem(error: Mapping[str, Any], names: Collection[str], allowed: Allowed) -> str:
    place, kind = _place(error, names), str(error.get("type"))
    shown = _PLACES.get(place, place)
    if kind == "extra_forbidden":
        known = ", ".join(_known_around(error, allowed))
        return f"a name in {shown} {_WORDS[kind]}{f' (allowed: {known})' if known else ''}"
    return f"{shown} {_WORDS.get(kind, 'is not valid')}{_allowed(error, kind)}"


def _known_around(error: Mapping[str, Any], allowed: Allowed) -> Sequence[str]:
    """The names that the place takes which holds an unknown name: the innermost schema on the way to it."""
    return next((allowed[step] for step in reversed(_steps(error)) if step in allowed), ())


def _steps(error: Mapping[str, Any]) -> list[str]:
    """The way to the place that is wrong. An unknown name is no part of it: its place is the object around it."""
    steps = [str(step) for step in error.get("loc", ())] or ["body"]
    return steps[:-1] if error.get("type") == "extra_forbidden" and len(steps) > 1 else steps


def _place(error: Mapping[str, Any], names: Collection[str]) -> str:
    """The place that is wrong: `filter.name`, `vector_store_ids.2`, or `body`. Only known names stand in it."""
    where, *steps = _steps(error)
    return ".".join(step for step in steps if step in names or step.isdecimal()) or where


def _allowed(error: Mapping[str, Any], kind: str) -> str:
    context = error.get("ctx")
    if not isinstance(context, Mapping):
        return ""
    if context.get("pattern") in FORMS:
        return f" (allowed: {FORMS[context['pattern']]})"
    if kind not in _SAID:
        return ""
    for key in ("expected", "max_length", "ge", "le"):
        if key in context:
            return f" (allowed: {context[key]})" if key == "expected" else f" ({_BOUNDS[key]} {context[key]})"
    return ""


_BOUNDS = {"max_length": "at most", "ge": "at least", "le": "at most"}
