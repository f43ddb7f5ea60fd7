"""Tables fit the width of a terminal."""

from __future__ import annotations

import pytest

from vsync.manage.table import Column, cut, fitted, text_width

COLUMNS = (
    Column("ID"),
    Column("NAME", least=6),
    Column("SIZE", right=True),
    Column("AGE", right=True, drop=1),
    Column("OWNER", least=5, drop=2),
)
ROWS = [["vs_1", "a name that is long", "1 B", "3 d", "acme/docs"], ["vs_22", "b", "12 KB", "40 d", "-"]]


def test_without_a_width_nothing_is_cut() -> None:
    assert fitted(COLUMNS, ROWS, None).lines == [
        "ID     NAME                  SIZE   AGE  OWNER",
        "vs_1   a name that is long    1 B   3 d  acme/docs",
        "vs_22  b                    12 KB  40 d  -",
    ]


@pytest.mark.parametrize("width", range(20, 60))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    table = fitted(COLUMNS, ROWS, width)
    assert max(map(text_width, table.lines)) <= width
    assert table.lines[1].startswith("vs_1 ")


def test_names_are_cut_before_a_column_goes() -> None:
    table = fitted(COLUMNS, ROWS, 40)
    assert table.lines[1] == "vs_1   a name…ng    1 B   3 d  acme/docs"
    assert table.left_out == []


def test_the_columns_that_say_least_go_first() -> None:
    assert fitted(COLUMNS, ROWS, 30).left_out == ["OWNER"]
    assert fitted(COLUMNS, ROWS, 22).left_out == ["AGE", "OWNER"]


def test_an_id_stays_whole_in_the_narrowest_terminal() -> None:
    table = fitted([Column("ID"), Column("NAME", least=4)], [["vs_0123456789", "docs and more"]], 5)
    assert table.lines[1].startswith("vs_0123456789")


def test_wide_letters_take_two_cells_and_accents_none() -> None:
    assert text_width("日本語") == 6
    assert text_width("e\u0301") == 1
    assert text_width("🎉") == 2
    lines = fitted([Column("NAME"), Column("N", right=True)], [["日本語", "1"], ["abc", "22"]], None).lines
    assert [text_width(line) for line in lines] == [text_width("NAME    N") + 1] * 3


@pytest.mark.parametrize("width", range(12))
def test_a_cut_text_is_never_wider(width: int) -> None:
    for text in ("abcdefghijkl", "日本語のストア", "e\u0301e\u0301e\u0301e\u0301", ""):
        assert text_width(cut(text, width)) <= width


def test_a_cut_name_keeps_its_beginning_and_its_end() -> None:
    assert cut("report-2026-11-29.md", 10) == "report….md"
    assert cut("short", 10) == "short"


@pytest.mark.parametrize("width", [None, 80])
def test_a_name_of_a_megabyte_fills_no_screen(width: int | None) -> None:
    table = fitted([Column("ID"), Column("NAME", least=16)], [["vs_1", "x" * 1_000_000]], width)
    assert max(map(len, table.lines)) <= (width or 1_100)


def test_a_hostile_cell_does_nothing() -> None:
    lines = fitted([Column("NAME")], [["a\n::error::x\x1b[2J\u202e"]], None).lines
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 2
