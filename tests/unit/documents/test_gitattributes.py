"""Which paths `.gitattributes` marks as vendored or generated. Git itself is asked in `deep/property/test_gitattributes`."""

from __future__ import annotations

import time

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


def test_a_chain_of_macros_may_be_long() -> None:
    chain = "".join(f"[attr]m{number} m{number + 1}\n" for number in range(3_000))
    assert marks(f"*.md m0\n{chain}[attr]m3000 linguist-vendored", "a.md", "a.txt") == ["linguist-vendored", None]


def test_macros_that_use_each_other_end() -> None:
    assert marks("* a\n[attr]a b\n[attr]b a linguist-vendored", "a.md") == ["linguist-vendored"]


def test_a_backslash_inside_a_set_takes_the_meaning_from_a_character() -> None:
    assert marks("[\\d].md linguist-vendored", "d.md", "1.md") == ["linguist-vendored", None]
    assert marks("[\\]a-c].md linguist-vendored", "].md", "b.md", "\\.md") == ["linguist-vendored"] * 2 + [None]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a.md", "x/a.md"), ("/a.md", "a.md"), ("x/a.md", "x/a.md"), ("*.md", "x/.md"), ("x/**", "x/y/a.md"), ("**", "x/a"),
        ("**/a.md", "a.md"),
        ("**/*.md", "x/y/a.md"), ("x/*.md", "x/a.md"), ("a?.md", "ab.md"),
    ],
)  # fmt: skip
def test_of_lines_that_match_the_last_wins_whatever_their_patterns_are(pattern: str, path: str) -> None:
    every = "* linguist-vendored\n[!/]* linguist-vendored\n**/* linguist-vendored"
    assert marks(f"{every}\n{pattern} -linguist-vendored", path) == [None]
    assert marks(f"{pattern} -linguist-vendored\n{every}", path) == ["linguist-vendored"]


@pytest.mark.parametrize(
    "lines",
    [
        ("[" * 2_030 + " x\n") * 60,
        ("[" * 2_020 + " linguist-vendored\n") * 60,
        ("[" + "[:" * 1_000 + "x] linguist-vendored\n") * 60,
        "3f x\n" * 20_000 + "b linguist-vendored",
        "".join(f"a{number} linguist-vendored\n" for number in range(10_000)),
        "[attr]m linguist-vendored\n" + "".join(f"a?{number} m\n" for number in range(10_000)),
    ],
    ids=["sets", "marking-sets", "classes", "harmless", "names", "wildcards"],
)
def test_a_file_of_many_lines_takes_no_time(lines: str) -> None:
    started = time.process_time()
    assert set(marks(lines, *(f"docs/{number}.md" for number in range(50)))) == {None}
    assert time.process_time() - started < 5


def test_of_very_many_lines_with_wildcards_the_last_are_tried() -> None:
    lines = "".join(f"?-{number}* linguist-vendored\n" for number in range(10_000, 15_000))
    assert marks(lines, "a-14999.md", "a-13000.md", "a-10000.md") == ["linguist-vendored"] * 2 + [None]


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
        "[a.md linguist-vendored",
        "a.md\\ linguist-vendored",
        "[[:none:]a].md linguist-vendored",
        "[z-a].md linguist-vendored",
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
