"""What every test may rely on: nothing of this machine's git, GitHub or OpenAI settings reaches it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import ENVIRONMENT, Repo

_FOREIGN = ("GIT_", "GITHUB_", "OPENAI_", "VSYNC_", "INPUT_", "RUNNER_")


@pytest.fixture(autouse=True)
def isolated_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def kept_signal_handlers() -> Iterator[None]:
    """The command line installs its own handlers; the test run keeps those it has."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository, its branch `main` unborn."""
    return Repo.make(tmp_path / "repo")
