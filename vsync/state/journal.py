"""What this machine knows of uploads that no manifest records yet.

An upload stands here before it is sent, and its File's id before the File is attached; both go when the manifest that
names them is published. So when a run dies, the next one on this machine knows which Files it made, and which requests
may have made one without an answer. Each run writes a file of its own beside the seal, and only while it holds the
seal: by a temporary file, fsync and rename, many changes in one write. What a file says is pure (`Record`).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vsync.errors import PublicationFailed
from vsync.system.atomic_write import write_durably

if TYPE_CHECKING:
    import asyncio

_VERSION = 1
_READ_ONLY = {"Read-only file system", "Permission denied"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """An upload that was sent and never answered: it may have made a File, or not.

    `since` and `until` are the server's own times (seconds since the epoch, from the `Date` of its answers): that of the
    last answer before the request and of the first one after it had failed. None: no answer told one.
    """

    filename: str
    bytes: int
    since: int | None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a journal says: the runs it knows all uploads of, Files that came to be, and requests without an answer."""

    runs: tuple[str, ...] = ()
    uploaded: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    def __add__(self, other: Record) -> Record:
        return Record((*self.runs, *other.runs), (*self.uploaded, *other.uploaded), (*self.attempts, *other.attempts))


def dump_journal(record: Record) -> bytes:
    data = {
        "version": _VERSION,
        "runs": list(record.runs),
        "uploaded": list(record.uploaded),
        "attempts": [[item.filename, item.bytes, item.since, item.until] for item in record.attempts],
    }
    return (json.dumps(data) + "\n").encode()


def parse_journal(content: bytes) -> Record | None:
    """What these bytes say; None when they are no journal."""
    try:
        data = json.loads(content)
        if data["version"] != _VERSION:
            return None
        return Record(
            tuple(map(_text, data["runs"])),
            tuple(map(_text, data["uploaded"])),
            tuple(
                Attempt(_text(filename), _whole(size), _time(since), _time(until))
                for filename, size, since, until in data["attempts"]
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    value.encode()  # half a character parses, but no manifest could hold it
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("not a number")
    return value


def _time(value: object) -> int | None:
    return None if value is None else _whole(value)


@dataclass
class _Pending:
    """One upload on its way. `lost`: no answer will come any more."""

    attempt: Attempt
    lost: bool = False


@dataclass
class Journal:
    """The journal of one run, and those that dead runs left. `folder` None keeps it in memory only.

    `waits` is asked before a run knows whether there is anything to do, `open` when it holds the seal.
    """

    folder: Path | None = None
    key: str = "journal"
    note: Callable[[str], None] = field(default=lambda _: None, repr=False)

    def __post_init__(self) -> None:
        self._path: Path | None = None
        self._inherited: dict[Path, Record] = {}
        self._run = ""
        self._uploaded: dict[str, None] = {}
        self._pending: dict[int, _Pending] = {}
        self._tickets = itertools.count()
        self._changes = self._durable = 0
        self._turn: asyncio.Lock | None = None

    def waits(self, closed_by: str | None = None) -> bool:
        """Whether a run left something here that did not come to its end. `closed_by` is the run that closed the seal."""
        return any(self._left_by(path) != closed_by or closed_by is None for path in self._others())

    def _left_by(self, path: Path) -> str | None:
        try:
            record = parse_journal(path.read_bytes())
        except OSError:
            return None  # it has just been removed by the run that it belongs to
        return record.runs[0] if record is not None and record.runs else None

    def left(self) -> tuple[str, ...]:
        """The Files that dead runs left, as far as it can be read. Nothing is changed, and no seal is needed."""
        found: list[str] = []
        for path in self._others():
            with contextlib.suppress(OSError):
                record = parse_journal(path.read_bytes())
                found += record.uploaded if record is not None else ()
        return tuple(found)

    def open(self, run: str) -> None:
        """Reads what dead runs left, and begins this run's own file. Call it while the seal is held."""
        self._run = run
        for path in self._others():
            try:
                record = parse_journal(path.read_bytes())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise PublicationFailed(
                    f"The journal {path} cannot be read: {error.strerror}.", "Mend that, or remove it, and run again."
                ) from error
            if record is None:
                self.note(f"The journal {path} is damaged: what it said is not used.")
            self._inherited[path] = record or Record()
        if self.folder is not None:
            self._path = self.folder / f"{self.key}.journal-{secrets.token_hex(4)}.json"
            try:
                self._write()
            except PublicationFailed as error:
                if not any(words in error.message for words in _READ_ONLY):
                    raise
                self._path = None
                self.note(f"{error.message} This run goes on without one.")

    @property
    def inherited(self) -> Record:
        """What dead runs left."""
        return sum(self._inherited.values(), Record())

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
        """Records an upload before it is sent, and gives its number here."""
        ticket = next(self._tickets)
        self._pending[ticket] = _Pending(Attempt(filename, size, since))
        await self._written()
        return ticket

    async def answered(self, ticket: int, file_id: str) -> None:
        """Records the File that an upload made, before anything is done with it."""
        self._uploaded[file_id] = None
        del self._pending[ticket]
        await self._written()

    def unmade(self, ticket: int) -> None:
        """The upload made no File: it was refused, or never reached the server."""
        self._pending.pop(ticket, None)

    def lose(self, ticket: int) -> Callable[[int], None]:
        """The answer will not come. Gives what is to be told the server's time at its next answer."""
        self._pending[ticket].lost = True

        def heard(time: int) -> None:
            if ticket in self._pending:
                before = self._pending[ticket].attempt
                self._pending[ticket].attempt = Attempt(before.filename, before.bytes, before.since, time)

        return heard

    # --- At the end -----------------------------------------------------------------------------------------

    def recorded(self) -> None:
        """The manifest names every File of this run, and of those before it: they need not stand here any more."""
        self._uploaded.clear()
        for path, record in self._inherited.items():
            self._inherited[path] = Record(record.runs, (), record.attempts)

    def close(self, *, settled: bool) -> None:
        """Removes what is done with. `settled`: what was never answered has been looked for as well."""
        left = self._record()
        if settled:
            left = Record(left.runs, left.uploaded)
        waits = bool(left.uploaded or left.attempts)
        if waits and self._path is None:
            return  # what dead runs left stays where it is
        if waits and self._path is not None:
            _write_journal(self._path, dump_journal(left))
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
            self.note(f"The journal {path} could not be removed: {error.strerror}. The next run does that.")

    # --- The file -------------------------------------------------------------------------------------------

    def _others(self) -> list[Path]:
        if self.folder is None:
            return []
        found = self.folder.glob(f"{glob_escaped(self.key)}.journal-*.json")
        return sorted(path for path in found if path != self._path and not path.is_symlink())

    def _record(self) -> Record:
        mine = Record((self._run,), tuple(self._uploaded), tuple(item.attempt for item in self._pending.values()))
        return mine + self.inherited

    async def _written(self) -> None:
        """Returns when the file holds what is known now. Changes that come while it is written share the next write."""
        import asyncio  # 40 ms, and a run with nothing to do has no event loop

        if self._path is None:
            return
        self._turn = self._turn or asyncio.Lock()
        self._changes += 1
        mine = self._changes
        async with self._turn:
            if self._durable < mine:
                now, content = self._changes, self._own()
                await asyncio.to_thread(_write_journal, self._path, content)
                self._durable = now

    def _write(self) -> None:
        assert self._path is not None
        _write_journal(self._path, self._own())

    def _own(self) -> bytes:
        return dump_journal(
            Record((self._run,), tuple(self._uploaded), tuple(item.attempt for item in self._pending.values()))
        )


def glob_escaped(text: str) -> str:
    """The text for a glob pattern, taken literally."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _write_journal(path: Path, content: bytes) -> None:
    try:
        write_durably(path, content)
    except OSError as error:
        raise PublicationFailed(
            f"The journal {path} cannot be written: {error.strerror or os.strerror(error.errno or 0)}.",
            "Mend that and run again: without it nothing is uploaded, since a run that dies could leave Files behind.",
        ) from error
