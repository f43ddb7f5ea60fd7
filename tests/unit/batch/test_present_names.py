"""Under which names batches stand."""

from __future__ import annotations

from tests.support.batches import own_batch, sha256
from vsync.batch.chosen import chooser
from vsync.batch.metadata import Made
from vsync.batch.present_names import PresentNames

A, B, C = "batches/a.jsonl", "batches/b.jsonl", "batches/c.jsonl"
ONE, TWO = sha256("one"), sha256("two")
MADE = own_batch("one", path=A).made


def meant_by(current: dict[str, str], made: Made = MADE) -> list[str]:
    present = PresentNames(current)
    return [path for path in (A, B, C) if present.means(chooser([path], "batches"), made)]


def test_a_batch_stands_for_the_files_that_have_its_content() -> None:
    current = {C: ONE, A: ONE, B: TWO}

    assert PresentNames(current).of(ONE) == (A, C)
    assert meant_by(current) == [A, C]


def test_the_old_name_means_a_renamed_file_as_long_as_no_other_file_has_it() -> None:
    assert meant_by({B: ONE}) == [A, B]
    assert meant_by({B: ONE, A: TWO}) == [B]


def test_a_batch_of_a_content_that_no_file_has_stands_for_the_old_name() -> None:
    assert meant_by({A: TWO}) == [A]
    assert meant_by({}) == [A]


def test_a_batch_is_shown_under_the_first_of_its_files_that_is_meant() -> None:
    present = PresentNames({B: ONE, C: ONE, A: TWO})

    assert present.shown(MADE) == B
    assert present.shown(MADE, chooser([C], "batches")) == C
    assert present.shown(MADE, chooser(["batch_1"], "batches")) == B
    assert PresentNames({A: TWO}).shown(MADE) == A
