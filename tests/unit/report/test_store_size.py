"""How much of a source is in a store, and about what the store keeps of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import by_path, document, entry, state
from vsync.documents.chunking import Chunking
from vsync.documents.recipe import Recipe
from vsync.plan.plan import make_plan
from vsync.report.store_size import StoreSize, size_after, size_of, stored

SMALL = Chunking(100, 50)


@pytest.mark.parametrize(
    ("path", "size", "kept"), [("a.md", 400, 400), ("a.md", 401, 601), ("LICENSE", 601, 1001), ("a.pdf", 9_000, 9_000)]
)
def test_a_long_text_is_kept_with_the_overlap_of_its_chunks_and_a_pdf_counts_as_its_file(
    path: str, size: int, kept: int
) -> None:
    assert stored(path, size, SMALL) == kept


def test_the_stored_bytes_before_and_after_a_plan_are_counted_in_one_way() -> None:
    files = {path: entry(path, "x" * 401) for path in ("a.md", "b.md", "c.pdf")}
    before = size_of(files, SMALL)
    assert before == StoreSize(3, 1203, 1603)
    wanted = by_path(document("a.md", "x" * 401), document("d.md", "y", size=700))
    after = size_after(before, make_plan(state(files), wanted, {}), SMALL)
    assert after == StoreSize(2, 1101, 401 + 200 + 700 + 400)
    assert size_after(before, make_plan(state(files), {}, {}), SMALL) == StoreSize(0, 0, 0)


def test_a_document_with_its_own_chunking_is_counted_as_that_cuts_it() -> None:
    recipe = Recipe(chunking=Chunking(100, 0))
    wanted = {"a.md": replace(document("a.md", "1", size=4_000), recipe=recipe)}
    assert size_after(StoreSize(0, 0, 0), make_plan(state({}), wanted, {}), Chunking()) == StoreSize(1, 4_000, 4_000)
