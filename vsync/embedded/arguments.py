"""Checks what a caller sent, before anything is changed: JSON bodies, query parameters, limits of fields.

Refusals carry the codes of the OpenAI API, because clients decide by these codes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from vsync.embedded.chunking import AUTO, Chunking
from vsync.embedded.messages import MAX_JSON_BYTES, ApiError, Request, invalid, too_large

MAX_ATTRIBUTES = 16
MAX_KEY_CHARACTERS = 64
MAX_VALUE_CHARACTERS = 512

AttributeValue = str | int | float | bool
Attributes = dict[str, AttributeValue]


def json_body(request: Request, allowed: Iterable[str]) -> Arguments:
    """The body as a JSON object that has only allowed keys."""
    parts, size = [], 0
    for part in request.body:
        size += len(part)
        if size > MAX_JSON_BYTES:
            raise too_large(f"The request body is larger than {MAX_JSON_BYTES} bytes.")
        parts.append(part)
    try:
        value = json.loads(b"".join(parts) or b"{}", parse_constant=_refuse_constant)
        # Python parses lone surrogates and numbers beyond a float's range. Neither can be stored or sent back.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid("We could not parse the JSON body of your request.") from error
    if not isinstance(value, dict):
        raise invalid("The JSON body of the request must be an object.")
    return Arguments(value, allowed)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Arguments:
    """A JSON object. Its members are read with their types checked; null counts as absent."""

    def __init__(self, value: Mapping[str, Any], allowed: Iterable[str], prefix: str = "") -> None:
        self._value = value
        self._prefix = prefix
        for name in value.keys() - set(allowed):
            raise invalid(f"Unknown parameter: '{prefix}{name}'.", prefix + name, "unknown_parameter")

    def __contains__(self, name: str) -> bool:
        return name in self._value

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def raw(self, name: str) -> Any:
        return self._value.get(name)

    def param(self, name: str) -> str:
        return self._prefix + name

    def required(self, name: str) -> Any:
        if not self.has(name):
            raise invalid(
                f"Missing required parameter: '{self.param(name)}'.",
                self.param(name),
                "missing_required_parameter",
            )
        return self._value[name]

    def text(self, name: str) -> str | None:
        value = self.raw(name)
        if value is not None and not isinstance(value, str):
            raise _wrong_type(self.param(name), "a string")
        return value

    def required_text(self, name: str) -> str:
        self.required(name)
        return self.text(name) or ""

    def flag(self, name: str) -> bool:
        value = self.raw(name)
        if value is not None and not isinstance(value, bool):
            raise _wrong_type(self.param(name), "a boolean")
        return bool(value)

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        value = self.required(name) if default is None else self.raw(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(self.param(name), "an integer")
        if not low <= value <= high:
            raise _out_of_range(self.param(name), low, high)
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise _wrong_type(self.param(name), "a number")
        if not low <= value <= high:
            raise _out_of_range(self.param(name), low, high)
        return value

    def array(self, name: str, at_most: int, at_least: int = 0) -> list[Any]:
        value = self.raw(name)
        if value is None:
            value = []
        if not isinstance(value, list):
            raise _wrong_type(self.param(name), "an array")
        if len(value) > at_most:
            raise invalid(
                f"Invalid '{self.param(name)}': array too long. Expected an array with maximum length "
                f"{at_most}, but got an array with length {len(value)} instead.",
                self.param(name),
                "array_above_max_length",
            )
        if len(value) < at_least:
            raise invalid(
                f"Invalid '{self.param(name)}': array too short. Expected an array with minimum length "
                f"{at_least}, but got an array with length {len(value)} instead.",
                self.param(name),
                "array_below_min_length",
            )
        return value

    def strings(self, name: str, at_most: int, at_least: int = 0) -> list[str]:
        value = self.array(name, at_most, at_least)
        if not all(isinstance(item, str) for item in value):
            raise _wrong_type(self.param(name), "an array of strings")
        return value

    def nested(self, name: str, allowed: Iterable[str]) -> Arguments:
        return nested(self.raw(name), self.param(name), allowed)

    def attributes(self, name: str = "attributes") -> Attributes:
        return self._pairs(name, (str, int, float, bool), "strings, numbers or booleans")

    def metadata(self) -> Attributes:
        return self._pairs("metadata", (str,), "strings")

    def _pairs(self, name: str, kinds: tuple[type, ...], described: str) -> Attributes:
        param, value = self.param(name), self.raw(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _wrong_type(param, "an object")
        if len(value) > MAX_ATTRIBUTES:
            raise invalid(
                f"Invalid '{param}': too many properties. Expected an object with at most {MAX_ATTRIBUTES} "
                f"properties, but got an object with {len(value)} properties instead.",
                param,
                "object_above_max_properties",
            )
        for key, item in value.items():
            if len(key) > MAX_KEY_CHARACTERS:
                raise _too_long(param, "key", MAX_KEY_CHARACTERS, len(key))
            if not isinstance(item, kinds):
                raise _wrong_type(param, f"an object whose values are {described}")
            if isinstance(item, str) and len(item) > MAX_VALUE_CHARACTERS:
                raise _too_long(f"{param}.{key}", "string", MAX_VALUE_CHARACTERS, len(item))
        return value

    def chunking(self) -> Chunking:
        if not self.has("chunking_strategy"):
            return AUTO
        strategy = self.nested("chunking_strategy", ("type", "static"))
        match strategy.required("type"):
            case "auto":
                return AUTO
            case "static":
                strategy.required("static")
                sizes = strategy.nested("static", ("max_chunk_size_tokens", "chunk_overlap_tokens"))
                size = sizes.integer("max_chunk_size_tokens", 100, 4096)
                return Chunking(size, sizes.integer("chunk_overlap_tokens", 0, size // 2))
        raise invalid(
            "Invalid 'chunking_strategy.type': expected one of 'auto', 'static'.",
            "chunking_strategy.type",
            "invalid_value",
        )


def nested(value: Any, param: str, allowed: Iterable[str]) -> Arguments:
    if not isinstance(value, dict):
        raise _wrong_type(param, "an object")
    return Arguments(value, allowed, param + ".")


@dataclass(frozen=True)
class Paging:
    limit: int
    descending: bool
    after: str | None
    before: str | None

    @classmethod
    def from_query(cls, query: Mapping[str, list[str]], *, default: int, maximum: int) -> Paging:
        order = choice(query, "order", ("asc", "desc")) or "desc"
        text = one(query, "limit")
        try:
            limit = default if text is None else int(text)
        except ValueError as error:
            raise _wrong_type("limit", "an integer") from error
        if not 1 <= limit <= maximum:
            raise _out_of_range("limit", 1, maximum)
        return cls(limit, order == "desc", one(query, "after"), one(query, "before"))


def one(query: Mapping[str, list[str]], name: str) -> str | None:
    values = query.get(name)
    return values[-1] if values else None


def choice(query: Mapping[str, list[str]], name: str, choices: tuple[str, ...]) -> str | None:
    value = one(query, name)
    if value is not None and value not in choices:
        listed = ", ".join(f"'{item}'" for item in choices)
        raise invalid(f"Invalid '{name}': expected one of {listed}.", name, "invalid_value")
    return value


def _wrong_type(param: str, expected: str) -> ApiError:
    return invalid(f"Invalid type for '{param}': expected {expected}.", param, "invalid_type")


def _out_of_range(param: str, low: float, high: float) -> ApiError:
    return invalid(f"Invalid '{param}': expected a value from {low} to {high}.", param, "invalid_value")


def _too_long(param: str, what: str, limit: int, length: int) -> ApiError:
    return invalid(
        f"Invalid '{param}': {what} too long. Expected a {what} with maximum length {limit}, "
        f"but got a {what} with length {length} instead.",
        param,
        "string_above_max_length",
    )
