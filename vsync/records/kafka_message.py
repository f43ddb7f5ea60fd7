"""Where on a line an event of Debezium stands: bare, in Kafka Connect's envelope, or in a Kafka message with its key. Pure."""

from __future__ import annotations

from typing import NamedTuple

from vsync.records.avro_json import is_tagged, untagged
from vsync.records.change import BadRecord, Json
from vsync.records.parsing import parse_json, shown


class Message(NamedTuple):
    """A change event, and what came with it. `event` is None for a tombstone; `key` is None where none came."""

    event: Json
    key: Json
    topic: str
    position: Json
    order: str


def message_of(record: dict[str, Json]) -> Message:
    """The event on a line. A Kafka message has a key beside the event, and perhaps its place in a topic."""
    if "op" in record:
        return Message(_unwrapped(record), None, "", None, "")
    name = "payload" if "payload" in record else "value"
    if "key" not in record or name not in record:
        return Message(_unwrapped(record), None, "", None, "")
    topic = record.get("topic")
    position = None
    order = ""
    if type(topic) is str:
        partition, offset = record.get("partition"), record.get("offset")
        position = {"topic": topic, "partition": partition, "offset": offset}
        if type(partition) is int and type(offset) is int and offset >= 0:
            order = f"{topic}/{partition}|{offset}"
    else:
        topic = ""
    key = record["key"]
    try:
        _refuse_what_kcat_could_not_decode(record, name)
        event = _parsed(record[name])
        key = _parsed_key(key)
        if "key_schema_id" in record and type(key) is dict:  # kcat has decoded it
            key = {field: _untagged(value) for field, value in key.items()}
    except BadRecord as bad:
        bad.position, bad.key = position, key
        raise
    return Message(event, key, topic, position, order)


def _refuse_what_kcat_could_not_decode(record: dict[str, Json], name: str) -> None:
    """kcat writes null for what it could not decode. Such a message looks like a tombstone, and deletes nothing."""
    for part in ("key", name):
        if f"{part}_error" in record:
            raise BadRecord("not-json", f"kcat could not decode the message: {shown(record[f'{part}_error'])}.")


def _parsed(value: Json) -> Json:
    if type(value) is str:
        try:
            value = parse_json(value)
        except ValueError as error:
            raise BadRecord("not-json", f"The Kafka message is not JSON: {error}.") from None
    return _unwrapped(value)


def _unwrapped(value: Json) -> Json:
    """What is in Kafka Connect's envelope."""
    if type(value) is dict and "payload" in value and "op" not in value:
        value = value["payload"]
    if type(value) is dict and is_tagged(value):
        return _untagged(value)
    return value


def _untagged(value: Json) -> Json:
    try:
        return untagged(value)
    except RecursionError:
        raise BadRecord("not-json", "The event is nested too deep.") from None


def _parsed_key(key: Json) -> Json:
    """The key of a Kafka message: JSON in a string, or the string itself."""
    if type(key) is str:
        try:
            value = parse_json(key)
        except ValueError:
            return key
        # "007" and "1e5" are names. As numbers they would lose their spelling.
        if type(value) not in {dict, list, str}:
            return key
        key = value
    if type(key) is dict and "payload" in key and key.keys() <= {"schema", "payload"}:
        return key["payload"]
    return key
