"""Laws of what a search shows, for texts and queries of any kind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vsync.search.excerpt import excerpt
from vsync.search.headings import heading_above
from vsync.search.passage import line_in
from vsync.search.words import Words

WORDS = st.sampled_from(
    ["install", "Installing", "the", "proxy", "\u5b89\u88c5", "caf\u00e9", "#", "==", "\n", "\n\n", "\t", "x" * 90]
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=120).map(" ".join))
QUERIES = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=5).map(" ".join))


@given(TEXTS, QUERIES)
def test_an_excerpt_is_a_part_of_its_text_on_one_line(text: str, query: str) -> None:
    found = excerpt(text, Words(query))
    shown = found.plain.removeprefix("…").removesuffix("…")
    assert shown.split() == shown.split(" ") if shown else True
    assert "".join(shown.split()) in "".join(text.split()) + "…"
    assert 0 <= found.at <= len(text)


@given(TEXTS, QUERIES)
def test_marks_are_words_of_the_query_and_the_first_stands_where_it_is_said(text: str, query: str) -> None:
    words = Words(query)
    found = excerpt(text, words)
    marks = [piece.text for piece in found.pieces if piece.marked]
    every = {text[span.start : span.end] for span in words.spans(text)}
    assert set(marks) <= every
    assert bool(marks) == bool(every)
    if marks:
        assert text[found.at :].startswith(marks[0])


@given(TEXTS, st.text(max_size=30), st.integers(0, 200))
def test_a_line_that_is_told_holds_the_word(text: str, before: str, at: int) -> None:
    document = f"{before}\n{text}\nend"
    at = min(at, len(text))
    line = line_in(document, text, at)
    if line is not None and not text[at : at + 1].isspace():
        assert (text[at:].split() or [""])[0] in document.split("\n")[line - 1]


@given(TEXTS, st.integers(1, 50), st.sampled_from(["a.md", "a.rst", "a.adoc", "a.org", "a.txt", "a"]))
def test_a_heading_is_one_line_of_the_text_above(text: str, line: int, path: str) -> None:
    lines = text.split("\n")
    found = heading_above(lines, line, path)
    assert found is None or any("".join(found.split()) in "".join(each.split()) for each in lines[:line])
