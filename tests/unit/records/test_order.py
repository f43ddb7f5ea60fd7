"""A position counts as older only where that is certain."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.order import is_older

KAFKA = '{"GroupID":"g-1","Topic":"orders","Partition":%d,"Offset":%d}'
POSTGRES = '{"type":2,"last_lsn":"%s"}'
SNAPSHOT = '{"type":1,"snapshots":{"users":{"last_read":%d,"snapshot_end":%d}}}'


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9", "10"),
        ("007", "8"),
        ("49590338271490256608559692538361571095", "49590338271490256608559692538361571096"),
        ("0/16B3748", "0/16B3750"),
        ("0/FFFFFFFF", "1/0"),
        ("0/9", "0/A"),
        (POSTGRES % "0/9FFFFFF", POSTGRES % "0/A000000"),
        (KAFKA % (3, 99), KAFKA % (3, 100)),
        ("mysql-bin.000003:900", "mysql-bin.000004:4"),
        ('{"name":"binlog.000003","pos":900}', '{"name":"binlog.000003","pos":1000}'),
        ("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-57", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-58"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:05:04Z"),
        ("2024-01-02T03:04:05.100Z", "2024-01-02T03:04:05.200Z"),
        ("2024-01-02T03:04:05.9Z", "2024-01-02T03:04:06.10Z"),
        ("2024-01-02 03:04:05+00", "2024-01-02 03:04:06+00"),
        ("20240102T030405Z", "20240102T030406Z"),
        ("srv/a-1/3|9", "srv/a-1/3|10"),
        ("1663858188.836", "1663858188.837"),
    ],
)
def test_positions_of_one_place_are_compared_by_their_numbers(older: str, newer: str) -> None:
    assert is_older(older, newer)
    assert not is_older(newer, older)
    assert not is_older(older, older)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "5"),
        ("5", ""),
        ("5", "x"),
        ("²", "3"),
        (KAFKA % (1, 5), KAFKA % (4, 100)),
        (KAFKA % (3, 5), (KAFKA % (3, 100)).replace("g-1", "g-2")),
        (SNAPSHOT % (3, 100), SNAPSHOT % (4, 100)),
        (SNAPSHOT % (3, 100), POSTGRES % "0/16B3748"),
        ("srv/a-1/3|9", "srv/a-1/4|10"),
        ("server1:5", "server2:6"),
        ("node_1:5", "node_2:6"),
        ("partition=1 offset=5", "partition=2 offset=6"),
        ('{"1":5}', '{"2":6}'),
        ("-5", "-3"),
        ('{"at":-5}', '{"at":-3}'),
        ("1.5", "1.25"),
        ("1.2.3", "1.10.0"),
        ("2024-01-02T03:04:05+01:00", "2024-01-02T03:04:06+02:00"),
        ("2024-01-02T03:04:05-01:00", "2024-01-02T03:04:06-02:00"),
        ("2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05.25Z"),
        ("1A23", "12A3"),
        ("82635A1B0000000129", "82635A1B0000000130"),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "f47ac10b-58cd-4372-a567-0e02b2c3d479"),
        ("cafe/12", "babe/13"),
        ('["0/A","0/1"]', '["0/B","0/2"]'),
        ("a\0b1", "a\0b2"),
        ("x" * 990 + " 1" * 10, "x" * 990 + " 2" * 10),
    ],
)
def test_what_is_not_certain_is_not_older(one: str, other: str) -> None:
    assert not is_older(one, other)
    assert not is_older(other, one)


def test_a_number_that_is_hardly_a_number_is_no_fault() -> None:
    assert not is_older("1" * 5000, "2" * 5000)


NUMBER = st.integers(0, 12).map(str)
POSITIONS = st.one_of(
    NUMBER,
    st.builds("{}.{}".format, NUMBER, NUMBER),
    st.builds("{}:{}".format, NUMBER, NUMBER),
    st.builds("0{}:{}".format, NUMBER, NUMBER),
    st.builds("{}/{}".format, NUMBER, st.sampled_from("19ABF")),
    st.builds('{{"a":"{}/{}","b":{}}}'.format, NUMBER, st.sampled_from("19AF"), NUMBER),
    st.builds("s{}|{}".format, NUMBER, NUMBER),
    st.builds("2024-01-0{}T0{}:{}:{}.{}Z".format, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
    st.builds(lambda one, other: KAFKA % (one, other), st.integers(0, 3), st.integers(0, 12)),
    st.text('0123456789aT:-+./|"{}\0 _', max_size=8),
)


@given(st.lists(POSITIONS, min_size=3, max_size=6))
def test_older_is_a_strict_partial_order(positions: list[str]) -> None:
    for one, two, three in permutations(positions, 3):
        assert not is_older(one, one)
        assert not (is_older(one, two) and is_older(two, one))
        if is_older(one, two) and is_older(two, three):
            assert is_older(one, three)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_texts_can_be_asked_about(one: str, other: str) -> None:
    assert is_older(one, other) in {True, False}
