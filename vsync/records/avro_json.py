"""Avro written as JSON: a value that may be null stands in an object that names its type. Pure.

kcat (`-s avro`) and Kafka's Avro console consumer print events so: `{"after": {"Value": {"name": {"string": "Ada"}}}}`.
"""

from __future__ import annotations

from typing import Final

from vsync.records.change import Json

_TYPES: Final = frozenset({"string", "int", "long", "float", "double", "boolean", "bytes", "array", "map"})


def is_tagged(event: dict[str, Json]) -> bool:
    """Whether an event of Debezium names the types of its values. Its time may be null, so it would have one."""
    time = event.get("ts_ms")
    return type(time) is dict and time.keys() == {"long"}


def untagged(value: Json) -> Json:
    """The value without the names of types. Raises RecursionError for a value that is nested too deep."""
    if isinstance(value, dict):
        if len(value) == 1:
            [(name, inner)] = value.items()
            # A row is called by its schema, with or without its namespace.
            if name in _TYPES or name.rpartition(".")[2] == "Value" or ("." in name and isinstance(inner, dict)):
                return untagged(inner)
        return {name: untagged(inner) for name, inner in value.items()}
    return [untagged(item) for item in value] if isinstance(value, list) else value
