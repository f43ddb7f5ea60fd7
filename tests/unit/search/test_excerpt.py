"""The piece of a text that is shown of a result."""

from __future__ import annotations

import pytest

from vsync.search.excerpt import excerpt
from vsync.search.words import Words

FILLER = " ".join(["lorem"] * 100)


def shown(text: str, query: str) -> str:
    """The excerpt with marks."""
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in excerpt(text, Words(query)).pieces)


def test_a_short_text_is_shown_whole_with_its_words_marked() -> None:
    assert shown("Run  the\n installer,\tthen stop. ", "install") == "Run the [installer], then stop."
    assert shown("install", "install") == "[install]"
    assert shown("Install it", "install it") == "[Install] it"


def test_the_excerpt_begins_shortly_before_the_word_and_at_a_word() -> None:
    text = shown(f"{FILLER} before the installer after {FILLER}", "install")
    before, _, after = text.partition("[installer]")
    assert before.startswith("…lorem ")
    assert before.endswith(" before the ")
    assert after.startswith(" after lorem")
    assert after.endswith(" lorem…")
    assert 200 <= len(text) <= 260


def test_where_most_of_the_query_stands_is_shown() -> None:
    text = f"install install install {FILLER} install on Linux with a proxy {FILLER} Linux"
    assert "[install] on [Linux] with a [proxy]" in shown(text, "install linux proxy")


def test_the_first_of_equal_places_is_shown() -> None:
    assert excerpt(f"x install {FILLER} install", Words("install")).at == 2


def test_without_a_word_the_begin_is_shown() -> None:
    found = excerpt(f"\n\n  {FILLER}", Words("nothing"))
    assert found.at == 4
    assert found.plain.startswith("lorem lorem")
    assert found.plain.endswith("lorem…")
    assert excerpt("   ", Words("x")).plain == ""
    assert excerpt("", Words("x")).plain == ""


@pytest.mark.parametrize("text", ["x" * 1000, f"{'x' * 400} install {'y' * 400}", f"{'x' * 300} {'y' * 300}"])
def test_a_text_without_blanks_is_cut(text: str) -> None:
    assert len(excerpt(text, Words("install")).plain) <= 400


def test_a_mark_stands_at_its_word() -> None:
    text = f"{FILLER} first {FILLER} the Installer"
    found = excerpt(text, Words("install"))
    assert text[found.at :] == "Installer"
