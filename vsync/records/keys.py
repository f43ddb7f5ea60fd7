"""The key of a record as text, and the identity of its document. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vsync.records.change import BadRecord, Json, compact
from vsync.records.fields import MISSING, Path, look

_EMPTY: Final[tuple[Json, ...]] = ("", {}, [])


def key_text(key: Json) -> str:
    """A decoded key as text. Two keys have the same text only where they are the same value. Raises BadRecord."""
    if type(key) is str:
        text = key
    elif _is_empty(key):
        text = ""
    else:
        try:
            text = compact(key)
        except (ValueError, RecursionError):
            raise BadRecord("no-key", "The key holds a number too large for JSON, or is nested too deep.") from None
    if not text:
        raise BadRecord("no-key", "The record has no key, or an empty one.")
    return _storable(text, "key")


def _is_empty(key: Json) -> bool:
    """Whether the key, or each of its values, is null or empty. All rows with such a key would be one document."""
    if key is None:
        return True
    if type(key) is dict and len(key) == 1:  # most keys are like this, and this is faster
        [value] = key.values()
        return value is None or value in _EMPTY
    values = key.values() if isinstance(key, dict) else key if isinstance(key, list) else (0,)
    return all(value is None or value in _EMPTY for value in values)


def document_path(collection: str, key: str) -> str:
    """The identity of a document. A slash in the collection's name is written otherwise, so that it does not end there.

    Raises BadRecord for a collection that no store takes.
    """
    if not collection:
        return key
    collection = _storable(collection, "collection")
    if "/" in collection or "%" in collection:
        collection = collection.replace("%", "%25").replace("/", "%2F")
    return f"{collection}/{key}"


def _storable(text: str, what: str) -> str:
    """The text as a store takes it. A NUL is written as in JSON, because some databases refuse it."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadRecord("no-key", f"The {what} is not valid Unicode: it holds half of a surrogate pair.") from None
    return text.replace("\0", "\\u0000") if "\0" in text else text


def key_of_fields(row: Json, fields: Sequence[Path]) -> Json:
    """The value of one field, or an object of the values of several. None where one of them is missing or null."""
    values = [look(row, path) for path in fields]
    if any(value is MISSING or value is None for value in values):
        return None
    if len(fields) == 1:
        return values[0]
    return {".".join(path): value for path, value in zip(fields, values, strict=True)}
