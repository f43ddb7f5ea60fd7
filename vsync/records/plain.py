"""Plain JSON objects, one a line: each is a document, and fields of it are its key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from vsync.records.change import BadRecord, Change, Json
from vsync.records.fields import MISSING, Path, look
from vsync.records.keys import key_of_fields, key_text
from vsync.records.parsing import parse_object

_NO: Final = frozenset({"", "0", "f", "false", "n", "no"})
"""Some programs write booleans as text. Debezium's `__deleted` is such a text."""


def plain_reader(key_fields: Sequence[Path], delete_field: Path | None) -> Callable[[bytes, int], Change]:
    """What reads a line: the line and its number give a change, or BadRecord."""
    names = ", ".join(".".join(path) for path in key_fields)

    def read(raw: bytes, line: int) -> Change:
        row = parse_object(raw)
        key = key_of_fields(row, key_fields)
        if key is None:
            raise BadRecord("no-key", f"The object has no value for the key: {names}.", line)
        try:
            path = key_text(key)
        except BadRecord as bad:
            bad.position, bad.key = line, key
            raise
        deletes = delete_field is not None and _says_yes(look(row, delete_field))
        return Change(line, raw, line, "", key, path, key, deletes, None if deletes else row, "", {})

    return read


def _says_yes(value: Json) -> bool:
    if value is MISSING:
        return False
    return value.strip().lower() not in _NO if isinstance(value, str) else bool(value)
