"""The seal: its JSON, what cannot be read, and how far it lets a manifest be trusted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.state.helpers import as_bytes
from vsync.state.figures import Figures
from vsync.state.seal import (
    Seal,
    UnfinishedRun,
    both_overtaken,
    doubted,
    dump_seal,
    instant,
    parse_seal,
    succeed,
    trust,
    unfinished_runs,
)

SEAL = Seal("closed", "run-1", "2026-01-01T00:00:00+00:00", "c" * 40, 3, "b" * 40, "owner-1")


UNREADABLE = Seal("open", "", "")


@pytest.mark.parametrize(
    "seal",
    [
        SEAL,
        Seal("open", "run-1", "now"),
        replace(SEAL, manifest=None, owner=None),
        replace(SEAL, figures=Figures(-3)),
        replace(SEAL, figures=Figures(0, usage=0)),
        replace(SEAL, figures=Figures(2, 7_000, "0123abcd", 12, count_alarms=1, usage_alarms=2)),
    ],
)
def test_a_seal_is_read_back_as_it_was_written(seal: Seal) -> None:
    assert parse_seal(dump_seal(seal)) == seal
    assert dump_seal(seal).endswith(b"}\n")


def test_figures_stand_under_their_own_key_and_leave_out_what_is_not_known() -> None:
    data = json.loads(dump_seal(replace(SEAL, figures=Figures(2, usage=70))))
    assert data["store"] == {"others": 2, "usage": 70}
    assert "store" not in json.loads(dump_seal(SEAL))


@pytest.mark.parametrize(
    "store",
    [
        [],
        "many",
        {},
        {"usage": 70},
        {"others": "2"},
        {"others": True},
        {"others": 2**70},
        {"others": 2, "usage": "70"},
        {"others": 2, "marks": 7},
        {"others": 2, "marks": "x" * 100},
        {"others": 2, "marks": "\ud800"},
        {"others": 2, "count_alarms": None},
    ],
)
def test_figures_that_cannot_be_read_are_not_known_and_the_seal_counts_all_the_same(store: object) -> None:
    content = as_bytes({**json.loads(dump_seal(SEAL)), "store": store})
    assert parse_seal(content) == SEAL


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfd",
        b"[]",
        b"null",
        b"{}",
        b"[" * 200_000,
        b"1" * 5_000,
    ],
)
def test_a_seal_that_cannot_be_read_counts_as_open(content: bytes) -> None:
    assert parse_seal(content) == UNREADABLE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "ajar"),
        ("state", None),
        ("state", ["open"]),
        ("state", {}),
        ("run", 1),
        ("since", None),
        ("head", 1),
        ("serial", "3"),
        ("serial", True),
        ("serial", None),
        ("manifest", 1),
        ("owner", []),
    ],
)
def test_a_seal_with_a_value_of_the_wrong_kind_counts_as_open(key: str, value: object) -> None:
    assert parse_seal(as_bytes({**json.loads(dump_seal(SEAL)), key: value})) == UNREADABLE


def test_a_newer_seals_other_keys_do_no_harm() -> None:
    assert parse_seal(as_bytes({**json.loads(dump_seal(SEAL)), "note": "x"})) == SEAL


OPEN = replace(SEAL, state="open")


@pytest.mark.parametrize(
    ("manifest", "seal", "expected"),
    [
        (None, None, "first"),
        ("m1", None, "unsealed"),
        ("m1", replace(SEAL, manifest="m1"), "sealed"),
        (None, replace(SEAL, manifest=None), "sealed"),
        ("m0", replace(SEAL, manifest="m1"), "doubtful"),
        (None, replace(SEAL, manifest="m1"), "doubtful"),
        ("m1", replace(SEAL, manifest=None), "doubtful"),
        ("m1", replace(OPEN, manifest="m1"), "doubtful"),
        ("m1", replace(OPEN, manifest=None), "doubtful"),
        (None, replace(OPEN, manifest=None), "doubtful"),
        (None, UNREADABLE, "doubtful"),
    ],
)
def test_a_manifest_is_believed_as_far_as_its_seal_goes(manifest: str | None, seal: Seal | None, expected: str) -> None:
    assert trust(manifest, seal) == expected


# --- From one run to the next -------------------------------------------------------------------------------


def test_a_first_run_vouches_for_no_manifest() -> None:
    assert succeed(None, replace(OPEN, manifest="m", content="c")) == replace(OPEN, manifest=None, content=None)


def test_a_run_takes_over_what_was_published_and_which_run_ended() -> None:
    before = replace(SEAL, run="41", serial=7, manifest="m", content="c", owner="o", ended="40")
    opened = succeed(before, Seal("open", "42", "later", "head"))
    assert opened == Seal("open", "42", "later", "head", 7, "m", "c", "o", ended="41")


def test_a_run_that_left_the_seal_open_is_unfinished_and_has_not_ended() -> None:
    before = replace(OPEN, run="41", ended="40", unfinished=(UnfinishedRun("39", "early", None),))
    opened = succeed(before, Seal("open", "42", "later"))
    assert [item.run for item in opened.unfinished] == ["39", "41"]
    assert opened.ended == "40"


def test_a_closed_seal_in_doubt_is_open_though_its_run_ended() -> None:
    overtaken = replace(OPEN, run="41")
    seal = doubted(replace(SEAL, run="42"), overtaken)
    assert (seal.state, seal.ended, [item.run for item in seal.unfinished]) == ("open", "42", ["41"])
    assert trust(seal.manifest, seal) == "doubtful"


def test_an_open_seal_in_doubt_has_no_newer_end() -> None:
    assert doubted(replace(OPEN, run="42", ended="40")) == replace(OPEN, run="42", ended="40")


def test_only_the_last_unfinished_runs_are_kept() -> None:
    seal = None
    for number in range(50):
        seal = succeed(seal, Seal("open", str(number), SEAL.since))
    assert seal is not None
    assert [item.run for item in seal.unfinished] == [str(number) for number in range(29, 49)]


# --- Clocks that are apart ------------------------------------------------------------------------------------


def test_a_clock_that_is_right_stands_in_no_seal() -> None:
    opened = succeed(replace(OPEN, run="41"), Seal("open", "42", "later"))
    data = json.loads(dump_seal(opened))
    assert "clock" not in data
    assert data["unsettled"] == [["41", OPEN.since, OPEN.head, None]]


def test_by_how_much_the_clock_of_a_run_was_wrong_goes_on_to_the_next_run() -> None:
    before = parse_seal(dump_seal(replace(OPEN, run="41", clock=-900)))
    assert before.clock == -900
    opened = parse_seal(dump_seal(succeed(before, Seal("open", "42", "later"))))
    assert (opened.clock, [item.clock for item in unfinished_runs(opened)]) == (0, [-900, 0])


@pytest.mark.parametrize("clock", ["900", 9.5, True, None, [], 10**30])
def test_a_clock_that_is_no_number_of_seconds_is_none(clock: object) -> None:
    data = {**json.loads(dump_seal(OPEN)), "clock": clock, "unsettled": [["r", "s", None, None, clock]]}
    seal = parse_seal(json.dumps(data).encode())
    assert (seal.clock, seal.unfinished) == (0, (UnfinishedRun("r", "s", None),))


@pytest.mark.parametrize("time_s", [None, float("inf"), float("-inf"), 1e15, -1e15])
def test_a_time_that_no_calendar_has_is_no_time(time_s: float | None) -> None:
    assert instant(time_s) is None


# --- The mark of doubt ----------------------------------------------------------------------------------------


def test_a_mark_of_doubt_keeps_the_runs_of_all_who_left_it() -> None:
    first, second = Seal("open", "1", "a"), Seal("open", "2", "b")
    both = both_overtaken(first, second)
    assert [item.run for item in unfinished_runs(both)] == ["1", "2"]
    assert both_overtaken(both, second) == both
    assert both_overtaken(None, second) == second
    assert both_overtaken(first, None) == first
