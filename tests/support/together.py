"""Runs as processes of their own, side by side, over one git remote and one store on a real port."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.gitrepo import Content, Repo, environment
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded

KEY = "sk-proj-together-0123456789abcdef"

IMPATIENT = """
import sys
import vsync.state.local, vsync.state.remote as remote
remote.STALE_AFTER_S, remote._SAFE_FOR_S, remote.LOOK_EVERY_S = 2.0, 1.0, 0.2
from vsync.__main__ import main
sys.exit(main())
"""
"""vsync with seconds for minutes: a run that is silent for two is taken over."""


class WatchedServer(OpenAIServer):
    """Calls `before` with each request, in the thread that serves it: whoever sent it waits."""

    before: Callable[[Recorded], None] = staticmethod(lambda request: None)

    def respond(self, request: Recorded) -> Answer:
        self.before(request)
        return super().respond(request)


@dataclass
class Run:
    """One process. Its requests are told from others' by its name."""

    name: str
    process: subprocess.Popen[str]

    def ended(self) -> tuple[int, dict[str, Any], str]:
        """Its exit code, its report and what else it wrote."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, json.loads(out) if out.startswith("{") else {}, err

    def succeeded(self) -> dict[str, Any]:
        code, report, err = self.ended()
        assert code == 0, err
        return report

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


class Together:
    """A remote, a store, and the runs of both. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = WatchedServer(folder / "store.db", key=KEY)
        self.remotes: dict[str, Repo] = {}
        self.started: list[Run] = []
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for run in self.started:
            if run.process.poll() is None:
                run.process.kill()
                run.process.communicate()
        self.server.__exit__(kind, error, trace)

    def remote(self, name: str = "acme/docs") -> Repo:
        if name not in self.remotes:
            self.remotes[name] = Repo.make(self.folder / f"{name}.git", "--bare")
        return self.remotes[name]

    def commit(self, files: Mapping[str, Content], name: str = "acme/docs") -> str:
        return self.remote(name).commit(files)

    def start(
        self,
        *options: str,
        commit: str | None = None,
        run: int | None = None,
        repository: str = "acme/docs",
        impatient: bool = False,
    ) -> Run:
        """A run of a workflow, or without a number that of a person, in a clone of its own."""
        number = next(self._numbers)
        clone = self.remote(repository).clone(self.folder / f"clone-{number}", "--no-checkout")
        if commit is not None:
            clone.git("update-ref", "refs/heads/main", commit)
        (temporary := self.folder / f"tmp-{number}").mkdir()
        program = ["-c", IMPATIENT] if impatient else ["-m", "vsync"]
        name = f"org-{number}"
        given = {"GITHUB_RUN_ID": str(run), "GITHUB_REPOSITORY": repository} if run is not None else {}
        source = () if run is not None else ("--source", repository)
        process = subprocess.Popen(
            [sys.executable, *program, "sync", "--push", "--json", "--repo", str(clone.root), *source, *options],
            env=environment(
                OPENAI_API_KEY=KEY,
                OPENAI_BASE_URL=self.server.base_url,
                OPENAI_ORG_ID=name,
                TMPDIR=str(temporary),
                **given,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(Run(name, process))
        return self.started[-1]

    def when(self, run: Callable[[], Run], what: str, act: Callable[[], None]) -> None:
        """Does something once, when that run's first request of that kind arrives, before it is answered."""
        done = threading.Lock()

        def before(request: Recorded) -> None:
            mine = request.headers.get("openai-organization") == run().name
            if mine and f"{request.method} {request.path}".startswith(what) and done.acquire(blocking=False):
                act()

        self.server.before = before

    def requests(self, run: Run) -> list[str]:
        """What a run sent, in the order of the answers."""
        return [
            f"{request.method} {request.path}"
            for request in self.server.requests
            if request.headers.get("openai-organization") == run.name
        ]

    # --- What must be true ----------------------------------------------------------------------------------------

    def documents(self, store_id: str, target: str, source: str = "acme/docs") -> dict[str, str]:
        """The text of a target's documents by path. Fails where one is there twice."""
        found: dict[str, str] = {}
        for entry in self.server.entries(store_id):
            attributes = entry["attributes"]
            if (attributes.get("target"), attributes.get("source")) != (target, source):
                continue
            assert attributes["path"] not in found, f"{attributes['path']} is in the store twice"
            assert entry["status"] == "completed", entry
            content = self.server.ask(f"/vector_stores/{store_id}/files/{entry['id']}/content")
            found[attributes["path"]] = "".join(part["text"] for part in content["data"])
        return found

    def unattached(self) -> set[str]:
        """The Files that no store lists."""
        attached = {entry["id"] for store in self.server.stores() for entry in self.server.entries(store)}
        return self.server.files() - attached
