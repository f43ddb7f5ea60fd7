"""The REST API does what its OpenAPI description says: schemathesis sends what the description allows and forbids.

The API behind it takes one key alone, as OpenAI does.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.batches import SOURCE, requests_named
from tests.support.command_line import client
from tests.support.places import ROOT
from tests.support.served import Served
from tests.support.servers.openai_api import OpenAIServer
from vsync.serve.rest.app import Access
from vsync.serve.rest.limits import Limits
from vsync.serve.rest.offered_batches import BatchFolders, OfferedBatches

KEY, TOKEN = "sk-proj-schema-0123456789abcdefghij", "a-token-of-the-schema-0123456789"
MANY_CALLS = Limits(calls_per_minute=1_000_000)
CONFIG = Path(__file__).with_name("schemathesis.toml")


def fill(db: Path) -> None:
    """Stores and Files, among them those whose ids are the description's examples."""
    with client(db) as api:
        for name in ("docs-main", "docs-old", "scratch"):
            store = api.vector_stores.create(name=name)
            for number in range(3):
                file = api.files.create(file=(f"{number}.md", b"# Text\n"), purpose="assistants")
                api.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    with closing(sqlite3.connect(db)) as rows, rows:
        rows.execute("UPDATE vector_stores SET id = 'vs_abc123' WHERE seq = 1")
        rows.execute("UPDATE files SET id = 'file-abc123' WHERE seq = 1")


def request_files(folder: Path) -> OfferedBatches:
    """A sound request file and a broken one, at the paths that are the description's examples. The calls wait for each other."""
    (folder / "repository/batches/nightly").mkdir(parents=True)
    (folder / "repository/batches/questions.jsonl").write_bytes(requests_named(["one"]))
    (folder / "repository/batches/nightly/broken.jsonl").write_bytes(b"{}\n")
    return OfferedBatches(BatchFolders(folder / "repository", "batches", "batch-results", SOURCE), wait_s=60)


def schemathesis(api: Served, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(CONFIG)]
    return subprocess.run(
        [*command, "run", f"{api.url}/openapi.json", f"--header=x-openai-api-key:{KEY}", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def answered(api: Served) -> set[tuple[str, str, str]]:
    """The kinds of answers that each call has given: `(DELETE, /files, 2xx)`."""
    calls = [line for line in map(json.loads, api.lines) if line.get("route")]
    return {(call["method"], call["route"], f"{call['status'] // 100}xx") for call in calls}


@pytest.mark.parametrize("token", [None, TOKEN], ids=["with a key", "with a key and a token"])
def test_the_server_does_what_its_description_says(token: str | None, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    fill(db)
    options = [f"--header=x-vsync-token:{token}", "--phases=coverage"] if token else []
    with (
        OpenAIServer(db, key=KEY) as behind,
        Served(behind.base_url, access=Access(token=token), limits=MANY_CALLS, batches=request_files(tmp_path)) as api,
    ):
        # The examples of other calls delete the store of these, unless chance makes a dry run of them.
        for first in ("detachFile", "detachFiles"):
            only = (f"--include-operation-id={first}", "--phases=examples")
            done = schemathesis(api, tmp_path, *options[:1], *only)
            assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        done = schemathesis(api, tmp_path, *options)
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        assert {
            (method, route, kind)
            for method, route in (
                ("GET", "/vector_stores"),
                ("DELETE", "/vector_stores"),
                ("DELETE", "/vector_stores/with-files"),
                ("GET", "/vector_stores/{vector_store_id}/files"),
                ("DELETE", "/vector_stores/{vector_store_id}/files"),
                ("DELETE", "/vector_stores/{vector_store_id}/files/{file_id}"),
                ("GET", "/files"),
                ("DELETE", "/files"),
                ("GET", "/batches"),
                ("POST", "/batches/submit"),
                ("POST", "/batches/fetch"),
            )
            for kind in ("2xx", "4xx")
        } <= answered(api)
        told = "\n".join(api.lines)
        assert KEY not in told
        assert TOKEN not in told
