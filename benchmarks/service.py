"""The measuring server as a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from benchmarks.measure import CommandFailed


class Service:
    """A running server."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self.base_url = f"{self._address}/v1"

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("/_stats")
        return found

    def requests(self) -> int:
        return sum(int(count) for count in self.stats()["requests"].values())

    def watch(self, alternatives: Sequence[Sequence[str]]) -> None:
        """From now on the server checks that of each of these paths or renames one is searchable."""
        self._ask("/_watch", {"alternatives": alternatives})

    def fill(self, number: int) -> str:
        """Makes so many Files and a store that lists them. Gives the store's id."""
        made: str = self._ask("/_fill", {"files": number})["id"]
        return made

    def wrong(self, documents: Mapping[str, bytes]) -> int:
        """How far the store is from holding just these documents, each once, as searchable entries with these bytes."""
        stats = self.stats()
        wanted = {path: sha256(content).hexdigest() for path, content in documents.items()}
        differing = wanted.items() ^ stats["documents"].items()
        stray = abs(int(stats["entries"]) - len(wanted)) + abs(int(stats["files"]) - len(wanted))
        return len(differing) + stray

    def tell(self, path: str, body: object) -> Any:
        """Asks one of the server's own addresses."""
        return self._ask(path, body)

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self._address + path, data)) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serving(latency_s: float, indexing_s: float, *, module: str = "benchmarks.server") -> Iterator[Service]:
    """A new, empty server."""
    command = [sys.executable, "-m", module, "--latency", str(latency_s), "--indexing", str(indexing_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise CommandFailed("The measuring server does not start.")
            yield Service(int(line))
        finally:
            process.terminate()
