"""A field of a record, named by a path with dots. Pure."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from vsync.errors import ConfigurationError
from vsync.records.change import BadRecord, Change, Json
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
            return look(self._change.key_value, path[1:])
        if head == "metadata":
            return self._change.metadata.get(".".join(path[1:]), MISSING)
        if len(path) == 1 and head == "collection":
            return self._change.collection
        if len(path) == 1 and head == "position":
            return self._change.position
        return look(self._parsed(), path)

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
            self._content = content
        return self._content
