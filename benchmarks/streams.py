"""Streams of records: new documents, and a million documents that the store has already."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO, Any

from benchmarks.bulk import KEY, environment
from benchmarks.figures import MB, ROOT, Figure, Measured
from benchmarks.measure import CommandFailed, Run, run
from benchmarks.repositories import prose
from benchmarks.service import Service, serving
from vsync.config.targets import Target
from vsync.records.decide import Decided, Terms, decide, fold
from vsync.records.described import Rules, describe
from vsync.records.formats import reader
from vsync.records.index import Index
from vsync.records.order import is_older
from vsync.records.rows import Row

SOURCE = "bench"
NEW, KNOWN = 10_000, 1_000_000
_PORTION = 20_000


@dataclass(frozen=True)
class Stream:
    """A file of records: so many, whose documents have so many bytes of text. `first`: the position of the first record."""

    path: Path
    count: int
    size: int
    first: int

    def texts(self) -> Iterator[str]:
        numbers = random.Random(self.count)
        block = prose(numbers, 2 * MB).decode()
        for _ in range(self.count):
            start = numbers.randrange(len(block) - self.size)
            yield block[start : start + self.size]

    def write(self) -> Stream:
        with self.path.open("w") as file:
            for n, text in enumerate(self.texts()):
                record = {
                    "position": str(self.first + n),
                    "operation": "snapshot",
                    "metadata": {"opencdc.version": "v1", "opencdc.readAt": str(1_700_000_000_000_000_000 + n)},
                    "key": {"id": n},
                    "payload": {"before": None, "after": {"id": n, "text": text}},
                }
                file.write(json.dumps(record, separators=(",", ":")) + "\n")
        return self

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of the document of each key."""
        return {
            f'{{"id":{n}}}': sha256(json.dumps({"id": n, "text": text}, sort_keys=True).encode()).hexdigest()
            for n, text in enumerate(self.texts())
        }


def records(folder: Path, times: int) -> list[Measured]:
    """10,000 new documents, and a million that are in the store already: from a file, from a pipe, with other positions."""
    found = [_new(folder)]
    known = Stream(folder / "known.jsonl", KNOWN, 100, 10_000_000).write()
    with serving(0.0, 0.0) as service:
        store = service.fill(0)
        state = folder / "known.db"
        fill(state, known, store, service.base_url)
        found += [
            _unchanged(folder, service, known, "from a file, acknowledged to a file", "file"),
            _unchanged(folder, service, known, "from a pipe, acknowledged to a pipe", "pipe"),
        ]
        later = Stream(folder / "later.jsonl", KNOWN, 100, 20_000_000).write()
        found.append(_unchanged(folder, service, later, "read from the source anew, with newer positions", "file"))
    return found


def _new(folder: Path) -> Measured:
    stream = Stream(folder / "new.jsonl", NEW, 5_000, 1_000_000).write()
    acks = folder / "new.acks"
    with serving(0.0, 0.0) as service:
        with acks.open("wb") as stdout:
            one = _vsync(folder, service, folder / "new.db", str(stream.path), stdout=stdout)
        requests, documents = service.requests(), service.stats()["documents"]
    report, wrong = _read(acks, stream, "uploaded")
    return Measured(
        f"{NEW:,} new documents of 5 KB; the server answers at once, and works on the same cores",
        _shown(str(stream.path.name)),
        [
            Figure("records in a second", report["rate"], goal=250, at_least=True),
            *_costs(one),
            Figure("requests", requests, goal=NEW + NEW // 10),
            Figure("acknowledgements not as they should be", wrong, goal=0),
            Figure("documents not as they should be", len(documents.items() ^ stream.hashes().items()), goal=0),
        ],
    )


def _unchanged(folder: Path, service: Service, stream: Stream, what: str, way: str) -> Measured:
    acks, state = folder / "acks", folder / "known.db"
    before = service.requests()
    if way == "file":
        with acks.open("wb") as stdout:
            one = _vsync(folder, service, state, str(stream.path), stdout=stdout)
    else:
        with _cat(stream.path, subprocess.PIPE) as source, acks.open("wb") as file, _cat(None, file) as sink:
            one = _vsync(folder, service, state, "-", stdin=source.stdout, stdout=sink.stdin)
    report, wrong = _read(acks, stream, "unchanged")
    shown = _shown(stream.path.name if way == "file" else "-")
    return Measured(
        f"{stream.count:,} unchanged documents, {stream.path.stat().st_size // stream.count} bytes a record, {what}",
        f"cat {stream.path.name} | {shown} | cat > ACKS" if way == "pipe" else f"{shown} > ACKS",
        [
            Figure("records in a second", report["rate"], goal=20_000, at_least=True),
            *_costs(one),
            Figure("requests", service.requests() - before, goal=5),
            Figure("acknowledgements not as they should be", wrong, goal=0),
        ],
    )


def _costs(one: Run) -> list[Figure]:
    return [
        Figure("whole process", one.seconds, "s"),
        Figure("processor time of it", one.processor_seconds, "s"),
        Figure("peak memory", one.peak_bytes / MB, "MB", 200),
    ]


# --- One run ------------------------------------------------------------------------------------------------


def _vsync(
    folder: Path,
    service: Service,
    state: Path,
    source: str,
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> Run:
    variables = environment(folder, service) | {"OPENAI_API_KEY": KEY}
    options = ["--source", SOURCE, "--state", str(state), "--json"]
    return run(
        [sys.executable, "-m", "vsync", "records", source, *options], ROOT, variables, stdin=stdin, stdout=stdout
    )


def _shown(source: str) -> str:
    return f"python -m vsync records {source} --source {SOURCE} --state STATE --json"


@contextlib.contextmanager
def _cat(path: Path | None, stdout: IO[bytes] | int) -> Iterator[subprocess.Popen[bytes]]:
    """`cat` as one end of a pipe: of a file, or of its standard input."""
    command = ["cat"] if path is None else ["cat", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE if path is None else None, stdout=stdout) as process:
        yield process
        if process.stdin is not None:
            process.stdin.close()


def _read(acks: Path, stream: Stream, outcome: str) -> tuple[dict[str, Any], int]:
    """The report, and how many acknowledgements lack, are too many, or are not those of the stream's records in their order."""
    wrong, seen, report = 0, 0, None
    with acks.open("rb") as file:
        for n, line in enumerate(file):
            said = json.loads(line)
            if "report" in said:
                report = said["report"]
                continue
            seen += 1
            wrong += (said["position"], said["key"], said["outcome"]) != (str(stream.first + n), {"id": n}, outcome)
    if report is None:
        raise CommandFailed(f"There is no report after {seen} acknowledgements.")
    return report, wrong + abs(stream.count - seen)


# --- The state of an earlier run ----------------------------------------------------------------------------


def fill(state: Path, stream: Stream, store: str, api: str) -> None:
    """The state as it is after a run that has uploaded the documents of the stream."""
    target = Target(name="records", source=SOURCE)
    index = Index.open(state)
    with contextlib.closing(index):
        index.set_facts(owner="0" * 16, store=store, source=SOURCE, target=target.name, api=api)
        with stream.path.open("rb") as file:
            for rows in _rows(file, target):
                index.record(rows)
        if index.documents != stream.count:
            raise CommandFailed(f"The state has {index.documents} documents, not {stream.count}.")


def _rows(file: Iterable[bytes], target: Target) -> Iterator[list[Row]]:
    read, terms = reader("opencdc/json"), _terms(target)
    lines = enumerate(file, 1)
    while portion := list(islice(lines, _PORTION)):
        changes = [read(line.rstrip(b"\n"), number) for number, line in portion]
        decided: Decided = decide(fold(changes, is_older), {}, terms)
        yield [work.row._replace(file_id=f"file-{work.keyed.item.line:022}") for work in decided.work.values()]


def _terms(target: Target) -> Terms:
    describes: Callable[..., Any] = partial(describe, rules=Rules())
    return Terms(target.source, target.attributes, target.chunking, describes, is_older)
