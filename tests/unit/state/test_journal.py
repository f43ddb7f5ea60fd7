"""The journal: what stands in it when, what the next run reads, and what is damaged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from vsync.errors import PublicationFailed
from vsync.state import journal as journal_module
from vsync.state.journal import Journal
from vsync.state.journal_key import JournalKey
from vsync.state.journal_record import Attempt, Record, dump_journal, parse_journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vsync"


def opened(folder: Path, run: str = "run-1", key: str = "default-1") -> Journal:
    made = Journal(folder, key, signer=JournalKey(folder.parent / "state"))
    made.open(run)
    return made


def on_disk(folder: Path) -> Record:
    return sum((parse_journal(path.read_bytes()) or Record() for path in sorted(folder.glob("*.json"))), Record())


def test_an_upload_stands_there_before_it_is_sent_and_its_file_before_it_is_used(folder: Path) -> None:
    async def go() -> Iterator[Record]:
        ticket = await made.sending("a.md", 3, 100)
        sent = on_disk(folder)
        await made.answered(ticket, "file-1")
        return iter((sent, on_disk(folder)))

    made = opened(folder)
    sent, answered = asyncio.run(go())
    assert sent == Record(("run-1",), (), (Attempt("a.md", 3, 100),))
    assert answered == Record(("run-1",), ("file-1",), ())


def test_uploads_side_by_side_share_writes_and_none_goes_on_before_it_stands_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = []
    write = journal_module._write_journal

    def counted(path: Path, content: bytes) -> None:
        writes.append(path)
        write(path, content)

    monkeypatch.setattr(journal_module, "_write_journal", counted)
    made = opened(folder)

    async def one(number: int) -> bool:
        ticket = await made.sending(f"{number}.md", number, 100)
        there = any(item.filename == f"{number}.md" for item in on_disk(folder).attempts)
        await made.answered(ticket, f"file-{number}")
        return there and f"file-{number}" in on_disk(folder).uploaded

    async def go() -> list[bool]:
        return await asyncio.gather(*map(one, range(50)))

    assert all(asyncio.run(go()))
    assert len(writes) < 60


def test_what_was_refused_is_no_attempt_and_what_was_lost_is_one(folder: Path) -> None:
    made = opened(folder)

    async def go() -> None:
        refused, lost = await made.sending("a.md", 1, 100), await made.sending("b.md", 2, 100)
        made.unmade(refused)
        made.lose(lost)(120)

    asyncio.run(go())
    assert made.lost == (Attempt("b.md", 2, 100, 120),)


def test_a_crashed_runs_journal_is_read_by_the_next_one_and_goes_with_it(folder: Path) -> None:
    dead = opened(folder)

    async def go() -> None:
        await dead.answered(await dead.sending("a.md", 1, 100), "file-1")
        await dead.sending("b.md", 2, 100)

    asyncio.run(go())
    assert Journal(folder, "default-1").waits()
    made = opened(folder, "run-2")
    assert made.inherited == Record(("run-1",), ("file-1",), (Attempt("b.md", 2, 100),))
    made.mark_recorded()
    made.close(settled=True)
    assert list(folder.iterdir()) == []


def test_what_is_not_settled_stays_for_the_run_after_the_next(folder: Path) -> None:
    dead = opened(folder)
    asyncio.run(dead.sending("b.md", 2, 100))
    made = opened(folder, "run-2")
    made.close(settled=False)
    assert on_disk(folder) == Record(("run-2", "run-1"), (), (Attempt("b.md", 2, 100),))


def test_files_that_the_manifest_names_need_not_stand_there(folder: Path) -> None:
    made = opened(folder)

    async def go() -> None:
        await made.answered(await made.sending("a.md", 1, 100), "file-1")
        await made.sending("b.md", 2, 100)

    asyncio.run(go())
    made.mark_recorded()
    made.close(settled=False)
    assert on_disk(folder) == Record(("run-1",), (), (Attempt("b.md", 2, 100),))


def test_the_journal_of_a_run_that_closed_the_seal_is_waited_for_by_nobody(folder: Path) -> None:
    opened(folder)
    later = Journal(folder, "default-1")
    assert not later.waits("run-1")
    assert later.waits("run-2")
    assert later.waits()


def test_journals_of_other_targets_are_theirs(folder: Path) -> None:
    opened(folder, key="second-1")
    assert not Journal(folder, "default-1").waits()


def test_a_key_is_no_pattern(folder: Path) -> None:
    opened(folder, key="default-1")
    assert not Journal(folder, "d*").waits()
    opened(folder, key="[d]")
    assert Journal(folder, "[d]").waits()


def test_a_damaged_journal_is_told_and_not_used(folder: Path) -> None:
    opened(folder)
    (path,) = folder.glob("*.json")
    path.write_bytes(b"{")
    notes: list[str] = []
    made = Journal(folder, "default-1", notes.append)
    assert made.waits("run-1")
    made.open("run-2")
    assert made.inherited == Record()
    assert "damaged" in notes[0]


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "theirs.json").write_bytes(dump_journal(Record(("x",), ("file-theirs",))))
    (folder / "default-1.journal-0.json").symlink_to(tmp_path / "theirs.json")
    assert not Journal(folder, "default-1").waits()


def test_a_full_disk_ends_the_run_before_anything_is_uploaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = opened(folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module, "write_durably", full)
    with pytest.raises(PublicationFailed, match="No space left") as caught:
        asyncio.run(made.sending("a.md", 1, 100))
    assert "nothing is uploaded" in caught.value.remedy


def test_where_nothing_can_be_written_the_run_goes_on_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(journal_module, "write_durably", read_only)
    notes: list[str] = []
    made = Journal(folder, "default-1", notes.append)
    made.open("run-1")
    assert "without" in notes[0]
    asyncio.run(made.sending("a.md", 1, 100))


def test_an_upload_that_is_on_its_way_is_not_lost_yet(folder: Path) -> None:
    made = opened(folder)
    asyncio.run(made.sending("a.md", 1, 100))
    assert made.lost == ()


def test_files_without_attempts_are_kept_for_the_next_run(folder: Path) -> None:
    made = opened(folder)

    async def go() -> None:
        await made.answered(await made.sending("a.md", 1, 100), "file-1")

    asyncio.run(go())
    made.close(settled=True)
    assert on_disk(folder) == Record(("run-1",), ("file-1",), ())


def test_a_journal_that_is_closed_has_inherited_nothing_any_more(folder: Path) -> None:
    dead = opened(folder)
    asyncio.run(dead.sending("b.md", 2, 100))
    made = opened(folder, "run-2")
    made.close(settled=True)
    assert made.inherited == Record()
    assert not Journal(folder, "default-1").waits()


def test_why_a_journal_cannot_be_written_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_module, "write_durably", full)
    with pytest.raises(PublicationFailed, match="cannot be written: No space left on device"):
        opened(folder)


def test_a_journal_in_memory_has_no_past_and_leaves_nothing() -> None:
    made = Journal()
    assert not made.waits()
    made.open("run-1")

    async def go() -> None:
        await made.answered(await made.sending("a.md", 1, None), "file-1")

    asyncio.run(go())
    assert list(made.uploaded) == ["file-1"]
    assert made.inherited == Record()
    made.close(settled=False)


def test_a_journal_that_somebody_removed_is_no_error(folder: Path) -> None:
    opened(folder)
    made = opened(folder, "run-2")
    for path in folder.iterdir():
        path.unlink()
    made.close(settled=True)
    assert list(folder.iterdir()) == []


def test_what_was_refused_is_not_looked_for_by_the_next_run(folder: Path) -> None:
    made = opened(folder)

    async def go() -> None:
        made.unmade(await made.sending("a.md", 1, 100))

    asyncio.run(go())
    made.close(settled=False)
    assert list(folder.iterdir()) == []


# --- Whose journal it is -----------------------------------------------------------------------------------------


def forged(folder: Path, record: Record, name: str = "default-1.journal-ffffffff.json") -> Path:
    path = folder / name
    folder.mkdir(exist_ok=True)
    path.write_bytes(dump_journal(record))
    return path


LEFT = Record(("run-1",), ("file-1",), (Attempt("a.md", 3, 100),))


def test_a_journal_that_nobody_signed_is_only_for_naming(folder: Path) -> None:
    path = forged(folder, LEFT)
    made = opened(folder, "run-2")
    assert (made.inherited, made.unsigned, made.left()) == (Record(), LEFT, ())
    assert made.waits()
    made.close(settled=False)
    assert path.exists()  # nobody has named its Files yet
    made = opened(folder, "run-3")
    made.close(settled=True)
    assert list(folder.iterdir()) == []


def test_what_an_unsigned_journal_says_is_never_signed_by_the_run_that_reads_it(folder: Path) -> None:
    forged(folder, LEFT)
    made = opened(folder, "run-2")
    made.lose(asyncio.run(made.sending("b.md", 5, 100)))
    made.close(settled=False)
    later = opened(folder, "run-3")
    assert (later.inherited.uploaded, [item.filename for item in later.inherited.attempts]) == ((), ["b.md"])
    assert later.unsigned == LEFT


def test_a_journal_of_another_place_is_unsigned(folder: Path) -> None:
    home = folder.parent / "state"
    there = Journal(folder.parent / "other", "default-1", signer=JournalKey(home, None, "there"))
    there.open("run-1")
    asyncio.run(there.deleting(["file-1"]))
    folder.mkdir()
    for path in (folder.parent / "other").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    made = Journal(folder, "default-1", signer=JournalKey(home, None, "here"))
    made.open("run-2")
    assert (made.inherited, made.unsigned.uploaded) == (Record(), ("file-1",))


def test_without_a_key_journals_are_kept_and_prove_nothing(folder: Path) -> None:
    made = Journal(folder, "default-1")
    made.open("run-1")
    asyncio.run(made.deleting(["file-1"]))
    later = Journal(folder, "default-1")
    later.open("run-2")
    assert (later.inherited, later.unsigned.uploaded) == (Record(), ("file-1",))


def test_a_changed_journal_is_unsigned(folder: Path) -> None:
    made = opened(folder)
    asyncio.run(made.deleting(["file-1"]))
    (path,) = folder.iterdir()
    path.write_bytes(path.read_bytes().replace(b"file-1", b"file-2"))
    assert Journal(folder, "default-1", signer=made.signer).left() == ()
    later = opened(folder, "run-2")
    assert later.inherited == Record()


def test_files_that_are_being_deleted_stand_there_until_they_are_gone(folder: Path) -> None:
    made = opened(folder)
    asyncio.run(made.deleting(["file-1", "file-2"]))
    assert on_disk(folder).uploaded == ("file-1", "file-2")
    made.mark_recorded({"file-2"})
    made.close(settled=True)
    assert opened(folder, "run-2").inherited.uploaded == ("file-2",)


def test_files_that_are_recorded_elsewhere_are_left_out_of_the_next_write(folder: Path) -> None:
    async def go() -> None:
        for number in range(3):
            await made.answered(await made.sending("a.md", 3, 100), f"file-{number}")
        made.forget(["file-0", "file-1", "file-9"])
        await made.sending("b.md", 3, 100)

    made = opened(folder)
    asyncio.run(go())
    assert (on_disk(folder).uploaded, len(on_disk(folder).attempts)) == (("file-2",), 1)
