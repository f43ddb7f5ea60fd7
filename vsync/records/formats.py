"""The formats of records that can be read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vsync.errors import ConfigurationError
from vsync.records.change import Change
from vsync.records.opencdc import opencdc_reader
from vsync.records.raw import RAW_MODES

Read: TypeAlias = Callable[[bytes, int], Change]
"""Takes a line and its number. Raises BadRecord, and nothing else."""

FORMATS = ("opencdc/json", "debezium/json", "json")


def reader(name: str, *, raw: str = "auto", key_field: str | None = None, delete_field: str | None = None) -> Read:
    """What reads the lines of a format. Raises ConfigurationError."""
    if name not in FORMATS:
        raise ConfigurationError(f"There is no format {name!r}.", f"Choose one of: {', '.join(FORMATS)}.")
    if raw not in RAW_MODES:
        raise ConfigurationError(f"There is no raw mode {raw!r}.", f"Choose one of: {', '.join(RAW_MODES)}.")
    return opencdc_reader(raw)
