"""Batch jobs: a request file and results at the limits, and a project with many batches."""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from benchmarks.batch_server import digest_of
from benchmarks.bulk import KEY, environment
from benchmarks.figures import MB, ROOT, Figure, Measured
from benchmarks.measure import CommandFailed, Run, run
from benchmarks.repositories import Repository, prose
from benchmarks.service import Service, serving
from vsync.batch.limits import MAX_BYTES, MAX_REQUESTS
from vsync.store.batch_files import ONE_REQUEST_BYTES
from vsync.store.pages import PAGE
from vsync.store.upload_parts import PART_BYTES

SOURCE = "bench/batches"
NOTHING_TO_DO_S, LARGE_AGAIN_S = 1.0, 3.0
"""A run with nothing to do. Of a large file it hashes the requests and the results, to know that they are whole."""
PEAK_MB = 150


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    | field | meaning |
    | --- | --- |
    | `requests`, `request_bytes` | of the large request file; the bytes are of one line |
    | `result_bytes` | of one line of its results |
    | `listed`, `ours` | how many batches there are when the state is asked for, and how many of them vsync made |
    | `files` | how many small request files there are at the end |
    """

    requests: int = MAX_REQUESTS
    request_bytes: int = MAX_BYTES // MAX_REQUESTS
    result_bytes: int = 20_000
    listed: int = 2_000
    ours: int = 100
    files: int = 200


AT_THE_LIMITS = Sizes()


def batches(folder: Path, times: int, sizes: Sizes = AT_THE_LIMITS) -> list[Measured]:
    return [*_large(folder / "large", times, sizes), *_many(folder / "many", times, sizes)]


class _Project:
    """A repository with request files, and vsync as its user starts it."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.root = folder / "repository"
        Repository(self.root)
        (self.root / "batches").mkdir()
        self._folder = folder
        self._service = service

    def write(self, name: str, lines: Iterator[bytes]) -> Path:
        path = self.root / "batches" / f"{name}.jsonl"
        with path.open("wb") as file:
            file.writelines(lines)
        return path

    def vsync(self, *arguments: str, key: str = KEY) -> tuple[Run, dict[str, Any], int]:
        """The run, its report, and how many requests it made."""
        before = self._service.requests()
        variables = environment(self._folder, self._service) | {"OPENAI_API_KEY": key}
        place = ["--repo", str(self.root), "--source-name", SOURCE, "--json"]
        one = run([sys.executable, "-m", "vsync", "batch", *arguments, *place], ROOT, variables)
        return one, json.loads(one.stdout), self._service.requests() - before

    def measured(
        self,
        what: str,
        *arguments: str,
        requests: int,
        times: int = 1,
        moved_bytes: int = 0,
        within_s: float | None = None,
        key: str = KEY,
        **expected: int,
    ) -> tuple[Measured, dict[str, Any]]:
        """Measures a run, or several that are alike, and gives the last report.

        `expected`: how many items the lists of a report must have. Raises CommandFailed when they have others: then something
        else was measured.
        """
        every = [self.vsync(*arguments, key=key) for _ in range(times)]
        for one, report, _ in every:
            found = {name: len(report[name]) for name in expected}
            if found != expected:
                raise CommandFailed(f"The report has {found}, not {expected}: {one.stdout[:1_000]}")
        runs = [one for one, _, _ in every]
        seconds = statistics.median(one.seconds for one in runs)
        rate = [Figure("bytes in a second", moved_bytes / MB / seconds, "MB")] if moved_bytes else []
        return (
            Measured(
                what if times == 1 else f"{what} (median of {times})",
                " ".join(["python -m vsync batch", *arguments, "--source-name", SOURCE, "--json"]),
                [
                    Figure("whole process", seconds, "s", within_s),
                    Figure("processor time of it", statistics.median(one.processor_seconds for one in runs), "s"),
                    *rate,
                    Figure("peak memory", max(one.peak_bytes for one in runs) / MB, "MB", PEAK_MB),
                    Figure("requests", max(asked for _, _, asked in every), goal=requests),
                ],
            ),
            every[-1][1],
        )


# --- One request file at the limits ---------------------------------------------------------------------------


def _large(folder: Path, times: int, sizes: Sizes) -> Iterator[Measured]:
    """One batch with as many and as large requests as the API takes, and results of a gigabyte in another order."""
    count, size = sizes.requests, sizes.requests * sizes.request_bytes
    what = f"{count:,} requests, {size / MB:.0f} MB"
    with serving(0.0, 0.0, module="benchmarks.batch_server") as service:
        project = _Project(folder, service)
        path = project.write("large", _requests(count, sizes.request_bytes))
        checked, _ = project.measured(
            f"{what}: checked, without a key", "submit", "--dry-run", requests=0, moved_bytes=size, key="", checked=1
        )
        yield checked
        # The listing before and after, the Files that are there, the upload and the batch.
        parts = -(-size // PART_BYTES) + 1 if size > ONE_REQUEST_BYTES else 0
        submitted, report = project.measured(
            f"{what}: checked, uploaded, submitted; the server answers at once, and works on the same cores",
            "submit", requests=5 + parts, moved_bytes=size, submitted=1,
        )  # fmt: skip
        [made] = report["submitted"]
        yield _and(submitted, "uploads not as they should be", _wrong_upload(path, service))
        results = folder / "results.jsonl"
        order = random.Random(count).sample(range(count), count)
        digest, written = _write_results(results, order, sizes.result_bytes)
        service.tell("/_complete", {"batches": {made["batch_id"]: str(results)}})
        fetched, report = project.measured(
            f"{count:,} results in another order, {written / MB:,.0f} MB: downloaded, joined, written",
            "fetch", requests=2, moved_bytes=written, fetched=1, failed_requests=0, pending=0, warnings=0,
        )  # fmt: skip
        wrong = int(_hash(project.root / "batch-results" / "large.jsonl") != digest)
        yield _and(fetched, "results files not as they should be", wrong)
        again, _ = project.measured(
            "the same again: there is nothing to fetch",
            "fetch",
            requests=1,
            times=times,
            within_s=LARGE_AGAIN_S,
            fetched=0,
        )
        yield again
        again, _ = project.measured(
            "the same file: checked, and there is nothing to submit", "submit", requests=1, submitted=0, unchanged=1
        )
        yield again


def _requests(count: int, size: int, text: str = "") -> Iterator[bytes]:
    """Lines of just that many bytes. `text` makes them others."""
    block = prose(random.Random(count), 2 * size).decode().replace("\n", " ")
    for n in range(count):
        body = {"model": "gpt-5-mini", "input": ""}
        request = {"custom_id": f"request-{n:06}", "method": "POST", "url": "/v1/responses", "body": body}
        body["input"] = text + block[: size - len(json.dumps(request)) - len(text) - 1]
        yield json.dumps(request).encode() + b"\n"


def _result(n: int, text: str) -> bytes:
    body = {"object": "response", "status": "completed", "output": [{"type": "message", "text": text}]}
    response = {"status_code": 200, "request_id": f"req_{n:06}", "body": body}
    found = {"id": f"batch_req_{n:06}", "custom_id": f"request-{n:06}", "response": response, "error": None}
    return json.dumps(found).encode() + b"\n"


def _write_results(path: Path, order: Sequence[int], size: int) -> tuple[str, int]:
    """Writes results in that order. Gives the SHA-256 of the same lines in the order of the requests, and the number of bytes."""
    text = prose(random.Random(size), size).decode().replace("\n", " ")[: size - len(_result(0, ""))]
    with path.open("wb") as file:
        file.writelines(_result(n, text) for n in order)
    digest = sha256()
    for n in range(len(order)):
        digest.update(_result(n, text))
    return digest.hexdigest(), path.stat().st_size


def _wrong_upload(path: Path, service: Service) -> int:
    """0 when the only File has the bytes of the request file."""
    size, digest = path.stat().st_size, _hash(path)
    if size > ONE_REQUEST_BYTES:
        with path.open("rb") as file:
            digest = digest_of(sha256(part).hexdigest() for part in iter(lambda: file.read(PART_BYTES), b""))
    return int([*service.stats()["inputs"].values()] != [[size, digest]])


# --- Many small ones ------------------------------------------------------------------------------------------


def _many(folder: Path, times: int, sizes: Sizes) -> Iterator[Measured]:
    """A project with many batches, most of them of somebody else."""
    with serving(0.0, 0.0, module="benchmarks.batch_server") as service:
        project = _Project(folder, service)
        service.tell("/_others", {"batches": sizes.listed - sizes.ours})
        _write_small(project, range(sizes.ours))
        _, report, _ = project.vsync("submit")
        _complete(service, folder, report["submitted"])
        project.vsync("fetch")
        asked, _ = project.measured(
            f"the state of {sizes.listed:,} batches, {sizes.ours:,} of them ours, whose results are there",
            "status", requests=_pages(sizes.listed), times=times, within_s=NOTHING_TO_DO_S, batches=sizes.ours, unsubmitted=0,
        )  # fmt: skip
        yield asked
        _write_small(project, range(sizes.ours, sizes.files - 1))
        project.vsync("submit")
        _write_small(project, [sizes.files - 1])
        listed = sizes.listed - sizes.ours + sizes.files
        what = f"{sizes.files:,} small request files and {{:,}} batches: {{}}"
        one, _ = project.measured(
            what.format(listed - 1, "one file is new, and submitted"),
            "submit", requests=_pages(listed - 1) + 3 + _pages(listed), submitted=1, unchanged=sizes.files - 1,
        )  # fmt: skip
        yield one
        none, _ = project.measured(
            what.format(listed, "nothing to submit"),
            "submit", requests=_pages(listed), times=times, within_s=NOTHING_TO_DO_S, submitted=0, unchanged=sizes.files,
        )  # fmt: skip
        yield none
        none, _ = project.measured(
            what.format(listed, "nothing to fetch"),
            "fetch", requests=_pages(listed), times=times, within_s=NOTHING_TO_DO_S, fetched=0, pending=sizes.files - sizes.ours,
        )  # fmt: skip
        yield none


def _write_small(project: _Project, numbers: Sequence[int]) -> None:
    for n in numbers:
        project.write(f"small-{n:03}", _requests(10, 500, f"{n:03} "))


def _complete(service: Service, folder: Path, submitted: Sequence[Mapping[str, Any]]) -> None:
    """Each of these batches has completed, with a result for each request."""
    results = folder / "results.jsonl"
    _write_results(results, range(10), 1_000)
    service.tell("/_complete", {"batches": {made["batch_id"]: str(results) for made in submitted}})


def _pages(items: int) -> int:
    """How many requests a listing takes."""
    return -(-items // PAGE)


def _and(measured: Measured, name: str, wrong: int) -> Measured:
    return Measured(measured.what, measured.command, [*measured.figures, Figure(name, wrong, goal=0)])


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
