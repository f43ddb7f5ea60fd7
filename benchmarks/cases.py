"""What is measured: one function for each name of `python -m benchmarks NAME…`."""

from __future__ import annotations

import json
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks.batch import batches
from benchmarks.bulk import deleted, listed
from benchmarks.figures import MB, Figure, Measured
from benchmarks.front_matter import front_matter
from benchmarks.image import image
from benchmarks.measure import CommandFailed, Run
from benchmarks.process import SOURCE, shown, vsync
from benchmarks.repositories import Edit, Remove, Rename, Repository, Write, prose
from benchmarks.service import serving
from benchmarks.several import targets
from benchmarks.streams import records
from vsync.config.targets import Target
from vsync.state.manifest import Entry, Manifest, TargetState, blob_id, dump_manifest

LATENCY_S, INDEXING_S = 0.04, 0.5


def times_of(runs: Sequence[Run], goal_s: float | None = None) -> list[Figure]:
    """The median times. On a busy machine the processor time is the steadier of the two."""
    return [
        Figure("whole process", statistics.median(one.seconds for one in runs), "s", goal_s),
        Figure("processor time of it", statistics.median(one.processor_seconds for one in runs), "s"),
    ]


def peak(runs: Iterable[Run], goal_mb: float) -> Figure:
    return Figure("peak memory", max(one.peak_bytes for one in runs) / MB, "MB", goal_mb)


# --- 200 files --------------------------------------------------------------------------------------------------------


def two_hundred() -> dict[str, bytes]:
    """200 documents of 2 to 20 KB."""
    numbers = random.Random(200)
    return {
        f"docs/part-{n // 20:02}/page-{n:03}.md": prose(numbers, numbers.randint(2_000, 20_000)) for n in range(200)
    }


def repository_of(folder: Path, documents: dict[str, bytes]) -> Repository:
    repository = Repository(folder / "repository")
    repository.commit(Write(path, content) for path, content in documents.items())
    return repository


def first(folder: Path, times: int) -> list[Measured]:
    documents, runs, requests, wrong = two_hundred(), [], 0, 0
    for n in range(times):
        repository_of(folder / str(n), documents)
        with serving(LATENCY_S, INDEXING_S) as service:
            runs.append(vsync(folder / str(n), "sync", base_url=service.base_url))
            requests = max(requests, service.requests())
            wrong += service.wrong(documents)
    return [
        Measured(
            f"first sync of 200 files of 2 to 20 KB (median of {times}; {LATENCY_S * 1000:g} ms an answer, {INDEXING_S:g} s indexing)",
            shown("sync"),
            [
                *times_of(runs, 2.0),
                Figure("requests", requests, goal=200 + 10),
                Figure("documents not as they should be", wrong, goal=0),
            ],
        )
    ]


def unchanged(folder: Path, times: int) -> list[Measured]:
    repository_of(folder, two_hundred())
    with serving(LATENCY_S, INDEXING_S) as service:
        vsync(folder, "sync", base_url=service.base_url)
        before = service.requests()
        runs = [vsync(folder, "sync", base_url=service.base_url) for _ in range(times)]
        trace = vsync(folder, "sync", base_url=service.base_url, python=["-X", "importtime"]).stderr
        requests = service.requests() - before
    imported = re.findall(r"^import time:.*\| +(\S+)$", trace, re.MULTILINE)
    if "vsync" not in imported:
        raise CommandFailed(f"Python did not tell what it imported:\n{trace[-500:]}")
    heavy = [name for name in imported if name.partition(".")[0] in {"openai", "httpx2"}]
    return [
        Measured(
            f"the same 200 files, nothing changed (median of {times})",
            shown("sync"),
            [
                *times_of(runs, 0.3),
                Figure("requests", requests, goal=0),
                Figure("modules of openai and httpx2 imported", len(heavy), goal=0),
                Figure("modules imported", len(imported)),
            ],
        )
    ]


def change(folder: Path, times: int) -> list[Measured]:
    runs, requests, wrong, checks, violations = [], 0, 0, 0, 0
    for n in range(times):
        documents = two_hundred()
        repository = repository_of(folder / str(n), documents)
        with serving(LATENCY_S, INDEXING_S) as service:
            vsync(folder / str(n), "sync", base_url=service.base_url)
            before = service.requests()
            edits = some_edits(documents)
            service.watch(alternatives(documents, edits))
            repository.commit(edits)
            apply(edits, documents)
            runs.append(vsync(folder / str(n), "sync", base_url=service.base_url))
            requests = max(requests, service.requests() - before)
            wrong += service.wrong(documents)
            stats = service.stats()
            checks += stats["checks"]
            violations += len(stats["violations"])
            for violation in stats["violations"][:5]:
                print(violation, file=sys.stderr)
    return [
        Measured(
            f"10 changed, 5 added, 5 removed, 3 renamed of 200 files (median of {times})",
            shown("sync"),
            [
                *times_of(runs),
                Figure("requests", requests, goal=18 + 36 + 10),
                Figure("documents missing at any instant", violations, goal=0),
                Figure("checks for that, one after each request", checks),
                Figure("documents not as they should be", wrong, goal=0),
            ],
        )
    ]


def some_edits(documents: dict[str, bytes]) -> list[Edit]:
    numbers = random.Random(23)
    chosen = numbers.sample(sorted(documents), 18)
    return [
        *(Write(path, documents[path] + b"Changed.\n") for path in chosen[:10]),
        *(Write(f"docs/new/page-{n}.md", prose(numbers, 5_000)) for n in range(5)),
        *(Remove(path) for path in chosen[10:15]),
        *(Rename(path, path.replace("page", "renamed")) for path in chosen[15:]),
    ]


def alternatives(documents: dict[str, bytes], edits: Sequence[Edit]) -> list[list[str]]:
    """Every document that must stay searchable throughout; a renamed one under either name."""
    paths = {path: [path] for path in documents}
    for edit in edits:
        if isinstance(edit, Remove):
            del paths[edit.path]
        elif isinstance(edit, Rename):
            paths[edit.path].append(edit.new)
    return list(paths.values())


def apply(edits: Sequence[Edit], documents: dict[str, bytes]) -> None:
    for edit in edits:
        match edit:
            case Write(path, content):
                documents[path] = content
            case Remove(path):
                del documents[path]
            case Rename(path, new):
                documents[new] = documents.pop(path)


# --- Large repositories -----------------------------------------------------------------------------------------------


def large(folder: Path, times: int) -> list[Measured]:
    """`vsync plan` on 100,000 tracked files whose manifest is in sync."""
    documents = {
        f"docs/part-{n // 1000:02}/chapter-{n // 50:04}/page-{n:05}.md": b"# Page %d\n" % n for n in range(100_000)
    }
    repository = repository_of(folder, documents)
    head = repository.git("rev-parse", "main")
    write_manifest(repository, head, documents)
    count, found = len(documents), []
    del documents
    found.append(_plan(folder, times, count, "diff", "100,000 files, nothing changed, no new commit"))
    for n in range(3):
        repository.commit([Write("src/main.c", b"int main(void) { return %d; }\n" % n)])
    found.append(_plan(folder, times, count, "diff", "100,000 files, no document changed in 3 new commits"))
    found.append(_plan(folder, times, count, "full", "100,000 files, the whole tree compared", "--full"))
    return found


def _plan(folder: Path, times: int, count: int, mode: str, what: str, *options: str) -> Measured:
    runs = [vsync(folder, "plan", "--json", *options) for _ in range(times)]
    for one in runs:
        report = json.loads(one.stdout)
        if report["unchanged"] != count or report["comparison"]["mode"] != mode:
            raise CommandFailed(f"The plan is not the one that was to be measured: {one.stdout[:500]}")
    return Measured(
        f"{what} (median of {times})",
        shown("plan", "--json", *options),
        [*times_of(runs, 2.0), peak(runs, 300)],
    )


def write_manifest(repository: Repository, commit: str, documents: dict[str, bytes]) -> None:
    """The manifest of a sync of just these documents at that commit."""
    target = Target(source=SOURCE)
    files = {
        path: Entry(blob_id(content), sha256(content).hexdigest(), len(content), f"file-{n:024}", target.tag(path))
        for n, (path, content) in enumerate(documents.items())
    }
    state = TargetState(
        vector_store_id="vs_bench",
        commit=commit,
        serial=1,
        settings=target.fingerprint,
        run={"head": commit},
        files=files,
    )
    path = repository.root / ".vsync" / "manifest.json"
    path.parent.mkdir()
    path.write_bytes(dump_manifest(Manifest("0" * 32, SOURCE, None, {"default": state})))


# --- Much to upload ---------------------------------------------------------------------------------------------------


def gigabyte(folder: Path, times: int) -> list[Measured]:
    documents = one_gigabyte(folder)
    with serving(LATENCY_S, INDEXING_S) as service:
        one = vsync(folder, "sync", "--max-upload", "2GB", base_url=service.base_url)
        received = service.stats()["bytes_received"]
        wrong = len(documents.items() ^ service.stats()["documents"].items())
    return [
        Measured(
            "first sync of 50 files of 20 MB, over HTTP",
            shown("sync", "--max-upload 2GB"),
            [
                peak([one], 300),
                *times_of([one]),
                Figure("received by the server", received / MB, "MB"),
                Figure("documents not as they should be", wrong, goal=0),
            ],
        )
    ]


def gigabyte_local(folder: Path, times: int) -> list[Measured]:
    documents = one_gigabyte(folder)
    store = ["--local", str(folder / "store.db")]
    one = vsync(folder, "sync", "--max-upload", "2GB", "--json", *store)
    report = json.loads(one.stdout)
    return [
        Measured(
            "first sync of 50 files of 20 MB, into the embedded store",
            shown("sync", "--max-upload 2GB --json --local STORE"),
            [
                peak([one], 300),
                *times_of([one]),
                Figure("uploaded", report["bytes_uploaded"] / MB, "MB"),
                Figure("documents not as they should be", len(documents) - len(report["added"]), goal=0),
            ],
        )
    ]


def one_gigabyte(folder: Path) -> dict[str, str]:
    """A repository of 50 texts of 20 MB; gives their SHA-256 by path."""
    repository = Repository(folder / "repository")
    block = prose(random.Random(50), MB)
    hashes = {}

    def writes() -> Iterable[Edit]:
        for n in range(50):
            title = b"Volume %02d\n" % n
            content = (title + block * 20)[: 20 * MB]
            path = f"volume-{n:02}.txt"
            hashes[path] = sha256(content).hexdigest()
            yield Write(path, content)

    repository.commit(writes())
    return hashes


@dataclass(frozen=True)
class Case:
    measure: Callable[[Path, int], list[Measured]]
    times: int
    quick: bool


CASES = {
    "first": Case(first, 5, quick=True),
    "unchanged": Case(unchanged, 9, quick=True),
    "change": Case(change, 3, quick=True),
    "delete": Case(deleted, 5, quick=True),
    "list": Case(listed, 3, quick=True),
    "front-matter": Case(front_matter, 5, quick=True),
    "targets": Case(targets, 3, quick=False),
    "large": Case(large, 3, quick=False),
    "gigabyte": Case(gigabyte, 1, quick=False),
    "gigabyte-local": Case(gigabyte_local, 1, quick=False),
    "records": Case(records, 1, quick=False),
    "batch": Case(batches, 5, quick=False),
    "image": Case(image, 3, quick=False),
}
