"""Whole workflows, run by `act` (https://nektosact.com) over a checkout: `uses: ./` as GitHub takes it.

`act` satisfies actions/checkout from the folder itself. The image of the action is the one that was built before, under
the name that `act` gives it: so that no workflow builds it again.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.runner import Event, Runner
from tests.support.gitrepo import environment
from tests.support.places import ROOT

_WORKFLOWS = Path(__file__).with_name("workflows")
_ACTION = ("action.yml", "Dockerfile", ".dockerignore", "entrypoint.py", "requirements/image.txt", "vsync")


@dataclass(frozen=True)
class Run:
    """What a run of a workflow told. `outputs` are what its last step printed of them; None when it did not run."""

    code: int
    log: str
    outputs: dict[str, str] | None


def action_files() -> dict[str, bytes]:
    """The files of a repository that is this action, as they lie here, with the workflows of this folder."""
    found = [
        path for name in _ACTION for path in ([ROOT / name] if (ROOT / name).is_file() else (ROOT / name).rglob("*"))
    ]
    wanted = [path for path in found if path.is_file() and "__pycache__" not in path.parts]
    workflows = {f".github/workflows/{path.name}": path.read_bytes() for path in _WORKFLOWS.iterdir()}
    return {**{str(path.relative_to(ROOT)): path.read_bytes() for path in wanted}, **workflows}


@dataclass
class Act:
    """Runs workflows for the repository of a runner."""

    program: Path
    base_image: str
    runner: Runner
    variables: dict[str, str]
    """Variables of the repository: `vars`."""

    def run(self, workflow: str, event: Event) -> Run:
        """Runs the workflow of that name, as it stands in the commit of the event."""
        token = self.runner.mint("write")
        folder = self.runner.folder / f"act-{token[-6:]}"
        checkout = folder / "docs"
        checkout.mkdir(parents=True)
        self.runner.checkout(checkout, event, token)
        (folder / "event.json").write_text(json.dumps(event.payload))
        secret_values = {"OPENAI_API_KEY": self.runner.inputs["openai-api-key"], "GITHUB_TOKEN": token}
        known = {
            "GITHUB_REPOSITORY": self.runner.repository,
            "GITHUB_REF": event.ref,
            "GITHUB_SERVER_URL": self.runner.git.address,
        }
        command = [
            *(str(self.program), event.variables["GITHUB_EVENT_NAME"], "--json"),
            *("--workflows", f".github/workflows/{workflow}.yml", "--eventpath", str(folder / "event.json")),
            *("--platform", f"ubuntu-latest={self.base_image}", "--pull=false", "--rebuild=false"),
            *("--network", "host", "--container-daemon-socket", "-", "--no-cache-server"),
            *(word for name in secret_values for word in ("--secret", name)),
            *(word for name, value in self.variables.items() for word in ("--var", f"{name}={value}")),
            *(word for name, value in known.items() for word in ("--env", f"{name}={value}")),
        ]
        own = {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config")}
        done = subprocess.run(
            command,
            cwd=checkout,
            env={**environment(), **own, **secret_values},
            capture_output=True,
            text=True,
            timeout=300,
        )
        messages = [_message(line) for line in done.stdout.splitlines()]
        printed = [text.partition(":")[2] for text in messages if text.startswith("outputs:")]
        log = "\n".join([*messages, done.stderr])
        self.runner.workflow_logs.append(log)
        return Run(done.returncode, log, json.loads(printed[-1]) if printed else None)


def _message(line: str) -> str:
    """The text of a line of act's JSON log."""
    try:
        return str(json.loads(line)["msg"]).rstrip("\n")
    except (ValueError, KeyError):
        return line
