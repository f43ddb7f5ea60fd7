"""Search and verify without a manifest: each target asks its own vector store, never the default target's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Repo
from vsync.cli.main import run

Ask = Callable[..., Any]


@pytest.fixture
def ask(
    repo: Repo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kept_signal_handlers: None,
) -> Ask:
    """Two targets are synced, each into its own store. Runs a command and gives its JSON."""
    repo.commit({"docs/a.md": b"# Apples\n", "code/b.md": b"# Pears\n"})
    monkeypatch.chdir(repo.root)
    environ = {"VSYNC_LOCAL": str(tmp_path / "store.db"), "VSYNC_SOURCE": "acme/docs"}

    def ask(*arguments: str) -> Any:
        capsys.readouterr()
        assert run([*arguments, "--json"], environ) in {0, 1}
        return json.loads(capsys.readouterr().out)

    ask("sync", "--include", "docs/")
    ask("sync", "--include", "code/", "--target", "code")
    return ask


def stores(ask: Ask) -> dict[str, str]:
    return {store["name"]: store["id"] for store in ask("stores", "list")}


def test_a_search_without_a_manifest_asks_the_targets_own_store(ask: Ask) -> None:
    found = ask("search", "pears apples", "--target", "code", "--manifest", "none")
    assert {hit["path"] for hit in found} == {"code/b.md"}
    found = ask("search", "pears apples", "--manifest", "none")
    assert {hit["path"] for hit in found} == {"docs/a.md"}


def test_a_take_over_without_a_manifest_looks_into_the_targets_own_store(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "store.db.manifest.json").unlink()
    report = ask("verify", "--target", "code", "--take-over", "*.md")
    assert report["vector_store_id"] == stores(ask)["acme/docs (code)"]
