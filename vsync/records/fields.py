"""A field of a record, named by a path with dots. Pure."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from vsync.errors import ConfigurationError
from vsync.records.change import BadRecord, Change, Json, Partial
from vsync.records.parsing import parse_json

Path: TypeAlias = tuple[str, ...]

MISSING: Final[Any] = object()
"""What `look` gives where the field is not there. A field that is null is there."""


def parse_field(text: str) -> Path:
    """`a.b` as a path. Raises ConfigurationError."""
    path = tuple(text.split("."))
    if not all(path):
        raise ConfigurationError(
            f"The field name {text!r} has an empty part.",
            "Write the names of the fields with dots between them: author.name.",
        )
    return path


def look(value: Json, path: Path) -> Json:
    """The field of an object at that path; MISSING where there is none.

    A name that holds dots itself is found as well, where no path has these names. Items of lists have numbers, from 0.
    """
    found = value
    for at, name in enumerate(path):
        if isinstance(found, dict):
            if name in found:
                found = found[name]
                continue
            return found.get(".".join(path[at:]), MISSING) if at + 1 < len(path) else MISSING
        if isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 10 and int(name) < len(found):
            found = found[int(name)]
            continue
        return MISSING
    return found


def lacking(content: Partial, what: str) -> BadRecord:
    """That the record leaves fields out."""
    return BadRecord(
        "no-field",
        f"{what} The database did not send unchanged large values: {', '.join(content.lacks)}. "
        "In Postgres, set the table's REPLICA IDENTITY to FULL.",
    )


def not_text(change: Change, content: bytes) -> BadRecord:
    """That the document is bytes."""
    reason = f"The document is not text: its {len(content):,} bytes are not UTF-8."
    if "opencdc.payload.schema.subject" in change.metadata:
        reason += " They are encoded with a schema: set sdk.schema.extract.payload.enabled on Conduit's destination."
    return BadRecord("not-text", reason)


def _with_fields(key: Json) -> Json:
    """A key that is JSON in a text has fields too."""
    try:
        return parse_json(key) if isinstance(key, str) else key
    except ValueError:
        return key


class Fields:
    """The fields of one change, by the names that options and templates use.

    | name | field |
    | --- | --- |
    | `key`, `key.a` | the key, or a field of it |
    | `metadata.a.b` | the metadata called `a.b` |
    | `collection`, `position` | of the record |
    | `payload`, `payload.a` | the document, or a field of it |
    | `a`, `a.b` | a field of the document |

    A document that is text is parsed as JSON when one of its fields is asked for.
    """

    __slots__ = ("_change", "_content")

    def __init__(self, change: Change) -> None:
        self._change = change
        self._content: Json = MISSING

    def get(self, path: Path) -> Json:
        """The field at that path; MISSING where there is none. Raises BadRecord where the document has no fields."""
        head = path[0]
        if head == "payload":
            return look(self._parsed(), path[1:]) if len(path) > 1 else self._change.content
        if head == "key":
            return look(_with_fields(self._change.key_value), path[1:]) if len(path) > 1 else self._change.key_value
        if head == "metadata":
            return self._change.metadata.get(".".join(path[1:]), MISSING)
        if len(path) == 1 and head == "collection":
            return self._change.collection
        if len(path) == 1 and head == "position":
            return self._change.position
        return look(self._parsed(), path)

    def missing(self, path: Path, use: str) -> BadRecord:
        """That the field, which `use` needs, is not there."""
        name = ".".join(path)
        content = self._change.content
        if isinstance(content, Partial) and {path[0], path[1:2] and path[1]} & set(content.lacks):
            return lacking(content, f"The field {name!r}, which {use} needs, is not in the record.")
        return BadRecord("no-field", f"The record has no field {name!r}, which {use} needs.")

    def _parsed(self) -> Json:
        if self._content is MISSING:
            content = self._change.content
            if isinstance(content, str):
                try:
                    content = parse_json(content)
                except ValueError as error:
                    raise BadRecord(
                        "no-field", f"The document is text without fields: it is not JSON ({error})."
                    ) from None
            elif isinstance(content, bytes):
                raise not_text(self._change, content)
            self._content = content
        return self._content
