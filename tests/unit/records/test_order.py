"""A position counts as older only where that is certain."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.records.order import is_older, order_of

KAFKA = '{"GroupID":"g-1","Topic":"orders","Partition":%d,"Offset":%d}'
POSTGRES = '{"type":2,"last_lsn":"%s"}'
SNOWFLAKE = '{"IteratorType":"c","SnapshotLastProcessedVal":null,"IndexInBatch":%d,"BatchID":%d}'
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
        ("1663858188.9", "1663858189.10"),
        ("p17", "p18"),
        ("pos000017", "pos000100"),
        ("rec_9", "rec_10"),
        ("rec-9", "rec-10"),
        ("5,1", "6,2"),
        ('{"at":"2025-12-31T23:59:59Z","n":3}', '{"at":"2026-01-01T00:00:00Z","n":3}'),
        ('{"at":"2025-12-31T23:59:59Z","n":3}', '{"at":"2026-01-01T00:00:00Z","n":4}'),
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
        ("31.12.2025", "01.01.2026"),
        ("12/31/2025", "01/01/2026"),
        ("3.15", "4.02"),
        ("3:5", "1:6"),
        ('{"page":3,"updated_since":"2026-01-01"}', '{"page":1,"updated_since":"2026-01-02"}'),
        ('{"at":"2025-12-31T23:59:59Z","n":3}', '{"at":"2026-01-01T00:00:00Z","n":1}'),
        (SNOWFLAKE % (3, 5), SNOWFLAKE % (1, 6)),
        ("p17", "q18"),
        ("p17x", "p18x"),
        ("p1 q17", "p2 q18"),
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
    st.builds("{}99999999.{}".format, NUMBER, NUMBER),
    st.builds("99999999.{}".format, NUMBER),
    st.builds("p{}".format, NUMBER),
    st.text('0123456789aT:-+./|"{}\0 _', max_size=8),
)
ORDERS = st.builds(
    lambda position, snapshot, time: order_of(position, snapshot=snapshot, time=time),
    st.one_of(st.just(""), POSITIONS),
    st.booleans(),
    st.sampled_from(["", "9", "10", "11"]),
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


@given(ORDERS, ORDERS)
def test_of_two_records_at_most_one_is_older(one: str, other: str) -> None:
    assert not is_older(one, one)
    assert not (is_older(one, other) and is_older(other, one))


STREAMS = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), min_size=2, max_size=12)
"""Of each record: whether it is a snapshot's, whether it has a time, and how long after the one before it was read."""


@given(STREAMS)
def test_of_a_stream_no_later_record_is_older(stream: list[tuple[bool, bool, int]]) -> None:
    orders: list[str] = []
    now = 1663858188836816000
    for at, (snapshot, timed, pause) in enumerate(stream):
        now += pause
        position = SNAPSHOT % (at, 99) if snapshot else POSTGRES % f"0/{at:X}"
        orders.append(order_of(position, snapshot=snapshot, time=str(now) if timed else ""))
    for at, earlier in enumerate(orders):
        assert not any(is_older(later, earlier) for later in orders[at:])


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (order_of("s1", snapshot=True, time="9"), order_of("0/A", snapshot=False, time="10")),
        (order_of("0/A", snapshot=False, time="9"), order_of("s1", snapshot=True, time="10")),
        (order_of("", snapshot=True, time="9"), order_of("", snapshot=False, time="10")),
        (order_of("7", snapshot=True, time="9"), order_of("7", snapshot=False, time="10")),
        (order_of("7", snapshot=True, time="10"), order_of("8", snapshot=False, time="9")),
        (order_of("7", snapshot=False, time="10"), order_of("8", snapshot=False, time="9")),
        (order_of("7", snapshot=False, time="10"), "8"),
    ],
)
def test_a_snapshot_and_a_change_are_compared_by_time_where_positions_do_not_tell(older: str, newer: str) -> None:
    assert is_older(older, newer)
    assert not is_older(newer, older)


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize(("time", "later"), [("9", "10"), ("", "10"), ("", "")])
def test_two_changes_and_two_snapshots_are_never_compared_by_time(snapshot: bool, time: str, later: str) -> None:
    one = order_of("a", snapshot=snapshot, time=time)
    other = order_of("b", snapshot=snapshot, time=later)
    assert not is_older(one, other)
    assert not is_older(other, one)


@pytest.mark.parametrize("times", [("", "10"), ("9", ""), ("", "")])
def test_without_both_times_a_snapshot_says_nothing_of_a_change(times: tuple[str, str]) -> None:
    one, other = order_of("a", snapshot=True, time=times[0]), order_of("b", snapshot=False, time=times[1])
    assert not is_older(one, other)
    assert not is_older(other, one)


@pytest.mark.parametrize(
    ("position", "snapshot", "time", "order"),
    [
        ("7", False, "", "7"),
        ("7", False, "99", "7~99"),
        ("7", True, "99", "7~s99"),
        ("7", True, "", "7~s"),
        ("", False, "", ""),
        ("~s5", False, "", "~s5~"),
        ("7", False, "99x", "7"),
        ("7", False, "²", "7"),
        ("7", False, "9" * 21, "7"),
        ("\ud800x", False, "", ""),
        ("\ud800x", False, "99", "~99"),
        ("a\0b", False, "", ""),
        ("ä1", False, "", "ä1"),
        ("x" * 250, True, "99", "~s99"),
        ("x" * 250, False, "99", "x" * 250 + "~99"),
    ],
)
def test_an_order_is_the_position_and_when_it_was_read(position: str, snapshot: bool, time: str, order: str) -> None:
    assert order_of(position, snapshot=snapshot, time=time) == order


def test_what_says_nothing_of_order_is_left_out_of_a_long_position() -> None:
    history = '"schema_history":{"users":"' + "f" * 200 + '"}'
    position = '{"last_lsn":"0/9",' + history + ',"tx_commit_lsn":"0/A","tx_seq":3,"type":2,"version":2}'
    order = order_of(position, snapshot=False, time="1663858188836816000")
    assert order == '{"last_lsn":"0/9","tx_commit_lsn":"0/A","tx_seq":3,"type":2}~1663858188836816000'
    assert not is_older(order, position)
    assert is_older(order, position.replace('"tx_seq":3', '"tx_seq":4'))
