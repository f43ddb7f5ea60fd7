from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.batches import SOURCE, batch_info, own_batch, sha256
from vsync.batch.metadata import (
    MAX_ATTEMPT,
    MAX_PATH,
    Made,
    OwnBatch,
    content_in,
    input_filename,
    is_input_of,
    made_of,
    next_attempt,
    own_batches,
    twins,
    without_cancelled_twins,
)

SHA = sha256("one")


@given(
    path=st.text(min_size=1, max_size=MAX_PATH),
    source=st.text(min_size=1, max_size=256),
    requests=st.integers(1, 50_000),
    attempt=st.integers(1, 99),
    part=st.sampled_from(["", sha256("part")]),
)
def test_what_is_written_is_read_again_and_keeps_the_limits_of_the_api(
    path: str, source: str, requests: int, attempt: int, part: str
) -> None:
    made = Made(source, path, SHA, requests, attempt, part, "batch_before" if part else "")

    metadata = made.to_metadata()

    assert made_of(metadata) == made
    assert len(metadata) <= 16
    assert all(len(key) <= 64 and len(value) <= 512 for key, value in metadata.items())


@pytest.mark.parametrize(
    "change",
    [
        {"made_by": "somebody"},
        {"source": ""},
        {"sha256": "ABC"},
        {"sha256": SHA.upper()},
        {"part_sha256": "short"},
        {"requests": "-1"},
        {"requests": "many"},
        {"attempt": ""},
        {"attempt": "9" * 30},
        {"attempt": "999999999"},
    ],
)
def test_metadata_that_vsync_does_not_write_are_not_taken_for_its_own(change: dict[str, str]) -> None:
    metadata = {**Made(SOURCE, "batches/a.jsonl", SHA, 3).to_metadata(), **change}

    assert made_of(metadata) is None


def test_only_the_batches_of_the_source_are_its_own_and_the_oldest_come_first() -> None:
    young, old = own_batch(batch_id="batch_y", created_at=9), own_batch(batch_id="batch_o", created_at=5)
    other = own_batch(batch_id="batch_x", source="acme/other")

    found = own_batches([young.info, other.info, batch_info("batch_foreign"), old.info], SOURCE)

    assert [batch.info.id for batch in found] == ["batch_o", "batch_y"]


# --- Batches that are too many ------------------------------------------------------------------------------


def ids_of(*batches: OwnBatch) -> list[str]:
    return [twin.batch.info.id for twin in twins(batches)]


def test_of_two_running_batches_with_one_key_the_younger_is_too_many() -> None:
    assert ids_of(own_batch(batch_id="b2", created_at=2), own_batch(batch_id="b1", created_at=1)) == ["b2"]


def test_of_two_batches_of_one_second_everybody_keeps_the_same() -> None:
    assert ids_of(own_batch(batch_id="b2"), own_batch(batch_id="b1")) == ["b2"]


def test_a_running_batch_is_too_many_beside_one_that_has_completed() -> None:
    assert ids_of(own_batch(batch_id="b1", status="completed"), own_batch(batch_id="b2", created_at=2_000)) == ["b2"]


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled", "cancelling"])
def test_a_batch_that_came_to_nothing_makes_no_other_one_too_many(status: str) -> None:
    assert ids_of(own_batch(batch_id="b1", status=status), own_batch(batch_id="b2", created_at=2_000)) == []


def test_another_attempt_and_another_content_are_no_twins() -> None:
    assert ids_of(
        own_batch(batch_id="b1"),
        own_batch(batch_id="b2", attempt=2),
        own_batch("two", batch_id="b4"),
    ) == []  # fmt: skip


def test_a_twin_that_is_being_cancelled_is_not_named_again() -> None:
    assert ids_of(own_batch(batch_id="b1"), own_batch(batch_id="b2", status="cancelling")) == []


def test_the_next_attempt_can_always_be_read_again() -> None:
    number = next_attempt([own_batch(attempt=MAX_ATTEMPT)])

    assert made_of(Made(SOURCE, "batches/a.jsonl", SHA, 3, number).to_metadata()) is not None


def test_of_two_running_batches_of_one_attempt_the_younger_is_too_many_whatever_part_it_holds() -> None:
    assert ids_of(own_batch(batch_id="b1", attempt=2), own_batch(batch_id="b2", attempt=2, part="some")) == ["b2"]


def test_a_part_that_runs_is_not_too_many_beside_another_part_that_has_completed() -> None:
    done = own_batch(batch_id="b1", status="completed", attempt=2, part="some")

    assert ids_of(done, own_batch(batch_id="b2", attempt=2, part="others")) == []


def test_a_batch_that_was_cancelled_because_another_does_its_work_counts_for_nothing() -> None:
    first, twin = own_batch(batch_id="b1", status="completed"), own_batch(batch_id="b2", status="cancelled")
    alone = own_batch("two", batch_id="b3", status="cancelled")

    assert without_cancelled_twins([first, twin, alone]) == [first, alone]


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_a_cancelled_batch_with_results_counts_where_the_other_one_did_not_complete(status: str) -> None:
    first = own_batch(batch_id="b1", status=status)
    twin = own_batch(batch_id="b2", status="cancelled", completed=2)

    assert without_cancelled_twins([first, twin]) == [first, twin]
    assert without_cancelled_twins([first, own_batch(batch_id="b2", status="cancelled")]) == [first]


# --- Names of input Files -----------------------------------------------------------------------------------


@given(path=st.text(max_size=200), source=st.text(max_size=50), other=st.text(max_size=50))
def test_a_name_tells_content_and_source_and_is_harmless(path: str, source: str, other: str) -> None:
    name = input_filename(f"batches/{path}.jsonl", SHA, source)

    assert content_in(name) == SHA
    assert is_input_of(name, source)
    assert is_input_of(name, other) == (other == source)
    assert name.isascii()
    assert "/" not in name
    assert len(name) < 200


def test_files_of_others_are_not_taken_for_ours() -> None:
    assert not is_input_of("requests.jsonl", SOURCE)
    assert not is_input_of(f"a.{SHA}.jsonl", SOURCE)
    assert content_in("requests.jsonl") == ""
