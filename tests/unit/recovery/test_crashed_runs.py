"""Runs that died: between which times they may have uploaded, as far as their seal tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vsync.recovery.crashed_runs import LONGEST_RUN_S, CrashedRun, believed, bounded, crashed_runs, run_key
from vsync.state.journal_record import Attempt
from vsync.state.publication import STALE_AFTER_S
from vsync.state.seal import Seal, UnfinishedRun, dump_seal, parse_seal, succeed, unfinished_runs

SINCE, SEEN = "2026-01-01T00:00:00+00:00", "2026-01-01T00:05:00+00:00"
START = 1_767_225_600
OPEN = Seal("open", "run-1", SINCE, "a" * 40, seen=SEEN)


def test_a_dead_run_may_have_uploaded_until_it_could_have_been_taken_over() -> None:
    (run,) = crashed_runs(unfinished_runs(OPEN))
    assert run == CrashedRun(run_key("run-1", SINCE), START, "a" * 40, START + 300 + int(STALE_AFTER_S))


def test_without_a_sign_of_life_the_end_is_not_known() -> None:
    (run,) = crashed_runs([UnfinishedRun("run-1", SINCE, None)])
    assert run.until is None


def test_the_times_of_a_run_whose_clock_was_wrong_are_told_by_the_apis_clock() -> None:
    (run,) = crashed_runs(unfinished_runs(replace(OPEN, clock=-900)))
    assert (run.since, run.until, run.clock) == (START - 900, START - 900 + 300 + int(STALE_AFTER_S), -900)


@pytest.mark.parametrize("times", [("", SEEN), ("yesterday", SEEN), (SINCE, "tomorrow")])
def test_a_run_whose_times_cannot_be_read_is_left_out(times: tuple[str, str]) -> None:
    since, seen = times
    assert crashed_runs([UnfinishedRun("run-1", since, None, seen)]) == []


def test_runs_that_died_one_after_another_are_all_remembered_until_the_seal_is_closed() -> None:
    second = succeed(OPEN, Seal("open", "run-2", SINCE))
    third = succeed(parse_seal(dump_seal(second)), Seal("open", "run-3", SINCE))
    assert [item.run for item in unfinished_runs(parse_seal(dump_seal(third)))] == ["run-1", "run-2", "run-3"]
    assert third.unfinished[0].seen == SEEN
    closed = parse_seal(dump_seal(Seal("closed", "run-3", SINCE, unfinished=third.unfinished)))
    assert unfinished_runs(closed) == closed.unfinished == ()


def test_seals_of_an_earlier_form_are_read() -> None:
    seal = parse_seal(
        b'{"state": "open", "run": "r", "since": "s", "serial": 0, "unsettled": [["a", "b", null], ["c"]]}'
    )
    assert seal.unfinished == (UnfinishedRun("a", "b", None),)


def test_attempts_of_a_dead_run_end_with_it() -> None:
    answered, open_end = Attempt("a.md", 1, 5, 6), Attempt("b.md", 1, 5)
    dead = [CrashedRun("run-1", 0, None, 100), CrashedRun("run-2", 0, None, 200)]
    assert bounded([answered, open_end], ["run-1", "run-2"], dead) == [answered, Attempt("b.md", 1, 5, 200)]


@pytest.mark.parametrize(
    ("runs", "dead"),
    [
        ([], [CrashedRun("run-1", 0, None, 100)]),
        (["run-1", "run-2"], [CrashedRun("run-1", 0, None, 100)]),
        (["run-1"], [CrashedRun("run-1", 0, None)]),
    ],
    ids=["of nobody", "of another", "without an end"],
)
def test_where_the_end_is_not_known_it_stays_open(runs: list[str], dead: list[CrashedRun]) -> None:
    attempt = Attempt("b.md", 1, 5)
    assert bounded([attempt], runs, dead) == [attempt]


def test_all_runs_of_a_seal_together_are_believed_for_six_hours() -> None:
    hour = 3_600
    runs = [
        CrashedRun(f"run-{number}", number * 10 * hour, None, number * 10 * hour + 4 * hour) for number in range(20)
    ]
    assert believed(runs, 400 * hour) == [runs[-1]]
    short = [CrashedRun(f"run-{number}", number * hour, None, number * hour + 600) for number in range(5)]
    assert believed(short, 400 * hour) == short[::-1]


@pytest.mark.parametrize(
    "run",
    [
        CrashedRun("no end", 100, None),
        CrashedRun("ends before it begins", 100, None, 99),
        CrashedRun("too long", 0, None, LONGEST_RUN_S + int(STALE_AFTER_S) + 1),
        CrashedRun("wrong clock", 100, None, 200, clock=-600),
    ],
    ids=lambda run: run.id,
)
def test_a_run_with_other_times_is_not_believed(run: CrashedRun) -> None:
    assert believed([run], 1_000) == []


def test_a_run_that_died_long_ago_is_not_believed() -> None:
    run = CrashedRun("old", 100, None, 200)
    assert believed([run], 200 + 30 * 86_400) == [run]
    assert believed([run], 201 + 30 * 86_400) == []


def test_a_clock_that_is_seconds_apart_moves_the_times_of_a_run_and_is_believed() -> None:
    (run,) = crashed_runs(unfinished_runs(replace(OPEN, clock=240)))
    assert (run.since, believed([run], START + 3_600)) == (START + 240, [run])
