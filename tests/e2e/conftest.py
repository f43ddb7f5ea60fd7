"""What the end-to-end tests share: the servers that a run speaks with, and a runner. Collected by `make e2e` only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.runner import Runner
from tests.servers.git_http import GitServer
from tests.servers.openai_api import OpenAIServer

if "E2E_IMAGE" not in os.environ:
    collect_ignore_glob = ["test_*.py"]  # they need the lab, which `make e2e` opens

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
def runner(image: str, tmp_path: Path, git_server: GitServer, store: OpenAIServer) -> Runner:
    inputs = {"openai-api-key": KEY, "openai-base-url": store.base_url, "vector-store-name": "docs"}
    return Runner(image, tmp_path / "work", git_server, inputs, secret_values=[KEY])
