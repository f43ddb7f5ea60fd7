"""What failed runs again, and nothing is paid for twice."""

from __future__ import annotations

from typing import Any

from tests.support.batch_runs import (
    FAILING,
    FOUR,
    IDS,
    RESULTS,
    SUMMARY,
    A,
    B,
    fetched,
    some_fail,
    submitted,
)
from tests.support.batch_world import TOTAL_S, BatchWorld
from tests.support.batches import requests_named
from tests.support.wire import alter, call, refuse
from vsync.batch.batch_advice import next_steps


def test_what_failed_is_submitted_again_and_merged_into_the_results(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two", "four")

    report = world.fetch(resubmit_failed=True)

    (again,) = report.submitted
    assert (again.path, again.requests, again.resubmission) == (A, 2, True)
    assert report.exit_code == 0
    assert world.answered(RESULTS) == ["one", "three"]
    first, second = world.batches()
    assert second["metadata"]["retry_of"] == first["id"]
    assert second["metadata"]["sha256"] == first["metadata"]["sha256"]
    world.pass_time()
    report = world.fetch(resubmit_failed=True)
    assert fetched(report) == [RESULTS]
    assert (world.ids(RESULTS), world.answered(RESULTS)) == (IDS, IDS)
    assert (report.submitted, report.exit_code) == ([], 0)


def test_what_failed_is_submitted_again_once_while_its_batch_runs(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two")
    world.fetch(resubmit_failed=True)

    report = world.fetch(resubmit_failed=True)

    assert (report.submitted, len(world.batches()), report.exit_code) == ([], 2, 0)


def test_requests_that_always_fail_are_not_paid_for_ever(world: BatchWorld) -> None:
    submitted(world, FAILING)
    for _ in range(8):
        world.fetch(resubmit_failed=True)
        world.pass_time()

    report = world.fetch(resubmit_failed=True)

    assert len(world.batches()) == 5
    assert [failed.code for failed in report.failed] == ["tried-too-often"]
    assert f"`vsync batch submit --again {A}`" in report.failed[0].remedy
    later = world.fetch()
    assert [failed.code for failed in later.failed] == ["tried-too-often"], "whoever would try again learns it at once"
    assert not any("--resubmit-failed" in step for step in next_steps(later))


def test_submit_does_not_pay_again_for_what_failed(world: BatchWorld) -> None:
    submitted(world, FAILING)
    world.fetch()

    assert world.submit().submitted == []


def test_what_a_cancelled_batch_did_not_run_is_submitted_again_when_it_is_named(world: BatchWorld) -> None:
    content = requests_named([f"r{n}" for n in range(50)])
    world.write(A, content)
    world.submit()
    world.pass_time(TOTAL_S / 2)
    world.cancel(A)
    world.pass_time()
    assert world.fetch(resubmit_failed=True).submitted == []
    assert len(world.fetch(resubmit_failed=True, paths=["a.jsonl"]).submitted) == 1
    world.pass_time()

    report = world.fetch()

    assert (world.ids(RESULTS), len(world.answered(RESULTS))) == ([f"r{n}" for n in range(50)], 50)
    assert report.exit_code == 0


def test_results_of_a_newer_vsync_stop_the_run_before_anything_is_written_or_paid(world: BatchWorld) -> None:
    submitted(world)
    world.fetch()
    submitted(world, requests_named(["b"]), B)
    summary = world.root / SUMMARY
    newer = summary.read_bytes().replace(b'"version": 1', b'"version": 2')
    summary.write_bytes(newer)
    world.write("batches/c.jsonl", requests_named(["c"]))

    for report in (world.submit(), world.fetch(resubmit_failed=True, clean=True)):
        assert (report.exit_code, report.submitted, report.cleaned) == (2, [], 0)
        assert "written by a newer vsync" in str(report.error)
    assert (summary.read_bytes(), world.results) == (newer, ["a.jsonl", "a.summary.json"])


def test_an_attempt_that_ended_meanwhile_is_not_paid_again(world: BatchWorld) -> None:
    """The resubmission ends after the results were fetched, and before it is decided what to submit again."""
    submitted(world, FAILING)
    world.fetch(resubmit_failed=True)
    listed = []

    def later() -> None:
        listed.append(True)
        if len(listed) == 2:
            world.pass_time()

    world.wire.when("GET /batches", call(later))

    world.fetch(resubmit_failed=True)

    assert len(world.batches()) == 2


def test_a_server_that_drops_metadata_makes_no_batch_that_nobody_knows(world: BatchWorld) -> None:
    world.write(A, FOUR)
    for what in ("POST /batches", lambda sent: sent.path.startswith("/batches/batch")):
        world.wire.when(what, alter(lambda batch: batch.update(metadata={})))
    world.wire.when("GET /batches", alter(lambda page: [each.update(metadata={}) for each in page["data"]]))

    report = world.submit()

    assert report.exit_code == 3
    assert "metadata" in str(report.error)
    assert [batch["status"] for batch in world.batches()] == ["cancelling"]


def test_a_twin_that_cannot_be_cancelled_is_a_warning(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    made = dict(world.batches()[0]["metadata"])
    world.make_batch(made)
    world.wire.when(lambda sent: sent.path.endswith("/cancel"), refuse(404, "No such batch"))

    report = world.submit()

    assert (report.error, report.exit_code) == (None, 0)
    assert "could not be cancelled" in " ".join(report.warnings)


def test_failures_run_again_although_the_api_has_forgotten_their_batch(world: BatchWorld) -> None:
    submitted(world, FAILING)
    world.fetch()
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[])), times=3)

    assert world.submit().submitted == []
    report = world.fetch(resubmit_failed=True)

    assert [each.requests for each in report.submitted] == [2]
    assert len(world.batches()) == 2


def test_two_batches_of_one_content_never_become_three(world: BatchWorld) -> None:
    """Another clone made the batch too, and was cancelled for it. What it did not run is not submitted again."""
    world.write(A, FOUR)
    world.submit()
    world.make_batch(dict(world.batches()[0]["metadata"]))
    world.submit()
    world.pass_time()

    report = world.fetch(resubmit_failed=True)

    assert (report.submitted, world.answered(RESULTS), report.exit_code) == ([], IDS, 0)
    assert sorted(batch["status"] for batch in world.batches()) == ["cancelled", "completed"]


def test_results_that_were_edited_are_not_paid_again_where_the_batch_is_not_listed(world: BatchWorld) -> None:
    submitted(world)
    world.fetch()
    place = world.root / RESULTS
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[])))

    assert world.submit().submitted == []


def test_a_listing_without_metadata_makes_no_batch_again_and_again(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.wire.when("GET /batches", alter(lambda page: [each.update(metadata=None) for each in page["data"]]))

    report = world.submit()

    assert report.exit_code == 3
    assert "metadata" in str(report.error)
    assert [batch["status"] for batch in world.batches()] == ["cancelling"]


def test_a_twin_that_was_cancelled_beside_a_refused_batch_is_nobodys_wish(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    first = world.batches()[0]["id"]
    world.make_batch(dict(world.batches()[0]["metadata"]))
    world.submit()
    world.pass_time()
    errors = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": "Full.", "line": None}]}

    def refused(page: dict[str, Any]) -> None:
        for each in page["data"]:
            if each["status"] != "cancelled" and each["metadata"]["attempt"] == "1":
                each.update(status="failed", errors=errors, output_file_id=None)

    world.wire.when("GET /batches", alter(refused))

    report = world.submit()

    assert first
    assert [each.path for each in report.submitted] == [A]


def test_requests_without_any_line_of_results_run_again_too(world: BatchWorld) -> None:
    submitted(world, FAILING)
    world.fetch()
    place = world.root / RESULTS
    place.write_bytes(place.read_bytes().splitlines(keepends=True)[0])
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[])), times=2)

    report = world.fetch(resubmit_failed=True)

    assert [each.requests for each in report.submitted] == [2]


def test_what_submit_names_after_a_cancel_is_what_fetch_does(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    world.cancel(A)
    world.pass_time()
    world.fetch()

    (told,) = world.submit().unchanged

    assert f"`vsync batch fetch --resubmit-failed {A}`" in told.reason
    assert world.fetch(resubmit_failed=True).submitted == []
    assert len(world.fetch(paths=[A], resubmit_failed=True).submitted) == 1


def refused_at(world: BatchWorld, line: int, code: str = "model_not_found") -> str:
    """The API refuses the last batch, at a line of what was uploaded. Gives the batch's id."""
    last = world.batches()[-1]["id"]
    errors = {"object": "list", "data": [{"code": code, "message": "No such model.", "line": line}]}

    def refused(page: dict[str, Any]) -> None:
        for each in page["data"]:
            if each["id"] == last:
                each.update(status="failed", errors=errors, output_file_id=None)

    world.wire.when("GET /batches", alter(refused))
    return str(last)


def test_an_error_of_a_refused_resubmission_is_told_at_its_line_of_the_request_file(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two", "four")
    world.fetch(resubmit_failed=True)
    refused_at(world, 2)

    (failed,) = world.fetch().failed
    (row, _) = world.status().batches

    assert [(each.line, each.message) for each in failed.mistakes] == [(4, "No such model.")]
    assert [error.line for error in row.info.errors] == [4]


def test_a_line_of_a_resubmission_that_nobody_can_find_again_is_called_what_it_is(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two", "four")
    world.fetch(resubmit_failed=True)
    refused_at(world, 2)
    (world.root / RESULTS).unlink()

    (row, _) = world.status().batches

    assert [(error.line, error.message) for error in row.info.errors] == [
        (None, "Line 2 of the resubmitted requests: No such model.")
    ]


def test_a_copy_of_the_request_file_without_results_hides_no_line(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two", "four")
    world.fetch(resubmit_failed=True)
    refused_at(world, 1)
    world.write("batches/0.jsonl", FOUR)

    assert [error.line for error in world.status().batches[0].info.errors] == [2]


def test_what_the_api_refused_to_run_again_is_submitted_when_it_is_named_and_nothing_good_is_paid_again(
    world: BatchWorld,
) -> None:
    submitted(world)
    some_fail(world, "two", "four")
    world.fetch(resubmit_failed=True)
    refused_at(world, 1)

    report = world.fetch(resubmit_failed=True)

    assert (report.submitted, report.held_back, [failed.code for failed in report.failed]) == (
        [],
        [A],
        ["model_not_found"],
    )
    assert f"`vsync batch fetch --resubmit-failed {A}`" in report.failed[0].remedy
    assert "--again" not in report.failed[0].remedy
    assert next_steps(report) == []
    assert [each.requests for each in world.fetch(resubmit_failed=True, paths=[A]).submitted] == [2]


def test_a_refused_resubmission_whose_reason_may_pass_names_the_command_that_submits_it(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two", "four")
    world.fetch(resubmit_failed=True)
    refused_at(world, 1, "insufficient_quota")

    (failed,) = world.fetch().failed

    assert failed.remedy == "Add credit, then run `vsync batch fetch --resubmit-failed` again."
    assert [each.requests for each in world.fetch(resubmit_failed=True).submitted] == [2]


def test_a_whole_file_with_a_model_that_the_project_may_use_now_is_submitted_by_the_command_that_is_named(
    world: BatchWorld,
) -> None:
    submitted(world)
    refused_at(world, 1)

    (failed,) = world.submit().failed

    assert f"`vsync batch submit --again {A}`" in failed.remedy
    assert [each.path for each in world.submit(again=(A,)).submitted] == [A]


def test_a_copy_of_a_file_that_is_held_back_is_held_back_too(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two", "four")
    world.write(B, FOUR)
    world.fetch(resubmit_failed=True)
    refused_at(world, 1)

    report = world.fetch()

    assert (report.failing, report.held_back, next_steps(report)) == ([A, B], [A, B], [])
