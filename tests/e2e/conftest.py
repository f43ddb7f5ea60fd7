"""What the end-to-end tests share: the servers that a run speaks with, a runner, and what holds after every run.

Collected by `make e2e` only, which opens the lab.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import hygiene
from tests.e2e.runner import Runner, git_state
from tests.support.servers.git_http import GitServer
from tests.support.servers.github_api import GitHubApi
from tests.support.servers.openai_api import OpenAIServer

if "E2E_IMAGE" not in os.environ:
    collect_ignore_glob = ["test_*.py"]

KEY = "sk-proj-e2e-0123456789abcdefghij"


@pytest.fixture(scope="session")
def image() -> str:
    """The image, built from the Dockerfile."""
    return os.environ["E2E_IMAGE"]


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "git") as server:
        server.make("acme/docs")
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenAIServer]:
    with OpenAIServer(tmp_path / "store.db", key=KEY) as server:
        yield server


@pytest.fixture
def github() -> Iterator[GitHubApi]:
    with GitHubApi() as server:
        yield server


@pytest.fixture
def runner(
    image: str, tmp_path: Path, git_server: GitServer, github: GitHubApi, store: OpenAIServer
) -> Iterator[Runner]:
    """A runner whose every run is looked over when the test has ended."""
    inputs = {"openai-api-key": KEY, "openai-base-url": store.base_url, "vector-store-name": "docs"}
    runner = Runner(image, tmp_path / "work", git_server, github, inputs, secret_values=[KEY])
    yield runner
    check_what_is_left(runner)
    check_what_was_sent(runner, store)


def check_what_is_left(runner: Runner) -> None:
    for step in runner.steps:
        assert hygiene.leaks(hygiene.told(step), runner.secret_values) == []
        assert hygiene.leaks(hygiene.kept(step), runner.secret_values) == []
        assert hygiene.of_others(step.workspace) == []
        assert git_state(step.workspace) == step.git_before
        assert hygiene.changed_files(step.workspace) == ""
    assert (
        hygiene.leaks([("a workflow's log", log.encode()) for log in runner.workflow_logs], runner.secret_values) == []
    )
    published = hygiene.objects(runner.git.repository(runner.repository))
    assert hygiene.leaks([("the remote's objects", published)], runner.secret_values) == []


def check_what_was_sent(runner: Runner, store: OpenAIServer) -> None:
    """Each secret goes to the one server that it is for, in the one header that is for it."""
    assert hygiene.leaks(hygiene.sent("OpenAI", store.requests), runner.secret_values) == []
    assert {request.headers["authorization"] for request in store.requests} <= {f"Bearer {KEY}"}
    assert hygiene.leaks(hygiene.sent("git", runner.git.requests), runner.secret_values) == []
    assert {request.basic_password for request in runner.git.requests} <= {None, *runner.git.tokens}
    assert hygiene.leaks(hygiene.sent_to_github(runner.github.received), runner.secret_values) == []
    tokens = {request.headers["authorization"].partition(" ")[2] for request in runner.github.received}
    assert tokens <= runner.github.tokens.keys()
