"""Positions of known sources: what in them says which one is older. Pure.

In a position of an unknown source nobody knows which number weighs more. Here it is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_CONNECTOR = re.compile(
    r"((?:postgresql|mysql|mariadb|sqlserver|oracle|mongodb)/[^|]*)\|([0-9]{1,80}(?::[0-9]{1,80})*)"
)
_BINLOG = re.compile(r"([\w.-]*[A-Za-z_-])\.([0-9]{3,20})(?:[:/ ,]([0-9]{1,20}))(?:[:/ ,]([0-9]{1,20}))?", re.ASCII)
_SQL_SERVER = re.compile(r"[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8}:[0-9A-Fa-f]{4}")
_LSN = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")

_POSTGRES = "conduit/postgres"
_CHANGE = 2
"""The type of a position of Conduit's source of Postgres that is no snapshot's."""


class Known(NamedTuple):
    """A position as numbers in the order of their weight. Those of two places are not compared; nor are those of none."""

    place: str
    numbers: tuple[int, ...]


_OF_NO_PLACE = Known("", ())


def known(text: str) -> Known | None:
    """The position, if its form is one of these; None: the form is unknown.

    | form | by what it is compared |
    | --- | --- |
    | `CONNECTOR/PLACE\\|1:2:3`, as `debezium_source` makes it | the numbers |
    | Conduit, Postgres | the commit of the transaction and the place in it; before its version 2 the change's own place |
    | Conduit, MySQL | file, place in the file, row |
    | `mysql-bin.000003:900` | file, place in the file, row |
    | `00000027:00000758:0003`, SQL Server | the three numbers, which are hexadecimal |
    """
    if text.startswith("{"):
        return _of_json(text)
    if found := _CONNECTOR.fullmatch(text):
        return Known(found[1], tuple(map(int, found[2].split(":"))))
    if found := _BINLOG.fullmatch(text):
        return Known(f"binlog/{found[1]}", tuple(int(number) for number in found.groups()[1:] if number is not None))
    if _SQL_SERVER.fullmatch(text):
        return Known("sqlserver", tuple(int(part, 16) for part in text.split(":")))
    return None


def compared(one: Known, other: Known) -> int | None:
    """-1: `one` is older; 1: `other` is; 0: they are at one point; None: nobody knows."""
    if one.place != other.place or not one.place:
        return None
    if one.place == _POSTGRES and len(one.numbers) != len(other.numbers):
        return _of_two_versions(one.numbers, other.numbers)
    for mine, its in zip(one.numbers, other.numbers, strict=False):
        if mine != its:
            return -1 if mine < its else 1
    return 0


def _of_two_versions(one: tuple[int, ...], other: tuple[int, ...]) -> int | None:
    """Positions of Postgres before and since version 2: the place of a change, or commit, number and place."""
    if len(other) == 1:
        turned = _of_two_versions(other, one)
        return None if turned is None else -turned
    [place], (commit, _, its_place) = one, other
    if place == its_place:
        return 0
    if place < its_place:
        return -1
    return 1 if place > commit else None


def shortened(text: str) -> str:
    """The position without what says nothing of its order; every other position as it is."""
    found = known(text) if text.startswith("{") else None
    if found is None or found.place != _POSTGRES:
        return text
    names = ("tx_commit_lsn", "tx_seq", "last_lsn") if len(found.numbers) > 1 else ("last_lsn",)
    kept = {name: value for name, value in json.loads(text).items() if name in names}
    return json.dumps({**kept, "type": _CHANGE}, sort_keys=True, separators=(",", ":"))


def _of_json(text: str) -> Known | None:
    if '"last_lsn"' not in text and '"pos"' not in text and '"snapshots"' not in text:
        return None  # the parsing takes long
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    if "last_lsn" in fields or "snapshots" in fields:
        return _of_postgres(fields)
    inner = fields.get("cdc_position", fields)
    return _of_mysql(inner) if isinstance(inner, dict) and "name" in inner and "pos" in inner else None


def _of_postgres(fields: Mapping[str, Any]) -> Known:
    place, commit, number = _lsn(fields.get("last_lsn")), _lsn(fields.get("tx_commit_lsn")), fields.get("tx_seq")
    if fields.get("type") != _CHANGE or place is None:
        return _OF_NO_PLACE
    if commit is not None and type(number) is int and number > 0:
        return Known(_POSTGRES, (commit, number, place))
    return Known(_POSTGRES, (place,))


def _of_mysql(fields: Mapping[str, Any]) -> Known | None:
    """A row number of 0 is left out."""
    name, place, row = fields["name"], fields["pos"], fields.get("idx", 0)
    if type(name) is not str or type(place) is not int or type(row) is not int:
        return None
    log, _, number = name.rpartition(".")
    if not log or not number.isascii() or not number.isdigit() or len(number) > 20:
        return None
    return Known(f"conduit/mysql/{log}", (int(number), place, row))


def _lsn(value: Any) -> int | None:
    found = _LSN.fullmatch(value) if type(value) is str else None
    return int(found[1], 16) << 32 | int(found[2], 16) if found else None
