"""GitHub's runner, as far as a container action sees of it: a checkout, an event, a `docker run`, and files to read.

The command follows what the runner logs and
https://github.com/actions/runner/blob/main/src/Runner.Worker/Container/DockerCommandManager.cs; the payloads follow
https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tests.support.gitrepo import Repo, environment
from tests.support.places import ROOT
from tests.support.servers.git_http import GitServer, Rights
from tests.support.servers.github_api import GitHubApi

NOBODY = "0" * 40
"""What stands in a payload for a commit that is not there."""

OWNER = 12345 if os.geteuid() == 0 else os.geteuid()
"""Whose the workspace is; in the container vsync is root."""

REPOSITORY_ID = 42
_RUNS = itertools.count(9_000_000_001)


@dataclass(frozen=True)
class Step:
    """What one run of the action left behind. `log` is without the commands that mask."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    run_id: str
    folder: Path
    """Everything of the job: workspace, home, command files."""
    workspace: Path
    git_before: dict[str, bytes]
    """What git kept in the workspace before the run; see `git_state`."""


@dataclass(frozen=True)
class Event:
    """What starts a workflow: its payload, the runner's variables that tell of it, and what is checked out for it."""

    payload: Mapping[str, Any]
    variables: Mapping[str, str]
    ref: str
    sha: str
    branch: str | None
    """The branch that is checked out; None: the commit alone."""


@dataclass
class Job:
    """One job's folders: what the runner mounts into the container."""

    folder: Path

    def __post_init__(self) -> None:
        for path in (self.workspace, self.home, self.workflow, self.commands):
            path.mkdir(parents=True)
        self.output.touch()
        self.summary.touch()

    @property
    def workspace(self) -> Path:
        return self.folder / "docs" / "docs"

    @property
    def home(self) -> Path:
        return self.folder / "_temp" / "_github_home"

    @property
    def workflow(self) -> Path:
        return self.folder / "_temp" / "_github_workflow"

    @property
    def commands(self) -> Path:
        return self.folder / "_temp" / "_runner_file_commands"

    @property
    def output(self) -> Path:
        return self.commands / "set_output_7f1e"

    @property
    def summary(self) -> Path:
        return self.commands / "step_summary_7f1e"

    def mounts(self) -> list[str]:
        pairs = {
            self.home: "/github/home",
            self.workflow: "/github/workflow",
            self.commands: "/github/file_commands",
            self.workspace: "/github/workspace",
        }
        return [word for path, where in pairs.items() for word in ("-v", f"{path}:{where}")]


@dataclass
class Runner:
    """Runs the action for a repository that lies on `git`, with a new checkout and a new token for each run."""

    image: str
    folder: Path
    git: GitServer
    github: GitHubApi
    inputs: dict[str, str]
    """What the workflow gives with `with:`, in every run."""
    repository: str = "acme/docs"
    secret_values: list[str] = field(default_factory=list)
    """Every secret that a run was given."""
    steps: list[Step] = field(default_factory=list)
    """Every run so far."""
    workflow_logs: list[str] = field(default_factory=list)
    """The logs of whole workflows, which `workflow` runs."""
    container: str = ""
    """The name of the container that was started last."""

    @property
    def remote(self) -> Repo:
        """The repository on the server's disk, where people's pushes arrive."""
        return Repo(self.git.repository(self.repository))

    # --- The three uses -------------------------------------------------------------------------------------------

    def push(self, after: str, before: str = NOBODY, *, branch: str = "main", forced: bool = False, **how: Any) -> Step:
        """The run for a push that has moved a branch from one commit to another. `how`: see `run`."""
        return self.run(self.pushed(after, before, branch=branch, forced=forced), **how)

    def pull_request(
        self, number: int, head: str, base: str, *, action: str = "opened", fork: str | None = None, **how: Any
    ) -> Step:
        """The run for a pull request from one commit into another.

        From a `fork` (`owner/name`) it has no secrets, and its token only reads.
        """
        if fork:
            how = {**how, "rights": "read", "inputs": {**how.get("inputs", {}), "openai-api-key": ""}}
        return self.run(self.proposed(number, head, base, action=action, fork=fork), **how)

    def dispatch(self, head: str, *, branch: str = "main", **how: Any) -> Step:
        """The run that a person starts by hand."""
        return self.run(self.by_hand(head, branch=branch), **how)

    def run(
        self,
        event: Event,
        *,
        inputs: Mapping[str, str] | None = None,
        rights: Rights = "write",
        depth: int = 1,
        run_id: str = "",
    ) -> Step:
        """Runs the action for an event.

        `inputs` are given besides those of every run; `rights` are those of the job's token; `depth` is how many commits
        are fetched, 0 for all; `run_id` is a number higher than those before, unless it is given.
        """
        run_id = run_id or str(next(_RUNS))
        job = Job(self.folder / run_id)
        token = self.mint(rights)
        self.checkout(job.workspace, event, token, depth)
        (job.workflow / "event.json").write_text(json.dumps(event.payload, indent=2))
        for path in [job.folder, *job.folder.rglob("*")]:
            os.chown(path, OWNER, OWNER, follow_symlinks=False)
        passed = {**self._variables(run_id), **event.variables, **self._inputs(inputs or {}, token)}
        before = git_state(job.workspace)
        self.container = f"vsync_{secrets.token_hex(6)}"
        done = _docker_run(self.image, self.container, job, passed)
        log = _as_shown(done.stdout + done.stderr)
        outputs = parse_outputs(job.output.read_text())
        step = Step(done.returncode, log, outputs, job.summary.read_text(), run_id, job.folder, job.workspace, before)
        self.steps.append(step)
        return step

    def kill(self) -> None:
        """Kills the run that is under way, as a machine that goes away does."""
        subprocess.run(["docker", "kill", self.container], check=True, capture_output=True, timeout=60)

    # --- Events ---------------------------------------------------------------------------------------------------

    def pushed(self, after: str, before: str = NOBODY, *, branch: str = "main", forced: bool = False) -> Event:
        ref = f"refs/heads/{branch}"
        payload = {
            "ref": ref,
            "before": before,
            "after": after,
            "created": before == NOBODY,
            "deleted": False,
            "forced": forced,
            "head_commit": {"id": after},
        }
        return self._event("push", payload, ref, after, branch)

    def proposed(self, number: int, head: str, base: str, *, action: str = "opened", fork: str | None = None) -> Event:
        """A pull request into main; what is checked out is the merge that GitHub makes of both commits."""
        merge = self._merge(number, head, base)
        self.github.pull_request(number)
        here = self._repository_json(self.repository)
        there = self._repository_json(fork) if fork else here
        payload = {
            "action": action,
            "number": number,
            "pull_request": {
                "number": number,
                "state": "open",
                "merged": False,
                "base": {"ref": "main", "sha": base, "repo": here},
                "head": {"ref": "feature", "sha": head, "repo": there},
                "merge_commit_sha": merge,
            },
        }
        event = self._event("pull_request", payload, f"refs/pull/{number}/merge", merge, None)
        return replace(event, variables={**event.variables, "GITHUB_HEAD_REF": "feature", "GITHUB_BASE_REF": "main"})

    def by_hand(self, head: str, *, branch: str = "main", inputs: Mapping[str, str] | None = None) -> Event:
        ref = f"refs/heads/{branch}"
        payload = {"ref": ref, "inputs": dict(inputs or {}), "workflow": ".github/workflows/vsync.yml"}
        return self._event("workflow_dispatch", payload, ref, head, branch)

    def _event(self, name: str, payload: Mapping[str, Any], ref: str, sha: str, branch: str | None) -> Event:
        sender = {"login": "octocat", "id": 583231, "type": "User"}
        whole = {**payload, "repository": self._repository_json(self.repository), "sender": sender}
        return Event(whole, {"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref, "GITHUB_SHA": sha}, ref, sha, branch)

    # --- How a run goes -------------------------------------------------------------------------------------------

    def mint(self, rights: Rights) -> str:
        """A token for one job, as every job gets its own."""
        token = "ghs_" + secrets.token_hex(18)
        self.git.tokens[token] = rights
        self.github.token(token, rights=rights)
        self.secret_values.append(token)
        return token

    def checkout(self, workspace: Path, event: Event, token: str, depth: int = 1) -> None:
        """What actions/checkout does with `persist-credentials: false`: https://github.com/actions/checkout"""

        def git(*arguments: str) -> None:
            subprocess.run(["git", *arguments], cwd=workspace, env=environment(), check=True, capture_output=True)

        code = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        header = f"http.{self.git.address}/.extraheader=AUTHORIZATION: basic {code}"
        shallow = [f"--depth={depth}"] if depth else []
        there = event.ref.replace("refs/heads/", "refs/remotes/origin/").replace("refs/pull/", "refs/remotes/pull/")
        git("init", "-q", "--template=", ".")
        git("remote", "add", "origin", self.git.url(self.repository))
        git("config", "--local", "gc.auto", "0")
        fetch = ["fetch", "-q", "--no-tags", "--prune", "--no-recurse-submodules", *shallow, "origin"]
        git("-c", header, *fetch, f"+{event.sha}:{there}")
        git("checkout", "-q", "--force", *(["-B", event.branch] if event.branch else []), there)

    def _merge(self, number: int, head: str, base: str) -> str:
        tree = self.remote.git("merge-tree", "--write-tree", base, head)
        parents = ["-p", base, "-p", head]
        merge = self.remote.git("commit-tree", *parents, "-m", f"Merge {head} into {base}", tree)
        self.remote.git("update-ref", f"refs/pull/{number}/merge", merge)
        self.remote.git("update-ref", f"refs/pull/{number}/head", head)
        return merge

    def _repository_json(self, name: str) -> dict[str, Any]:
        owner, _, short = name.partition("/")
        ours = name == self.repository
        return {
            "id": REPOSITORY_ID if ours else REPOSITORY_ID + 1,
            "name": short,
            "full_name": name,
            "private": False,
            "fork": not ours,
            "owner": {"login": owner, "id": 7 if ours else 8},
            "html_url": f"{self.git.address}/{name}",
            "clone_url": f"{self.git.address}/{name}.git",
            "default_branch": "main",
        }

    def _inputs(self, given: Mapping[str, str], token: str) -> dict[str, str]:
        """Every input of action.yml, as GitHub passes them: with its default, and empty where there is none."""
        declared = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
        values = {name: str(spec.get("default", "")) for name, spec in declared.items()} | self.inputs | dict(given)
        unknown = values.keys() - declared.keys()
        assert not unknown, f"action.yml has no inputs {unknown}"
        return {f"INPUT_{name.upper()}": value.replace("${{ github.token }}", token) for name, value in values.items()}

    def _variables(self, run_id: str) -> dict[str, str]:
        runtime_token = "eyJ0eXAiOiJKV1Qi" + secrets.token_hex(18)
        self.secret_values.append(runtime_token)
        return {
            "HOME": "/github/home",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION": "__self",
            "GITHUB_ACTION_REF": "",
            "GITHUB_ACTION_REPOSITORY": "",
            "GITHUB_ACTOR": "octocat",
            "GITHUB_ACTOR_ID": "583231",
            "GITHUB_API_URL": self.github.url,
            "GITHUB_BASE_REF": "",
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_GRAPHQL_URL": f"{self.github.url}/graphql",
            "GITHUB_HEAD_REF": "",
            "GITHUB_JOB": "vsync",
            "GITHUB_OUTPUT": "/github/file_commands/set_output_7f1e",
            "GITHUB_REF_PROTECTED": "false",
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_ID": str(REPOSITORY_ID),
            "GITHUB_REPOSITORY_OWNER": self.repository.partition("/")[0],
            "GITHUB_REPOSITORY_OWNER_ID": "7",
            "GITHUB_RETENTION_DAYS": "90",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": run_id,
            "GITHUB_RUN_NUMBER": "1",
            "GITHUB_SERVER_URL": self.git.address,
            "GITHUB_STEP_SUMMARY": "/github/file_commands/step_summary_7f1e",
            "GITHUB_TRIGGERING_ACTOR": "octocat",
            "GITHUB_WORKFLOW": "vsync",
            "GITHUB_WORKSPACE": "/github/workspace",
            "RUNNER_ARCH": "X64",
            "RUNNER_ENVIRONMENT": "github-hosted",
            "RUNNER_NAME": "GitHub Actions 1",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": "/home/runner/work/_temp",
            "RUNNER_TOOL_CACHE": "/__t",
            "RUNNER_WORKSPACE": "/home/runner/work/docs",
            "ACTIONS_RESULTS_URL": "http://127.0.0.1:9/",
            "ACTIONS_RUNTIME_TOKEN": runtime_token,
            "ACTIONS_RUNTIME_URL": "http://127.0.0.1:9/",
        }


def _docker_run(image: str, container: str, job: Job, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The runner's `docker run`: variables are named on the command line, and their values are in its environment."""
    names = [word for name in variables for word in ("-e", name)]
    options = ["--name", container, "--workdir", "/github/workspace", "--rm", "--network", "host"]
    command = ["docker", "run", *options, *names, *job.mounts(), image]
    # HOME in the container is not the client's, so it is given with its value.
    at = command.index("HOME")
    command[at] = f"HOME={variables['HOME']}"
    others = {name: value for name, value in variables.items() if name != "HOME"}
    return subprocess.run(command, env={**os.environ, **others}, capture_output=True, text=True, timeout=300)


def _as_shown(log: str) -> str:
    """The log without the commands that mask, as the runner keeps these to itself. It masks nothing: vsync must not rely
    on it."""
    return "".join(line for line in log.splitlines(keepends=True) if not line.startswith("::add-mask::"))


def git_state(workspace: Path) -> dict[str, bytes]:
    """What git keeps beside its objects: configuration, HEAD, index, refs, hooks. By path.

    Without `vsync`, where the seal is when it is kept in the clone.
    """
    folder = workspace / ".git"
    others = {folder / "objects", folder / "vsync"}
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not others & {*path.parents})
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def parse_outputs(text: str) -> dict[str, str]:
    """The outputs of a file of `name=value` lines and `name<<delimiter` blocks.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
    """
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        head, equals, value = line.partition("=")
        name, opens, delimiter = line.partition("<<")
        if opens and len(name) < len(head):
            block = list(itertools.takewhile(lambda text, end=delimiter: text != end, lines))  # type: ignore[misc]  # mypy: a lambda with a default has no type; the default binds the loop's value
            outputs[name] = "\n".join(block)
        elif equals:
            outputs[head] = value
        else:
            assert not line, f"not an output: {line!r}"
    return outputs
