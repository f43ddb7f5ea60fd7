"""The command line in this process and as a process: what it prints, writes, exits with, and what is in the store after it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import openai
import pytest

from tests.support.gitrepo import Repo, environment
from tests.support.hosted import hosted
from tests.support.places import ROOT
from vsync.cli import main as cli
from vsync.documents.attributes import path_attribute
from vsync.documents.document import upload_filename
from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport
from vsync.state.local import LocalPublication
from vsync.state.seal import Seal
from vsync.system.stop import Stop

KEY = "sk-command-line-0123456789abcdef"


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Entry(NamedTuple):
    """One document as the store holds it."""

    data: bytes
    filename: str
    attributes: Mapping[str, Any]


class World:
    """A clone of owner/name, a store, and the command line in this process.

    The store answers for OpenAI's API. With `local` it is the embedded store of `--local`, as a process needs it.
    """

    def __init__(self, repo: Repo, db: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.repo = repo
        self.db = db
        self.local = False
        self._capsys = capsys

    @property
    def manifest(self) -> Path:
        beside = self.db.with_name(f"{self.db.name}.manifest.json")
        return beside if self.local else self.repo.root / ".vsync" / "manifest.json"

    def vsync(self, *arguments: str, **variables: str) -> Result:
        """Runs it with a way to the store; VSYNC_LOCAL="" leaves that out."""
        self._capsys.readouterr()
        way = {"VSYNC_LOCAL": str(self.db)} if self.local else {"OPENAI_API_KEY": KEY}
        with hosted(self.db):
            code = cli.run(arguments, {**({} if "VSYNC_LOCAL" in variables else way), **variables})
        return Result(code, *self._capsys.readouterr())

    def sync(self, *arguments: str, code: int = 0, **variables: str) -> Any:
        """The JSON report of a sync."""
        result = self.vsync("sync", "--json", *arguments, **variables)
        assert result.code == code, result.err
        return result.json

    def plan(self, *arguments: str, **variables: str) -> Any:
        result = self.vsync("plan", "--json", *arguments, **variables)
        assert result.code == 0, result.err
        return result.json

    def state(self, target: str = "default") -> Any:
        return json.loads(self.manifest.read_bytes())["targets"][target]

    def snapshot(self) -> dict[str, bytes]:
        """Every file that a run could have changed: repository, seal and store."""
        places = [path for path in self.repo.root.rglob("*") if path.is_file() and "objects" not in path.parts]
        found = {str(path.relative_to(self.repo.root)): path.read_bytes() for path in places}
        found = {name: data for name, data in found.items() if not name.endswith((".lock", ".holder"))}
        return found | {"store": _rows(self.db)}

    def audit(self, store_id: str, *others: str) -> dict[str, Entry]:
        """What is in a store, document by document. Nothing may be in it twice, nor may a File be in no store."""
        with client(self.db) as api:
            found: dict[str, Entry] = {}
            for entry in api.vector_stores.files.list(store_id, limit=100):
                assert entry.status == "completed"
                attributes = dict(entry.attributes or {})
                file = api.files.retrieve(entry.id)
                data = api.files.content(entry.id).read()
                assert attributes["sha256"] == hashlib.sha256(data).hexdigest()
                path = str(attributes["path"])
                assert path not in found, f"{path} is in the store twice"
                found[path] = Entry(data, file.filename, attributes)
            listed = {entry.id for each in (store_id, *others) for entry in api.vector_stores.files.list(each)}
            assert {file.id for file in api.files.list()} == listed
        return found

    def assert_in_store(
        self, commit: str, *paths: str, store_id: str | None = None, others: tuple[str, ...] = ()
    ) -> None:
        """The store holds those documents with the bytes of the commit, and nothing else."""
        found = self.audit(store_id or self.state()["vector_store_id"], *others)
        assert {path: entry.data for path, entry in found.items()} == {
            path_attribute(path): self.repo.show(commit, path) for path in paths
        }
        for path in paths:
            assert found[path_attribute(path)].filename == upload_filename(path)


@contextmanager
def client(db: Path) -> Iterator[openai.OpenAI]:
    with (
        closing(EmbeddedStore(db)) as store,
        httpx2.Client(transport=EmbeddedTransport(store)) as http,
        openai.OpenAI(api_key="any", base_url="http://embedded/v1", http_client=http, max_retries=0) as api,
    ):
        yield api


def _rows(db: Path) -> bytes:
    """All that an embedded store holds."""
    if not db.exists():
        return b""
    with closing(sqlite3.connect(db)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'chunk_texts%'"
        )
        rows = [(table, row) for (table,) in tables for row in connection.execute(f"SELECT * FROM {table}")]
    return repr(rows).encode() if rows else b""


@pytest.fixture
def world(repo: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> World:
    with (repo.root / ".git" / "config").open("a") as config:
        config.write('[remote "origin"]\n\turl = https://github.com/owner/name.git\n')
    monkeypatch.chdir(repo.root)
    sleep = Stop.sleep
    # The embedded store indexes at once, and no test here pulls the plug: there is nothing to wait for.
    monkeypatch.setattr(Stop, "sleep", lambda stop, seconds: sleep(stop, min(seconds, 0.01)))
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return World(repo, tmp_path / "store.db", capsys)


@pytest.fixture
def docs(world: World) -> str:
    """A first commit with three documents and one file that is none."""
    return world.repo.commit(
        {
            "README.md": b"# Read me\n",
            "docs/a.md": b"about apples\n",
            "docs/b.txt": b"about bears\n",
            "main.c": b"int main;",
        }
    )


def process(world: World, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """The real thing, as a process of its own."""
    defaults: dict[str, Any] = {
        "env": environment(VSYNC_LOCAL=str(world.db), PYTHONWARNINGS="error", PYTHONPATH=str(ROOT)),
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "vsync", *arguments],
        cwd=world.repo.root,
        text=True,
        stdin=subprocess.DEVNULL,
        **defaults | options,
    )


def finished(running: subprocess.Popen[str]) -> Result:
    out, err = running.communicate(timeout=20)
    return Result(running.returncode, out, err)


def one_sentence(result: Result) -> str:
    """What stderr says, when it is one line of this program without a traceback."""
    lines = [line for line in result.err.splitlines() if line]
    assert len(lines) == 1, result.err
    assert lines[0].startswith("vsync: ")
    assert "Traceback" not in result.err
    assert lines[0].rstrip().endswith((".", "--local."))
    return lines[0]


@contextmanager
def seal_held(world: World) -> Iterator[None]:
    """Another run is at work on the default target."""
    seals, key = world.repo.root / ".git" / "vsync", ".vsync/manifest.json"
    if world.local:
        seals, key = world.db.with_name(f"{world.db.name}.seal"), "embedded"
    other = LocalPublication(world.manifest, seals, "default", key)
    other.take(Seal("open", "another", "2024-01-02T03:04:05+00:00"), 0, lambda _: None)
    try:
        yield
    finally:
        other.abandon()
