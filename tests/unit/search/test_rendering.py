"""How results look in a terminal and in a job summary."""

from __future__ import annotations

from dataclasses import replace

from vsync.search.excerpt import excerpt
from vsync.search.found import Found
from vsync.search.rendering import result_lines, results_summary
from vsync.search.words import Words
from vsync.store.entries import Hit

HIT = Hit("file-1", "a.md", 0.8765, {"path": "docs/a.md"}, "Run the installer\n\n  now. ")
URL = f"https://github.com/acme/docs/blob/{'c' * 40}/docs/a.md?plain=1#L8"
FOUND = Found(HIT, excerpt(HIT.text, Words("install")), "Install", 8, "", URL)


def test_a_result_is_told_by_place_heading_score_excerpt_and_page() -> None:
    assert result_lines([FOUND], bold=False) == [
        "1. docs/a.md:8  Install  (0.88)",
        "   Run the installer now.",
        f"   {URL}",
    ]
    assert result_lines([], bold=True) == ["No results."]


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(FOUND, heading=None, line=None, url=None)
    assert result_lines([bare], bold=False) == ["1. docs/a.md  (0.88)", "   Run the installer now."]
    in_notebook = replace(bare, part="cell 2", heading="Install")
    assert result_lines([in_notebook], bold=False)[0] == "1. docs/a.md  cell 2  Install  (0.88)"


def test_the_document_of_a_record_is_shown_with_its_file_name() -> None:
    hit = replace(HIT, filename="install.md", attributes={"path": 'pages/{"id":1}'})
    record = replace(FOUND, hit=hit, line=None, url=None)
    assert result_lines([record], bold=False)[0] == '1. pages/{"id":1} (install.md)  Install  (0.88)'
    assert "</code><br>install&#46;md<br>Install | 0.88" in results_summary("q", [record], by_words=False)


def test_words_are_bold_in_a_terminal() -> None:
    assert result_lines([FOUND], bold=True)[1] == "   Run the \x1b[1minstaller\x1b[0m now."


def test_a_summary_marks_the_words_and_links_the_document() -> None:
    text = results_summary("how to install?", [FOUND], by_words=False)
    assert text.startswith("## 🔎 vsync search: 1 result\n\nAsked: how to install&#63;\n")
    assert f'| 1 | <a href="{URL}"><code>docs/a&#46;md&#58;8</code></a><br>Install | 0.88 | ' in text
    assert "| Run the **installer** now&#46; |" in text
    assert "embedded store" not in text
    assert "embedded store" in results_summary("q", [FOUND], by_words=True)


def test_a_summary_without_results() -> None:
    assert results_summary("q", [], by_words=False) == "## 🔎 vsync search: no results\n\nAsked: q\n\n"


HOSTILE = "x\n::error::y | <img src=x> @acme **b** [c](https://evil.example) `d` \x1b[2J \u202e install"


def test_hostile_text_does_nothing() -> None:
    hit = Hit("file-1", HOSTILE, 0.5, {"path": HOSTILE}, HOSTILE)
    hostile = Found(hit, excerpt(HOSTILE, Words("install")), HOSTILE, None, HOSTILE, None)
    assert all(line.isprintable() for line in result_lines([hostile], bold=False))
    assert "\x1b[2J" not in "".join(result_lines([hostile], bold=True))
    text = results_summary(HOSTILE, [hostile], by_words=False)
    for sign in ("<img", "@acme", "[c]", "`", "\n::", "\x1b", "**b**", "https://evil"):
        assert sign not in text
    assert len(text.splitlines()) == 7


def test_a_long_heading_is_cut() -> None:
    assert len(result_lines([replace(FOUND, heading="x" * 500)], bold=False)[0]) < 200
    assert len(results_summary("x" * 5_000, [replace(FOUND, heading="x" * 500)], by_words=False)) < 1_500
