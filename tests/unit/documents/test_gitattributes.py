"""Which paths `.gitattributes` marks as vendored or generated. Git itself is asked in `deep/property/test_gitattributes`."""

from __future__ import annotations

import pytest

from vsync.documents.gitattributes import MAX_BYTES, GitAttributes, folders_of


def marks(lines: str, *paths: str, **deeper: str) -> list[str | None]:
    files = {"": lines.encode(), **{folder: text.encode() for folder, text in deeper.items()}}
    attributes = GitAttributes(files)
    return [attributes.mark(path) for path in paths]


@pytest.mark.parametrize("value", ["linguist-vendored", "linguist-vendored=true", "linguist-vendored=1"])
def test_a_path_is_marked(value: str) -> None:
    assert marks(f"lib/** {value}", "lib/a.md", "lib/x/b.md", "docs/a.md") == ["linguist-vendored"] * 2 + [None]


def test_generated_is_a_mark_too() -> None:
    assert marks("*.md linguist-generated", "a.md", "x/b.md") == ["linguist-generated"] * 2


@pytest.mark.parametrize("taken_back", ["-linguist-vendored", "linguist-vendored=false", "!linguist-vendored"])
def test_a_later_line_takes_a_mark_back(taken_back: str) -> None:
    assert marks(f"* linguist-vendored\ndocs/** {taken_back}", "a.md", "docs/a.md") == ["linguist-vendored", None]


def test_the_file_in_the_deeper_folder_wins() -> None:
    found = marks("*.md linguist-vendored", "docs/a.md", "a.md", docs="a.md -linguist-vendored")
    assert found == [None, "linguist-vendored"]


def test_a_macro_stands_for_its_attributes() -> None:
    lines = "[attr]theirs linguist-vendored\nlib/** theirs\nlib/own.md -linguist-vendored"
    assert marks(lines, "lib/a.md", "lib/own.md") == ["linguist-vendored", None]


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "# *.md linguist-vendored",
        "*.md",
        "*.md text",
        "!*.md linguist-vendored",
        "docs/ linguist-vendored",
        '"unclosed linguist-vendored',
        "\0\xff[",
    ],
)
def test_lines_that_say_nothing_of_files_mark_none(lines: str) -> None:
    assert marks(lines, "a.md", "docs/a.md") == [None, None]


def test_a_quoted_pattern_may_hold_blanks_and_escapes() -> None:
    assert marks('"a b.md" linguist-vendored', "a b.md") == ["linguist-vendored"]
    assert marks('"\\303\\274.md" linguist-vendored', "ü.md") == ["linguist-vendored"]


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_it() -> None:
    attributes = GitAttributes({"": "\ufeff*.md linguist-vendored\r\n".encode()})
    assert attributes.mark("a.md") == "linguist-vendored"


def test_the_folders_of_a_path_are_those_whose_file_may_speak_of_it() -> None:
    assert folders_of("a/b/c.md") == ["a/b", "a", ""]
    assert folders_of("c.md") == [""]
    assert MAX_BYTES > 100_000


@pytest.mark.parametrize(
    "pattern", ["*a" * 300 + "b", "**/a/" * 200 + "b", "a/**/" * 200 + "b", "*a*/" * 100 + "**/b", "/**/*a" * 100 + "b"]
)
def test_a_pattern_of_many_wildcards_takes_no_time(pattern: str) -> None:
    assert marks(f"{pattern} linguist-vendored", "a" * 250, "a/" * 1_000 + "c", ("a" * 100 + "/") * 30) == [None] * 3
