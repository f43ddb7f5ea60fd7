"""The journal of uploads: a run may have died while it was written, and a folder's may be anybody's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deep.fuzz.damage import VALUE, damaged, mutated, written
from vsync.errors import VsyncError
from vsync.state.journal import Journal
from vsync.state.journal_record import Attempt, Record, dump_journal, parse_journal
from vsync.state.manifest import Manifest, TargetState, dump_manifest

WORD = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
TIME = st.none() | st.integers(0, 2**40)
RECORD = st.builds(
    Record,
    st.lists(WORD, max_size=3).map(tuple),
    st.lists(WORD, max_size=3).map(tuple),
    st.lists(st.builds(Attempt, WORD, st.integers(0, 2**40), TIME, TIME), max_size=3).map(tuple),
)
SOUND = dump_journal(
    Record(
        ("run-1", "run-0"), ("file-1", "file-2"), (Attempt("docs/a.md", 12, 1_700_000_000), Attempt("é", 0, None, 5))
    )
)


def read(content: bytes) -> Record | None:
    record = parse_journal(content)
    if record is None:
        return None
    assert parse_journal(dump_journal(record)) == record
    # What stands in it goes into manifests.
    dump_manifest(Manifest("o", "s", None, {"t": TargetState("vs", pending_delete=record.uploaded)}))
    for attempt in record.attempts:
        attempt.filename.encode()
    return record


@given(RECORD)
def test_a_journal_is_read_back_as_it_was_written(record: Record) -> None:
    assert read(dump_journal(record)) == record


@given(st.one_of(mutated(SOUND), damaged(json.loads(SOUND)).map(written), VALUE.map(written), st.binary()))
def test_a_damaged_journal_is_a_journal_or_none(content: bytes) -> None:
    read(content)


def test_a_journal_that_was_cut_says_nothing() -> None:
    for end in range(len(SOUND) - 1):
        assert read(SOUND[:end]) is None


@pytest.mark.parametrize(
    "content", [b"", b"[" * 1_000_000, b'{"a":' * 1_000_000, b'{"version": 1}', b"\xff\xfe", b'{"version": ' + b"9" * 99_999]
)  # fmt: skip
def test_a_journal_that_is_none_is_told_and_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.journal-00.json").write_bytes(content)
    notes: list[str] = []
    journal = Journal(tmp_path, "t", notes.append)
    assert journal.waits("run-1")  # something was left that nobody can read: the store is listed
    journal.open("run-2")
    assert journal.inherited == Record()
    assert len(notes) == 1
    journal.close(settled=True)
    assert list(tmp_path.iterdir()) == []


@given(st.one_of(mutated(SOUND), damaged(json.loads(SOUND)).map(written)))
def test_no_journal_of_another_run_stops_a_run(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("journal")
    (folder / "t.journal-00.json").write_bytes(content)
    journal = Journal(folder, "t")
    try:
        journal.waits("run-1")
        journal.open("run-2")
        said: Any = journal.inherited
        journal.close(settled=True)
    except VsyncError as error:
        pytest.fail(str(error))
    assert isinstance(said, Record)
    assert not list(folder.iterdir()) or said.uploaded
