"""Two targets of one repository at the same time: they share a manifest and an owner, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.gitrepo import Repo

PAGES = {f"docs/{number}.md": f"# {number}\n".encode() for number in range(12)}


def start(repo: Repo, target: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vsync", "sync", "--repo", str(repo.root), "--local", "--target", target, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def manifest(repo: Repo) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(repo.root) / ".vsync/local.db.manifest.json").read_text())
    return found


def test_two_first_runs_at_once_agree_on_the_owner_and_lose_nothing(repo: Repo) -> None:
    repo.commit(PAGES)
    reports = [report(process) for process in [start(repo, "staging"), start(repo, "production")]]
    assert [len(found["added"]) for found in reports] == [12, 12]
    assert {name: len(state["files"]) for name, state in manifest(repo)["targets"].items()} == {
        "staging": 12,
        "production": 12,
    }
    for target in ("staging", "production"):
        assert report(start(repo, target))["requests"] == {}
