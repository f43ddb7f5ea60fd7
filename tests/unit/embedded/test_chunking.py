from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsync.embedded.chunking import AUTO, Chunking, chunks

SMALL = Chunking(100, 50)  # 400 and 200 bytes


def rejoined(parts: list[str]) -> str:
    """The text again, each chunk laid onto the longest overlap that fits it."""
    text = ""
    for part in parts:
        overlap = next(n for n in range(len(part), -1, -1) if text.endswith(part[:n]))
        text += part[overlap:]
    return text


def test_a_short_text_is_one_chunk() -> None:
    assert list(chunks("short", AUTO)) == ["short"]


def test_an_empty_text_has_no_chunks() -> None:
    assert list(chunks("", AUTO)) == []


def test_a_text_of_exactly_one_chunk_is_not_cut() -> None:
    assert len(list(chunks("x" * 400, SMALL))) == 1
    assert len(list(chunks("x" * 401, SMALL))) == 2


def test_neighbours_overlap_as_asked() -> None:
    first, second, *_ = chunks("".join(f"{n:05}" for n in range(400)), SMALL)
    assert len(first) == 400
    assert second.startswith(first[-200:])


def test_chunks_end_between_words_where_they_can() -> None:
    for part in list(chunks("word " * 500, SMALL))[:-1]:
        assert part.endswith(" ")


def test_a_text_without_spaces_is_cut_anyway() -> None:
    assert [len(part) for part in chunks("x" * 1000, Chunking(100, 0))] == [400, 400, 200]


def test_characters_of_several_bytes_are_never_cut() -> None:
    text = "日本語のとても長い文章" * 100
    parts = list(chunks(text, SMALL))
    assert all(len(part.encode()) <= 400 for part in parts)
    assert set("".join(parts)) == set(text)


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3000),
    st.integers(100, 120).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2))),
)
def test_nothing_is_lost_and_no_chunk_is_too_large(text: str, sizes: tuple[int, int]) -> None:
    chunking = Chunking(*sizes)
    parts = list(chunks(text, chunking))
    assert all(0 < len(part.encode()) <= chunking.max_chunk_size_tokens * 4 for part in parts)
    position = 0
    for part in parts:
        start = text.find(part, max(0, position - chunking.chunk_overlap_tokens * 4 - 4))
        assert 0 <= start <= position
        position = max(position, start + len(part))
    assert position == len(text)


def test_a_chunk_begins_within_the_one_before() -> None:
    text = "".join(f"[{n}]" for n in range(2000))
    assert rejoined(list(chunks(text, SMALL))) == text


@pytest.mark.parametrize("overlap", [0, 1, 2048])
def test_a_large_text_ends(overlap: int) -> None:
    assert len(list(chunks("é" * 100_000, Chunking(4096, overlap)))) < 30
