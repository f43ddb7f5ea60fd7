"""The JSON schema of the config, made from the table of its keys. Pure.

Editors use it to complete and check `.vsync.yml`. It takes whatever the reader of the config takes. The reader checks more:
patterns, templates, names, and what concerns several keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vsync.config.forms import Form
from vsync.config.keys import (
    TARGET_KEYS,
    TARGETS_KEY,
    VERSION,
    VERSION_KEY,
    Choice,
    Either,
    Key,
    Kind,
    ListOf,
    MapOf,
    Section,
    Switch,
    Text,
    Value,
    Whole,
)

_DRAFT = "http://json-schema.org/draft-07/schema#"
"""The newest draft that all common editors know."""
_TARGET = "target"
_ONE_STORE = {"not": {"type": "object", "required": ["vector-store-id", "vector-store-name"]}}


def json_schema() -> dict[str, Any]:
    """The schema. Its keys are in the order of the documentation."""
    return {
        "$schema": _DRAFT,
        "title": "The config of vsync (.vsync.yml)",
        "type": ["object", "null"],
        "properties": {
            VERSION_KEY.name: {"description": VERSION_KEY.says, "enum": [VERSION]},
            TARGETS_KEY.name: {"description": TARGETS_KEY.says, **_targets(TARGETS_KEY.kind)},
            **{key.name: _of_target(key) for key in TARGET_KEYS},
        },
        "required": [VERSION_KEY.name],
        "additionalProperties": False,
        "if": {"type": "object", "required": [TARGETS_KEY.name]},
        "then": {"properties": {VERSION_KEY.name: True, TARGETS_KEY.name: True}, "additionalProperties": False},
        "else": _ONE_STORE,
        "definitions": {
            _TARGET: {
                "type": ["object", "null"],
                "properties": {key.name: _described(key) for key in TARGET_KEYS},
                "additionalProperties": False,
                **_ONE_STORE,
            }
        },
    }


def _section(kind: Section) -> dict[str, Any]:
    required = [key.name for key in kind.keys if key.required]
    return {
        "type": "object",
        "properties": {key.name: _of_target(key) if key in TARGET_KEYS else _described(key) for key in kind.keys},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _of_target(key: Key) -> dict[str, Any]:
    """A key that a target has. It is described once."""
    return {"$ref": f"#/definitions/{_TARGET}/properties/{key.name}"}


def _described(key: Key) -> dict[str, Any]:
    default = {} if key.default is None else {"default": key.default}
    return {"description": key.says, **_kind(key.kind), **default}


def _targets(kind: Kind) -> dict[str, Any]:
    assert isinstance(kind, MapOf)
    return {**_kind(kind), "additionalProperties": {"$ref": f"#/definitions/{_TARGET}"}}


def _kind(kind: Kind) -> dict[str, Any]:
    match kind:
        case Section():
            return _section(kind)
        case Text(form):
            # A number without quotes is taken as it is written.
            return {"type": ["string", "number"], **_form(form)}
        case Value(form):
            return {"type": ["string", "number", "boolean"], **_form(form)}
        case ListOf(item, least, most, single):
            listing = {
                "type": "array",
                "items": _kind(item),
                **({"minItems": least} if least else {}),
                "maxItems": most,
            }
            return {"anyOf": [_kind(item), listing]} if single else listing
        case MapOf(key, value, least, most):
            return {
                "type": "object",
                "propertyNames": _form(key.form),
                "additionalProperties": _kind(value),
                **({"minProperties": least} if least else {}),
                "maxProperties": most,
            }
        case Either(listing, mapping):
            return {"anyOf": [*_options(_kind(listing)), _kind(mapping)]}
        case Whole(least, most, words):
            number = {"type": "integer", "minimum": least, "maximum": most}
            return number if words is None else {"anyOf": [{"type": "boolean"}, number]}
        case Choice(names, words):
            return {"enum": [*([] if words is None else [True, False]), *names]}
        case Switch():
            return {"type": "boolean"}


def _options(schema: dict[str, Any]) -> Iterable[dict[str, Any]]:
    options: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return options


def _form(form: Form) -> dict[str, Any]:
    return {
        **({"minLength": form.least} if form.least else {}),
        "maxLength": form.most,
        **({"pattern": form.regex} if form.regex else {}),
    }
