"""The document that a record asks for: file name, content and attributes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vsync.documents.attributes import (
    MAX_ATTRIBUTES,
    MAX_KEY_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    RESERVED_ATTRIBUTES,
    AttributeValue,
)
from vsync.errors import ConfigurationError
from vsync.records.change import BadRecord, Change, Json, Partial
from vsync.records.exact import Exact
from vsync.records.fields import MISSING, Fields, Path, lacking, not_text, parse_field
from vsync.records.file_names import file_name, name_of_key
from vsync.records.spelling import as_json, bare, spelled
from vsync.records.templates import Template

MAX_CONTENT_BYTES = 20 * 1024 * 1024
"""About the 5 million tokens that the API takes of one File."""

RESERVED = RESERVED_ATTRIBUTES | {"position"}


@dataclass(frozen=True, slots=True)
class Rules:
    """How documents are made of records.

    The content is the whole document, or one field of it, or a template of its fields. `extension` is the ending of
    text; a structured document is JSON. `attributes` names the field of each attribute.
    """

    content_field: Path | None = None
    template: Template | None = None
    name_template: Template | None = None
    extension: str = ".txt"
    attributes: Mapping[str, Path] = field(default_factory=dict)


@dataclass(slots=True)
class Described:
    """A document as it is uploaded. `cut` counts the attribute values that were too long."""

    filename: str
    content: bytes
    attributes: dict[str, AttributeValue]
    cut: int


def describe(change: Change, rules: Rules) -> Described:
    """The document that the change asks for. Raises BadRecord. Equal changes give equal documents."""
    fields = Fields(change)
    content: Json | bytes
    if rules.template is not None:
        content = rules.template.render(fields)
    elif rules.content_field is not None:
        content = _field(fields, rules.content_field)
    else:
        content = change.content
    if type(content) is str:
        data, ending = _encoded(content), rules.extension
    else:
        data, ending = _encoded(_as_json(content, change)), ".json"
    if len(data) > MAX_CONTENT_BYTES:
        raise BadRecord("too-large", f"The document has {len(data):,} bytes. The most is {MAX_CONTENT_BYTES:,}.")
    name = rules.name_template.render(fields) if rules.name_template is not None else name_of_key(change.key_value)
    described = Described(file_name(name, ending), data, {}, 0)
    for attribute, path in rules.attributes.items():
        _add_attribute(described, attribute, fields.get(path))
    return described


def _field(fields: Fields, path: Path) -> Json:
    value = fields.get(path)
    if value is MISSING:
        raise fields.missing(path, "the content")
    if value is None:
        raise BadRecord("no-field", f"The field {'.'.join(path)!r}, which is the content, is null.")
    return value if isinstance(value, (dict, list, bytes)) else spelled(value)


def _as_json(content: Json | bytes, change: Change) -> str:
    if isinstance(content, bytes):
        raise not_text(change, content)
    if isinstance(content, Partial):
        raise lacking(content, "The document is not whole.")
    return as_json(content)


def _encoded(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise BadRecord("not-text", "The document is not valid Unicode: it holds half of a surrogate pair.") from None
    if not data or data.isspace():
        raise BadRecord("not-text", "The document is empty.")
    if b"\0" in data:
        raise BadRecord("not-text", "The document is not text: it holds a NUL character.")
    return data


def _add_attribute(described: Described, name: str, value: Json) -> None:
    if value is MISSING or value is None:
        return
    made = _attribute(bare(value))
    if type(made) is str and len(made) > MAX_VALUE_CHARACTERS:
        made = made[: MAX_VALUE_CHARACTERS - 1] + "…"
        described.cut += 1
    described.attributes[name] = made


def _attribute(value: Json) -> AttributeValue:
    if isinstance(value, str):
        text = value.replace("\0", "")
        return text if text.isascii() else text.encode(errors="replace").decode()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, Exact):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return _attribute(", ".join(spelled(item) for item in value if item is not None))
    return _attribute(as_json(value))


def checked_attributes(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Mapping[str, Path]:
    """The attributes that the user chose, each with its field. Raises ConfigurationError."""
    checked: dict[str, Path] = {}
    for name, text in dict(pairs).items():
        if name in RESERVED:
            raise ConfigurationError(
                f"The attribute {name!r} is set by vsync itself.",
                f"Choose a name other than {', '.join(sorted(RESERVED))}.",
            )
        if not name or len(name) > MAX_KEY_CHARACTERS:
            raise ConfigurationError(
                f"The attribute name {name!r} has {len(name)} characters; the API takes 1 to {MAX_KEY_CHARACTERS}.",
                "Rename it.",
            )
        checked[name] = parse_field(text)
    most = MAX_ATTRIBUTES - len(RESERVED)
    if len(checked) > most:
        raise ConfigurationError(f"{len(checked)} attributes are given; {most} fit beside vsync's own.", "Remove some.")
    return checked
