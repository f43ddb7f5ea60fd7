"""The action as the container starts it: `python entrypoint.py`. What needs no process stands in tests/integration/github."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.runner import KEY, Runner


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path)
    runner.commit({"README.md": "# Read me\n", "docs/a.md": "# A\n", "src/x.py": "x = 1\n"})
    return runner


_WATCHED_GIT = """#!/bin/sh
env >> "$0.environments"
PATH="${PATH#*:}" exec git "$@"
"""


def test_a_push_syncs_and_no_program_that_is_started_gets_the_key(job: Runner) -> None:
    """The key and the token leave the environment before git is started."""
    watched = job.folder / "bin" / "git"
    watched.parent.mkdir()
    watched.write_text(_WATCHED_GIT)
    watched.chmod(0o755)
    environ = job.environ({}, {})
    path = f"{watched.parent}:{environ['PATH']}"
    step = job.ended(job.start(PATH=path, OPENAI_ORG_ID="org-secret"))
    assert step.code == 0, step.log
    assert step.log.splitlines()[0] == f"::add-mask::{KEY}"
    assert (step.outputs["added"], step.outputs["failure-reason"]) == ("2", "")
    assert "vsync: +2 in acme/docs, 2 documents" in step.summary
    seen = watched.with_name("git.environments").read_text()
    assert "GITHUB_WORKSPACE=" in seen
    assert not [secret for secret in (KEY, "org-secret", "INPUT_") if secret in seen]


def test_a_wrong_input_is_exit_2_and_one_error(job: Runner) -> None:
    step = job.ended(job.start({"max-delete": "many"}))
    assert step.code == 2
    assert step.log.count("::error ") == 1
    assert "Traceback" not in step.log


def test_arguments_of_the_container_are_the_command_line(job: Runner) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "entrypoint.py"), "vsync", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("vsync, version ")


def test_a_cancelled_job_ends_in_time_with_143_and_the_next_run_converges(job: Runner) -> None:
    job.commit({f"docs/{number:03}.md": f"# {number}\n" * 200 for number in range(300)})
    process = job.start({"concurrency": "1"})
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Created the vector store"):
            break
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    assert process.wait(timeout=8) == 143
    process.stdout.close()
    assert job.outputs()["failure-reason"] == "interrupted"
    step = job.run()
    assert step.code == 0
    report = json.loads((job.workspace / ".vsync/report.json").read_text())
    manifest = json.loads((job.workspace / ".vsync/manifest.json").read_text())
    assert len(manifest["targets"]["default"]["files"]) == 302
    assert report["failed"] == []
