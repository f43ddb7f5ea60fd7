"""The formats of records that can be read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vsync.errors import ConfigurationError
from vsync.records.change import Change
from vsync.records.debezium import debezium_reader
from vsync.records.fields import Path, parse_field
from vsync.records.opencdc import opencdc_reader
from vsync.records.plain import plain_reader
from vsync.records.raw import RAW_MODES

Read: TypeAlias = Callable[[bytes, int], Change]
"""Takes a line and its number. Raises BadRecord, and nothing else."""

FORMATS = ("opencdc/json", "debezium/json", "json")


def reader(name: str, *, raw: str = "auto", key_field: str | None = None, delete_field: str | None = None) -> Read:
    """What reads the lines of a format. Raises ConfigurationError.

    `key_field` is one field of a row, or several with commas between them.
    """
    if name not in FORMATS:
        raise ConfigurationError(f"There is no record format {name!r}.", f"Choose one of: {', '.join(FORMATS)}.")
    if raw not in RAW_MODES:
        raise ConfigurationError(f"There is no raw mode {raw!r}.", f"Choose one of: {', '.join(RAW_MODES)}.")
    if name == "opencdc/json":
        _refuse(name, key_field=key_field, delete_field=delete_field)
        return opencdc_reader(raw)
    _refuse(name, raw=None if raw == "auto" else raw)
    keys = _key_fields(key_field)
    if name == "debezium/json":
        _refuse(name, delete_field=delete_field)
        return debezium_reader(keys)
    if not keys:
        raise ConfigurationError(
            "Plain JSON objects have no key of their own.",
            "Name the field that is the key: --key-field id. Several fields have commas between them.",
        )
    return plain_reader(keys, None if delete_field is None else parse_field(delete_field))


def _key_fields(text: str | None) -> tuple[Path, ...]:
    return () if text is None else tuple(parse_field(part.strip()) for part in text.split(","))


def _refuse(name: str, **options: str | None) -> None:
    for option, value in options.items():
        if value is not None:
            flag = "--" + option.replace("_", "-")
            raise ConfigurationError(f"{flag} means nothing for records of the format {name}.", f"Leave {flag} out.")
