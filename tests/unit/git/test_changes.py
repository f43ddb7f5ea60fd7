"""What git writes becomes values, whatever bytes the names hold, or is refused."""

from __future__ import annotations

import pytest

from vsync.errors import GitUnavailable
from vsync.git.changes import (
    Change,
    TreeEntry,
    decodable,
    is_nameable,
    nul_separated,
    parse_diff,
    parse_line_counts,
    parse_tree,
    show_path,
)

A, B = "a" * 40, "b" * 40
NONE = "0" * 40
NASTY = [
    b"plain.md",
    b"with space.md",
    b"with\nnewline.md",
    b"with\ttab.md",
    b"quote'\".md",
    b":starts-with-colon.md",
    b"-starts-with-dash.md",
    b"caf\xc3\xa9.md",
    b"caf\xe9.md",
    b"\xff\xfe",
    b" ",
]


def tree_line(path: bytes, blob: str = A, mode: str = "100644", kind: str = "blob") -> bytes:
    return f"{mode} {kind} {blob}\t".encode() + path + b"\0"


def diff_record(path: bytes, letter: str, old: str = A, new: str = B, mode: str = "100644") -> bytes:
    return f":100644 {mode} {old} {new} {letter}".encode() + b"\0" + path + b"\0"


@pytest.mark.parametrize(
    ("chunks", "records"),
    [
        ([], []),
        ([b""], []),
        ([b"a\0b\0"], [b"a", b"b"]),
        ([b"a\0b"], [b"a", b"b"]),
        ([b"a", b"b\0", b"", b"\0c", b"\0"], [b"ab", b"", b"c"]),
    ],
)
def test_records_end_at_nul_however_the_output_arrives(chunks: list[bytes], records: list[bytes]) -> None:
    assert list(nul_separated(chunks)) == records


@pytest.mark.parametrize("path", NASTY)
def test_a_tree_entry_keeps_the_bytes_of_its_name(path: bytes) -> None:
    assert list(parse_tree([tree_line(path)])) == [TreeEntry(path, "100644", A)]


def test_a_tree_lists_files_links_and_submodules() -> None:
    output = (
        tree_line(b"a.md")
        + tree_line(b"run.sh", mode="100755")
        + tree_line(b"link", mode="120000")
        + tree_line(b"sub", mode="160000", kind="commit")
    )
    assert [entry.mode for entry in parse_tree([output])] == ["100644", "100755", "120000", "160000"]


def test_an_empty_tree_has_no_entries() -> None:
    assert list(parse_tree([])) == []


@pytest.mark.parametrize(
    "line", [b"100644 blob\ta.md\0", b"100644 blob " + A.encode() + b" a.md\0", b"\0", b"\xff x y\tp"]
)
def test_a_tree_line_that_is_not_understood_is_refused(line: bytes) -> None:
    with pytest.raises(GitUnavailable, match=r"not understood|instead of"):
        list(parse_tree([line]))


@pytest.mark.parametrize("path", NASTY)
def test_a_change_keeps_the_bytes_of_its_name(path: bytes) -> None:
    (change,) = parse_diff([diff_record(path, "M")])
    assert change == Change("modified", path, TreeEntry(path, "100644", B))


@pytest.mark.parametrize(
    ("letter", "status"), [("A", "added"), ("M", "modified"), ("D", "removed"), ("T", "type-changed")]
)
def test_each_status_of_git_is_known(letter: str, status: str) -> None:
    (change,) = parse_diff([diff_record(b"a.md", letter)])
    assert change.status == status
    assert (change.entry is None) == (letter == "D")


def test_a_change_to_a_symlink_shows_the_new_mode() -> None:
    (change,) = parse_diff([diff_record(b"a.md", "T", mode="120000")])
    assert change.entry == TreeEntry(b"a.md", "120000", B)


def test_changes_arrive_in_pieces_of_any_size() -> None:
    output = diff_record(b"a.md", "A", NONE, A) + diff_record(b"b.md", "D", A, NONE)
    pieces = [output[start : start + 1] for start in range(len(output))]
    assert [(change.status, change.path) for change in parse_diff(pieces)] == [("added", b"a.md"), ("removed", b"b.md")]


@pytest.mark.parametrize("letter", ["X", "U", "R100", "C75", ""])
def test_a_status_that_is_not_known_is_refused(letter: str) -> None:
    with pytest.raises(GitUnavailable, match="does not know"):
        list(parse_diff([diff_record(b"a.md", letter)]))


@pytest.mark.parametrize(
    "output",
    [
        b":100644 100644 a b M\0",
        b":100644 100644 a b M\0\0",
        b"100644 100644 a b M\0a.md\0",
        b":100644 a b M\0a.md\0",
        b"a.md\0",
    ],
)
def test_a_diff_record_that_is_not_understood_is_refused(output: bytes) -> None:
    with pytest.raises(GitUnavailable, match="not understood"):
        list(parse_diff([output]))


@pytest.mark.parametrize(
    ("path", "shown", "is_text"),
    [
        (b"a.md", "a.md", True),
        ("café/日本.md".encode(), "café/日本.md", True),
        (b"caf\xe9.md", "caf\\xe9.md", False),
        (b"\xed\xa0\x80.md", "\\xed\\xa0\\x80.md", False),
    ],
)
def test_a_name_that_is_not_utf8_is_shown_by_its_bytes(path: bytes, shown: str, is_text: bool) -> None:
    assert show_path(path) == shown
    assert decodable(path) is is_text


# --- Numbers of lines -------------------------------------------------------------------------------------------


def test_numbers_of_lines_stand_before_any_name() -> None:
    output = b"".join(b"3\t14\t" + path + b"\0" for path in NASTY)
    assert list(parse_line_counts([output])) == [(path, 3, 14) for path in NASTY]


def test_binary_files_have_no_lines() -> None:
    assert list(parse_line_counts([b"-\t-\ta.pdf\0", b"1\t0\tb.md\0"])) == [(b"b.md", 1, 0)]


@pytest.mark.parametrize(
    "record", [b"1\t2\0", b"1\t2\t\0", b"-\t2\ta\0", b"x\t2\ta\0", b"-1\t2\ta\0", b"1" * 16 + b"\t2\ta\0"]
)
def test_what_is_no_number_of_lines_is_refused(record: bytes) -> None:
    with pytest.raises(GitUnavailable):
        list(parse_line_counts([record]))


@pytest.mark.parametrize("path", ["a.md", "a b/c.md", "café\n.md", "..a/.b"])
def test_git_can_be_asked_for_paths_of_files(path: str) -> None:
    assert is_nameable(path)


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\0b", "a\ud800"])
def test_git_is_not_asked_for_what_is_no_path_in_a_tree(path: str) -> None:
    assert not is_nameable(path)
