"""The key of a record as text, and the identity of its document. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.records.change import BadRecord, Json, compact
from vsync.records.fields import MISSING, Path, look


def key_text(key: Json) -> str:
    """A decoded key as text. Two keys have the same text only where they are the same value. Raises BadRecord."""
    if type(key) is str:
        text = key
    elif key is None or key == {} or key == []:
        text = ""
    else:
        try:
            text = compact(key)
        except (ValueError, RecursionError):
            raise BadRecord("no-key", "The key holds a number too large for JSON, or is nested too deep.") from None
    if not text:
        raise BadRecord("no-key", "The record has no key, or an empty one.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadRecord("no-key", "The key is not valid Unicode: it holds half of a surrogate pair.") from None
    return text


def document_path(collection: str, key: str) -> str:
    """The identity of a document. A slash in the collection's name is written otherwise, so that it does not end there."""
    if not collection:
        return key
    if "/" in collection or "%" in collection:
        collection = collection.replace("%", "%25").replace("/", "%2F")
    return f"{collection}/{key}"


def key_of_fields(row: Json, fields: Sequence[Path]) -> Json:
    """The value of one field, or an object of the values of several. None where one of them is missing or null."""
    values = [look(row, path) for path in fields]
    if any(value is MISSING or value is None for value in values):
        return None
    if len(fields) == 1:
        return values[0]
    return {".".join(path): value for path, value in zip(fields, values, strict=True)}
