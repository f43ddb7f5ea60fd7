"""A stream of records, its store and its state together: it runs streams, dies where it is told to, and audits what is left."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sqlite3
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.wire import DEAD, QuickStop, Stored, Wire, World
from vsync.auth.credentials import Credentials
from vsync.config.targets import Target
from vsync.documents.attributes import Attributes, path_attribute
from vsync.documents.chunking import Chunking
from vsync.errors import VsyncError
from vsync.records.acks import Acks
from vsync.records.change import BadRecord, Change
from vsync.records.described import Described, Rules, describe
from vsync.records.formats import reader
from vsync.records.job import StreamJob, StreamSettings
from vsync.records.order import is_older
from vsync.records.run import run
from vsync.records.splitter import Splitter
from vsync.records.stream_report import StreamReport
from vsync.store.client import connect
from vsync.store.rate_limit import make_rates
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

NAME = "acme (records)"


@dataclass
class StreamWorld(World):
    """What a run of `vsync records` meets, in one folder. There is no repository.

    `acks_path` collects the acknowledgements of all runs. `settings` are those of every run.
    """

    source: str = "acme"
    target: str = "records"
    store: str | None = None
    """The id under which the user gives the store; None: the user gives its name."""
    attributes: Attributes = field(default_factory=dict)
    chunking: Chunking = field(default_factory=Chunking)
    loners: dict[str, str] = field(default_factory=dict)
    """The Files of somebody else's that no store lists, with their names."""
    seen: dict[str, Stored] = field(default_factory=dict)
    """The strangers' entries as they were when they were put there."""
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.wire = Wire(self.folder / "store.db")

    @property
    def store_id(self) -> str:
        if self.store is not None:
            return self.store
        (found,) = [store["id"] for store in self.stores() if store["name"] == NAME]
        return str(found)

    @property
    def state_path(self) -> Path:
        return self.folder / "machine" / "records.db"

    @property
    def letters_path(self) -> Path:
        return self.folder / "machine" / "dead.jsonl"

    @property
    def acks_path(self) -> Path:
        return self.folder / "acks.jsonl"

    @property
    def input_path(self) -> Path:
        return self.folder / "input.jsonl"

    @property
    def acks(self) -> list[dict[str, Any]]:
        """All acknowledgements up to now."""
        return _json_lines(self.acks_path)

    @property
    def letters(self) -> list[dict[str, Any]]:
        return _json_lines(self.letters_path)

    # Running

    def job(self, *, stop: Stop | None = None, acks: Acks | None = None, **given: Any) -> StreamJob:
        stop = stop or QuickStop()
        changed = self.settings | given
        of_job = {name: changed.pop(name) for name in [*changed] if name in _OF_JOB}
        settings = StreamSettings(
            **({"input": self.input_path, "state": self.state_path, "dead_letter": self.letters_path} | changed)
        )
        return StreamJob(
            settings=settings,
            target=Target(
                name=self.target,
                source=self.source,
                vector_store_id=self.store,
                vector_store_name=None if self.store else NAME,
                attributes=self.attributes,
                chunking=self.chunking,
            ),
            connect=lambda drained: lambda: connect(Credentials(), transport=self.wire, sleep=drained.pause),
            embedded=None,
            rates=make_rates(None, None, stop.pause, unlimited=True),
            acks=acks or Acks(self.acks_path.open("a", encoding="utf-8"), stop=stop),
            stop=stop,
            lock_timeout_s=0.0,
            state_home=self.folder / "home",
            note=self.notes.append,
            **({"secrets": Secrets()} | of_job),
        )

    def run(self, lines: Sequence[bytes] | None = None, **given: Any) -> StreamReport:
        """One run over these lines, or over the input as it is. Raises what `run` raises."""
        if lines is not None:
            self.input_path.write_bytes(b"".join(line + b"\n" for line in lines))
        job = self.job(**given)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("vsync.records.run.Stop", QuickStop)
            try:
                return run(job)
            finally:
                job.acks._stream.close()

    def run_and_die(self, prepare: Callable[[StreamWorld], object], lines: Sequence[bytes], **given: Any) -> bool:
        """One run in a process of its own, with the faults that `prepare` sets; whether it died of `die`."""
        self.wire.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests; the child uses none of them
            child = os.fork()
        if child == 0:
            code = 1
            try:
                prepare(self)
                self.run(lines, **given)
                code = 0
            except VsyncError as error:
                print(error, file=sys.__stderr__)
                code = 3
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in {0, DEAD}, f"the run ended by itself, with {code}"
        return code == DEAD

    def lose_state(self) -> None:
        """The state file is gone, and the journals with it."""
        for path in self.state_path.parent.iterdir():
            if path != self.letters_path:
                path.unlink()

    # Others

    def plant(self, content: bytes = b"somebody else's", store_id: str | None = None, **attributes: Any) -> str:
        file_id = super().plant(content, store_id, **attributes)
        self.seen[file_id] = self._stranger(file_id)
        return file_id

    def leave(self, name: str, content: bytes) -> str:
        """A File of somebody else's that no store lists."""
        file_id = self.upload(name, content)
        self.loners[file_id] = name
        return file_id

    def _stranger(self, file_id: str) -> Stored:
        (found,) = [one for one in self.entries(self.strangers[file_id]) if one.file_id == file_id]
        return found

    # What must be there

    @property
    def rules(self) -> Rules:
        rules = self.settings.get("rules", Rules())
        assert isinstance(rules, Rules)
        return rules

    def wanted(self, lines: Iterable[bytes], *, order: str = "position") -> dict[str, Described]:
        """The document that each key has after these records: one after the other, whatever batches they come in."""
        settings = self.job(acks=_NO_ACKS).settings
        read = reader(
            settings.format, raw=settings.raw, key_field=settings.key_field, delete_field=settings.delete_field
        )
        last: dict[str, Change] = {}
        found: dict[str, Described] = {}
        for number, line in enumerate(lines, 1):
            try:
                change = read(line, number)
                described = None if change.deletes else describe(change, self.rules)
            except BadRecord:
                continue
            before = last.get(change.path)
            if before is not None and order == "position" and is_older(change.order, before.order):
                continue
            last[change.path] = change
            found.pop(change.path, None)
            if described is not None:
                found[change.path] = described
        return found

    def check(self, lines: Iterable[bytes], *, order: str = "position", left: int = 0) -> None:
        """Audits the store key by key, and that nobody else's Files were touched. `left` Files may be in no store."""
        wanted = {path_attribute(path): one for path, one in self.wanted(lines, order=order).items()}
        entries = [entry for entry in self.entries() if entry.file_id not in self.strangers]
        assert sorted(entry.path for entry in entries) == sorted(wanted)
        for entry in entries:
            described = wanted[entry.path]
            assert entry.status == "completed", entry
            assert (entry.content, entry.filename) == (described.content, described.filename)
            shown = dict(entry.attributes)
            shown.pop("position", None)
            assert shown == {
                **self.attributes,
                **described.attributes,
                "path": entry.path,
                "sha256": hashlib.sha256(entry.content).hexdigest(),
                "owner": shown["owner"],
                "target": self.target,
                "source": self.source,
            }
        assert len({entry.attributes["owner"] for entry in entries}) <= 1
        self._check_others(left)
        self._check_index({entry.path: entry.file_id for entry in entries})

    def _check_others(self, left: int) -> None:
        for file_id, before in self.seen.items():
            assert self._stranger(file_id) == before
        uploaded = self.uploaded()
        assert {file_id: uploaded.get(file_id) for file_id in self.loners} == self.loners
        attached = {entry["id"] for one in self.stores() for entry in self.pages(f"/vector_stores/{one['id']}/files")}
        alone = uploaded.keys() - attached - self.loners.keys()
        assert len(alone) <= left, {file_id: uploaded[file_id] for file_id in alone}

    def _check_index(self, files: Mapping[str, str]) -> None:
        """The index names what the store holds, and nothing is left to be deleted."""
        with closing(sqlite3.connect(self.state_path)) as database:
            rows = dict(database.execute("SELECT key, file_id FROM documents WHERE file_id != ''").fetchall())
            pending = database.execute("SELECT * FROM pending_delete").fetchall()
        assert rows == files
        assert pending == []

    def check_acks(self, lines: Sequence[bytes], acks: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Each line was acknowledged, in the order of the input."""
        acks = self.acks if acks is None else acks
        numbers = [line.number for line in _lines(lines)]
        assert [ack["line"] for ack in acks] == numbers

    def is_quiet(self, lines: Sequence[bytes], **given: Any) -> StreamReport:
        """A replay of the records uploads nothing and deletes nothing."""
        self.wire.sent.clear()
        report = self.run(lines, **given)
        writes = [str(sent) for sent in self.wire.sent if sent.method != "GET"]
        assert (report.error, writes) == (None, []), (report.error, writes, report.counts)
        return report


_OF_JOB = {field.name for field in dataclasses.fields(StreamJob)} - {"settings", "target", "connect", "stop", "acks"}
_NO_ACKS = Acks(sys.stdout)


def _lines(lines: Sequence[bytes]) -> list[Any]:
    return Splitter().feed(b"".join(line + b"\n" for line in lines))


def _json_lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
