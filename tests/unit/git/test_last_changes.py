"""The output of `git log` as changes of paths, and authors' names as text for anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.errors import GitUnavailable
from vsync.git.last_changes import MOST_AUTHOR_CHARACTERS, LastChange, parse_log, shown_name

OLD, NEW, OTHER = "1" * 40, "2" * 40, "3" * 40
COMMIT = "c" * 40


def changes(output: bytes) -> list[tuple[str, LastChange, bytes, str, str]]:
    return [(commit.id, commit.change, record.path, record.mode, record.blob) for commit, record in parse_log([output])]


def test_a_commit_gives_each_path_that_it_changed() -> None:
    output = (
        f"{COMMIT} 1700000000 Ada L\0\n:100644 100755 {OLD} {NEW} M\0docs/a.md\0:000000 100644 {OLD} {OTHER} A\0b.md\0"
    )
    change = LastChange(1_700_000_000, "Ada L")
    assert changes(output.encode()) == [
        (COMMIT, change, b"docs/a.md", "100755", NEW),
        (COMMIT, change, b"b.md", "100644", OTHER),
    ]


def test_a_merge_gives_the_bytes_that_none_of_its_parents_has() -> None:
    output = f"{COMMIT} 7 Ada\0\0::100644 100644 100755 {OLD} {OTHER} {NEW} MM\0a.md\0"
    assert changes(output.encode()) == [(COMMIT, LastChange(7, "Ada"), b"a.md", "100755", NEW)]


def test_commits_without_changes_give_nothing() -> None:
    output = f"{COMMIT} 7 Ada\0\0{'d' * 40} 6 Bo\0"
    assert changes(output.encode()) == []


def test_a_path_that_looks_like_a_record_or_a_commit_is_a_path() -> None:
    for path in (f":100644 100644 {OLD} {NEW} M", f"{COMMIT} 1 Eve"):
        output = f"{COMMIT} 7 Ada\0\n:100644 100644 {OLD} {NEW} M\0{path}\0"
        assert [found[2] for found in changes(output.encode())] == [path.encode()]


def test_a_name_that_is_not_utf8_or_empty_is_no_error() -> None:
    output = b"%s 7 Caf\xe9\0\n:100644 100644 %s %s M\0a\0" % (COMMIT.encode(), OLD.encode(), NEW.encode())
    assert changes(output)[0][1] == LastChange(7, "Caf\ufffd")
    assert changes(output.replace(b"Caf\xe9", b""))[0][1] == LastChange(7, "")


@pytest.mark.parametrize(
    "output",
    [
        f":100644 100644 {OLD} {NEW} M\0a.md\0",
        f"{COMMIT} 7 Ada\0\n:100644 100644 {OLD} {NEW} M\0",
        f"{COMMIT} 7 Ada\0\n:100644 {OLD} {NEW} M\0a.md\0",
        f"{COMMIT} 7 Ada\0\n:100644 100644 {OLD} ; M\0a.md\0",
        "warning: something else\0",
        f"{COMMIT} soon Ada\0",
    ],
)
def test_any_other_output_is_an_error(output: str) -> None:
    with pytest.raises(GitUnavailable, match="not understood"):
        changes(output.encode())


def test_a_name_is_one_line_of_visible_characters() -> None:
    assert shown_name("\x1b[31mAda\r\n::error::\u202eL\x00  B\t") == "[31mAda ::error:: L B"


def test_a_long_name_is_cut() -> None:
    assert shown_name("a" * 256) == "a" * 256
    assert shown_name("a" * 257) == "a" * 255 + "…"


@given(st.text())
def test_no_name_holds_a_control_character_or_is_too_long(name: str) -> None:
    shown = shown_name(name)
    assert len(shown) <= MOST_AUTHOR_CHARACTERS
    assert all(char.isprintable() or char == "\u200d" for char in shown)
