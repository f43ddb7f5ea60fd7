"""Positions of known sources are compared by what their source says of them."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.known_positions import compared, known, shortened
from vsync.records.order import is_older


def compact(**fields: Any) -> str:
    return json.dumps(fields, separators=(",", ":"))


def postgres(commit: str = "0/B", sequence: int = 1, place: str = "0/A", **more: Any) -> str:
    return compact(version=2, type=2, last_lsn=place, tx_commit_lsn=commit, tx_seq=sequence, **more)


def postgres_of_old(place: str) -> str:
    return compact(type=2, last_lsn=place)


def mysql(name: str = "binlog.000003", pos: Any = 900, **more: Any) -> str:
    return compact(cdc_position={"name": name, "pos": pos, **more})


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (postgres("0/16B3800", 1), postgres("0/16B3B00", 1)),
        (postgres("0/16B3800", 9), postgres("0/16B3B00", 1)),
        (postgres("0/16B3800", 9), postgres("0/16B3800", 10)),
        # A transaction that began earlier and ended later.
        (postgres("0/20", 1, "0/15"), postgres("0/30", 1, "0/10")),
        (postgres("0/20", schema_history={"a": "f1"}), postgres("0/30", schema_history={"a": "f2"})),
        (postgres_of_old("0/9"), postgres_of_old("0/A")),
        (postgres_of_old("0/9"), postgres("0/B", 1, "0/A")),
        (postgres("0/B", 1, "0/A"), postgres_of_old("0/C")),
        (mysql(), mysql(pos=1000)),
        (mysql(), mysql(idx=1)),
        (mysql(idx=2), mysql(idx=10)),
        (mysql(pos=900, idx=2), mysql(pos=1000)),
        (mysql(), mysql("binlog.000004", 4)),
        (mysql(prev={"name": "binlog.000003", "pos": 800}), mysql(pos=950, prev={"name": "binlog.000003", "pos": 700})),
        (compact(name="binlog.000003", pos=900), compact(name="binlog.000003", pos=900, idx=1)),
        ("mysql-bin.000003:900", "mysql-bin.000004:4"),
        ("mysql-bin.000003/900", "mysql-bin.000003/1000"),
        ("mysql-bin.000003:900:1", "mysql-bin.000003:900:2"),
        ("00000027:00000758:0003", "00000028:00000001:0001"),
        ("00000027:00000758:0003", "00000027:0000075a:0001"),
        ("mysql/s/223344/binlog|3:900:1", "mysql/s/223344/binlog|4:4:0"),
        ("sqlserver/s/d|5", "sqlserver/s/d|6:1:1"),
        ("sqlserver/s/d|5:9:1", "sqlserver/s/d|6"),
    ],
)
def test_the_weightier_number_decides(older: str, newer: str) -> None:
    assert is_older(older, newer)
    assert not is_older(newer, older)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (postgres("0/B", 1, "0/A"), postgres("0/B", 1, "0/A", more=1)),
        (postgres("0/B", 1, "0/A"), postgres_of_old("0/B")),
        (postgres("0/B", 1, "0/A"), postgres_of_old("0/A")),
        (compact(type=1, snapshots={"t": {"last_read": 3}}), postgres()),
        (compact(type=1, snapshots={"t": {"last_read": 3}}), compact(type=1, snapshots={"t": {"last_read": 4}})),
        (compact(type=1, last_lsn="0/1"), postgres_of_old("0/2")),
        (compact(type=2, last_lsn="x"), compact(type=2, last_lsn="y")),
        (mysql(), mysql("other.000004", 4)),
        (mysql(), mysql("binlog")),
        (mysql(), mysql(pos="1000")),
        (mysql(), mysql(idx="1")),
        (mysql(), compact(snapshot_position={"snapshots": {"t": {"last_read": 3, "snapshot_end": 9}}})),
        (mysql(), postgres()),
        ("mysql-bin.000003:900", "other-bin.000004:4"),
        ("mysql/s/1/binlog|3:900:1", "mysql/s/2/binlog|4:4:0"),
        ("sqlserver/s/d|5", "sqlserver/s/d|5:1:1"),
        ("a/b|3:900", "a/b|4:4"),
        ("{", "{1"),
        ("[1]", "{}"),
    ],
)
def test_positions_of_two_places_or_of_one_point_are_not_older(one: str, other: str) -> None:
    assert not is_older(one, other)
    assert not is_older(other, one)


SMALL = st.integers(1, 9)


@st.composite
def changes_of_postgres(draw: st.DrawFn) -> str:
    """A change in one of a row of transactions that follow each other, by an old or a new connector."""
    transaction, sequence = draw(SMALL), draw(SMALL)
    place, commit = f"0/{16 * transaction + sequence:X}", f"0/{16 * transaction + 15:X}"
    return draw(st.sampled_from([postgres(commit, sequence, place), postgres_of_old(place)]))


PLACES = st.one_of(
    changes_of_postgres(),
    st.builds(lambda file, pos, idx: mysql(f"b.00000{file}", pos, idx=idx), SMALL, SMALL, SMALL),
    st.builds(lambda file, pos: mysql(f"b.00000{file}", pos), SMALL, SMALL),
    st.builds("bin.00000{}:{}".format, SMALL, SMALL),
    st.builds("sqlserver/s/d|{}".format, SMALL),
    st.builds("sqlserver/s/d|{}:{}:1".format, SMALL, SMALL),
)


@given(st.lists(PLACES, min_size=3, max_size=6))
def test_older_is_a_strict_partial_order(positions: list[str]) -> None:
    for one, two, three in permutations(positions, 3):
        assert not (is_older(one, two) and is_older(two, one))
        if is_older(one, two) and is_older(two, three):
            assert is_older(one, three)


@given(PLACES, PLACES)
def test_a_shortened_position_says_the_same_of_order(one: str, other: str) -> None:
    assert is_older(shortened(one), shortened(other)) == is_older(one, other)


@given(st.text(max_size=20) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps))
def test_any_text_can_be_asked_about(text: str) -> None:
    found = known(text)
    assert found is None or compared(found, found) in {0, None}
    assert isinstance(shortened(text), str)
