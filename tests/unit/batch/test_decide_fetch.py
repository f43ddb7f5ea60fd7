from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

from tests.support.batches import own_batch, sha256
from vsync.batch.decide_fetch import (
    KEPT_FOR_DAYS,
    Fetching,
    Folders,
    decide_fetch,
)
from vsync.batch.metadata import OwnBatch
from vsync.batch.present_names import PresentNames
from vsync.batch.result_places import kept_path
from vsync.store.batch_info import BatchError

FOLDERS = Folders("batches", "batch-results")
ONE, TWO = sha256("one"), sha256("two")
PLACE = "batch-results/a.jsonl"
KEPT = f"batch-results/a.{ONE[:12]}.jsonl"


def fetching(
    own: Sequence[OwnBatch],
    current: Mapping[str, str],
    *,
    merged: Collection[str] = (),
    stays: bool = False,
    complete: bool = False,
    now: int = 2_000,
) -> Fetching:
    return decide_fetch(
        own,
        PresentNames(current),
        FOLDERS,
        is_merged=lambda place, sha, batch_id: batch_id in merged,
        place_of_old=lambda place, sha: place if stays else kept_path(place, sha),
        is_complete=lambda place, sha: complete,
        chosen=lambda path: True,
        now=now,
    )


def done(batch_id: str = "batch_1", content: str = "one", status: str = "completed", **more: Any) -> OwnBatch:
    return own_batch(content, batch_id, status, completed_at=1_500, output_file_id="file-out", **more)


@pytest.mark.parametrize("status", ["completed", "expired", "cancelled"])
def test_the_results_of_a_batch_that_ended_go_beside_its_request_file(status: str) -> None:
    found = fetching([done(status=status)], {"batches/a.jsonl": ONE})

    assert [(each.path, each.place, each.current) for each in found.fetch] == [("batches/a.jsonl", PLACE, True)]


@pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling"])
def test_a_batch_that_runs_is_left_alone(status: str) -> None:
    assert fetching([own_batch(status=status)], {"batches/a.jsonl": ONE}) == Fetching()


def test_results_that_are_there_are_not_fetched_again() -> None:
    assert not fetching([done()], {"batches/a.jsonl": ONE}, merged=["batch_1"]).fetch


def test_results_of_a_content_that_has_changed_are_kept_under_its_hash() -> None:
    found = fetching([done()], {"batches/a.jsonl": TWO})

    assert [(each.place, each.current) for each in found.fetch] == [(KEPT, False)]


def test_results_of_a_file_that_is_gone_are_kept_under_its_hash() -> None:
    assert [each.place for each in fetching([done()], {}).fetch] == [KEPT]


def test_results_of_a_file_that_is_gone_stay_where_they_are() -> None:
    own = [done(), done("batch_2", attempt=2, part="some")]

    found = fetching(own, {}, stays=True, merged=["batch_1"])

    assert [(each.place, [batch.info.id for batch in each.batches]) for each in found.fetch] == [(PLACE, ["batch_2"])]


def test_a_renamed_file_gets_the_results_of_its_content() -> None:
    found = fetching([done()], {"batches/b.jsonl": ONE})

    assert [(each.path, each.place) for each in found.fetch] == [("batches/b.jsonl", "batch-results/b.jsonl")]


def test_two_files_of_one_content_both_get_the_results() -> None:
    found = fetching([done()], {"batches/a.jsonl": ONE, "batches/b.jsonl": ONE})

    assert [each.place for each in found.fetch] == [PLACE, "batch-results/b.jsonl"]


@pytest.mark.parametrize(
    "path", ["../out.jsonl", "/etc/a.jsonl", "batches/../../a.jsonl", "other/a.jsonl", "batches/a.txt", ""]
)
def test_a_path_in_metadata_that_leads_elsewhere_is_never_written(path: str) -> None:
    assert not fetching([done(path=path)], {}).fetch


def refused_batch() -> OwnBatch:
    return own_batch("one", status="failed", errors=(BatchError("invalid_json_line", "Bad.", 7, ""),))


def test_a_batch_that_the_api_refused_is_told_by_line() -> None:
    found = fetching([refused_batch()], {"batches/a.jsonl": ONE})

    assert not found.fetch
    assert [mistake.line for mistake in found.failed[0].mistakes] == [7]


def test_a_refused_batch_of_an_old_content_is_no_failure_any_more() -> None:
    assert fetching([refused_batch()], {"batches/a.jsonl": TWO}) == Fetching()


LATE = 1_500 + KEPT_FOR_DAYS * 24 * 3600 + 1


def test_old_results_of_a_present_content_are_asked_for_because_some_servers_keep_them_longer() -> None:
    assert len(fetching([done()], {"batches/a.jsonl": ONE}, now=LATE).fetch) == 1


def test_old_results_of_an_old_content_are_not_asked_for_again_and_again() -> None:
    assert fetching([done()], {"batches/a.jsonl": TWO}, now=LATE) == Fetching()


def test_results_without_any_time_are_asked_for() -> None:
    timeless = own_batch("one", "batch_1", "completed", created_at=0, output_file_id="file-out")

    assert len(fetching([timeless], {"batches/a.jsonl": TWO}, now=LATE).fetch) == 1


def test_old_results_that_are_on_disk_are_no_failure() -> None:
    assert fetching([done()], {"batches/a.jsonl": ONE}, merged=["batch_1"], now=LATE) == Fetching()


def test_results_are_found_when_the_source_folder_is_the_repository_itself() -> None:
    folders = Folders(".", "batch-results")

    assert folders.old_places("a.jsonl", ONE) == [PLACE, KEPT]
