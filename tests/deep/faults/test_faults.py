"""A fixed part of the fault matrix. The whole: `make faults`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest

from tests.deep.faults import matrix, over_http, processes
from tests.deep.faults.__main__ import AnyCase, run_case
from tests.deep.faults.kinds import INDEXING, KINDS
from tests.deep.faults.matrix import Case, Storm
from tests.deep.faults.processes import FullDisk, Kill, Push, Signals
from tests.deep.faults.scenarios import SCENARIOS, forget

_STEP = 101
"""The distance between two cases that are tried. It does not divide the number of requests, so every request has its turn."""


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    yield
    forget()


def hold(cases: Iterable[AnyCase]) -> int:
    """Runs the cases. Gives how many faults were met."""
    results = [run_case(case) for case in cases]
    broken = [result for result in results if result.violations]
    assert not broken, "\n".join(f"{result.case}: {text}" for result in broken for text in result.violations)
    return sum(result.met for result in results)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_is_lost_or_doubled_whatever_becomes_of_a_request(scenario: str) -> None:
    number = len(matrix.requests_of(scenario))
    faults = itertools.product([*KINDS, *matrix.STALE, "answer lost, no Date"], range(1, number + 1))
    cases = [Case(scenario, fault, at) for fault, at in faults]
    assert hold(cases[::_STEP]) >= len(cases) // _STEP


@pytest.mark.parametrize(
    ("scenario", "fault"), [("update", "killed before"), ("update", "killed after"), ("first", "answer lost")]
)
def test_every_request_may_be_the_last_one(scenario: str, fault: str) -> None:
    number = len(matrix.requests_of(scenario))
    assert hold(Case(scenario, fault, at) for at in range(1, number + 1)) == number


@pytest.mark.parametrize(
    "case",
    [
        Case("rename", "500, for good", 3),
        Case("first", "answer lost, no Date", 4),
        Case("all at once", "null with 200", 10),
        Case("after a death", "killed, then 1 stale list", 4, fresh=True),
        Case("after a death", "store expired", 1),
    ],
    ids=str,
)
def test_what_once_was_not_so(case: Case) -> None:
    """Faults that once were not survived.

    | fault | what went wrong |
    | --- | --- |
    | 500, for good | a traceback |
    | answer lost, no Date | a File that no report named |
    | null with 200 | a File that was not deleted |
    | killed, then 1 stale list | a File of a run that had itself made up for another run |
    | store expired | Files that the journal knew, and that the next run forgot because it made another store |
    """
    assert hold([case]) == 1


@pytest.mark.parametrize("fault", [*INDEXING, matrix.LEFT_OUT])
def test_a_document_that_is_not_indexed_does_not_harm_the_others(fault: str) -> None:
    assert hold([Case("update", fault, 2)]) == 1


@pytest.mark.parametrize("fault", over_http.KINDS)
def test_a_connection_may_break(fault: str) -> None:
    assert hold([Case("update", fault, 3)]) == 1


@pytest.mark.parametrize("fault", matrix.STORE_GONE)
def test_a_store_may_go_meanwhile(fault: str) -> None:
    assert hold([Case("first", fault, 5), Case("update", fault, 3), Case("update", fault, 7)]) == 3


@pytest.mark.parametrize(("fault", "at"), [("killed after", 3), ("killed before", 5), ("answer lost", 2)])
def test_the_next_run_may_be_on_another_machine(fault: str, at: int) -> None:
    assert hold([Case("update", fault, at, fresh=True)]) == 1


@pytest.mark.parametrize("scenario", ["all at once", "after a death", "repair"])
def test_faults_may_follow_each_other(scenario: str) -> None:
    assert hold(Storm(scenario, seed) for seed in range(2)) == 2


@pytest.mark.parametrize(
    "case",
    [Kill("update", 3, done=True), Kill("all at once", 4, done=True, fresh=True)],
    ids=str,
)
def test_a_process_may_be_killed(case: Kill) -> None:
    assert hold([case]) == 1


@pytest.mark.parametrize("case", [Signals("update", 3)], ids=str)
def test_a_process_that_is_told_to_stop_ends_in_time(case: Signals) -> None:
    assert hold([case]) == 1


@pytest.mark.parametrize("case", [Push("update", "answer lost", 3), Push("update", "branch moved", 2)], ids=str)
def test_a_push_may_fail(case: Push) -> None:
    assert hold([case]) == 1


@pytest.mark.skipif(not processes.can_mount(), reason="only root may mount a small disk")
def test_the_disk_may_be_full() -> None:
    assert hold([FullDisk("update", 0)]) == 1


# The alarm may ring in the middle of a library's constructor, whose destructor then complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_case_that_does_not_end_is_a_violation() -> None:
    result = run_case(Case("update", "answer lost", 3), longest_s=0.02)
    assert "not ended after 0.02 s" in result.violations
