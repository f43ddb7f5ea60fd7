"""Where a change event of Debezium comes from: its table, its position, and the order of positions. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from vsync.records.change import Json

_POSITION: Mapping[str, tuple[str, ...]] = {
    "postgresql": ("lsn",),
    "mysql": ("file", "pos", "row"),
    "mariadb": ("file", "pos", "row"),
    "sqlserver": ("commit_lsn", "change_lsn", "event_serial_no"),
    "oracle": ("scn",),
    "mongodb": ("ts_ms", "ord"),
}
"""The fields of `source` that say how far a connector has read. They are in order of weight."""

_CONDUIT = ("opencdc.createdAt", "opencdc.readAt")
"""Conduit writes a record's metadata as the source."""


def collection_of(source: Mapping[str, Json]) -> str:
    """The table or collection, with the database and the schema that it is in; empty where the source names none."""
    name = source.get("opencdc.collection")
    if type(name) is str:
        return name
    table = source.get("table") or source.get("collection")
    if type(table) is not str:
        return ""
    parts = [source.get("db"), source.get("schema"), table]
    return ".".join(part for part in parts if type(part) is str and part)


def position_of(source: Mapping[str, Json]) -> dict[str, Json]:
    """The fields of the source that say how far the connector has read; empty where there are none."""
    names = _POSITION.get(_name(source.get("connector")), ())
    found = {name: source[name] for name in names if source.get(name) is not None}
    if found:
        return found
    return {name: source[name] for name in (*_CONDUIT, "ts_ms") if source.get(name) is not None}


def place_of(source: Mapping[str, Json]) -> str:
    """The position as `order.is_older` compares it: `PLACE|NUMBERS`; empty where it says nothing.

    Numbers of two connectors, or of two servers, are not compared: the place before the bar is another. A row of a snapshot
    of MySQL does not name its server, and another server's binlog may begin at 1 again: its numbers are not compared.
    """
    connector, server, database = (_name(source.get(name)) for name in ("connector", "name", "db"))
    place = f"{connector}/{server}/{database}"
    numbers: list[str | None]
    if connector == "postgresql":
        numbers = [_number(source.get("lsn"))]
    elif connector in {"mysql", "mariadb"}:
        log, _, number = _name(source.get("file")).rpartition(".")
        if source.get("server_id") == 0:
            return ""
        place = f"{connector}/{server}/{_name(source.get('server_id'))}/{log}"
        numbers = [
            _number(number),
            _number(source.get("pos")),
            _number(source.get("row") or 0),
        ]
    elif connector == "sqlserver":
        numbers = [
            _lsn(source.get("commit_lsn")),
            _lsn(source.get("change_lsn")),
            _number(source.get("event_serial_no") or 0),
        ]
        if numbers[1] is None:
            numbers = numbers[:1]  # a row of a snapshot
    elif connector == "oracle":
        numbers = [_number(source.get("scn"))]
    elif connector == "mongodb":
        numbers = [_number(source.get("ts_ms") or None), _number(source.get("ord"))]
    else:
        return ""  # there is only a time, and clocks are set back, or are those of several machines
    if None in numbers:
        return ""
    return f"{place}|{':'.join(number for number in numbers if number is not None)}"


def time_of(event: Mapping[str, Json], source: Mapping[str, Json]) -> str:
    """When the event was read from its source, in nanoseconds; empty where it does not say."""
    time = source.get("opencdc.readAt")
    if type(time) is str:
        return time
    milliseconds = _number(event.get("ts_ms") or None)
    return "" if milliseconds is None else f"{milliseconds}000000"


def _name(value: Json) -> str:
    return value if type(value) is str else str(value) if type(value) is int else ""


def _number(value: Json) -> str | None:
    """A whole number, given as number or digits; None for everything else."""
    if type(value) is int:
        return str(value) if value >= 0 else None
    if type(value) is str and value.isascii() and value.isdigit():
        return value
    return None


def _lsn(value: Json) -> str | None:
    """A log sequence number of SQL Server, three hexadecimal numbers, as one number."""
    if type(value) is not str:
        return None
    try:
        return str(int(value.replace(":", ""), 16))
    except ValueError:
        return None
