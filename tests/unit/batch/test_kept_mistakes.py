"""Mistakes are kept up to a number, and counted behind it."""

from __future__ import annotations

from vsync.batch.batch_report import Mistake
from vsync.batch.kept_mistakes import KeptMistakes
from vsync.batch.request_faults import Fault


def test_the_first_mistakes_are_kept_and_the_others_counted() -> None:
    mistakes = KeptMistakes(2)
    assert mistakes.all == 0
    mistakes.add(3, Fault("not-an-object"))
    mistakes.add_clash(4, "other-model", "This", "and that.")
    mistakes.add(5, Fault("stream"))
    mistakes.add_clash(6, "other-url", "This", "and that.")
    assert mistakes.kept == [
        Mistake(3, "not-an-object", Fault("not-an-object").message),
        Mistake(4, "other-model", "This and that."),
    ]
    assert (mistakes.more, mistakes.all) == (2, 4)
