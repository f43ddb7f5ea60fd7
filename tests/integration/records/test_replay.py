"""A stream that is sent again from its beginning uploads nothing and changes nothing, whatever source it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.opencdc import encoded, record
from tests.support.streams import StreamWorld

START = 1_663_858_188_836_816_000

Made = tuple[str, int, str | None]
"""An operation, the number of the row, and its text; None: it is deleted."""

ROWS: list[Made] = [
    *(("snapshot", row, f"row {row} of the snapshot") for row in range(6)),
    ("update", 1, "row 1, changed"),
    ("update", 2, "row 2, changed"),
    ("delete", 3, None),
    ("update", 2, "row 2, changed again"),
    ("create", 9, "row 9, new"),
    ("delete", 9, None),
    ("create", 9, "row 9, new again"),
    ("update", 1, "row 1 of the snapshot"),
]


def snapshot_of_postgres(at: int) -> Any:
    return {"version": 2, "type": 1, "snapshots": {"pages": {"last_read": at, "snapshot_end": 6}}}


def change_of_postgres(at: int) -> Any:
    # Each second transaction began before the one that ended before it.
    place = 4096 + 64 * at - 72 * (at % 2)
    return {"version": 2, "type": 2, "last_lsn": f"0/{place:X}", "tx_commit_lsn": f"0/{4096 + 64 * at:X}", "tx_seq": 1}


def change_of_old_postgres(at: int) -> Any:
    return {"type": 2, "last_lsn": f"0/{4096 + at:X}"}


def snapshot_of_mysql(at: int) -> Any:
    return {"snapshot_position": {"snapshots": {"pages": {"last_read": at, "snapshot_end": 6}}}}


def change_of_mysql(at: int) -> Any:
    position: dict[str, Any] = {"name": f"binlog.00000{at // 10}", "pos": 4 + at % 10}
    return {"cdc_position": position | ({"idx": 1} if at % 3 else {})}


def conduit(snapshot: Callable[[int], Any], change: Callable[[int], Any]) -> list[bytes]:
    return [
        record(
            {"id": row},
            None if text is None else {"id": row, "body": text},
            encoded(json.dumps((snapshot if operation == "snapshot" else change)(at), separators=(",", ":"))),
            operation=operation,
            metadata={"opencdc.collection": "pages", "opencdc.readAt": str(START + at * 1_000)},
        )
        for at, (operation, row, text) in enumerate(ROWS)
    ]


def debezium(source: Callable[[int, bool], Any]) -> Iterator[dict[str, Any]]:
    for at, (operation, row, text) in enumerate(ROWS):
        document = None if text is None else {"id": row, "body": text}
        yield {
            "before": {"id": row} if operation == "delete" else None,
            "after": document,
            "source": {"name": "srv", "db": "shop", "table": "pages", **source(at, operation == "snapshot")},
            "op": {"snapshot": "r", "create": "c", "update": "u", "delete": "d"}[operation],
            "ts_ms": START // 1_000_000 + at,
        }


def from_postgres(at: int, snapshot: bool) -> Any:
    return {"connector": "postgresql", "schema": "public", "lsn": 1_000 if snapshot else 1_000 + at}


def from_mysql(at: int, snapshot: bool) -> Any:
    server = 0 if snapshot else 223344
    return {"connector": "mysql", "server_id": server, "file": "bin.000003", "pos": 4 if snapshot else at, "row": 0}


def from_sqlserver(at: int, snapshot: bool) -> Any:
    lsn = f"00000027:00000758:{at:04x}"
    changed = {} if snapshot else {"change_lsn": lsn, "event_serial_no": 1}
    return {"connector": "sqlserver", "commit_lsn": "00000027:00000758:0001" if snapshot else lsn, **changed}


def bare(source: Callable[[int, bool], Any]) -> list[bytes]:
    return [json.dumps(event).encode() for event in debezium(source)]


def topic() -> list[bytes]:
    """As kcat prints it, with the tombstones that follow deletes."""
    messages: list[tuple[int, Any]] = []
    for (operation, row, _), event in zip(ROWS, debezium(from_postgres), strict=True):
        messages.append((row, event))
        if operation == "delete":
            messages.append((row, None))
    return [
        json.dumps(
            {
                "topic": "srv.public.pages",
                "partition": row % 2,
                "offset": offset,
                "key": json.dumps({"id": row}),
                "payload": None if event is None else json.dumps(event),
            }
        ).encode()
        for offset, (row, event) in enumerate(messages)
    ]


DELETED = re.compile(rb'"id\\?": 3\b')
"""The row that has no document in the end, in a record or in the text of a message."""

STREAMS: dict[str, tuple[list[bytes], dict[str, Any]]] = {
    "Conduit, Postgres": (conduit(snapshot_of_postgres, change_of_postgres), {}),
    "Conduit, Postgres before version 2": (conduit(snapshot_of_postgres, change_of_old_postgres), {}),
    "Conduit, MySQL": (conduit(snapshot_of_mysql, change_of_mysql), {}),
    "Debezium, topic": (topic(), {"format": "debezium/json"}),
    "Debezium, Postgres": (bare(from_postgres), {"format": "debezium/json", "key_field": "id"}),
    "Debezium, MySQL": (bare(from_mysql), {"format": "debezium/json", "key_field": "id"}),
    "Debezium, SQL Server": (bare(from_sqlserver), {"format": "debezium/json", "key_field": "id"}),
}


@pytest.mark.parametrize("batch_size", [1, 500])
@pytest.mark.parametrize("name", STREAMS)
def test_a_whole_replay_uploads_nothing(tmp_path: Path, name: str, batch_size: int) -> None:
    lines, settings = STREAMS[name]
    world = StreamWorld(tmp_path / "world", settings=settings)
    report = world.run(lines, batch_size=batch_size)
    assert (report.exit_code, report.read) == (0, len(lines))
    world.check(lines)
    contents = {entry.path.rpartition("/")[2]: json.loads(entry.content)["body"] for entry in world.ours()}
    assert sorted(contents.values()) == [
        "row 0 of the snapshot",
        "row 1 of the snapshot",
        "row 2, changed again",
        "row 4 of the snapshot",
        "row 5 of the snapshot",
        "row 9, new again",
    ]
    again = world.is_quiet(lines, batch_size=batch_size)
    assert again.applied == 0
    world.is_quiet(lines, batch_size=501 - batch_size)
    world.check(lines)


@pytest.mark.parametrize("batch_size", [1, 500])
@pytest.mark.parametrize("name", STREAMS)
def test_a_replay_with_a_lost_state_uploads_nothing_of_a_key_that_has_a_document(
    tmp_path: Path, name: str, batch_size: int
) -> None:
    lines, settings = STREAMS[name]
    world = StreamWorld(tmp_path / "world", settings=settings)
    world.run(lines)
    world.lose_state()
    present = [line for line in lines if not DELETED.search(line)]
    assert len(present) < len(lines)
    world.is_quiet(present, batch_size=batch_size)
