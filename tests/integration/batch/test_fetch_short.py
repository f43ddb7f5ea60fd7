"""Files of results that are not whole, late or lost."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from tests.support.batch_runs import (
    FOUR,
    IDS,
    RESULTS,
    RESULTS_B,
    SUMMARY,
    A,
    B,
    PassingStop,
    contents,
    downloads,
    fetched,
    no_batches,
    some_fail,
    submitted,
)
from tests.support.batch_world import BatchWorld
from tests.support.batches import requests_named
from tests.support.wire import Forward, Sent, alter, refuse, response
from vsync.batch.batch_advice import next_steps, what_to_do
from vsync.batch.result_line import parse_result


def test_failures_of_a_renamed_file_are_not_paid_as_a_whole_file(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two")
    world.fetch(clean=True)
    (world.root / A).rename(world.root / B)
    no_batches(world)

    report = world.submit()

    assert report.submitted == []
    assert "1 of its 4 requests" in report.unchanged[0].reason


def test_results_whose_order_was_lost_are_put_in_order_when_the_file_is_back(world: BatchWorld) -> None:
    submitted(world)
    (batch,) = world.batches()
    (world.root / A).unlink()
    world.wire.when(lambda sent: sent.path == f"/files/{batch['input_file_id']}/content", refuse(404, "Gone."))

    async def backwards(_: Sent, forward: Forward) -> httpx2.Response:
        lines: list[bytes] = (await forward()).content.splitlines(keepends=True)
        lines.sort(key=lambda line: -IDS.index(json.loads(line)["custom_id"]))
        return response(200, b"".join(lines))

    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, backwards)
    kept = fetched(world.fetch())
    assert world.ids(kept[0]) == IDS[::-1]
    world.write(B, FOUR)
    world.wire.sent.clear()

    report = world.fetch()

    assert (world.ids(RESULTS_B), downloads(world), report.exit_code) == (IDS, [], 0)
    assert world.summary("batch-results/b.summary.json")["in_input_order"] is True


def test_an_answer_that_was_cut_on_its_way_is_asked_for_again(world: BatchWorld) -> None:
    submitted(world)
    world.pass_time(3 * 24 * 3600)

    async def halved(_: Sent, forward: Forward) -> httpx2.Response:
        whole = (await forward()).content
        return httpx2.Response(200, content=whole[: len(whole) // 2])

    world.wire.when("GET /files/*/content", halved, times=1)

    report = world.fetch()

    assert (world.ids(RESULTS), world.answered(RESULTS)) == (IDS, IDS)
    assert (report.exit_code, report.warnings) == (0, [])


def test_a_batch_whose_files_are_not_whole_yet_is_asked_for_again_and_not_paid_again(world: BatchWorld) -> None:
    submitted(world)
    world.wire.when("GET /batches", alter(lambda page: [each.update(output_file_id=None) for each in page["data"]]))

    report = world.fetch(resubmit_failed=True)

    assert (report.submitted, [failed.code for failed in report.failed]) == ([], ["results-incomplete"])
    assert report.exit_code == 1
    world.wire.calm()
    report = world.fetch(resubmit_failed=True)
    assert (world.answered(RESULTS), report.submitted, report.exit_code) == (IDS, [], 0)


def test_a_batch_whose_files_never_get_whole_is_taken_as_it_is_after_a_day(world: BatchWorld) -> None:
    submitted(world)
    world.pass_time(25 * 3600)

    def cut_short(content: bytes) -> bytes:
        return b"".join(content.splitlines(keepends=True)[:3])

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        return response(200, cut_short((await forward()).content))

    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, fault)

    report = world.fetch(resubmit_failed=True)
    assert report.submitted == []
    report = world.fetch(resubmit_failed=True)

    assert (len(world.answered(RESULTS)), [each.requests for each in report.submitted]) == (3, [1])


def test_answers_that_strict_readers_refuse_are_answers(world: BatchWorld) -> None:
    submitted(world)
    lines: list[bytes] = []

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        found = (await forward()).content.splitlines()
        lines[:] = [
            found[0].replace(b'"error"', b'"x": "\\ud83d", "error"', 1),
            found[1].replace(b'"error"', b'"x": [NaN, -Infinity], "error"', 1),
            found[2].replace(b'"error"', b'"x": "\xff", "error"', 1),
            found[3]
            .replace(b'"status_code":200', b'"status_code":"200"')
            .replace(b'"status_code": 200', b'"status_code": 200.0'),
        ]
        return response(200, b"".join(line + b"\n" for line in (*lines, b'{"nobody": "knows')))

    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, fault)

    report = world.fetch(resubmit_failed=True)

    assert [parse_result(line) for line in lines[:3]] == [None, None, None]
    assert b'"status_code":200' not in lines[3].replace(b" ", b"").replace(b"200.0", b"")
    written = (world.root / RESULTS).read_bytes().splitlines()
    assert (sorted(written[:4]), written[4:]) == (sorted(lines), [b'{"nobody": "knows'])
    assert (report.submitted, report.failed, report.exit_code) == ([], [], 0)
    summary = world.summary(SUMMARY)
    assert (summary["completed"], summary["unreadable"]) == (4, 1)
    assert "cannot be read stand at its very end" in " ".join(report.warnings)


def test_half_a_line_is_not_kept_when_the_whole_one_may_come(world: BatchWorld) -> None:
    submitted(world)

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        return response(200, (await forward()).content[:-20])

    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, fault, times=2)

    report = world.fetch(resubmit_failed=True)

    assert (report.submitted, [failed.code for failed in report.failed]) == ([], ["results-incomplete"])
    assert (len(world.lines(RESULTS)), world.summary(SUMMARY)["unreadable"]) == (4, 0)
    assert fetched(world.fetch()) == [RESULTS]
    assert (len(world.lines(RESULTS)), world.answered(RESULTS)) == (4, IDS)


def test_a_lost_error_file_costs_only_the_reasons(world: BatchWorld) -> None:
    mixed = requests_named(["good"]) + requests_named(["bad"], model="vsync-fail-429")
    world.write(A, mixed)
    job = world.submit()
    assert job.invalid  # two models: so the file is submitted as the server takes it
    world.write(A, requests_named(["good", "fine"]))
    world.submit()
    world.pass_time(25 * 3600)
    world.wire.when(
        "GET /batches", alter(lambda page: [each.update(error_file_id="file-gone") for each in page["data"]])
    )

    report = world.fetch()

    assert world.answered(RESULTS) == ["good", "fine"]
    assert "file-gone" in " ".join(report.warnings)


def test_counts_that_are_too_high_do_not_make_whole_results_incomplete(world: BatchWorld) -> None:
    submitted(world)
    counts = {"total": 4, "completed": 5, "failed": 0}
    world.wire.when("GET /batches", alter(lambda page: [each.update(request_counts=counts) for each in page["data"]]))

    assert world.fetch().exit_code == 0


def test_lost_results_are_no_failure_beside_complete_ones(world: BatchWorld) -> None:
    submitted(world)
    world.submit(again=("a.jsonl",))
    world.pass_time()
    (first,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == first, refuse(404, "No such File object"))

    report = world.fetch()
    world.wire.sent.clear()
    again = world.fetch()

    assert (report.failed, report.exit_code, world.answered(RESULTS)) == ([], 0, IDS)
    assert (again.warnings, [sent for sent in world.wire.sent if sent.path.endswith("/content")]) == ([], [])


def test_a_completed_batch_without_counts_and_files_is_not_paid_again(world: BatchWorld) -> None:
    submitted(world)
    nothing = {"output_file_id": None, "request_counts": None}
    world.wire.when("GET /batches", alter(lambda page: [each.update(nothing) for each in page["data"]]))

    report = world.fetch(resubmit_failed=True, clean=True)

    assert (report.submitted, len(world.files("batch_output")), report.exit_code) == ([], 1, 1)
    world.wire.calm()
    assert (fetched(world.fetch()), world.answered(RESULTS)) == ([RESULTS], IDS)


def test_a_file_of_results_that_is_late_is_asked_for_again(world: BatchWorld) -> None:
    submitted(world)
    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, refuse(404, "No such File object"), times=1)

    assert [failed.code for failed in world.fetch().failed] == ["results-gone"]
    assert fetched(world.fetch()) == [RESULTS]


def lacks_a_line(world: BatchWorld, batch_id: str, *, times: int | None = None) -> str:
    """The output File of the batch holds one result too few. Gives the path of its content."""
    (path,) = [f"/files/{batch['output_file_id']}/content" for batch in world.batches() if batch["id"] == batch_id]

    async def fault(_: Sent, forward: Forward) -> httpx2.Response:
        return response(200, b"".join((await forward()).content.splitlines(keepends=True)[1:]))

    world.wire.when(lambda sent: sent.path == path, fault, times=times)
    return path


def another_runs(world: BatchWorld, looks: int) -> None:
    """Another batch runs for so many looks."""
    world.write(B, requests_named(["b"]))
    (made,) = world.submit(paths=[B]).submitted
    running = alter(lambda batch: batch.update(status="in_progress"))
    world.wire.when(lambda sent: sent.path == f"/batches/{made.batch_id}", running, times=looks)


def test_a_run_that_waits_asks_more_and_more_seldom_for_results_that_are_late(world: BatchWorld) -> None:
    path = lacks_a_line(world, submitted(world))
    another_runs(world, looks=20)
    world.wire.sent.clear()

    report = world.fetch(stop=PassingStop(world), wait=True)

    rounds = [sent.path for sent in world.wire.sent if sent.path.startswith("/batches/")]
    assert len(rounds) > 20
    # Each is asked for twice: the first answer may have been cut on its way.
    assert downloads(world).count(path) <= 2 * len(["round 1", "2", "4", "8", "16", "the last one"])
    assert [failed.code for failed in report.failed] == ["results-incomplete"]


def test_results_that_come_while_another_batch_is_waited_for_are_no_failure(world: BatchWorld) -> None:
    lacks_a_line(world, submitted(world), times=4)
    another_runs(world, looks=5)

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert (world.answered(RESULTS), report.failed, report.exit_code) == (IDS, [], 0)


def test_the_tokens_of_a_batch_count_once_however_often_it_is_asked_for(world: BatchWorld) -> None:
    batch_id = submitted(world)
    lacks_a_line(world, batch_id)
    another_runs(world, looks=5)
    usage = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}

    def used(page: dict[str, Any]) -> None:
        for each in page["data"]:
            if each["id"] == batch_id:
                each.update(usage=usage)

    world.wire.when("GET /batches", alter(used))

    report = world.fetch(stop=PassingStop(world), wait=True)

    assert [each.tokens for each in report.fetched if each.results == RESULTS] == [7]


def test_as_long_as_results_are_late_no_advice_is_to_submit_again(world: BatchWorld) -> None:
    lacks_a_line(world, submitted(world))

    for report in (world.fetch(), world.fetch(resubmit_failed=True)):
        assert (report.failing, report.held_back, report.submitted) == ([A], [A], [])
        assert [failed.code for failed in report.failed] == ["results-incomplete"]
        assert "no request of the file is submitted again" in report.failed[0].remedy
        assert not any("--resubmit-failed" in text for text in (*what_to_do(report), *next_steps(report)))


def test_results_of_a_second_batch_that_are_lost_keep_its_file_from_being_submitted_again_and_that_is_told(
    world: BatchWorld,
) -> None:
    submitted(world)
    some_fail(world, "two")
    world.fetch(resubmit_failed=True)
    world.pass_time()
    (_, second) = contents(world, 2)
    world.wire.when(lambda sent: sent.path == second, refuse(404, "No such File object"))

    report = world.fetch()

    assert ([failed.code for failed in report.failed], report.held_back) == (["results-awaited"], [A])
    assert next_steps(report) == []


def test_results_that_will_not_come_any_more_keep_nothing_from_being_submitted_again(world: BatchWorld) -> None:
    lacks_a_line(world, submitted(world))
    world.pass_time(25 * 3600)

    report = world.fetch()

    assert (report.failing, report.held_back, report.failed) == ([A], [], [])
    assert any("--resubmit-failed" in step for step in next_steps(report))
