"""About how many tokens and chunks a text becomes: as the embedded store cuts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.places import ROOT
from vsync.documents.chunking import Chunking
from vsync.documents.token_estimate import chunk_count, stored_bytes, tokens
from vsync.embedded import chunking as embedded


@pytest.mark.parametrize(("size", "number"), [(0, 0), (1, 1), (4, 1), (5, 2), (4000, 1000)])
def test_four_bytes_are_one_token(size: int, number: int) -> None:
    assert tokens(size) == number


@pytest.mark.parametrize(
    ("size", "chunking", "number", "stored"),
    [
        (0, Chunking(), 0, 0),
        (1, Chunking(), 1, 1),
        (3200, Chunking(), 1, 3200),
        (3201, Chunking(), 2, 4801),
        (4800, Chunking(), 2, 6400),
        (4801, Chunking(), 3, 8001),
        (800, Chunking(100, 0), 2, 800),
        (801, Chunking(100, 0), 3, 801),
        (401, Chunking(100, 50), 2, 601),
    ],
)
def test_a_text_has_one_chunk_and_one_more_for_each_step(
    size: int, chunking: Chunking, number: int, stored: int
) -> None:
    assert chunk_count(size, chunking) == number
    assert stored_bytes(size, chunking) == stored


CHUNKINGS = st.integers(100, 4096).flatmap(lambda size: st.builds(Chunking, st.just(size), st.integers(0, size // 2)))
WORDS = st.lists(st.text(st.sampled_from("aeioustrnlüé日"), min_size=1, max_size=7), min_size=5, max_size=20)


@given(WORDS, st.sampled_from([" ", "\n", ", "]), st.integers(1, 3000), CHUNKINGS)
def test_the_estimate_is_near_to_what_the_embedded_store_makes(
    words: list[str], between: str, times: int, chunking: Chunking
) -> None:
    assert_near(between.join(words * times), chunking)


@pytest.mark.parametrize("chunking", [Chunking(), Chunking(100, 50), Chunking(100, 0), Chunking(4096, 2048)])
def test_the_estimate_is_near_for_real_documents(chunking: Chunking) -> None:
    pages = sorted((ROOT / "docs").glob("*.md"))
    assert len(pages) > 5
    for page in pages:
        assert_near(page.read_text(encoding="utf-8"), chunking)


def assert_near(text: str, chunking: Chunking) -> None:
    size = len(text.encode())
    made = list(embedded.chunks(text, embedded.Chunking(chunking.size, chunking.overlap)))
    assert tokens(size) == -(-size // embedded.BYTES_PER_TOKEN)
    assert chunk_count(size, chunking) == pytest.approx(len(made), rel=0.15, abs=1)
    kept = sum(len(chunk.encode()) for chunk in made)
    assert stored_bytes(size, chunking) == pytest.approx(kept, rel=0.15)
