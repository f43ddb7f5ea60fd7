"""A journal's JSON: what was written is read again, and anything else is no journal."""

from __future__ import annotations

import pytest

from vsync.state.journal_record import Attempt, Record, dump_journal, parse_journal


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"{}", b'{"version": 2}', b'{"version": 1, "runs": [1], "uploaded": [], "attempts": []}',
     b'{"version": 1, "runs": [], "uploaded": [""], "attempts": []}',
     b'{"version": 1, "runs": [], "uploaded": [], "attempts": [["a.md", true, 1, 2]]}',
     b'{"version": 1, "runs": [], "uploaded": [], "attempts": [["a.md", 1, "1", 2]]}',
     b'{"version": 1, "runs": [], "uploaded": [], "attempts": [["a.md", 1]]}', b"\xff", b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_journal_says_nothing(content: bytes) -> None:
    assert parse_journal(content) is None


def test_a_journal_says_what_was_written() -> None:
    record = Record(("run",), ("file-1",), (Attempt("ü\n.md", 3, 1, 2), Attempt("b.md", 0, None)))
    assert parse_journal(dump_journal(record)) == record


def test_half_a_character_is_in_no_journal() -> None:
    assert parse_journal(b'{"version": 1, "runs": ["r"], "uploaded": ["\\ud800"], "attempts": []}') is None
