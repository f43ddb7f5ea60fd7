"""Whatever a record holds, what is kept of it is valid Unicode without NUL: state, store and file names take nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vsync.records.change import BadRecord, Change
from vsync.records.described import Rules, describe
from vsync.records.formats import reader
from vsync.records.templates import parse_template

RULES = Rules(
    content_field=("body",),
    name_template=parse_template("{collection}-{key}-{a}-{position}"),
    attributes={"a": ("a",), "c": ("collection",), "k": ("key",), "m": ("metadata", "m"), "p": ("position",)},
)
HOSTILE = st.text(st.sampled_from(["\ud800", "\udfff", "\0", "a", "1", "/", "ä", "~", "|"]), max_size=4)
VALUES = HOSTILE | st.dictionaries(HOSTILE, HOSTILE | st.integers(), max_size=2) | st.lists(HOSTILE, max_size=2)
READERS = [
    reader("opencdc/json"),
    reader("debezium/json"),
    reader("debezium/json", key_field="a"),
    reader("json", key_field="a"),
]


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    row = {"a": draw(VALUES), "body": "text"}
    event = {"op": "c", "after": row, "source": {"table": draw(HOSTILE), "db": draw(HOSTILE), "ts_ms": 5}, "ts_ms": 5}
    metadata = {"opencdc.collection": draw(HOSTILE), "m": draw(VALUES), "opencdc.readAt": draw(HOSTILE)}
    record = {
        "position": draw(VALUES),
        "operation": draw(st.sampled_from(["create", "snapshot"])),
        "metadata": metadata,
        "key": draw(VALUES),
        "payload": {"after": row},
    }
    message = {"topic": draw(HOSTILE), "partition": 0, "offset": 5, "key": draw(VALUES), "payload": event}
    return json.dumps(draw(st.sampled_from([record, event, message, row]))).encode()


def kept(change: Change) -> Iterator[Any]:
    yield from (change.order, change.path)
    described = describe(change, RULES)
    yield from (described.filename, *described.attributes.values())


def texts(line: bytes) -> list[str]:
    """What all readers keep of a line. Where it is bad, that is the reason."""
    found: list[Any] = []
    for read in READERS:
        try:
            found += kept(read(line, 1))
        except BadRecord as bad:
            found.append(bad.reason)
    return [text for text in found if isinstance(text, str)]


@given(lines())
def test_what_is_kept_of_a_record_can_be_stored(line: bytes) -> None:
    for text in texts(line):
        assert "\0" not in text
        assert text.encode().decode() == text
