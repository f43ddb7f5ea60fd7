from __future__ import annotations

from tests.support.batches import own_batch, sha256
from vsync.batch.batch_report import Failed
from vsync.batch.decide_fetch import ToFetch
from vsync.batch.short_results import ShortResults

PLACE, OTHER = "batch-results/a.jsonl", "batch-results/b.jsonl"
TOLD = Failed("batches/a.jsonl", "results-incomplete", "It has fewer.")


def wanted(*batch_ids: str, place: str = PLACE) -> ToFetch:
    batches = tuple(own_batch("one", batch_id, "completed") for batch_id in batch_ids)
    return ToFetch("batches/a.jsonl", sha256("one"), place, current=True, batches=batches)


def due(short: ShortResults, *every: ToFetch, last: bool = False) -> list[str]:
    return [batch.info.id for each in short.due(every, last=last)[0] for batch in each.batches]


def test_what_was_never_asked_for_is_due() -> None:
    assert due(ShortResults(), wanted("batch_1", "batch_2")) == ["batch_1", "batch_2"]


def test_a_batch_that_stays_short_is_asked_for_more_and_more_seldom() -> None:
    short = ShortResults()
    asked = []
    for number in range(1, 20):
        if due(short, wanted("batch_1")):
            asked.append(number)
            short.was_short(PLACE, "batch_1", TOLD)

    assert asked == [1, 2, 4, 8, 16]


def test_a_batch_that_is_left_alone_is_told_and_keeps_no_other_back() -> None:
    short = ShortResults()
    for _ in range(2):
        short.was_short(PLACE, "batch_1", TOLD)

    found, told = short.due([wanted("batch_1", "batch_2")], last=False)

    assert [batch.info.id for each in found for batch in each.batches] == ["batch_2"]
    assert told == [TOLD]


def test_when_nothing_else_is_waited_for_it_is_asked_for_once_more() -> None:
    short = ShortResults()
    for _ in range(5):
        short.was_short(PLACE, "batch_1", TOLD)

    assert due(short, wanted("batch_1"), last=True) == ["batch_1"]


def test_a_batch_that_became_whole_is_not_short_any_more() -> None:
    short = ShortResults()
    short.was_short(PLACE, "batch_1", None)
    assert short.has(PLACE, "batch_1")
    assert not short.has(OTHER, "batch_1")

    short.was_whole(PLACE, "batch_1")

    assert not short.has(PLACE, "batch_1")
