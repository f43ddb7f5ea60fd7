"""Batches from their request files to their results: runs that die, a server that is moody, strangers, and an audit at the end."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sqlite3
import sys
import threading
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.batch_world import TOTAL_S, BatchWire, BatchWorld
from tests.support.batches import requests_named, sha256
from tests.support.wire import DEAD
from vsync.batch.batch_report import Pending
from vsync.batch.metadata import input_filename
from vsync.batch.result_places import kept_path, result_path, summary_path
from vsync.embedded import EmbeddedStore, Request, Response, batch_answers, batch_run, batch_validation
from vsync.embedded.batch_lines import BatchRequest
from vsync.errors import VsyncError

DAY_S = 24 * 3600
SLOW_S = 2 * DAY_S
"""A batch that takes so long expires when half of its requests have run."""

_FAILS = re.compile(r"fails-(\d+)-")


class MoodyStore(EmbeddedStore):
    """A server on which a request with the id `fails-2-x` fails in the first two batches of its content."""

    def handle(self, request: Request) -> Response:
        attempt = 1
        run, failure = batch_run._run, batch_answers.failure

        def noted(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
            nonlocal attempt
            attempt = int(json.loads(row["metadata"] or "{}").get("attempt", "1"))
            run(connection, row)

        def moody(endpoint: str, asked: BatchRequest) -> batch_answers.Answer | None:
            fails = _FAILS.match(asked.custom_id)
            if fails and attempt <= int(fails[1]):
                return batch_answers.Answer(503, {"error": {"code": "busy", "message": "Busy."}})
            return failure(endpoint, asked)

        with _ONE_AT_A_TIME, pytest.MonkeyPatch.context() as patched:
            patched.setattr(batch_run, "_run", noted)
            patched.setattr(batch_answers, "failure", moody)
            patched.setattr(batch_validation, "failure", moody)
            return super().handle(request)


_ONE_AT_A_TIME = threading.RLock()


class CycleWire(BatchWire):
    """The way to a moody server. New batches take `delay_s` seconds of its clock."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._delay_s = TOTAL_S

    @property
    def store(self) -> EmbeddedStore:
        if self._store is None:
            self._store = MoodyStore(self._file, clock=lambda: self.clock(), batch_delay_s=self._delay_s)
        return self._store

    def take(self, seconds: float) -> None:
        """New batches take so long from now on."""
        self.close()
        self._delay_s = seconds

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """Asks the server past the wire."""
        given = () if body is None else (json.dumps(body).encode(),)
        headers = {"content-type": "application/json"}
        answered = self.store.handle(
            Request(method, f"/v1{path}", {name: [text] for name, text in query.items()}, headers, given)
        )
        content = answered.body if isinstance(answered.body, bytes) else b"".join(answered.body)
        assert answered.status == 200, (method, path, content)
        return json.loads(content)

    def listed(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All pages of a listing."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask("GET", path, limit="100", **query)
            found += page["data"]
            if not page["has_more"]:
                return found
            query["after"] = page["data"][-1]["id"]

    def refuse(self, batch_id: str, code: str) -> None:
        """Has a batch that waits for its validation refused."""
        errors = [{"code": code, "message": "It is refused.", "param": None, "line": None}]
        with closing(sqlite3.connect(self._file, timeout=60)) as database, database:
            database.execute(
                "UPDATE batches SET status = 'failed', errors = ?, ended_at = ?, next_at = NULL WHERE id = ?",
                (json.dumps(errors), self.now, batch_id),
            )


@dataclass
class CycleWorld(BatchWorld):
    """What runs of `vsync batch` meet from first to last. `strangers` are the batches and Files of others, as they must stay."""

    strangers: dict[str, Any] = field(default_factory=dict)

    wire: CycleWire = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        super().__post_init__()
        self.wire = CycleWire(self.folder / "store.db")

    def copy(self, folder: Path) -> Self:
        """The same world once more, in another folder."""
        self.wire.close()
        shutil.copytree(self.folder, folder)
        copied = type(self)(folder, source=self.source, strangers=self.strangers)
        copied.wire.now = self.wire.now
        return copied

    def elsewhere(self) -> Self:
        """Another machine with the request files of this one, before the same server. It has no results."""
        folders = (self.folder / f"machine-{number}" for number in itertools.count())
        folder = next(folder for folder in folders if not folder.exists())
        other = type(self)(folder, source=self.source, strangers=self.strangers)
        other.wire = self.wire
        shutil.copytree(self.root / "batches", other.root / "batches")
        return other

    def run_and_die(self, prepare: Callable[[Self], object], work: Callable[[Self], object]) -> bool:
        """Does some work in a process of its own, with the faults that `prepare` sets; whether it died of `die`."""
        self.wire.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests; the child uses none of them
            child = os.fork()
        if child == 0:
            code = 1
            try:
                prepare(self)
                work(self)
                assert self.wire.wrong == []
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

    # --- The server -----------------------------------------------------------------------------------------

    def own_batches(self) -> list[dict[str, Any]]:
        """The batches of this source, the oldest first."""
        return [batch for batch in self.batches() if (batch["metadata"] or {}).get("source") == self.source]

    def batches(self) -> list[dict[str, Any]]:
        found = self.wire.listed("/batches")
        return sorted(found, key=lambda batch: (batch["created_at"], batch["id"]))

    def status_pending(self) -> list[Pending]:
        """The batches of this source that have not ended."""
        return self.fetch(dry_run=True).pending

    def content(self, file_id: str) -> bytes | None:
        """The content of a File; None: there is no such File."""
        answered = self.wire.store.handle(Request("GET", f"/v1/files/{file_id}/content"))
        if answered.status != 200:
            return None
        return answered.body if isinstance(answered.body, bytes) else b"".join(answered.body)

    def inputs(self) -> Counter[str]:
        """How often there is an input File of each name."""
        return Counter(file["filename"] for file in self.files("batch"))

    # --- Strangers ------------------------------------------------------------------------------------------

    def invite(self, content: bytes) -> None:
        """Others in the project: another repository with the same content, and somebody without vsync."""
        other = type(self)(self.folder / "others", source="acme/other")
        other.wire = self.wire
        other.write("batches/a.jsonl", content)
        other.write("batches/b.jsonl", requests_named(["one of another repository"]))
        assert other.submit().exit_code == 0
        ours = input_filename("batches/a.jsonl", sha256(content), self.source)
        for name in (ours.replace(".jsonl", ".txt.jsonl"), "a.jsonl"):
            self._foreign_batch(name, content)
        self.pass_time()
        self.strangers = self._others()

    def _foreign_batch(self, filename: str, content: bytes) -> None:
        boundary = b"--boundary\r\nContent-Disposition: form-data; "
        body = boundary + b'name="purpose"\r\n\r\nbatch\r\n' + boundary
        body += f'name="file"; filename="{filename}"\r\n\r\n'.encode() + content + b"\r\n--boundary--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=boundary"}
        answered = self.wire.store.handle(Request("POST", "/v1/files", {}, headers, (body,)))
        assert isinstance(answered.body, bytes)
        made = {"endpoint": "/v1/responses", "completion_window": "24h", "metadata": {"made_by": "vsync", "path": "x"}}
        self.wire.ask("POST", "/batches", {"input_file_id": json.loads(answered.body)["id"], **made})

    def _others(self) -> dict[str, Any]:
        """The batches and Files that are not of this source."""
        batches = [batch for batch in self.batches() if (batch["metadata"] or {}).get("source") != self.source]
        named = {batch[name] for batch in batches for name in ("input_file_id", "output_file_id", "error_file_id")}
        files = {file["id"]: file for purpose in ("batch", "batch_output") for file in self.files(purpose)}
        return {batch["id"]: batch for batch in batches} | {each: files.get(each) for each in named if each}

    def check_strangers(self) -> None:
        assert self._others() == self.strangers

    # --- What must be there -----------------------------------------------------------------------------------

    @property
    def request_files(self) -> dict[str, bytes]:
        """The content of each request file, by its path."""
        folder = self.root / "batches"
        return {str(path.relative_to(self.root)): path.read_bytes() for path in sorted(folder.rglob("*.jsonl"))}

    def check_batches(self, attempts: Mapping[bytes, int]) -> None:
        """So many batches were made of each content, one after the other, and none of anything else."""
        made = Counter((batch["metadata"]["sha256"], int(batch["metadata"]["attempt"])) for batch in self.own_batches())
        assert made == Counter(
            (sha256(content), attempt) for content, most in attempts.items() for attempt in range(1, most + 1)
        )

    def check_results(self, place: str, content: bytes, *, complete: bool = True) -> None:
        """Line n there is the result of request n, from a batch of this content. `complete`: a good one."""
        ids = [json.loads(line)["custom_id"] for line in content.splitlines()]
        lines = self.lines(place)
        assert [line["custom_id"] for line in lines] == ids, place
        own = [batch["id"] for batch in self.own_batches() if batch["metadata"]["sha256"] == sha256(content)]
        for line in lines:
            answered = line["response"]
            if answered is not None and answered["status_code"] == 200:
                ours = {json.loads(batch_answers.expired_line(batch, line["custom_id"]))["id"] for batch in own}
                assert line["id"] in ours, f"{place} holds a result of another content"
                assert f"request {line['custom_id']}" in json.dumps(answered["body"]), place
            else:
                assert not complete, f"{place} has no good result for {line['custom_id']}"
        summary = self.summary(summary_path(place))
        assert (summary["sha256"], summary["results_sha256"]) == (
            sha256(content),
            sha256((self.root / place).read_bytes()),
        )

    def place(self, path: str) -> str:
        return result_path(path, "batches", "batch-results")

    def kept(self, path: str, content: bytes) -> str:
        return kept_path(self.place(path), sha256(content))

    def temporaries(self) -> list[str]:
        return [path for path in self.results if path.endswith(".vsync-tmp")]

    def let_temporaries_age(self) -> None:
        """What killed runs left is so old that no run is still writing it."""
        for path in self.temporaries():
            os.utime(self.root / "batch-results" / path, (0, 0))

    def is_quiet(self) -> None:
        """One more submit and one more fetch make nothing, download nothing and write nothing."""
        before = {path: (self.root / "batch-results" / path).stat().st_mtime_ns for path in self.results}
        self.wire.calm()
        submitted, fetched = self.submit(), self.fetch()
        assert (submitted.error, fetched.error) == (None, None)
        assert [str(sent) for sent in self.wire.sent if not sent.is_("GET /batches")] == []
        assert {path: (self.root / "batch-results" / path).stat().st_mtime_ns for path in self.results} == before


@dataclass(frozen=True)
class Step:
    """A run of a cycle: what happens before it, and the run."""

    name: str
    before: Callable[[CycleWorld], object]
    run: Callable[[CycleWorld], Any]
    exit_code: int = 0


OLD = requests_named(["done", "and fetched"])
A = requests_named(["one", "fails-1-two", "three", "fails-1-four", "five"])
B = requests_named([f"half {number}" for number in range(8)])
C = requests_named(["short", "lived"])
CHANGED = requests_named(["not submitted"])


def begin(world: CycleWorld) -> None:
    """Strangers, a request file with results, and one whose batch is going to expire."""
    world.invite(A)
    world.write("batches/old.jsonl", OLD)
    assert world.submit().exit_code == 0
    world.pass_time()
    assert world.fetch().exit_code == 0
    world.wire.take(SLOW_S)
    world.write("batches/sub/b.jsonl", B)
    assert world.submit().exit_code == 0
    world.wire.take(TOTAL_S)
    world.wire.calm()


def _new_files(world: CycleWorld) -> None:
    world.write("batches/a.jsonl", A)
    world.write("batches/c.jsonl", C)
    (world.root / "batches/old.jsonl").rename(world.root / "batches/renamed.jsonl")


def _a_day_later(world: CycleWorld) -> None:
    world.pass_time(DAY_S + 60)
    world.write("batches/c.jsonl", CHANGED)


def _reverted(world: CycleWorld) -> None:
    world.pass_time()
    world.write("batches/c.jsonl", C)


CYCLE = (
    Step("submit", _new_files, lambda world: world.submit()),
    Step("fetch", _a_day_later, lambda world: world.fetch(), exit_code=1),
    Step("resubmit", lambda world: None, lambda world: world.fetch(resubmit_failed=True)),
    Step("fetch again", _reverted, lambda world: world.fetch(resubmit_failed=True)),
    Step("clean", lambda world: None, lambda world: world.fetch(clean=True)),
)
ATTEMPTS = {OLD: 1, A: 2, B: 2, C: 1}
RESULTS = {"batches/renamed.jsonl": OLD, "batches/a.jsonl": A, "batches/sub/b.jsonl": B, "batches/c.jsonl": C}


def go_on(world: CycleWorld, steps: Iterable[Step]) -> None:
    """Some steps on a quiet day."""
    for step in steps:
        step.before(world)
        if step.name == "clean":
            check_inputs(world)
        report = step.run(world)
        assert (step.name, report.error, report.exit_code) == (step.name, None, step.exit_code), report


def before_each(world: CycleWorld, folder: Path) -> Iterator[CycleWorld]:
    """The worlds that the steps of the cycle meet."""
    for step in CYCLE:
        step.before(world)
        yield world.copy(folder / step.name)
        step.run(world)


def worlds_in(folder: Path) -> dict[str, CycleWorld]:
    """The world before each step of the cycle. Nobody changes it."""
    world = CycleWorld(folder / "begun")
    begin(world)
    return {step.name: found for step, found in zip(CYCLE, before_each(world, folder), strict=True)}


def check_inputs(world: CycleWorld) -> None:
    """There is one input File of each content that was run."""
    twice = {name: number for name, number in world.inputs().items() if number > 1 and name != "a.jsonl"}
    assert twice == {}


def check_cycle(world: CycleWorld) -> None:
    """Audits the end of the cycle: each batch was made once, each result is in its place, and nobody else was touched."""
    world.check_batches(ATTEMPTS)
    assert {batch["status"] for batch in world.own_batches()} <= {"completed", "expired"}
    for path, content in RESULTS.items():
        world.check_results(world.place(path), content)
    world.check_strangers()
    assert world.temporaries() == []
    names = ("input_file_id", "output_file_id", "error_file_id")
    ours = {batch[name] for batch in world.own_batches() for name in names}
    left = {file["id"] for purpose in ("batch", "batch_output") for file in world.files(purpose)}
    assert ours & left == set()
    world.is_quiet()
