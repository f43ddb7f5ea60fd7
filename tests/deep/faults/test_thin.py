"""A thin pass of the faults: every scenario, in process, in a few seconds. The whole: `make faults`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deep.faults import matrix, over_http
from tests.deep.faults.__main__ import run_case, told
from tests.deep.faults.parts import deal
from tests.deep.faults.scenarios import SCENARIOS, forget

_EACH = 3
"""So many cases a scenario."""


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    yield
    forget()


def thin(scenario: str) -> list[matrix.Case]:
    """A small part of the faults at the scenario's requests.

    Without those that need a port or a clone, and without a 404: it is never put at a delete, so it may meet nothing.
    """
    cases = [case for case in matrix.every(scenario) if isinstance(case, matrix.Case) and _is_tried(case)]
    parts = deal(cases, len(cases) // _EACH)
    return parts[list(SCENARIOS).index(scenario) * len(parts) // len(SCENARIOS)]  # other faults in each scenario


def _is_tried(case: matrix.Case) -> bool:
    return not case.fresh and case.fault not in over_http.KINDS and not case.fault.startswith("404")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_is_lost_or_doubled(scenario: str) -> None:
    results = [run_case(case) for case in thin(scenario)]
    assert not any(result.violations for result in results), "\n".join(map(told, results))
    assert sum(result.met for result in results) >= _EACH - 1
