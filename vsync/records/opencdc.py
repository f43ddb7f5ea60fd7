"""OpenCDC records as JSON, as Conduit writes them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vsync.records.change import BadRecord, Change, Json, compact
from vsync.records.keys import document_path, key_text
from vsync.records.order import order_of
from vsync.records.parsing import kind, parse_object, shown
from vsync.records.raw import Decode, RawMode, decode_auto, decoder

_DELETES: Final = {"create": False, "update": False, "snapshot": False, "delete": True}

_CHUNKED: Final = "opencdc.file.chunked"


def opencdc_reader(mode: RawMode) -> Callable[[bytes, int], Change]:
    """What reads a line: the line and its number give a change, or BadRecord."""
    decode = decoder(mode)

    def read(raw: bytes, line: int) -> Change:
        record = parse_object(raw)
        try:
            return _change(record, raw, line, decode)
        except BadRecord as bad:
            bad.position, bad.key = record.get("position"), record.get("key")
            raise

    return read


def _change(record: dict[str, Json], raw: bytes, line: int, decode: Decode) -> Change:
    operation = record.get("operation")
    deletes = _DELETES.get(operation) if type(operation) is str else None
    if deletes is None:
        raise BadRecord("not-a-record", _no_operation(record))
    metadata = record.get("metadata")
    if type(metadata) is not dict:
        if metadata is not None:
            raise BadRecord("not-a-record", f"The metadata of the record is {kind(metadata)}, not an object.")
        metadata = {}
    collection = metadata.get("opencdc.collection")
    if type(collection) is not str:
        collection = ""
    if _CHUNKED in metadata and metadata[_CHUNKED] == "true" and not deletes:
        raise BadRecord("not-a-record", _piece(metadata))
    key = record.get("key")
    value = _decoded_key(key, decode) if type(key) is str else key
    position = record.get("position")
    return Change(
        line,
        raw,
        position,
        order_of(_text(position), snapshot=operation == "snapshot", time=_time(metadata)),
        key,
        document_path(collection, key_text(value)),
        value,
        deletes,
        None if deletes else _document(record.get("payload"), decode),
        collection,
        metadata,
    )


def _piece(metadata: dict[str, Json]) -> str:
    piece, pieces = shown(metadata.get("opencdc.file.chunk.index")), shown(metadata.get("opencdc.file.chunk.count"))
    return f"The record holds a piece of a file ({piece} of {pieces}). A record must hold the whole document."


def _no_operation(record: dict[str, Json]) -> str:
    if "operation" in record:
        return f"The operation is {shown(record['operation'])}. It must be create, update, snapshot or delete."
    reason = "The record has no operation. An OpenCDC record has position, operation, metadata, key and payload."
    if "topic" in record and "offset" in record:
        reason += " This is a Kafka message. If it holds an event of Debezium: --format debezium/json. "
        reason += "If it holds a record of OpenCDC, let kcat print its value alone, without -J."
    elif "op" in record or (type(record.get("payload")) is dict and "op" in record["payload"]):
        reason += " This looks like an event of Debezium: --format debezium/json."
    elif "position" not in record and "payload" not in record:
        reason += " Rows without them are read with --format json."
    return reason


def _decoded_key(key: str, decode: Decode) -> str:
    try:
        value = decode(key)
    except ValueError:
        raise BadRecord("no-key", "The key is a string that is not base64.") from None
    return value if type(value) is str else key


def _document(payload: Json, decode: Decode) -> Json | bytes:
    after = payload.get("after") if type(payload) is dict else None
    if type(after) is dict:
        return after
    if type(after) is str:
        try:
            return decode(after)
        except ValueError:
            raise BadRecord("not-text", "payload.after is a string that is not base64.") from None
    if after is None:
        raise BadRecord("not-a-record", "The record has no payload.after, which is the document.")
    if type(after) is list:
        return after
    raise BadRecord("not-a-record", f"payload.after is {kind(after)}, not text or an object.")


def _text(position: Json) -> str:
    if type(position) is str:
        text = decode_auto(position)
        return text if type(text) is str else position
    if position is None:
        return ""
    try:
        return compact(position)
    except (ValueError, RecursionError):
        return ""


def _time(metadata: dict[str, Json]) -> str:
    """When Conduit read the record, in nanoseconds."""
    time = metadata.get("opencdc.readAt")
    return time if type(time) is str else ""
