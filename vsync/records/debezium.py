"""Debezium's change events as JSON: bare, in Kafka Connect's envelope, or as Kafka messages that kcat prints. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from vsync.records.change import BadRecord, Change, Json, Partial
from vsync.records.debezium_source import collection_of, place_of, position_of, time_of
from vsync.records.fields import Path
from vsync.records.kafka_message import Message, message_of
from vsync.records.keys import document_path, key_of_fields, key_text
from vsync.records.no_change import no_change
from vsync.records.order import order_of
from vsync.records.parsing import kind, parse_json, parse_object, shown

_DELETES: Final = {"c": False, "u": False, "r": False, "d": True}
_OTHER: Final = {
    "t": "The event is a truncate: it says that all rows of the table went, and names none of them.",
    "m": "The event is a message (pg_logical_emit_message), not a change of a row.",
}
_OPENCDC: Final = "The record has an operation and no op. This looks like a record of OpenCDC: --format opencdc/json."
_UNAVAILABLE: Final = "__debezium_unavailable_value"
_UNAVAILABLE_BYTES: Final = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="
"""What stands for a large value that did not change, in a column of text and in a column of bytes."""


def debezium_reader(key_fields: Sequence[Path]) -> Callable[[bytes, int], Change]:
    """What reads a line: the line and its number give a change, or BadRecord.

    `key_fields` are the fields of a row that make its key; without them the key comes with the event.
    """

    def read(raw: bytes, line: int) -> Change:
        record = parse_object(raw)
        if "operation" in record and "op" not in record:
            raise BadRecord("not-a-record", _OPENCDC, record.get("position"), record.get("key"))
        message = message_of(record)
        event = message.event
        if event is None and message.key is not None:
            return _tombstone(message, raw, line, key_fields)
        source: Mapping[str, Json] = {}
        position = message.position
        key = message.key
        try:
            deletes = _deletes(event, key)
            if type(event.get("source")) is dict:
                source = event["source"]
            if position is None:
                position = position_of(source) or line
            row = _row(event, "before" if deletes else "after")
            if key_fields:
                key = key_of_fields(row, key_fields)
            value = _key(key, key_fields, deletes)
            content = None if deletes else _document(event, row, raw)
            collection = collection_of(source)
            path = document_path(message.topic or collection, value)
        except BadRecord as bad:
            bad.position, bad.key = position, key
            raise
        return Change(
            line,
            raw,
            position,
            order_of(message.order or place_of(source), snapshot=event["op"] == "r", time=time_of(event, source)),
            key,
            path,
            key,
            deletes,
            content,
            collection or message.topic,
            source,
        )

    return read


def _deletes(event: Json, key: Json) -> bool:
    if type(event) is not dict:
        raise BadRecord("not-a-record", f"The event is {kind(event)}, not an object.")
    op = event.get("op")
    deletes = _DELETES.get(op) if type(op) is str else None
    if deletes is not None:
        return deletes
    if type(op) is str and op in _OTHER:
        raise BadRecord("not-a-record", _OTHER[op])
    if "op" in event:
        raise BadRecord("not-a-record", f"The op of the event is {shown(op)}. It must be c, u, r or d.")
    raise no_change(event, key) or BadRecord(
        "not-a-record", "The event has no op, before and after. Rows without them are read with --format json."
    )


def _row(event: dict[str, Json], name: str) -> Json:
    """The row before or after the change. MongoDB's connector writes it as JSON in a string."""
    row = event.get(name)
    if type(row) is str:
        try:
            return parse_json(row)
        except ValueError as error:
            raise BadRecord("not-json", f"The string in {name!r} is not JSON: {error}.") from None
    return row


def _document(event: dict[str, Json], row: Json, raw: bytes) -> Json:
    if type(row) is not dict:
        if row is None and event.get("updateDescription") is not None:
            reason = "The event has only the changed fields. Let the connector send full documents (capture.mode)."
        elif row is None:
            reason = "The event has no 'after', which is the document."
        else:
            reason = f"The 'after' of the event is {kind(row)}, not an object."
        raise BadRecord("not-a-record", reason)
    if _UNAVAILABLE.encode() in raw or _UNAVAILABLE_BYTES.encode() in raw:
        return _without_unavailable(row)
    return row


def _without_unavailable(row: dict[str, Json]) -> dict[str, Json]:
    there: dict[str, Json] = {}
    lacks: list[str] = []
    for name, value in row.items():
        first = value[0] if type(value) is list and value else value
        if first in (_UNAVAILABLE, _UNAVAILABLE_BYTES):
            lacks.append(name)
        else:
            there[name] = value
    return Partial(there, lacks) if lacks else row


def _key(key: Json, key_fields: Sequence[Path], deletes: bool) -> str:
    if key is None and key_fields:
        names = ", ".join(".".join(path) for path in key_fields)
        where = "before" if deletes else "after"
        raise BadRecord("no-key", f"The '{where}' of the event has no value for the key: {names}.")
    if key is None:
        raise BadRecord("no-key", "No key came with the event. Name the field of the row that is the key: --key-field.")
    return key_text(key)


def _tombstone(message: Message, raw: bytes, line: int, key_fields: Sequence[Path]) -> Change:
    """A key without an event: Kafka's way to say that the document is gone. Before it comes an event that deletes the row."""
    key = key_of_fields(message.key, key_fields) if key_fields else message.key
    if key is None:
        reason = "The message is a tombstone. Its key does not hold the fields of --key-field."
        raise BadRecord("skipped", reason, message.position, message.key)
    try:
        path = document_path(message.topic, key_text(key))
    except BadRecord as bad:
        bad.position, bad.key = message.position, message.key
        raise
    position = line if message.position is None else message.position
    order = order_of(message.order, snapshot=False, time="")
    return Change(line, raw, position, order, key, path, key, True, None, message.topic, {})
