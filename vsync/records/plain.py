"""Plain JSON objects, one a line: each is a document, and fields of it are its key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vsync.records.change import BadRecord, Change, Json
from vsync.records.fields import Path, look
from vsync.records.keys import key_of_fields, key_text
from vsync.records.parsing import parse_object, shown
from vsync.records.yes_or_no import says_yes


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
            deletes = delete_field is not None and _deletes(row, delete_field)
        except BadRecord as bad:
            bad.position, bad.key = line, key
            raise
        return Change(line, raw, line, "", key, path, key, deletes, None if deletes else row, "", {})

    return read


def _deletes(row: dict[str, Json], delete_field: Path) -> bool:
    value = look(row, delete_field)
    found = says_yes(value)
    if found is None:
        name, held = ".".join(delete_field), shown(value)
        raise BadRecord(
            "not-a-record",
            f"The field {name!r} of --delete-field is {held}. It must be a yes, a no, or the time of the deletion.",
        )
    return found
