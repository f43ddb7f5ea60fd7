"""Workflows that say `uses: ./`, whole: triggers, inputs, secrets, outputs in later steps. Run by `act`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.e2e.runner import Runner
from tests.e2e.workflow import Act, action_files
from tests.support.servers.openai_api import OpenAIServer

BRANCH = "refs/heads/vsync-manifest"


@pytest.fixture
def act(runner: Runner, store: OpenAIServer) -> Act:
    variables = {"OPENAI_BASE_URL": store.base_url}
    return Act(Path(os.environ["E2E_ACT"]), os.environ["E2E_BASE_IMAGE"], runner, variables)


@pytest.fixture
def first(runner: Runner) -> str:
    """A repository that is this action, with two documents."""
    return runner.remote.commit({**action_files(), "docs/a.md": b"# A\n", "docs/b.md": b"# B\n"})


def test_a_workflow_syncs_what_is_pushed_and_reads_the_outputs(
    act: Act, runner: Runner, first: str, store: OpenAIServer
) -> None:
    run = act.run("push", runner.pushed(first))
    assert run.code == 0, run.log
    assert run.outputs is not None
    assert (run.outputs["added"], run.outputs["changed"], run.outputs["head"]) == ("2", "true", first)
    assert "announced" in run.log.splitlines()
    assert store.documents(run.outputs["vector-store-id"]) == {"docs/a.md": "# A\n", "docs/b.md": "# B\n"}
    assert runner.remote.git("rev-parse", BRANCH) == run.outputs["manifest-commit"]

    second = runner.remote.commit({"docs/a.md": b"# A, again\n"})
    run = act.run("push", runner.pushed(second, first))
    assert run.code == 0, run.log
    assert run.outputs is not None
    assert (run.outputs["updated"], run.outputs["unchanged"]) == ("1", "1")
    assert "announced" not in run.log.splitlines()
    target = json.loads(runner.remote.show(BRANCH, ".vsync/manifest.json"))["targets"]["default"]
    assert target["commit"] == second


def test_a_workflow_plans_a_pull_request(act: Act, runner: Runner, first: str, store: OpenAIServer) -> None:
    runner.remote.git("update-ref", "refs/heads/feature", first)
    head = runner.remote.commit({"docs/p.md": b"# P\n"}, branch="feature")
    run = act.run("pull_request", runner.proposed(7, head, first))
    assert run.code == 0, run.log
    assert run.outputs is not None
    assert (run.outputs["added"], run.outputs["dry-run"]) == ("1", "true")
    assert store.requests == []


def test_a_workflow_started_by_hand_passes_its_inputs(
    act: Act, runner: Runner, first: str, store: OpenAIServer
) -> None:
    run = act.run("workflow_dispatch", runner.by_hand(first, inputs={"command": "plan", "full": "true"}))
    assert run.code == 0, run.log
    assert run.outputs is not None
    assert (run.outputs["added"], run.outputs["dry-run"]) == ("2", "true")
    assert store.requests == []
    run = act.run("workflow_dispatch", runner.by_hand(first, inputs={"command": "sync", "full": "false"}))
    assert run.code == 0, run.log
    assert len(store.files()) == 2


def test_a_workflow_whose_secret_is_missing_fails_and_can_read_why(act: Act, runner: Runner, first: str) -> None:
    run = act.run("failure", runner.pushed(first))
    assert run.code == 1
    assert run.outputs is not None
    assert run.outputs["failure-reason"] == "credentials"
    assert "No OpenAI API key is given" in run.log
