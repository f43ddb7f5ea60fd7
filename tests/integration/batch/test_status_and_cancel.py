from __future__ import annotations

import pytest

from tests.support.batch_world import TOTAL_S, BatchWorld
from tests.support.batches import SOURCE, requests_named
from vsync.batch import status
from vsync.errors import ConfigurationError, UnknownName

A = "batches/a.jsonl"


def two_sources(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    world.source = "acme/other"
    world.pass_time(1)
    world.submit()
    world.source = SOURCE


def test_status_shows_the_batches_of_this_source(world: BatchWorld) -> None:
    two_sources(world)
    world.pass_time(TOTAL_S / 2)

    report = world.status()

    (row,) = report.batches
    assert row.made is not None
    assert (row.made.path, row.info.status, row.ours, row.current, row.fetched) == (A, "in_progress", True, True, False)
    assert (row.age_s, row.left_s) == (6, 24 * 3600 - 6)


def test_status_shows_those_of_others_when_asked(world: BatchWorld) -> None:
    two_sources(world)

    report = world.status(everybody=True)

    assert [(row.made.source if row.made else "", row.ours) for row in report.batches] == [
        ("acme/other", False),
        (SOURCE, True),
    ]


def test_status_tells_what_was_fetched_and_what_was_never_submitted(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    world.pass_time()
    world.fetch()
    world.write("batches/new.jsonl", requests_named(["new"]))

    report = world.status()

    assert [row.fetched for row in report.batches] == [True]
    assert report.unsubmitted == ["batches/new.jsonl"]
    json_row = report.to_json()["batches"][0]
    assert (json_row["path"], json_row["requests"]["completed"], json_row["tokens"]["total"] is not None) == (
        A,
        1,
        True,
    )


def test_status_names_results_with_failures_and_files_that_the_api_refused(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"], model="vsync-fail-400"))
    world.submit()
    world.pass_time()
    world.fetch()
    report = world.status()
    assert (report.failing, report.refused, report.unsubmitted) == ([A], [], [])

    world.source = "acme/new"
    assert world.status().failing == [A], "its results are here, whoever made the batch"


def test_the_source_folder_may_be_missing_where_nobody_named_it(world: BatchWorld) -> None:
    assert status.run(world.job(source_optional=True)).batches == []
    with pytest.raises(ConfigurationError, match=r"batches/\.gitkeep"):
        world.status()


def test_cancel_stops_only_what_is_named(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.write("batches/b.jsonl", requests_named(["b"]))
    world.submit()

    report = world.cancel("a.jsonl")

    assert [each.path for each in report.cancelled] == [A]
    assert sorted(batch["status"] for batch in world.batches()) == ["cancelling", "validating"]


def test_cancel_by_id_and_all_that_are_pending(world: BatchWorld) -> None:
    for name in "abc":
        world.write(f"batches/{name}.jsonl", requests_named([name]))
    world.submit()

    assert len(world.cancel(world.batches()[0]["id"]).cancelled) == 1
    world.pass_time(TOTAL_S / 4)
    assert len(world.cancel(all_pending=True).cancelled) >= 2


def test_nothing_is_cancelled_without_consent(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()

    report = world.cancel(A, agree=False)

    assert (report.cancelled, len(report.pending)) == ([], 1)
    assert not world.wire.of("POST /batches/{id}/cancel")


def test_a_batch_of_another_source_is_not_cancelled(world: BatchWorld) -> None:
    two_sources(world)
    foreign = next(batch["id"] for batch in world.batches() if batch["metadata"]["source"] != SOURCE)

    with pytest.raises(UnknownName, match="not one of acme/docs"):
        world.cancel(foreign)


def test_why_a_batch_that_has_ended_is_not_cancelled_is_told(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    world.pass_time()

    report = world.cancel(A)

    assert (report.cancelled, report.pending) == ([], [])
    (each,) = report.unchanged
    assert (each.path, each.status, "has ended" in each.reason) == (A, "completed", True)


def test_cancel_needs_a_name(world: BatchWorld) -> None:
    with pytest.raises(ConfigurationError, match="No batch is named"):
        world.cancel()


def test_status_shows_a_renamed_file_under_its_present_name(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    (world.root / A).rename(world.root / "batches/b.jsonl")

    report = world.status()

    assert [row.paths for row in report.batches] == [("batches/b.jsonl",)]
    assert report.unsubmitted == []


B = "batches/b.jsonl"


def renamed_beside_a_new_file(world: BatchWorld) -> tuple[str, str]:
    """`a` was renamed to `b` while its batch runs, and another file is called `a`. Gives the batches of `b` and of `a`."""
    world.write(A, requests_named(["one"]))
    world.submit()
    (world.root / A).rename(world.root / B)
    world.write(A, requests_named(["two"]))
    world.pass_time(1)
    world.submit()
    old, new = world.batches()
    return old["id"], new["id"]


def test_cancel_knows_a_renamed_file_by_the_name_that_status_shows(world: BatchWorld) -> None:
    of_b, _ = renamed_beside_a_new_file(world)

    report = world.cancel(B)

    assert [(each.path, each.batch_id) for each in report.cancelled] == [(B, of_b)]


def test_cancel_spares_the_batch_of_another_file_that_had_the_name_before(world: BatchWorld) -> None:
    _, of_a = renamed_beside_a_new_file(world)

    report = world.cancel(A)

    assert [(each.path, each.batch_id) for each in report.cancelled] == [(A, of_a)]
    assert sorted(batch["status"] for batch in world.batches()) == ["cancelling", "validating"]


def test_cancel_asks_about_batches_by_their_present_names(world: BatchWorld) -> None:
    renamed_beside_a_new_file(world)

    report = world.cancel(all_pending=True, agree=False)

    assert [each.path for each in report.pending] == [B, A]


def test_cancel_knows_a_copy_as_well(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    world.write(B, requests_named(["one"]))

    assert [each.path for each in world.cancel(B).cancelled] == [B]


def test_a_renamed_file_whose_batch_has_ended_is_told_by_its_present_name(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    world.pass_time()
    (world.root / A).rename(world.root / B)

    (each,) = world.cancel(B).unchanged

    assert (each.path, each.status) == (B, "completed")


def test_cancel_by_id_needs_no_request_files(world: BatchWorld) -> None:
    world.write(A, requests_named(["one"]))
    world.submit()
    (world.root / A).unlink()
    (world.root / "batches").rmdir()

    assert [each.path for each in world.cancel(world.batches()[0]["id"]).cancelled] == [A]


def test_submit_and_fetch_show_what_is_pending_by_its_present_name(world: BatchWorld) -> None:
    of_b, of_a = renamed_beside_a_new_file(world)

    for report in (world.submit(paths=[A]), world.fetch()):
        assert {each.batch_id: each.path for each in report.pending} == {of_b: B, of_a: A}
