"""Which records of a batch are acknowledged, and whether the stream ends there."""

from __future__ import annotations

import pytest

from vsync.errors import ApiUnavailable, StoppedAtBadRecord
from vsync.records.outcomes import Hopeless, Item, Outcome
from vsync.records.settled import CUT, settle


def items(*words: str | None) -> list[Item]:
    """Items of these outcomes. `refused` failed for its content, `cut` was cut by the end of the input."""
    made = []
    for line, word in enumerate(words, 1):
        item = Item(line, b"{}", position=str(line))
        if word == "cut":
            item.fail("dead", CUT, "It is cut.")
        elif word == "refused":
            item.fail("failed", "invalid_file", "It is refused.", final=True)
        elif word == "failed":
            item.fail("failed", "server_error", "It failed.")
        elif word == "dead":
            item.fail("dead", "not-json", "It is bad.")
        else:
            outcome: Outcome | None = word  # type: ignore[assignment]  # mypy: a str is no Literal; each word of these tests is one
            item.outcome = outcome
        made.append(item)
    return made


def lines(found: list[Item]) -> list[int]:
    return [item.line for item in found]


def test_records_are_acknowledged_in_their_order() -> None:
    settled = settle(items("uploaded", "unchanged", "older", "superseded", "absent"), Hopeless(), stop_at_bad=False)
    assert (lines(settled.acknowledged), settled.whole, settled.cause) == ([1, 2, 3, 4, 5], True, None)
    assert settled.letters == []


def test_nothing_after_a_record_without_an_outcome_is_acknowledged() -> None:
    settled = settle(items("uploaded", "superseded", None, "uploaded"), Hopeless(), stop_at_bad=False)
    assert (lines(settled.acknowledged), settled.whole, settled.cause) == ([1, 2], False, None)


def test_bad_records_become_dead_letters_and_are_acknowledged() -> None:
    settled = settle(items("dead", "uploaded", "refused", "failed", "uploaded"), Hopeless(), stop_at_bad=False)
    assert lines(settled.acknowledged) == [1, 2, 3, 4, 5]
    assert lines(settled.letters) == [1, 3, 4]


def test_a_record_in_which_the_input_ended_is_a_dead_letter_and_comes_again() -> None:
    settled = settle(items("uploaded", "cut"), Hopeless(), stop_at_bad=False)
    assert (lines(settled.acknowledged), lines(settled.letters), settled.whole) == ([1], [2], True)


# --- A store that takes nothing ----------------------------------------------------------------------------------


def test_ten_failures_in_a_row_end_the_stream_and_none_of_them_is_acknowledged() -> None:
    settled = settle(items("uploaded", *["failed"] * 10, "uploaded"), Hopeless(), stop_at_bad=False)
    assert (lines(settled.acknowledged), settled.letters, settled.whole) == ([1], [], False)
    assert isinstance(settled.cause, ApiUnavailable)
    assert "line 11" in settled.cause.message


def test_nine_failures_before_a_success_are_only_failures() -> None:
    settled = settle(items(*["failed"] * 9, "uploaded", *["failed"] * 9, "deleted"), Hopeless(), stop_at_bad=False)
    assert (len(settled.acknowledged), len(settled.letters), settled.cause) == (20, 18, None)


@pytest.mark.parametrize("between", ["superseded", "older"])
def test_records_that_asked_nothing_of_the_store_do_not_end_a_row_of_failures(between: str) -> None:
    settled = settle(items(*["failed"] * 5, between, *["failed"] * 5), Hopeless(), stop_at_bad=False)
    assert isinstance(settled.cause, ApiUnavailable)


def test_failures_are_counted_over_batches() -> None:
    hopeless = Hopeless()
    assert settle(items(*["failed"] * 6), hopeless, stop_at_bad=False).cause is None
    settled = settle(items(*["failed"] * 6), hopeless, stop_at_bad=False)
    assert isinstance(settled.cause, ApiUnavailable)
    assert settled.acknowledged == []


def test_documents_that_are_refused_for_their_content_say_nothing_about_the_store() -> None:
    settled = settle(items(*["refused"] * 50), Hopeless(), stop_at_bad=False)
    assert (len(settled.acknowledged), settled.cause) == (50, None)


def test_failures_before_an_open_record_come_again() -> None:
    settled = settle(items("uploaded", "failed", None), Hopeless(), stop_at_bad=False)
    assert (lines(settled.acknowledged), settled.letters, settled.whole) == ([1], [], False)


def test_failures_at_the_end_of_a_batch_wait_for_the_next_batch_if_there_is_one() -> None:
    hopeless = Hopeless()
    first = settle(items("uploaded", "failed", "unchanged"), hopeless, stop_at_bad=False, more=True)
    assert (lines(first.acknowledged), lines(first.held), first.whole) == ([1], [2, 3], True)
    second = settle(items("uploaded"), hopeless, stop_at_bad=False, held=first.held)
    assert ([item.outcome for item in second.acknowledged], second.held) == (["failed", "unchanged", "uploaded"], [])


def test_what_is_held_comes_again_when_the_store_takes_nothing() -> None:
    hopeless, held = Hopeless(), list[Item]()
    for number in range(10):
        settled = settle(items("failed", "unchanged"), hopeless, stop_at_bad=False, held=held, more=True)
        held = settled.held
        assert settled.acknowledged == []
        assert (settled.cause is not None) == (number == 9)


def test_no_more_than_a_thousand_records_are_held() -> None:
    hopeless = Hopeless()
    first = settle(items("failed", *["unchanged"] * 1_000), hopeless, stop_at_bad=False, more=True)
    assert (len(first.acknowledged), first.held) == (1_001, [])


# --- A stream that is not what it should be ----------------------------------------------------------------------


def test_a_thousand_bad_records_in_a_row_end_the_stream_and_are_dead_letters() -> None:
    settled = settle(items(*["dead"] * 999, "refused", "dead"), Hopeless(), stop_at_bad=False)
    assert len(settled.acknowledged) == len(settled.letters) == 1000
    assert isinstance(settled.cause, ApiUnavailable)
    assert not settled.whole


def test_a_good_record_ends_a_row_of_bad_ones() -> None:
    settled = settle(items(*["dead"] * 999, "unchanged", *["dead"] * 999), Hopeless(), stop_at_bad=False)
    assert (settled.cause, settled.whole) == (None, True)


# --- Stop at a bad record ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["dead", "refused", "failed", "cut"])
def test_a_stream_may_stop_at_a_bad_record_which_comes_again(bad: str) -> None:
    settled = settle(items("uploaded", bad, "uploaded"), Hopeless(), stop_at_bad=True)
    assert (lines(settled.acknowledged), lines(settled.letters), settled.whole) == ([1], [2], False)
    assert isinstance(settled.cause, StoppedAtBadRecord)
    assert settled.cause.exit_code == 1
    assert settled.cause.message.startswith("Line 2 is bad (")
