"""Fetches that wait for batches to end."""

from __future__ import annotations

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor

from tests.support.batch_runs import (
    FAILING,
    FOUR,
    IDS,
    RESULTS,
    A,
    PassingStop,
    contents,
    fetched,
    in_thread,
    some_fail,
    submitted,
)
from tests.support.batch_world import BatchWorld
from tests.support.batches import requests_named
from tests.support.wire import alter, call, refuse, unreachable
from vsync.batch.batch_report import BatchReport
from vsync.batch.fetch import FetchOptions, fetch
from vsync.batch.fetch import run as fetch_run
from vsync.batch.job import NoProgress


def test_waiting_brings_the_results_when_the_batch_has_ended(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    stop = PassingStop(world)

    report = world.fetch(stop=stop, wait=True)

    assert (fetched(report), report.exit_code) == ([RESULTS], 0)
    assert stop.slept[:2] == [5.0, 7.5]


def test_waiting_ends_at_its_deadline(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()

    report = world.fetch(wait=True, wait_timeout_s=0.02)

    assert (report.deadline_passed, len(report.pending), report.exit_code) == (True, 1, 1)


def test_waiting_outlasts_an_api_that_is_away_for_a_while(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    world.wire.when(lambda sent: sent.path.startswith("/batches/"), unreachable(), times=20)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert fetched(report) == [RESULTS]


def test_waiting_goes_on_until_what_was_submitted_again_has_ended(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two")

    report = world.fetch(stop=PassingStop(world), wait=True, resubmit_failed=True)

    assert world.answered(RESULTS) == IDS
    assert (len(report.submitted), report.pending, report.exit_code) == (1, [], 0)


def test_a_run_that_waits_submits_what_failed_only_once(world: BatchWorld) -> None:
    submitted(world, FAILING)

    report = world.fetch(stop=PassingStop(world), wait=True, resubmit_failed=True)

    assert (len(report.submitted), len(world.batches()), report.failing) == (1, 2, [A])


def test_a_batch_that_vanishes_while_it_is_waited_for_ends_the_waiting(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    world.wire.when(lambda sent: sent.path.startswith("/batches/"), refuse(404, "No such batch"))
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[])), skip=1)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert ([failed.code for failed in report.failed], report.exit_code) == (["batch-gone"], 1)


def test_a_failure_of_an_early_look_is_forgotten_when_the_results_come(world: BatchWorld) -> None:
    submitted(world)
    world.write("batches/b.jsonl", requests_named(["b"]))
    world.submit(paths=["b.jsonl"])
    (path,) = [f"/files/{batch['output_file_id']}/content" for batch in world.batches() if batch["output_file_id"]]
    world.wire.when(lambda sent: sent.path == path, refuse(400, "Not now."), times=1)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert (report.failed, report.exit_code, world.answered(RESULTS)) == ([], 0, IDS)


def test_a_look_that_misses_a_batch_once_does_not_end_the_waiting(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    world.wire.when(lambda sent: sent.path.startswith("/batches/"), refuse(404, "No such batch"), times=1)
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[])), skip=1, times=1)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert (fetched(report), report.exit_code) == ([RESULTS], 0)


def test_waiting_finds_a_batch_that_is_listed_late(world: BatchWorld) -> None:
    world.write(A, FOUR)
    world.submit()
    world.wire.when("GET /batches", alter(lambda page: page.update(data=[])), times=2)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert fetched(report) == [RESULTS]


def test_waiting_goes_on_for_what_another_run_submits_meanwhile(world: BatchWorld) -> None:
    submitted(world)
    made: list[bool] = []

    def another() -> None:
        if not made:
            made.append(True)
            world.write("batches/b.jsonl", requests_named(["b"]))
            in_thread(world.submit)

    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, call(another))

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert fetched(report) == [RESULTS, "batch-results/b.jsonl"]


def test_a_batch_that_another_run_cancels_as_too_many_is_not_gone(world: BatchWorld) -> None:
    """Runs at the same time make two batches in one second. Which one is the first, a later listing may tell otherwise."""
    world.write(A, FOUR)
    world.submit()
    (seen,) = world.batches()
    world.write("batches/b.jsonl", requests_named(["b"]))
    world.submit()
    another: list[bool] = []

    def overtake() -> None:
        if not another:
            another.append(True)
            world.make_batch(dict(seen["metadata"]), seen["input_file_id"])
            world.cancel_batch(seen["id"])

    world.wire.when("GET /batches", call(overtake), skip=1)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert sorted(batch["status"] for batch in world.batches()) == ["cancelled", "completed", "completed"]
    assert (report.failed, report.warnings, report.exit_code) == ([], [], 0)
    assert fetched(report) == [RESULTS, "batch-results/b.jsonl"]


def test_many_downloads_at_once_do_not_wait_for_each_other(world: BatchWorld) -> None:
    """With few threads, those that wait for the lock of the results folder could take all of them."""
    for n in range(12):
        world.write(f"batches/{n}.jsonl", requests_named([str(n)]))
    world.submit()
    world.pass_time()
    job = dataclasses.replace(world.job(), concurrency=16, lock_wait_s=20.0)

    async def fetch_with_two_threads() -> BatchReport:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
        async with world.connect(job.stop) as api:
            return await fetch(job, FetchOptions(), job.report("fetch"), api)

    report = asyncio.run(asyncio.wait_for(fetch_with_two_threads(), 60))

    assert (report.error, len(report.fetched)) == (None, 12)


class Told(NoProgress):
    """Keeps what a run says of its waiting."""

    def __init__(self) -> None:
        self.waits: list[tuple[int, int]] = []
        self.looks: list[int] = []

    def waiting(self, ended: int, batches: int, requests_done: int, requests: int, next_look_s: float) -> None:
        self.waits.append((ended, batches))

    def looking(self, files: int, next_look_s: float) -> None:
        self.looks.append(files)


def test_a_run_whose_batches_have_ended_says_why_it_looks_again(world: BatchWorld) -> None:
    submitted(world)
    world.write("batches/b.jsonl", requests_named(["b"]))
    told = Told()

    report = fetch_run(world.job(stop=PassingStop(world), progress=told), FetchOptions(wait=True))

    assert (report.unsubmitted, fetched(report)) == (["batches/b.jsonl"], [RESULTS])
    assert (told.waits, set(told.looks)) == ([], {1})


def test_an_api_that_is_away_when_all_batches_have_ended_is_not_told_as_waiting_for_them(world: BatchWorld) -> None:
    submitted(world)
    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, unreachable(), times=20)
    told = Told()

    report = fetch_run(world.job(stop=PassingStop(world), progress=told), FetchOptions(wait=True))

    assert (fetched(report), told.waits, told.looks) == ([RESULTS], [], [])
