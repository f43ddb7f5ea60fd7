"""The outputs of `batch status`: what a workflow can ask without fetching anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.batches import SOURCE, batch_info, own_batch
from vsync.batch.metadata import OwnBatch
from vsync.batch.status_report import BatchRow, StatusReport
from vsync.github.batch_results import OUTPUTS
from vsync.github.batch_status import status_outputs

PATHS = {"one": ("batches/a.jsonl",), "two": ("batches/b.jsonl", "batches/c.jsonl")}


def row(batch: OwnBatch, *paths: str, ours: bool = True, fetched: bool = False) -> BatchRow:
    return BatchRow(batch.info, batch.made, ours=ours, paths=paths, fetched=fetched, age_s=0, left_s=None)


def batch(content: str = "one", status: str = "completed", *, fetched: bool = False, **facts: Any) -> BatchRow:
    """A batch of three requests. `completed`: how many of them have a good result."""
    made = own_batch(content, status=status, **{"total": 3, "completed": 3, **facts})
    return row(made, *PATHS[content], fetched=fetched)


def later(content: str = "one", status: str = "completed", **facts: Any) -> BatchRow:
    return batch(content, status, **{"batch_id": "batch_2", "attempt": 2, "created_at": 2_000, **facts})


def counted(*rows: BatchRow, **files: list[str]) -> Mapping[str, str]:
    return status_outputs(StatusReport(SOURCE, list(rows), **files))


def test_the_outputs_are_those_of_the_other_commands() -> None:
    assert (*counted(), "report") == OUTPUTS


def test_looking_is_no_work_and_no_failure() -> None:
    found = counted(batch(completed=1), failing=["batches/z.jsonl"])
    named = ("submitted", "completed", "changed", "dry-run", "failure-reason")
    assert [found[name] for name in named] == ["0", "0", "false", "false", ""]


def test_batches_of_this_source_that_have_not_ended_are_pending() -> None:
    of_others = row(own_batch("three", source="acme/other"), ours=False)
    unmarked = BatchRow(batch_info("batch_7"), None, ours=False, paths=(), fetched=False, age_s=0, left_s=None)
    found = counted(batch(status="validating"), batch("two", "cancelling"), later("two"), of_others, unmarked)
    assert found["pending"] == "2"


def test_a_second_batch_that_is_being_cancelled_is_not_pending() -> None:
    twin = batch(status="cancelling", batch_id="batch_2", created_at=2_000)
    assert counted(twin, batch(status="in_progress"))["pending"] == "1"


def test_files_that_the_report_names_as_refused_or_with_failures_have_failed() -> None:
    found = counted(refused=["batches/a.jsonl"], failing=["batches/b.jsonl"], unsubmitted=["batches/n.jsonl"])
    assert found["failed"] == "2"


@pytest.mark.parametrize(
    ("rows", "failed"),
    [
        ([batch()], "0"),
        ([batch(completed=2)], "1"),
        ([batch("two", completed=2)], "2"),
        ([batch(status="expired", completed=0)], "1"),
        ([batch(status="failed", total=0, completed=0)], "1"),
        ([batch(status="in_progress", completed=0)], "0"),
        ([later(), batch(completed=2)], "0"),
        ([later(completed=2), batch(completed=2)], "1"),
        ([later(status="in_progress", completed=0), batch(completed=2)], "0"),
        ([row(own_batch(status="completed", total=3, completed=1))], "0"),
    ],
    ids=[
        "all requests have a result", "one has none", "two files have the content", "it expired", "the API refused it", "it runs",
        "a later batch brought the rest", "a later batch fell short as well", "what failed runs again", "no file has the content",
    ],
)  # fmt: skip
def test_of_results_that_are_not_in_the_clone_the_newest_batch_tells(rows: list[BatchRow], failed: str) -> None:
    assert counted(*rows)["failed"] == failed


def test_results_that_are_in_the_clone_count_as_the_report_says() -> None:
    again = later(status="failed", total=0, completed=0)
    assert counted(again, batch(fetched=True))["failed"] == "0"
    assert counted(again, batch(fetched=True), failing=["batches/a.jsonl"])["failed"] == "1"
