"""Events of Debezium that are no change of a row: heartbeats, transaction metadata, changes of a schema. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vsync.records.change import BadRecord, Json

_TIMES: Final = frozenset({"ts_ms", "ts_us", "ts_ns"})
_TRANSACTION: Final = frozenset({"status", "id", "event_count", "data_collections"})
_SCHEMA_CHANGE: Final = frozenset({"source", "position", "databaseName", "schemaName", "ddl", "tableChanges"})
_TAKES_ROWS_AWAY: Final = re.compile(r"\b(?:truncate|drop\s+(?:table|database|schema))\b", re.IGNORECASE)
_NO_SNAPSHOT: Final = (None, False, "false")


def no_change(event: Mapping[str, Json], key: Json) -> BadRecord | None:
    """What an event without an operation is, where it surely is no change of a row; None where it may be one.

    A statement that takes all rows of a table away is a change of rows, though it names none. At the start of a snapshot
    the connector writes such statements too; they say how a table is made.
    """
    names = event.keys() - _TIMES
    if not names and "ts_ms" in event and (key is None or (type(key) is dict and key.keys() == {"serverName"})):
        return BadRecord("skipped", "The event is a heartbeat of the connector.")
    if names == _TRANSACTION and event["status"] in ("BEGIN", "END"):
        return BadRecord("skipped", "The event says where a transaction begins or ends.")
    if names <= _SCHEMA_CHANGE and "ddl" in event and "databaseName" in event:
        source, ddl = event.get("source"), event["ddl"]
        snapshot = type(source) is dict and source.get("snapshot") not in _NO_SNAPSHOT
        if type(ddl) is str and not snapshot and _TAKES_ROWS_AWAY.search(ddl):
            return BadRecord("not-a-record", "The event says that all rows of a table went, and names none of them.")
        return BadRecord("skipped", "The event is a change of a schema, not of a row.")
    return None
