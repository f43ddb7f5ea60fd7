"""A repository with request files, a server that runs batches, and runs of `vsync batch` between them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.batch_rules import wrong_with
from tests.support.batches import SOURCE
from tests.support.wire import Fault, QuickStop, Sent, Wire
from vsync.auth.credentials import Credentials
from vsync.batch import cancel, fetch, status, submit
from vsync.batch.batch_report import BatchReport, Pending
from vsync.batch.cancel import CancelOptions
from vsync.batch.fetch import Branch, FetchOptions
from vsync.batch.job import BatchJob
from vsync.batch.status_report import StatusReport
from vsync.batch.submit import SubmitOptions
from vsync.embedded import EmbeddedStore
from vsync.store.client import Api, connect
from vsync.store.rate_limit import make_rates
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

TOTAL_S = 10.0
"""How long the server takes for a batch, by its own clock."""


class BatchWire(Wire):
    """The embedded store with a clock that only tests move.

    `wrong` says which requests the API would not take.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.wrong: list[str] = []
        self.now = time.time()
        self.clock = lambda: self.now
        self._file = path

    @property
    def store(self) -> EmbeddedStore:
        if self._store is None:
            self._store = EmbeddedStore(self._file, clock=lambda: self.clock(), batch_delay_s=TOTAL_S)
        return self._store

    def _fault(self, sent: Sent) -> Fault:
        wrong = wrong_with(sent)
        if wrong is not None:
            self.wrong.append(wrong)
        return super()._fault(sent)


@dataclass
class BatchWorld:
    """What a run of `vsync batch` meets, in one folder."""

    folder: Path
    source: str = SOURCE
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = self.folder / "repository"
        self.root.mkdir(exist_ok=True)
        self.wire = BatchWire(self.folder / "store.db")

    def close(self) -> None:
        """Ends the world. Fails when a run sent something that the API would not take."""
        self.wire.close()
        assert self.wire.wrong == []

    # The repository

    def write(self, path: str, content: bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def lines(self, path: str) -> list[dict[str, Any]]:
        """The lines of a results file."""
        return [json.loads(line) for line in (self.root / path).read_bytes().splitlines()]

    def ids(self, path: str) -> list[str]:
        return [line["custom_id"] for line in self.lines(path)]

    def answered(self, path: str) -> list[str]:
        """The custom_ids with a good result."""
        return [line["custom_id"] for line in self.lines(path) if (line["response"] or {}).get("status_code") == 200]

    def summary(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / path).read_bytes())
        return found

    @property
    def results(self) -> list[str]:
        """The files of the results folder."""
        folder = self.root / "batch-results"
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    # The server

    def pass_time(self, seconds: float = TOTAL_S + 1) -> None:
        self.wire.now += seconds

    def batches(self) -> list[dict[str, Any]]:
        """All batches of the server, the oldest first."""
        return sorted(self._listed("/batches"), key=lambda batch: (batch["created_at"], batch["id"]))

    def files(self, purpose: str) -> list[dict[str, Any]]:
        return self._listed(f"/files?purpose={purpose}")

    def make_batch(self, metadata: dict[str, str], file: str | None = None) -> None:
        """Makes a batch of an input File, or of the first one, as another client would."""
        file = file or self.files("batch")[0]["id"]
        self._post(
            "/batches",
            {"input_file_id": file, "endpoint": "/v1/responses", "completion_window": "24h", "metadata": metadata},
        )

    def cancel_batch(self, batch_id: str) -> None:
        """Cancels a batch, as another client would."""
        self._post(f"/batches/{batch_id}/cancel", {})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        from vsync.embedded.messages import Request

        headers = {"content-type": "application/json"}
        response = self.wire.store.handle(Request("POST", path, {}, headers, iter([json.dumps(body).encode()])))
        assert response.status == 200, response.body

    def _listed(self, path: str) -> list[dict[str, Any]]:
        from vsync.embedded.messages import Request

        path, _, query = path.partition("?")
        given = dict([query.split("=")]) if query else {}
        response = self.wire.store.handle(
            Request("GET", path, {name: [value] for name, value in {"limit": "100", **given}.items()}, {}, iter(()))
        )
        assert isinstance(response.body, bytes)
        found: list[dict[str, Any]] = json.loads(response.body)["data"]
        return found

    # Runs

    def connect(self, stop: Stop) -> contextlib.AbstractAsyncContextManager[Api]:
        return connect(Credentials(), transport=self.wire, sleep=stop.pause, stop=stop)

    def job(self, *, stop: Stop | None = None, keyless: bool = False, **given: Any) -> BatchJob:
        stop = stop or QuickStop()
        facts: dict[str, Any] = {
            "root": self.root,
            "source_folder": "batches",
            "results_folder": "batch-results",
            "source": self.source,
            "connect": None if keyless else lambda: self.connect(stop),
            "rates": make_rates(None, None, stop.pause, unlimited=True),
            "secrets": Secrets(),
            "stop": stop,
            "note": self.notes.append,
        }
        return BatchJob(**{**facts, **given})

    def submit(
        self,
        *,
        stop: Stop | None = None,
        paths: Sequence[str] = (),
        dry_run: bool = False,
        keyless: bool = False,
        **options: Any,
    ) -> BatchReport:
        job = self.job(stop=stop, paths=tuple(paths), dry_run=dry_run, keyless=keyless)
        return submit.run(job, SubmitOptions(**options))

    def fetch(
        self,
        *,
        stop: Stop | None = None,
        paths: Sequence[str] = (),
        dry_run: bool = False,
        branch: Branch | None = None,
        **options: Any,
    ) -> BatchReport:
        job = self.job(stop=stop, paths=tuple(paths), dry_run=dry_run)
        return fetch.run(job, FetchOptions(**options), branch)

    def cancel(self, *names: str, agree: bool = True, **options: Any) -> BatchReport:
        def confirm(pending: list[Pending]) -> bool:
            return agree

        return cancel.run(self.job(), CancelOptions(names, **options), confirm)

    def status(self, *, everybody: bool = False) -> StatusReport:
        return status.run(self.job(), everybody=everybody)
