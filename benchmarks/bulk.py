"""Stores and Files in bulk: through the command line, and through the REST API of `vsync serve`."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import ROOT, Figure, Measured
from benchmarks.measure import CommandFailed, Run, run
from benchmarks.repositories import ENVIRONMENT
from benchmarks.service import Service, serving

KEY = "sk-bench"
LATENCY_S = 0.04
FILES, MANY = 200, 10_000

_LISTED = 101
"""A hundred pages of a hundred entries, and a look at the store."""


def environment(folder: Path, service: Service) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "OPENAI_BASE_URL": service.base_url,
    }


def vsync(folder: Path, service: Service, *arguments: str) -> Run:
    variables = environment(folder, service) | {"OPENAI_API_KEY": KEY}
    return run([sys.executable, "-m", "vsync", *arguments], ROOT, variables)


@dataclass(frozen=True)
class Call:
    """A call of the REST API that was answered."""

    seconds: float
    body: bytes


@contextlib.contextmanager
def rest(folder: Path, service: Service) -> Iterator[Callable[..., Call]]:
    """`vsync serve` as a process of its own; gives a function that calls it."""
    command = [sys.executable, "-m", "vsync", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(folder, service), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            if "Listening on " not in line:
                raise CommandFailed(f"vsync serve does not start: {line}{process.stderr.read()}")
            address = line.split()[-1]

            def call(method: str, path: str, body: object = None) -> Call:
                headers = {"x-openai-api-key": KEY, "content-type": "application/json"}
                data = None if body is None else json.dumps(body).encode()
                request = urllib.request.Request(address + path, data, headers, method=method)
                began = time.perf_counter()
                with urllib.request.urlopen(request) as answer:
                    content = answer.read()
                    if answer.status != 200:
                        raise CommandFailed(f"{method} {path} answers {answer.status}: {content[:500]!r}")
                return Call(time.perf_counter() - began, content)

            yield call
        finally:
            process.terminate()


@dataclass
class _Seen:
    """What the server saw of each time that something was measured."""

    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """Processor times, where they are known."""
    requests: int = 0
    connections: int = 0
    wrong: int = 0

    def add(self, one: Run | Call, service: Service, wrong: int) -> None:
        self.seconds.append(one.seconds)
        if isinstance(one, Run):
            self.busy.append(one.processor_seconds)
        self.requests = max(self.requests, service.requests())
        self.connections = max(self.connections, int(service.stats()["connections"]))
        self.wrong += wrong

    def figures(self, what: str, most_s: float | None, most_requests: int) -> list[Figure]:
        return [
            Figure(what, statistics.median(self.seconds), "s", most_s),
            *([Figure("processor time of it", statistics.median(self.busy), "s")] if self.busy else []),
            Figure("requests", self.requests, goal=most_requests),
            Figure("connections", self.connections, goal=20),
        ]


# --- Deletes ------------------------------------------------------------------------------------------------


def deleted(folder: Path, times: int) -> list[Measured]:
    """A store with 200 Files is deleted with its Files."""
    what = f"a store with {FILES} Files deleted with them, {{}} (median of {times}; {LATENCY_S * 1000:g} ms an answer)"
    by_command, by_call = _Seen(), _Seen()
    for _ in range(times):
        with serving(LATENCY_S, 0.0) as service:
            store = service.fill(FILES)
            one = vsync(folder, service, "stores", "delete", store, "--with-files", "--yes")
            by_command.add(one, service, left_of(service))
        with serving(LATENCY_S, 0.0) as service, rest(folder, service) as call:
            body = {"vector_store_ids": [service.fill(FILES)]}
            answered = call("DELETE", "/vector_stores/with-files", body)
            by_call.add(answered, service, left_of(service))
    return [
        Measured(
            what.format("by the command line"),
            "python -m vsync stores delete ID --with-files --yes",
            [
                *by_command.figures("whole process", 3.0, FILES + 5),
                Figure("stores and Files that are left", by_command.wrong, goal=0),
            ],
        ),
        Measured(
            what.format("by the REST API"),
            """curl -X DELETE ADDRESS/vector_stores/with-files -H x-openai-api-key:KEY -H content-type:application/json \\
      -d '{"vector_store_ids": [ID]}'""",
            [
                *by_call.figures("whole call", 3.0, FILES + 5),
                Figure("stores and Files that are left", by_call.wrong, goal=0),
            ],
        ),
    ]


def left_of(service: Service) -> int:
    stats = service.stats()
    return int(stats["files"]) + int(stats["stores"])


# --- Listings -----------------------------------------------------------------------------------------------


def listed(folder: Path, times: int) -> list[Measured]:
    """10,000 Files are listed: those of the project, and the entries of a store."""
    what = f"{MANY:,} {{}} (median of {times}; {LATENCY_S * 1000:g} ms an answer)"
    return [
        _listed(
            folder, times, what.format("entries of a store listed"), 1 + MANY // 100, "stores", "show", "ID", "--files"
        ),
        _listed(folder, times, what.format("Files listed"), _LISTED, "files", "list"),
        _called(folder, times, what.format("entries of a store listed, by the REST API"), "/vector_stores/ID/files"),
        _called(folder, times, what.format("Files listed, by the REST API"), "/files"),
    ]


def _listed(folder: Path, times: int, what: str, most: int, *arguments: str) -> Measured:
    seen = _Seen()
    for _ in range(times):
        with serving(LATENCY_S, 0.0) as service:
            store = service.fill(MANY)
            words = [store if word == "ID" else word for word in arguments]
            one = vsync(folder, service, *words, "--jsonl")
            seen.add(one, service, abs(one.stdout.count("\n") - MANY))
    return Measured(
        what,
        f"python -m vsync {' '.join(arguments)} --jsonl",
        [*seen.figures("whole process", None, most), _lacking(seen)],
    )


def _called(folder: Path, times: int, what: str, path: str) -> Measured:
    seen = _Seen()
    for _ in range(times):
        with serving(LATENCY_S, 0.0) as service, rest(folder, service) as call:
            store = service.fill(MANY)
            one = call("GET", f"{path.replace('ID', store)}?details=true")
            seen.add(one, service, abs(len(json.loads(one.body)) - MANY))
    return Measured(
        what,
        f"curl -H x-openai-api-key:KEY ADDRESS{path}?details=true",
        [*seen.figures("whole call", None, _LISTED), _lacking(seen)],
    )


def _lacking(seen: _Seen) -> Figure:
    return Figure("lines that lack or are too many", seen.wrong, goal=0)
