"""A run sends the requests that its work needs, and at most five others.

Questions for one entry by its id are counted with the polls: a run that finds no record asks for up to fifty entries that
only the listing vouches for.
"""

from __future__ import annotations

import pytest

from tests.deep.faults.matrix import requests_of
from tests.deep.faults.scenarios import SCENARIOS, Scenario, in_a_hurry, ready

_BATCHES = ("POST /vector_stores/*/file_batches", "POST /vector_stores/*/files")
_POLLS = (
    "GET /vector_stores/*/file_batches/*",
    "GET /vector_stores/*/file_batches/*/files",
    "GET /vector_stores/*/files/*",
)


@pytest.mark.parametrize(
    "scenario",
    [scenario for name, scenario in SCENARIOS.items() if name != "repair"],
    ids=lambda scenario: scenario.name,
)
def test_a_run_asks_for_its_work_and_five_requests_at_most(scenario: Scenario) -> None:
    sent = requests_of(scenario.name)
    uploads = sum(item.is_("POST /files") for item in sent)
    deletes = sum(item.method == "DELETE" for item in sent)
    batches_and_polls = sum(any(item.is_(what) for what in (*_BATCHES, *_POLLS)) for item in sent)
    assert uploads == scenario.uploads
    assert deletes == 2 * scenario.entries_gone
    # Without a record, Files that look like ours are looked for: one listing of them, and the question who lists them.
    looked_for = 2 if scenario.name == "into a store" else 0
    assert len(sent) <= uploads + deletes + batches_and_polls + 5 + looked_for


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_with_nothing_to_do_asks_for_nothing(scenario: str) -> None:
    with in_a_hurry(), ready(scenario) as world:
        assert world.sync().exit_code == 0
        world.wire.calm()
        world.repairs = False
        report = world.sync()
        assert (report.exit_code, report.requests, world.wire.sent) == (0, {}, [])
