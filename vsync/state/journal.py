"""The journal: this machine's record of uploads that no manifest records yet.

| when | what happens in the journal |
| --- | --- |
| before an upload is sent | its name and size are written |
| before the new File is attached | the id of the File is written |
| after the manifest is published | both are removed |

So when a run crashes, the next run on this machine knows which Files it made, and which requests may have made a File
without an answer. Each run writes a file of its own beside the seal, and only while it holds the seal.

A journal that this user's key has not signed (`journal_key`) proves nothing: its Files are named, and not deleted.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vsync.errors import PublicationFailed
from vsync.state.journal_key import JournalKey
from vsync.state.journal_record import Attempt, Record, dump_journal, is_signed, parse_journal
from vsync.system.atomic_write import write_durably
from vsync.system.regular_file import read_file

if TYPE_CHECKING:
    import asyncio

_READ_ONLY = {"Read-only file system", "Permission denied"}


@dataclass
class _Pending:
    """An upload that was sent. `lost`: its answer will not come any more."""

    attempt: Attempt
    lost: bool = False


@dataclass
class Journal:
    """The journal of this run, and the journals that crashed runs left. `folder` None keeps it in memory only.

    Ask `waits` to find out whether there is anything to do. Call `open` after the seal is taken.
    """

    folder: Path | None = None
    key: str = "journal"
    note: Callable[[str], None] = field(default=lambda _: None, repr=False)
    signer: JournalKey = field(default_factory=JournalKey, repr=False)

    def __post_init__(self) -> None:
        self._path: Path | None = None
        self._inherited: dict[Path, Record] = {}
        self._unsigned: dict[Path, Record] = {}
        self._run = ""
        self._uploaded: dict[str, None] = {}
        self._pending: dict[int, _Pending] = {}
        self._tickets = itertools.count()
        self._writes = _SharedWrites()

    def waits(self, closed_by: str | None = None) -> bool:
        """Whether a crashed run left a journal here. `closed_by` is the run that closed the seal: it did not crash."""
        return any(self._writer_of(path) != closed_by or closed_by is None for path in self._others())

    def _writer_of(self, path: Path) -> str | None:
        try:
            record = parse_journal(read_file(path))
        except OSError:
            return None  # the run that wrote it has just removed it
        return record.runs[0] if record is not None and record.runs else None

    def left(self) -> tuple[str, ...]:
        """The Files that crashed runs left, from the signed journals. Changes nothing, and needs no seal."""
        file_ids: list[str] = []
        for path in self._others():
            with contextlib.suppress(OSError):
                content = read_file(path)
                record = parse_journal(content) if is_signed(content, self.signer.has_signed) else None
                file_ids += record.uploaded if record is not None else ()
        return tuple(file_ids)

    def open(self, run: str) -> None:
        """Reads what crashed runs left, and begins the file of this run. Call it while the seal is held."""
        self._run = run
        for path in self._others():
            try:
                content = read_file(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise PublicationFailed(
                    f"The journal {path} cannot be read: {error.strerror}.", "Mend that, or remove it, and run again."
                ) from error
            record = parse_journal(content)
            if record is None:
                self.note(f"The journal {path} is damaged: what it said is not used.")
            if record is None or is_signed(content, self.signer.has_signed):
                self._inherited[path] = record or Record()
            else:
                self._unsigned[path] = record
                self.note(
                    f"The journal {path} was not signed by this user's vsync: the Files that it names are not deleted for it."
                )
        if self.folder is not None:
            self._path = self.folder / f"{self.key}.journal-{secrets.token_hex(4)}.json"
            try:
                _write_journal(self._path, self._dumped(self._own()))
            except PublicationFailed as error:
                if not any(words in error.message for words in _READ_ONLY):
                    raise
                self._path = None
                self.note(f"{error.message} This run goes on without a journal.")

    def end_attempts(self, ended: Callable[[Record], Sequence[Attempt]]) -> None:
        """Takes over the attempts of crashed runs as `ended` gives them, with the times when they ended.

        What is not settled is written with these times: a later run may not know them any more.
        """
        for path, record in self._inherited.items():
            self._inherited[path] = Record(record.runs, record.uploaded, tuple(ended(record)))

    @property
    def inherited(self) -> Record:
        """What crashed runs left, by the journals that this user's key has signed."""
        return sum(self._inherited.values(), Record())

    @property
    def unsigned(self) -> Record:
        """What the other journals say. It may lead to a File that is named, and never to one that is deleted."""
        return sum(self._unsigned.values(), Record())

    @property
    def lost(self) -> tuple[Attempt, ...]:
        """Uploads of this run whose answer never came."""
        return tuple(item.attempt for item in self._pending.values() if item.lost)

    @property
    def uploaded(self) -> Collection[str]:
        """Files of this run that no manifest names yet."""
        return self._uploaded.keys()

    # --- While uploads go on --------------------------------------------------------------------------------

    async def sending(self, filename: str, size: int, since: int | None) -> int:
        """Records an upload before it is sent, and returns its number in this journal."""
        ticket = next(self._tickets)
        self._pending[ticket] = _Pending(Attempt(filename, size, since))
        await self._written()
        return ticket

    async def answered(self, ticket: int, file_id: str) -> None:
        """Records the File that an upload made, before anything is done with the File."""
        self._uploaded[file_id] = None
        del self._pending[ticket]
        await self._written()

    def unmade(self, ticket: int) -> None:
        """Removes an upload that made no File: it was refused, or never reached the server."""
        self._pending.pop(ticket, None)

    def lose(self, ticket: int) -> Callable[[int], None]:
        """Records that an answer will not come. Returns a function to call with the server's time at its next answer."""
        self._pending[ticket].lost = True

        def server_time(time: int) -> None:
            if ticket in self._pending:
                sent = self._pending[ticket].attempt
                self._pending[ticket].attempt = Attempt(sent.filename, sent.bytes, sent.since, time)

        return server_time

    async def deleting(self, file_ids: Collection[str]) -> None:
        """Records Files that are proven to be ours, before they are detached: afterwards nothing in the store shows it."""
        self._uploaded.update(dict.fromkeys(file_ids))
        await self._written()

    def forget(self, file_ids: Collection[str]) -> None:
        """Removes Files that are recorded elsewhere now, or gone. The next write of the journal leaves them out."""
        for file_id in file_ids:
            self._uploaded.pop(file_id, None)

    # --- At the end -----------------------------------------------------------------------------------------

    def mark_recorded(self, left: Collection[str] = ()) -> None:
        """Removes all Files, of this run and of crashed runs: the published manifest names them now.

        `left` are Files that stay, because they are still to be deleted and the manifest does not prove them.
        """
        self._uploaded = dict.fromkeys(left)
        for path, record in self._inherited.items():
            self._inherited[path] = Record(record.runs, (), record.attempts)

    def close(self, *, settled: bool) -> None:
        """Removes the journals. When something in them is left to do, one journal keeps it for the next run.

        `settled`: Files of unanswered uploads have been looked for, so these uploads are done with as well. Then what
        unsigned journals say has been named. Until then they stay as they are: this run must not sign what they say.
        """
        if settled:
            for path in self._unsigned:
                self._unlink(path)
            self._unsigned.clear()
        left = self._own() + self.inherited
        if settled:
            left = Record(left.runs, left.uploaded)
        waits = bool(left.uploaded or left.attempts)
        if waits and self._path is None:
            return  # this run has no file: the journals of crashed runs stay as they are
        if waits and self._path is not None:
            _write_journal(self._path, self._dumped(left))
        else:
            self._unlink(self._path)
        for path in self._inherited:
            self._unlink(path)
        self._inherited.clear()
        self._path = None

    def _unlink(self, path: Path | None) -> None:
        try:
            if path is not None:
                path.unlink(missing_ok=True)
        except OSError as error:
            self.note(f"The journal {path} could not be removed: {error.strerror}. The next run removes it.")

    # --- The file -------------------------------------------------------------------------------------------

    def _others(self) -> list[Path]:
        """The journals of other runs."""
        if self.folder is None:
            return []
        paths = self.folder.glob(f"{glob_escaped(self.key)}.journal-*.json")
        return sorted(path for path in paths if path != self._path and not path.is_symlink())

    def _dumped(self, record: Record) -> bytes:
        return dump_journal(record, self.signer.sign)

    def _own(self) -> Record:
        return Record((self._run,), tuple(self._uploaded), tuple(item.attempt for item in self._pending.values()))

    async def _written(self) -> None:
        """Returns when the file holds all changes up to now."""
        path = self._path
        if path is not None:
            await self._writes.write(path, lambda: self._dumped(self._own()))


class _SharedWrites:
    """Writes of one file, one after the other. Changes during a write share the next write."""

    def __init__(self) -> None:
        self._changes = self._written = 0
        self._turn: asyncio.Lock | None = None

    async def write(self, path: Path, content: Callable[[], bytes]) -> None:
        """Returns when the file holds the content as it is now, or newer content."""
        import asyncio  # 40 ms, and a run with nothing to do has no event loop

        self._turn = self._turn or asyncio.Lock()
        self._changes += 1
        mine = self._changes
        async with self._turn:
            if self._written < mine:
                changes, written = self._changes, content()
                await asyncio.to_thread(_write_journal, path, written)
                self._written = changes


def glob_escaped(text: str) -> str:
    """The text as a glob pattern that matches exactly this text."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _write_journal(path: Path, content: bytes) -> None:
    try:
        write_durably(path, content, 0o600)  # the names of documents may be somebody's secret
    except OSError as error:
        raise PublicationFailed(
            f"The journal {path} cannot be written: {error.strerror or os.strerror(error.errno or 0)}.",
            "Mend that and run again: without it nothing is uploaded, since a run that dies could leave Files behind.",
        ) from error
