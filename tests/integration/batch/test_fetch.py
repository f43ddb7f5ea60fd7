"""Results are brought, and what hinders that is told."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.batch_runs import (
    FAILING,
    FOUR,
    IDS,
    RESULTS,
    RESULTS_B,
    SUMMARY,
    A,
    B,
    contents,
    fetched,
    submitted,
)
from tests.support.batch_world import TOTAL_S, BatchWorld
from tests.support.batches import requests_named, sha256
from tests.support.wire import Forward, Sent, alter, refuse, response
from vsync.batch.batch_advice import next_steps
from vsync.batch.batch_text import report_lines
from vsync.errors import ConfigurationError


def test_results_stand_in_the_order_of_their_requests(world: BatchWorld) -> None:
    batch_id = submitted(world)

    report = world.fetch()

    assert fetched(report) == [RESULTS]
    assert world.ids(RESULTS) == IDS
    assert world.answered(RESULTS) == IDS
    summary = world.summary(SUMMARY)
    assert (summary["sha256"], summary["requests"], summary["completed"], summary["failed"]) == (sha256(FOUR), 4, 4, 0)
    assert [batch["id"] for batch in summary["batches"]] == [batch_id]
    assert (report.exit_code, report.pending, report.failing) == (0, [], [])


def test_a_second_run_downloads_nothing(world: BatchWorld) -> None:
    submitted(world)
    world.fetch()
    before = (world.root / RESULTS).stat().st_mtime_ns
    world.wire.calm()

    report = world.fetch()

    assert fetched(report) == []
    assert not [sent for sent in world.wire.sent if sent.path.endswith("/content")]
    assert (world.root / RESULTS).stat().st_mtime_ns == before


def test_a_batch_that_runs_is_pending_and_nothing_is_written(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()

    report = world.fetch()

    assert (fetched(report), world.results, report.exit_code) == ([], [], 0)
    assert [(each.path, each.left_s is not None) for each in report.pending] == [(A, True)]


def test_results_that_were_deleted_here_are_brought_again(world: BatchWorld) -> None:
    submitted(world)
    world.fetch()
    (world.root / RESULTS).unlink()

    assert fetched(world.fetch()) == [RESULTS]
    assert world.ids(RESULTS) == IDS


def test_a_dry_run_writes_nothing_and_says_what_it_would_bring(world: BatchWorld) -> None:
    submitted(world)

    assert fetched(world.fetch(dry_run=True)) == [RESULTS]
    assert world.results == []
    assert not [sent for sent in world.wire.sent if sent.path.endswith("/content")]


def test_each_request_that_failed_is_told_with_its_line_and_reason(world: BatchWorld) -> None:
    submitted(world, FAILING)

    report = world.fetch()

    assert world.ids(RESULTS) == ["x", "y"]
    assert world.answered(RESULTS) == []
    assert [(each.line, each.custom_id) for each in report.failed_requests] == [(1, "x"), (2, "y")]
    assert all(each.code and each.message for each in report.failed_requests)
    assert (report.failing, report.failed_requests_total, report.exit_code) == ([A], 2, 1)


def test_failures_are_told_by_each_run_as_long_as_they_stand(world: BatchWorld) -> None:
    submitted(world, FAILING)
    world.fetch()

    report = world.fetch()

    assert (fetched(report), report.failing, report.exit_code) == ([], [A], 1)
    assert [each.custom_id for each in report.failed_requests] == ["x", "y"]


def test_a_changed_request_file_makes_no_more_ado_about_its_old_failures(world: BatchWorld) -> None:
    submitted(world, FAILING)
    world.fetch()
    world.write(A, FOUR)

    assert world.fetch().exit_code == 0


def test_a_batch_that_was_cancelled_gives_what_it_has_and_a_reason_for_the_rest(world: BatchWorld) -> None:
    content = requests_named([f"r{n}" for n in range(100)])
    world.write(A, content)
    world.submit()
    world.pass_time(TOTAL_S / 2)
    report = world.cancel(A)
    assert [(each.path, each.status) for each in report.cancelled] == [(A, "cancelling")]
    world.pass_time()

    report = world.fetch()

    assert fetched(report) == [RESULTS]
    assert len(world.lines(RESULTS)) == 100
    assert 0 < len(world.answered(RESULTS)) < 100
    assert report.failed_requests_total == 100 - len(world.answered(RESULTS))
    assert report.exit_code == 1


def test_a_batch_that_expired_gives_what_it_has(world: BatchWorld) -> None:
    content = requests_named(["one", "two"])
    world.write(A, content)
    world.submit()
    (batch,) = world.batches()
    world.wire.when(
        "GET /batches",
        alter(lambda page: [each.update(status="expired", output_file_id=None) for each in page["data"]]),
    )

    report = world.fetch()

    assert fetched(report) == [RESULTS]
    assert (world.ids(RESULTS), world.answered(RESULTS)) == (["one", "two"], [])
    assert "expired" in report.failed_requests[0].message
    assert batch["id"] == report.fetched[0].batch_id


def test_a_batch_that_was_refused_is_told_and_nothing_is_written(world: BatchWorld) -> None:
    submitted(world)
    errors = {"object": "list", "data": [{"code": "invalid_json_line", "message": "Bad.", "param": None, "line": 2}]}
    world.wire.when(
        "GET /batches", alter(lambda page: [each.update(status="failed", errors=errors) for each in page["data"]])
    )

    report = world.fetch()

    assert (fetched(report), world.results) == ([], [])
    assert [(failed.path, failed.mistakes[0].line) for failed in report.failed] == [(A, 2)]
    assert report.exit_code == 1


def test_results_that_cannot_be_written_keep_no_others_back(world: BatchWorld) -> None:
    for name in "ab":
        submitted(world, requests_named([name]), f"batches/{name}.jsonl")
    (world.root / RESULTS).mkdir(parents=True)

    report = world.fetch()

    assert [each.path for each in report.fetched] == [B]
    assert (report.exit_code, RESULTS in str(report.error)) == (3, True)
    (world.root / "batch-results/a.summary.json").write_bytes(
        (world.root / "batch-results/b.summary.json").read_bytes()
    )
    assert RESULTS in str(world.fetch().error)
    assert world.ids(RESULTS_B) == ["b"]


def test_a_results_folder_that_cannot_be_written_is_refused_before_any_request(world: BatchWorld) -> None:
    submitted(world)
    (world.root / "batch-results").write_bytes(b"a file")
    world.wire.calm()

    with pytest.raises(ConfigurationError, match="results"):
        world.fetch()

    assert not world.wire.sent


def test_results_that_somebody_deleted_at_the_api_are_told(world: BatchWorld) -> None:
    submitted(world)
    world.wire.when(lambda sent: sent.path.endswith("/content"), refuse(404, "No such File object"))

    report = world.fetch()

    assert [(failed.path, failed.code) for failed in report.failed] == [(A, "results-gone")]
    assert "--again" in report.failed[0].remedy
    assert (world.results, report.exit_code) == ([], 1)


@pytest.mark.parametrize("path", ["../outside.jsonl", "batches/../../outside.jsonl", "/tmp/outside.jsonl"])
def test_metadata_that_lead_outside_write_nothing_there(world: BatchWorld, path: str) -> None:
    submitted(world)
    (world.root / A).unlink()
    world.wire.when("GET /batches", alter(lambda page: [each["metadata"].update(path=path) for each in page["data"]]))

    report = world.fetch()

    assert (fetched(report), world.results) == ([], [])
    assert not (world.folder / "outside.jsonl").exists()


def test_results_that_cannot_be_downloaded_keep_no_others_back(world: BatchWorld) -> None:
    for name in "ab":
        submitted(world, requests_named([name]), f"batches/{name}.jsonl")
    (first,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == first, refuse(400, "Not allowed to download files of purpose: batch."))

    report = world.fetch()

    assert [each.path for each in report.fetched] == ["batches/b.jsonl"]
    assert [(failed.path, "cannot be downloaded" in failed.message) for failed in report.failed] == [(A, True)]
    assert report.exit_code == 1


def test_results_whose_server_is_broken_keep_no_others_back(world: BatchWorld) -> None:
    for name in "ab":
        submitted(world, requests_named([name]), f"batches/{name}.jsonl")
    (first,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == first, refuse(503, "Overloaded."))

    report = world.fetch()

    assert [each.path for each in report.fetched] == ["batches/b.jsonl"]
    assert report.exit_code == 3


def test_an_input_that_cannot_be_read_back_costs_only_the_order(world: BatchWorld) -> None:
    submitted(world)
    (batch,) = world.batches()
    (world.root / A).unlink()
    world.wire.when(
        lambda sent: sent.path == f"/files/{batch['input_file_id']}/content", refuse(400, "Not allowed to download.")
    )

    report = world.fetch()

    assert (report.fetched[0].in_input_order, report.fetched[0].completed) == (False, 4)


def test_fetch_names_the_request_files_that_were_never_submitted(world: BatchWorld) -> None:
    submitted(world)
    world.write("batches/new.jsonl", requests_named(["new"]))

    report = world.fetch()

    assert (report.unsubmitted, report.exit_code) == (["batches/new.jsonl"], 0)


def test_what_failed_in_an_earlier_content_is_no_failure_of_the_present_file(world: BatchWorld) -> None:
    submitted(world, requests_named(["good", "vsync-fail-500", "fine"]))
    world.write(A, requests_named(["good", "new"]))

    report = world.fetch()

    (each,) = report.fetched
    assert (each.current, each.completed, each.failed, each.results != RESULTS) == (False, 2, 1, True)
    assert (report.failing, report.failed_requests, report.failed_requests_total) == ([], [], 0)
    assert (report.exit_code, report.failed) == (0, [])
    text = "\n".join(line.text for line in report_lines(report, next_steps(report)))
    assert f"{each.results}: 2 of 3 requests completed, 1 failed" in text
    assert "of an earlier content of the request file" in text
    assert "--resubmit-failed" not in text


def test_results_of_an_earlier_content_that_are_too_short_are_a_warning(world: BatchWorld) -> None:
    submitted(world)
    world.write(A, requests_named(["new"]))
    (path,) = contents(world, 1)

    async def half(_: Sent, forward: Forward) -> httpx2.Response:
        return response(200, b"".join((await forward()).content.splitlines(keepends=True)[:2]))

    world.wire.when(lambda sent: sent.path == path, half)

    report = world.fetch()

    assert (report.failed, report.exit_code) == ([], 0)
    assert any("4 results by the API's count" in warning for warning in report.warnings)
