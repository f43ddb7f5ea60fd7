"""Numbers and sizes as people read them."""

from __future__ import annotations

import pytest

from vsync.system.wording import count, size


@pytest.mark.parametrize(
    ("number", "words", "shown"),
    [
        (0, ("document",), "0 documents"),
        (1, ("document",), "1 document"),
        (2_000, ("document",), "2,000 documents"),
        (1, ("change of attributes", "changes of attributes"), "1 change of attributes"),
        (2, ("change of attributes", "changes of attributes"), "2 changes of attributes"),
    ],
)
def test_a_number_stands_with_its_noun(number: int, words: tuple[str, ...], shown: str) -> None:
    assert count(number, *words) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (1_234_567, "1.2 MB"),
        (5_000_000_000, "5.0 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_a_size_stands_in_the_unit_that_fits(number: int, shown: str) -> None:
    assert size(number) == shown
