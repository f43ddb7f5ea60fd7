"""GitHub at home: a git remote and an API over real HTTP, pull requests, and jobs that run the action in this process.

A job's workspace is made as actions/checkout makes it: one commit deep, without credentials left behind.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.action import run_action
from tests.support.gitrepo import Content, Name, Repo, environment
from tests.support.runner import read_outputs
from tests.support.servers.git_http import GitServer
from tests.support.servers.github_api import ACTIONS_LOGIN, Comment, GitHubApi, Rights

KEY = "sk-proj-jobs-0123456789abcdefghij"
TOKEN = "ghs_" + "j" * 36
REPOSITORY = "acme/docs"


@dataclass(frozen=True)
class Step:
    """What one run of the action left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    report: dict[str, Any]
    workspace: Path
    changed: set[str]
    """What it changed in the workspace, in git's folder and in that for temporary files."""

    def annotations(self, kind: str) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith(f"::{kind} ")]


@dataclass
class Pull:
    """A pull request as the remote holds it."""

    number: int
    base: str
    head: str
    merge: str | None
    fork: bool = False
    base_ref: str = "main"

    def payload(self, action: str, **details: Any) -> dict[str, Any]:
        here, there = {"id": 42, "full_name": REPOSITORY}, {"id": 43, "full_name": "stranger/docs"}
        return {
            "action": action,
            "number": self.number,
            "repository": {"default_branch": "main", "full_name": REPOSITORY, "id": 42},
            "pull_request": {
                "number": self.number,
                "state": "closed" if action == "closed" else "open",
                "merged": False,
                "base": {"ref": self.base_ref, "sha": self.base, "repo": here},
                "head": {"ref": "feature", "sha": self.head, "repo": there if self.fork else here},
                **details,
            },
        }


class GitHub:
    """One repository with its pull requests, comments and jobs. Use as a context manager."""

    def __init__(self, folder: Path, *, prefix: str = "") -> None:
        self.folder = folder
        self.git = GitServer(folder / "remote", tokens={TOKEN: "write"})
        self.api = GitHubApi(REPOSITORY, prefix=prefix)
        self.api.token(TOKEN)
        self.repo = Repo(self.git.make(REPOSITORY))
        self.jobs = 0
        self.steps: list[Step] = []

    def __enter__(self) -> GitHub:
        self.git.__enter__()
        self.api.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.api.__exit__(None, None, None)
        self.git.__exit__(None, None, None)

    def rights(self, git: Rights, api: Rights) -> None:
        """What the job's token may do from now on."""
        self.git.tokens[TOKEN] = git
        self.api.token(TOKEN, rights=api)

    # --- The repository -------------------------------------------------------------------------------------------

    def commit(self, files: Mapping[Name, Content], branch: str = "main") -> str:
        return self.repo.commit(files, branch=branch)

    def tip(self, branch: str = "main") -> str:
        return self.repo.git("rev-parse", f"refs/heads/{branch}")

    def move(self, branch: str, commit: str) -> None:
        self.repo.git("update-ref", f"refs/heads/{branch}", commit)
        self.repo.forget(branch)

    def pull(
        self, files: Mapping[Name, Content], *, number: int = 7, since: str | None = None, fork: bool = False
    ) -> Pull:
        """Opens a pull request that changes those files, or pushes them to it."""
        branch = f"pull-{number}"
        known = self.repo.git("for-each-ref", f"refs/heads/{branch}")
        if not known:
            self.move(branch, since or self.tip())
        head = self.commit(files, branch)
        self.api.pull_request(number)
        self.repo.git("update-ref", f"refs/pull/{number}/head", head)
        merge = self.merge(self.tip(), head)
        if merge is not None:
            self.repo.git("update-ref", f"refs/pull/{number}/merge", merge)
        return Pull(number, self.tip(), head, merge, fork)

    def merge(self, base: str, head: str) -> str | None:
        """The commit that merges them; None when they conflict."""
        done = subprocess.run(
            ["git", "merge-tree", "--write-tree", base, head],
            cwd=self.repo.root,
            env=environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            return None
        tree = done.stdout.split()[0]
        return self.repo.git("commit-tree", tree, "-p", base, "-p", head, "-m", "Merge")

    # --- Jobs -----------------------------------------------------------------------------------------------------

    def checkout(self, commit: str, *, depth: int | None = 1, credentials: bool = False) -> Path:
        """A workspace as actions/checkout makes it."""
        self.jobs += 1
        workspace = self.folder / f"job-{self.jobs}" / "workspace"
        clone = Repo.make(workspace)
        with (workspace / ".git" / "config").open("a") as config:
            config.write(f'[remote "origin"]\n\turl = {self.git.url(REPOSITORY)}\n')
            config.write("\tfetch = +refs/heads/*:refs/remotes/origin/*\n")
            if credentials:
                header = f"AUTHORIZATION: basic {_basic(TOKEN)}"
                config.write(f'[http "{self.git.address}/"]\n\textraheader = "{header}"\n')
        # From the disk of the server: that costs half of what a fetch over HTTP does, and is no request of vsync's.
        everything = ("+refs/heads/*:refs/remotes/origin/*",) if depth is None else ()
        deep = () if depth is None else (f"--depth={depth}",)
        wanted = (f"+{commit}:refs/remotes/checkout", *everything)
        clone.git("fetch", "-q", "--no-tags", *deep, self.repo.root.as_uri(), *wanted)
        clone.git("checkout", "-q", "--force", "--detach", commit)
        return workspace

    def run(
        self,
        event: str,
        payload: Any,
        workspace: Path,
        inputs: Mapping[str, str] | None = None,
        **more: str,
    ) -> Step:
        """One step of a job. An input or variable that is empty is not given. A store answers for OpenAI's API."""
        folder = workspace.parent
        files = {name: folder / name for name in ("event.json", "output", "summary")}
        files["event.json"].write_text(payload if isinstance(payload, str) else json.dumps(payload))
        files["output"].write_text("")
        files["summary"].write_text("")
        (folder / "tmp").mkdir(exist_ok=True)
        before = snapshot(folder)
        environ = self._environ(event, files, workspace, {"github-token": TOKEN, **(inputs or {})}) | more
        ended = run_action(
            {name: value for name, value in environ.items() if value}, workspace, self.folder / "store.db"
        )
        outputs = dict(read_outputs(files["output"].read_text()))
        report = workspace / outputs.get("report", "-")
        step = Step(
            ended.code,
            ended.log,
            outputs,
            files["summary"].read_text(),
            json.loads(report.read_text()) if report.is_file() else {},
            workspace,
            {name for name, _ in snapshot(folder) ^ before} - {"output", "summary"},
        )
        self.steps.append(step)
        return step

    def push(self, inputs: Mapping[str, str] | None = None, *, branch: str = "main", **more: str) -> Step:
        """A push to a branch, and the job that it starts."""
        ref = f"refs/heads/{branch}"
        payload = {"ref": ref, "before": "1" * 40, "after": self.tip(branch), "repository": {"default_branch": "main"}}
        workspace = self.checkout(self.tip(branch))
        return self.run("push", payload, workspace, {"openai-api-key": KEY, **(inputs or {})}, GITHUB_REF=ref, **more)

    def plan(
        self,
        pull: Pull,
        action: str = "synchronize",
        inputs: Mapping[str, str] | None = None,
        *,
        checkout: str | None = None,
        depth: int | None = 1,
        event: str = "pull_request",
        payload: Any = None,
        **more: str,
    ) -> Step:
        """The job of a pull request's event. `checkout` is another commit than GitHub's merge."""
        workspace = self.checkout(checkout or pull.merge or pull.head, depth=depth)
        ref = f"refs/pull/{pull.number}/merge" if event == "pull_request" else f"refs/heads/{pull.base_ref}"
        given = {"GITHUB_REF": ref, "GITHUB_SHA": pull.merge or "", **more}
        return self.run(event, pull.payload(action) if payload is None else payload, workspace, inputs, **given)

    def comments(self, number: int = 7) -> list[Comment]:
        return self.api.on(number)

    def comment(self, number: int = 7) -> str:
        """The body of the one comment of ours."""
        (found,) = [comment for comment in self.api.on(number) if comment.login == ACTIONS_LOGIN]
        return found.body

    def _environ(
        self, event: str, files: Mapping[str, Path], workspace: Path, inputs: Mapping[str, str]
    ) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(workspace.parent),
            "TMPDIR": str(workspace.parent / "tmp"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.api.url,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(files["event.json"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_REPOSITORY_ID": "42",
            "GITHUB_RUN_ID": str(1_000 + self.jobs),
            "GITHUB_SERVER_URL": self.git.address,
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_WORKSPACE": str(workspace),
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }


def snapshot(folder: Path) -> set[tuple[str, str]]:
    """Every file below a folder, with the hash of its bytes."""
    return {
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def _basic(token: str) -> str:
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()
