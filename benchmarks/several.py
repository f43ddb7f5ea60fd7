"""Ten targets in one config, over the 100,000 files of one repository."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from benchmarks.figures import MB, Figure, Measured
from benchmarks.measure import CommandFailed, Run
from benchmarks.process import SOURCE, shown, vsync
from benchmarks.repositories import Repository, Write
from vsync.config.targets import Target
from vsync.documents.selection import Rules
from vsync.state.manifest import Entry, Manifest, TargetState, blob_id, dump_manifest

TARGETS, FILES = 10, 100_000


def targets(folder: Path, times: int) -> list[Measured]:
    """`vsync plan` of all targets: a first one, and one with nothing to do."""
    documents = {f"docs/{n % TARGETS}/chapter-{n // 50:04}/page-{n:05}.md": b"# Page %d\n" % n for n in range(FILES)}
    repository = Repository(folder / "repository")
    repository.commit([Write(".vsync.yml", _config()), *(Write(path, data) for path, data in documents.items())])
    first = [vsync(folder, "plan", "--json") for _ in range(times)]
    _write_manifest(repository, documents)
    again = [vsync(folder, "plan", "--json") for _ in range(times)]
    _check(first, "added")
    _check(again, "unchanged")
    return [
        _measured(f"a first plan of {TARGETS} targets over {FILES:,} files (median of {times})", first, None),
        _measured(f"{TARGETS} targets over {FILES:,} files, nothing to do (median of {times})", again, 3.0),
    ]


def _config() -> bytes:
    names = "".join(f"  t{n}:\n    include: docs/{n}/\n" for n in range(TARGETS))
    return f"version: 1\ntargets:\n{names}".encode()


def _write_manifest(repository: Repository, documents: dict[str, bytes]) -> None:
    """The manifest of a sync of all targets at the head."""
    commit = repository.git("rev-parse", "main")
    states = {}
    for number in range(TARGETS):
        target = Target(f"t{number}", SOURCE, rules=Rules(include=(f"docs/{number}/",)))
        files = {
            path: Entry(
                blob_id(data), sha256(data).hexdigest(), len(data), f"file-{path[-8:-3]:0>24}", target.tag(path)
            )
            for path, data in documents.items()
            if path.startswith(f"docs/{number}/")
        }
        states[target.name] = TargetState(
            vector_store_id=f"vs_bench{number}",
            commit=commit,
            serial=1,
            settings=target.fingerprint,
            run={"head": commit},
            files=files,
        )
    path = repository.root / ".vsync" / "manifest.json"
    path.parent.mkdir()
    path.write_bytes(dump_manifest(Manifest("0" * 32, SOURCE, None, states)))


def _check(runs: Sequence[Run], member: str) -> None:
    for one in runs:
        reports = json.loads(one.stdout)
        amounts = [report[member] for report in reports]
        counts = [amount if isinstance(amount, int) else len(amount) for amount in amounts]
        if counts != [FILES // TARGETS] * TARGETS:
            raise CommandFailed(f"The plan is not the one that was to be measured: {member} is {counts}.")


def _measured(what: str, runs: Sequence[Run], goal_s: float | None) -> Measured:
    return Measured(
        what,
        shown("plan", "--json"),
        [
            Figure("whole process", statistics.median(one.seconds for one in runs), "s", goal_s),
            Figure("processor time of it", statistics.median(one.processor_seconds for one in runs), "s"),
            Figure("peak memory", max(one.peak_bytes for one in runs) / MB, "MB"),
        ],
    )
