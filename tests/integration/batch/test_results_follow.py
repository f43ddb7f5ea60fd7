"""Results follow their content, and stay whatever happens to the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import pytest

from tests.support.batch_runs import (
    FOUR,
    IDS,
    RESULTS,
    RESULTS_B,
    SUMMARY,
    A,
    B,
    contents,
    dies_between_summary_and_results,
    downloads,
    fetched,
    no_batches,
    some_fail,
    submitted,
)
from tests.support.batch_world import BatchWorld
from tests.support.batches import requests_named, sha256
from tests.support.wire import call, refuse
from vsync.batch.partial import custom_ids_in_order


def test_results_of_a_content_that_changed_meanwhile_are_kept_under_its_hash_in_order(world: BatchWorld) -> None:
    submitted(world)
    world.write(A, requests_named(["other"]))
    kept = f"batch-results/a.{sha256(FOUR)[:12]}.jsonl"

    report = world.fetch()

    assert fetched(report) == [kept]
    assert world.ids(kept) == IDS
    assert (report.fetched[0].current, report.fetched[0].in_input_order) == (False, True)


def test_results_of_an_old_content_make_room_and_come_back(world: BatchWorld) -> None:
    submitted(world)
    world.fetch()
    other = requests_named(["other"])
    submitted(world, other)
    world.fetch()
    assert world.ids(RESULTS) == ["other"]
    kept = f"batch-results/a.{sha256(FOUR)[:12]}.jsonl"
    assert world.ids(kept) == IDS

    world.write(A, FOUR)
    world.wire.calm()
    report = world.fetch()

    assert world.ids(RESULTS) == IDS
    assert world.ids(f"batch-results/a.{sha256(other)[:12]}.jsonl") == ["other"]
    assert not [sent for sent in world.wire.sent if sent.path.endswith("/content")]
    assert report.error is None


def test_results_that_were_kept_in_another_order_are_put_in_order_when_their_requests_are_back(
    world: BatchWorld,
) -> None:
    submitted(world)
    (batch,) = world.batches()
    world.write(A, requests_named(["other"]))
    world.wire.when(f"GET /files/{batch['input_file_id']}/content", refuse(404, "No such File object"))
    kept = world.fetch().fetched[0]
    assert (kept.in_input_order, world.ids(kept.results) == IDS) == (False, False)

    world.write(A, FOUR)
    world.wire.calm()
    report = world.fetch()

    assert (world.ids(RESULTS), world.answered(RESULTS)) == (IDS, IDS)
    assert world.summary(SUMMARY)["in_input_order"]
    assert (report.exit_code, report.fetched, len(world.wire.of("GET /files/*/content"))) == (0, [], 0)


def test_results_of_a_file_that_was_renamed_go_to_its_new_name(world: BatchWorld) -> None:
    submitted(world)
    (world.root / A).rename(world.root / "batches/b.jsonl")

    assert fetched(world.fetch()) == ["batch-results/b.jsonl"]


@pytest.mark.parametrize("forgotten", [False, True])
def test_results_follow_a_renamed_file_when_the_api_has_none_any_more(world: BatchWorld, forgotten: bool) -> None:
    submitted(world)
    world.fetch(clean=True)
    (world.root / A).rename(world.root / B)
    if forgotten:
        no_batches(world)

    assert (world.submit().submitted, world.submit().exit_code) == ([], 0)
    assert fetched(world.fetch(dry_run=True)) == []
    report = world.fetch(resubmit_failed=True)

    assert (report.failed, report.submitted, report.exit_code, report.unsubmitted) == ([], [], 0, [])
    assert (world.results, world.answered(RESULTS_B)) == (["b.jsonl", "b.summary.json"], IDS)
    assert world.summary("batch-results/b.summary.json")["path"] == B
    assert f"moved from {RESULTS} to {RESULTS_B}" in " ".join(report.warnings)
    assert (world.fetch().warnings, downloads(world)[1:]) == ([], [])


def test_results_are_copied_for_a_copy_of_a_file(world: BatchWorld) -> None:
    submitted(world)
    world.fetch(clean=True)
    world.write(B, FOUR)

    report = world.fetch()

    assert (report.failed, report.exit_code) == ([], 0)
    assert (world.answered(RESULTS), world.answered(RESULTS_B)) == (IDS, IDS)
    assert world.submit().submitted == []


def test_files_that_change_names_with_each_other_keep_their_results(world: BatchWorld) -> None:
    submitted(world)
    submitted(world, requests_named(["other"]), B)
    world.fetch(clean=True)
    for old, new in ((A, "batches/c"), (B, A), ("batches/c", B)):
        (world.root / old).rename(world.root / new)

    report = world.fetch()

    assert (report.failed, report.exit_code) == ([], 0)
    assert (world.ids(RESULTS), world.ids(RESULTS_B), len(world.results)) == (["other"], IDS, 4)


def test_old_results_go_round_what_stands_in_their_way(world: BatchWorld) -> None:
    submitted(world, path="batches/a.jsonl/b.jsonl")
    submitted(world, requests_named(["b"]), B)
    (world.root / "batches/a.jsonl/b.jsonl").unlink()
    (world.root / "batches/a.jsonl").rmdir()
    (world.root / "batch-results").mkdir()
    (world.root / "batch-results/a.jsonl").write_bytes(b"mine\n")

    report = world.fetch()

    kept = f"batch-results/a.jsonl~b.{sha256(FOUR)}.jsonl"
    assert sorted(fetched(report)) == sorted([kept, RESULTS_B])
    assert world.ids(kept) == IDS
    assert (fetched(world.fetch()), len(world.results)) == ([], 5)


def test_a_request_file_with_the_name_of_kept_results_has_its_own(world: BatchWorld) -> None:
    submitted(world)
    kept = f"a.{sha256(FOUR)[:12]}.jsonl"
    submitted(world, requests_named(["odd"]), f"batches/{kept}")
    world.fetch(clean=True)
    world.write(A, requests_named(["new"]))

    for _ in range(3):
        report = world.fetch()
        assert (report.failed, report.exit_code) == ([], 0)
        assert world.ids(f"batch-results/{kept}") == ["odd"]
        assert world.ids(f"batch-results/a.{sha256(FOUR)}.jsonl") == IDS
    world.write(A, FOUR)
    world.fetch()
    assert (world.ids(RESULTS), world.ids(f"batch-results/{kept}"), len(world.results)) == (IDS, ["odd"], 4)


def test_results_count_that_a_killed_run_left_beside_the_summary_of_others(world: BatchWorld) -> None:
    """It dies between the summary of the second batch and its results; meanwhile the API deletes the Files of the first."""
    submitted(world)
    some_fail(world, "two", "four")
    world.fetch(resubmit_failed=True, clean=True)
    before = (world.root / RESULTS).read_bytes()
    world.pass_time()
    dies_between_summary_and_results(world)
    assert (world.root / RESULTS).read_bytes() == before
    assert len(world.summary(SUMMARY)["batches"]) == 2
    (first, second) = world.batches()
    gone = contents(world, 1)
    world.wire.when(lambda sent: sent.path in gone, refuse(404, "Gone."))

    report = world.fetch()

    assert (report.failed, report.exit_code, world.answered(RESULTS)) == ([], 0, IDS)
    assert [batch["id"] for batch in world.summary(SUMMARY)["batches"]] == [first["id"], second["id"]]
    assert fetched(world.fetch()) == []


def test_results_count_when_a_killed_run_left_them_and_the_api_has_no_files_at_all(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two")
    world.fetch(resubmit_failed=True)
    world.pass_time()
    dies_between_summary_and_results(world)
    world.wire.when(lambda sent: sent.path.endswith("/content"), refuse(404, "Gone."))

    report = world.fetch()

    assert ("results-gone" in [failed.code for failed in report.failed], report.submitted) == (False, [])
    assert world.answered(RESULTS) == ["one", "three", "four"]
    assert (report.failing, report.exit_code) == ([A], 1)


def test_a_file_that_changes_while_its_results_are_fetched_loses_nothing(world: BatchWorld) -> None:
    submitted(world)
    world.wire.when(lambda sent: sent.path.endswith("/content"), call(lambda: world.write(A, b"changed\n")), times=1)

    assert fetched(world.fetch()) == []
    report = world.fetch()

    assert fetched(report) == [f"batch-results/a.{sha256(FOUR)[:12]}.jsonl"]


def test_results_of_a_file_that_vanishes_meanwhile_are_kept_by_the_next_run(world: BatchWorld) -> None:
    submitted(world)
    (path,) = contents(world, 1)
    world.wire.when(lambda sent: sent.path == path, call((world.root / A).unlink), times=1)

    assert fetched(world.fetch()) == []
    assert fetched(world.fetch()) == [f"batch-results/a.{sha256(FOUR)[:12]}.jsonl"]


def test_results_that_were_edited_stay_when_the_api_has_no_others(world: BatchWorld) -> None:
    submitted(world)
    world.fetch(clean=True)
    place = world.root / RESULTS
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))

    report = world.fetch()

    assert (report.failed, report.exit_code, world.answered(RESULTS)) == ([], 0, IDS)


def test_results_of_one_content_are_as_good_beside_each_of_its_files(world: BatchWorld) -> None:
    submitted(world)
    some_fail(world, "two")
    world.write("batches/b.jsonl", FOUR)
    world.fetch()
    world.fetch(resubmit_failed=True)
    world.pass_time()
    world.fetch(paths=["a.jsonl"])
    world.wire.when(lambda sent: sent.path.endswith("/content"), refuse(404, "No such File object"))

    report = world.fetch(paths=["b.jsonl"])

    assert (world.answered("batch-results/b.jsonl"), report.exit_code) == (IDS, 0)


def test_a_file_can_be_named_as_it_was_called_when_it_was_submitted(world: BatchWorld) -> None:
    submitted(world)
    (world.root / A).rename(world.root / "batches/b.jsonl")

    assert fetched(world.fetch(paths=[A])) == ["batch-results/b.jsonl"]


def test_results_that_were_edited_are_mended_once_and_then_need_nothing(world: BatchWorld) -> None:
    submitted(world)
    world.fetch(clean=True)
    place = world.root / RESULTS
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
    world.fetch()
    world.wire.calm()

    report = world.fetch()

    assert (report.warnings, report.exit_code, world.answered(RESULTS)) == ([], 0, IDS)
    assert not [sent for sent in world.wire.sent if sent.path.endswith("/content")]


def test_a_file_that_is_written_in_place_while_results_are_joined_spoils_nothing(
    world: BatchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(world)
    joined = custom_ids_in_order

    def rewritten(file: IO[bytes]) -> Iterator[tuple[int, str]]:
        (world.root / A).write_bytes(requests_named(["x1", "x2", "x33", "x444"]))
        return joined(file)

    with monkeypatch.context() as patched:
        patched.setattr("vsync.batch.download.custom_ids_in_order", rewritten)
        assert fetched(world.fetch()) == []
    world.write(A, FOUR)

    assert fetched(world.fetch()) == [RESULTS]
    assert world.answered(RESULTS) == IDS
