"""Files of the API are deleted when nobody needs them any more."""

from __future__ import annotations

import httpx2

from tests.support.batch_runs import (
    FOUR,
    IDS,
    RESULTS,
    A,
    contents,
    fetched,
    some_fail,
    submitted,
)
from tests.support.batch_world import BatchWorld
from tests.support.batches import requests_named
from tests.support.wire import Forward, Sent, alter, refuse, response
from vsync.batch.submit import SubmitOptions
from vsync.batch.submit import run as submit_run


def test_the_files_of_a_batch_are_deleted_when_its_results_are_here(world: BatchWorld) -> None:
    submitted(world)

    report = world.fetch(clean=True)

    assert report.cleaned == 2
    assert world.files("batch") + world.files("batch_output") == []
    assert world.ids(RESULTS) == IDS
    assert fetched(world.fetch()) == []


def test_files_of_others_and_of_running_batches_stay(world: BatchWorld) -> None:
    submitted(world)
    world.source = "acme/other"
    world.write("batches/b.jsonl", requests_named(["b"]))
    world.submit(paths=["b.jsonl"])
    world.pass_time()
    world.source = "acme/docs"
    world.write("batches/c.jsonl", requests_named(["c"]))
    world.submit(paths=["c.jsonl"])

    report = world.fetch(clean=True)

    assert report.cleaned == 2
    assert len(world.files("batch")) == 2
    assert len(world.files("batch_output")) == 1


def test_what_was_cleaned_at_the_api_stays_the_base_of_what_is_submitted_again(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two")
    world.fetch(resubmit_failed=True, clean=True)
    world.pass_time()

    world.fetch(clean=True)

    assert (world.ids(RESULTS), world.answered(RESULTS)) == (IDS, IDS)
    assert world.files("batch") + world.files("batch_output") == []


def test_what_another_folder_ran_is_never_cleaned_away(world: BatchWorld) -> None:
    world.write("other/x.jsonl", FOUR)
    submit_run(world.job(source_folder="other"), SubmitOptions())
    world.pass_time()
    world.write(A, requests_named(["a"]))

    assert world.fetch(clean=True).cleaned == 0
    assert len(world.files("batch_output")) == 1


def test_results_that_another_checkout_may_want_are_not_cleaned_away_for_a_week(world: BatchWorld) -> None:
    submitted(world)
    (world.root / A).unlink()

    assert world.fetch(clean=True).cleaned == 0
    world.pass_time(8 * 24 * 3600)
    assert world.fetch(clean=True).cleaned == 2


def test_results_of_one_content_are_cleaned_when_each_of_its_files_has_them(world: BatchWorld) -> None:
    submitted(world)
    world.write("batches/b.jsonl", FOUR)

    assert world.fetch(paths=["a.jsonl"], clean=True).cleaned == 0
    world.fetch(clean=True)
    assert world.ids("batch-results/b.jsonl") == IDS


def test_results_are_cleaned_where_the_server_lists_no_files_of_results(world: BatchWorld) -> None:
    submitted(world)
    outputs = contents(world, 1)
    world.wire.when(
        lambda sent: sent.query.get("purpose") == "batch_output",
        alter(lambda page: page.update(data=[], has_more=False)),
    )

    report = world.fetch(clean=True)

    assert (report.cleaned, len(outputs)) == (2, 1)
    assert report.fetched[0].batch_ids == (world.batches()[0]["id"],)


def test_results_that_were_too_short_are_neither_paid_again_at_once_nor_cleaned_away(world: BatchWorld) -> None:
    submitted(world)
    world.pass_time(25 * 3600)

    async def half(_: Sent, forward: Forward) -> httpx2.Response:
        return response(200, b"".join((await forward()).content.splitlines(keepends=True)[:2]))

    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, half)

    report = world.fetch(resubmit_failed=True, clean=True)

    assert (report.submitted, len(world.files("batch_output")), report.exit_code) == ([], 1, 1)


def test_a_lost_output_beside_an_error_file_is_neither_paid_again_at_once_nor_cleaned_away(world: BatchWorld) -> None:
    submitted(world, requests_named(["good", "vsync-fail-500"]))
    world.pass_time(25 * 3600)
    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, refuse(404, "No such File object"), times=1)

    report = world.fetch(resubmit_failed=True, clean=True)

    assert (report.submitted, len(world.files("batch_output"))) == ([], 2)


def test_the_files_of_a_renamed_request_file_are_deleted_under_its_present_name(world: BatchWorld) -> None:
    submitted(world)
    (world.root / A).rename(world.root / "batches/b.jsonl")
    world.write(A, requests_named(["another"]))

    assert world.fetch(paths=[A], clean=True).cleaned == 0
    assert world.fetch(paths=["batches/b.jsonl"], clean=True).cleaned == 2
