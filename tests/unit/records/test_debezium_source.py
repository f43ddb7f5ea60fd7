"""What the source of an event says of its table and of its position."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.records.debezium_source import collection_of, place_of, position_of, time_of
from vsync.records.order import is_older


def mysql(**changes: Any) -> dict[str, Any]:
    base = {"connector": "mysql", "name": "s1", "ts_ms": 5, "db": "shop", "table": "t", "server_id": 223344}
    return {**base, "gtid": None, "file": "mysql-bin.000003", "pos": 484, "row": 0, "thread": 7, **changes}


def sqlserver(**changes: Any) -> dict[str, Any]:
    base = {"connector": "sqlserver", "name": "s1", "ts_ms": 5, "db": "testDB", "schema": "dbo", "table": "t"}
    lsns = {"change_lsn": "00000027:00000758:0003", "commit_lsn": "00000027:00000758:0005", "event_serial_no": "1"}
    return {**base, **lsns, **changes}


def postgres(**changes: Any) -> dict[str, Any]:
    return {"connector": "postgresql", "name": "s1", "db": "d", "schema": "public", "table": "t", "lsn": 100, **changes}


def oracle(**changes: Any) -> dict[str, Any]:
    return {"connector": "oracle", "name": "s1", "db": "D", "schema": "S", "table": "T", "scn": "2122185", **changes}


def mongodb(**changes: Any) -> dict[str, Any]:
    return {
        "connector": "mongodb",
        "name": "m",
        "ts_ms": 1558965508000,
        "db": "inv",
        "collection": "c",
        "ord": 9,
        **changes,
    }


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (postgres(lsn=99), postgres(lsn=100)),
        (mysql(pos=484), mysql(pos=1000)),
        (mysql(row=1), mysql(row=2)),
        (mysql(pos=900), mysql(file="mysql-bin.000004", pos=4)),
        (mysql(connector="mariadb", pos=484), mysql(connector="mariadb", pos=1000)),
        (sqlserver(), sqlserver(commit_lsn="00000027:00000758:0006")),
        (sqlserver(), sqlserver(commit_lsn="00000027:0000075a:0001", change_lsn="00000027:00000758:0001")),
        (sqlserver(), sqlserver(change_lsn="00000027:00000758:000a")),
        (sqlserver(), sqlserver(event_serial_no="2")),
        (sqlserver(change_lsn=None), sqlserver(commit_lsn="00000028:00000758:0005")),
        (sqlserver(), sqlserver(change_lsn=None, commit_lsn="00000028:00000758:0005")),
        (sqlserver(change_lsn=None), sqlserver(change_lsn=None, commit_lsn="00000027:00000758:0006")),
        (oracle(), oracle(scn="2122186")),
        (oracle(scn="99"), oracle(scn="100")),
        (mongodb(), mongodb(ord=10)),
        (mongodb(ord=99), mongodb(ts_ms=1558965509000, ord=1)),
    ],
)
def test_a_later_event_of_one_connector_is_newer(older: dict[str, Any], newer: dict[str, Any]) -> None:
    assert is_older(place_of(older), place_of(newer))
    assert not is_older(place_of(newer), place_of(older))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (postgres(), postgres(name="s2", lsn=200)),
        (postgres(), postgres(db="e", lsn=200)),
        (postgres(), mysql()),
        (mysql(), mysql(server_id=223345, pos=1000)),
        (mysql(server_id=0), mysql(pos=1000)),
        (mysql(), mysql(file="other-bin.000009")),
        (mysql(server_id=0), mysql(server_id=0, pos=1000)),
        (sqlserver(change_lsn=None), sqlserver()),
        ({"connector": "vitess", "ts_ms": 99}, {"connector": "vitess", "ts_ms": 100}),
        ({"connector": "db2", "ts_us": 99, "ts_ms": 9}, {"connector": "db2", "ts_us": 100, "ts_ms": 9}),
        ({"opencdc.createdAt": "99"}, {"opencdc.createdAt": "100"}),
    ],
)
def test_events_of_two_places_are_not_compared(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not is_older(place_of(one), place_of(other))
    assert not is_older(place_of(other), place_of(one))


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"connector": "postgresql"},
        postgres(lsn=None),
        postgres(lsn=-1),
        postgres(lsn=True),
        postgres(lsn="0/16B3748"),
        postgres(lsn=[1]),
        mysql(file=None),
        mysql(file="without-a-number"),
        mysql(pos=None),
        mysql(row="x"),
        mysql(server_id=0),
        sqlserver(commit_lsn=None),
        sqlserver(commit_lsn="not:an:lsn"),
        oracle(scn=None),
        oracle(scn="1,2"),
        mongodb(ts_ms=0),
        mongodb(ord=-1),
        {"connector": "vitess", "ts_ms": 0},
        {"connector": ["x"], "ts_ms": "later"},
    ],
)
def test_a_source_without_a_position_says_nothing_of_order(source: dict[str, Any]) -> None:
    assert place_of(source) == ""


@pytest.mark.parametrize(
    ("source", "position"),
    [
        (postgres(), {"lsn": 100}),
        (mysql(), {"file": "mysql-bin.000003", "pos": 484, "row": 0}),
        (
            sqlserver(),
            {"commit_lsn": "00000027:00000758:0005", "change_lsn": "00000027:00000758:0003", "event_serial_no": "1"},
        ),
        (sqlserver(change_lsn=None, event_serial_no=None), {"commit_lsn": "00000027:00000758:0005"}),
        (oracle(), {"scn": "2122185"}),
        (mongodb(), {"ts_ms": 1558965508000, "ord": 9}),
        ({"connector": "vitess", "ts_ms": 5}, {"ts_ms": 5}),
        (postgres(lsn=None, ts_ms=5), {"ts_ms": 5}),
        ({}, {}),
        ({"connector": ["x"]}, {}),
    ],
)
def test_the_position_is_what_says_how_far_the_connector_read(source: Any, position: Any) -> None:
    assert position_of(source) == position


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (postgres(), "d.public.t"),
        (postgres(db=None), "public.t"),
        (mysql(), "shop.t"),
        (sqlserver(), "testDB.dbo.t"),
        (oracle(), "D.S.T"),
        (mongodb(), "inv.c"),
        ({"opencdc.collection": "users"}, "users"),
        ({"table": "t"}, "t"),
        ({"connector": "postgresql", "db": "d", "table": "t"}, "d.t"),
        ({"table": 5}, ""),
        ({}, ""),
    ],
)
def test_a_table_is_named_with_what_it_is_in(source: dict[str, Any], name: str) -> None:
    assert collection_of(source) == name


@pytest.mark.parametrize(
    ("event", "source", "time"),
    [
        ({"ts_ms": 1663858188836}, {}, "1663858188836000000"),
        ({"ts_ms": 1663858188836}, {"opencdc.readAt": "1663858188836816000"}, "1663858188836816000"),
        ({"ts_ms": 0}, {}, ""),
        ({"ts_ms": "x"}, {}, ""),
        ({}, {"ts_ms": 5}, ""),
    ],
)
def test_the_time_of_an_event_is_when_the_connector_read_it(event: Any, source: Any, time: str) -> None:
    assert time_of(event, source) == time
