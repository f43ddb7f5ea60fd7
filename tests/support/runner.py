"""A job on a runner of GitHub: what the runner gives it, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.action import Ended, run_action
from tests.support.gitrepo import Repo
from tests.support.places import ROOT

KEY = "sk-proj-0123456789abcdef"


def git(repo: Path, *arguments: str) -> str:
    identity = {"GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@example.invalid"}
    environ = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **identity,
        **{key.replace("AUTHOR", "COMMITTER"): value for key, value in identity.items()},
    }
    return subprocess.run(
        ["git", *arguments], cwd=repo, env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()


@dataclass
class Step:
    """What one run of the action left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Runner:
    """A runner with one job: a workspace that is a repository without a remote, and the files that the runner passes."""

    folder: Path
    event: str = "push"
    ref: str = "refs/heads/main"
    payload: Any = field(default_factory=lambda: {"repository": {"default_branch": "main"}})

    def __post_init__(self) -> None:
        Repo.make(self.workspace)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def commit(self, files: dict[str, str | None]) -> str:
        for name, content in files.items():
            path = self.workspace / name
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        git(self.workspace, "add", "--all", "--", *files)
        git(self.workspace, "commit", "-q", "-m", "change")
        return git(self.workspace, "rev-parse", "HEAD")

    def environ(self, inputs: dict[str, str], more: dict[str, str]) -> dict[str, str]:
        for name in ("output", "summary"):
            (self.folder / name).write_text("")
        event_file = self.folder / "event.json"
        event_file.write_text(self.payload if isinstance(self.payload, str) else json.dumps(self.payload))
        given = {"command": "sync", "dry-run": "auto", "openai-api-key": KEY, "vector-store-id": "", **inputs}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "acme/docs",
            "GITHUB_REPOSITORY_ID": "42",
            "GITHUB_RUN_ID": "1000",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_REF": self.ref,
            "GITHUB_EVENT_PATH": str(event_file),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            **{f"INPUT_{name.upper()}": value for name, value in given.items()},
            **more,
        }

    def run(self, inputs: dict[str, str] | None = None, **more: str) -> Step:
        """One step of the job, in this process. A store answers for OpenAI's API, unless VSYNC_LOCAL is given."""
        store = None if "VSYNC_LOCAL" in more else self.folder / "store.db"
        return self._step(run_action(self.environ(inputs or {}, more), self.workspace, store))

    def start(self, inputs: dict[str, str] | None = None, **more: str) -> subprocess.Popen[str]:
        """One step of the job as a process, as the container starts it, with an embedded store. `ended` waits for it."""
        more = {"VSYNC_LOCAL": str(self.folder / "store.db"), **more}
        coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        return subprocess.Popen(
            [sys.executable, str(ROOT / "entrypoint.py")],
            cwd=self.workspace,
            env=coverage | self.environ(inputs or {}, more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ended(self, process: subprocess.Popen[str]) -> Step:
        log, _ = process.communicate(timeout=60)
        return self._step(Ended(process.returncode, log))

    def _step(self, ended: Ended) -> Step:
        return Step(ended.code, ended.log, self.outputs(), (self.folder / "summary").read_text())

    def outputs(self) -> dict[str, str]:
        return dict(read_outputs((self.folder / "output").read_text()))


def read_outputs(text: str) -> Iterator[tuple[str, str]]:
    """The outputs as the runner reads them from the file."""
    lines = iter(text.splitlines())
    for line in lines:
        found = re.fullmatch(r"([a-z-]+)<<(\S+)", line)
        assert found, f"not an output: {line!r}"
        value = []
        for part in lines:
            if part == found[2]:
                break
            value.append(part)
        yield found[1], "\n".join(value)
