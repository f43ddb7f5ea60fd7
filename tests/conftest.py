"""What every test may rely on: no setting of this machine for git, GitHub or OpenAI reaches it, and how much Hypothesis tries.

| profile | examples a property | who asks for it |
| --- | --- | --- |
| quick | 20, the same every time | `make test`, and pytest without an option |
| check | 80, the same every time | `make check` |
| search | 3,000 new ones | `--hypothesis-profile=search` |
| soak | 20,000 new ones | `make soak` |
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from tests.support.gitrepo import ENVIRONMENT, Repo
from vsync.git.repository import Repository
from vsync.sync import workspace
from vsync.sync.git_access import GitAccess

_COMMON = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _COMMON, derandomize=True, max_examples=20)
settings.register_profile("check", _COMMON, derandomize=True, max_examples=80)
settings.register_profile("search", _COMMON, max_examples=3_000)
settings.register_profile("soak", _COMMON, max_examples=20_000)
settings.load_profile("quick")

_FOREIGN = ("GIT_", "GITHUB_", "OPENAI_", "VSYNC_", "INPUT_", "RUNNER_")


@pytest.fixture(autouse=True)
def isolated_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in os.environ:
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state-home"))


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


@pytest.fixture(autouse=True)
def no_remote_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote on another machine has no record: nobody is asked. Many tests have a clone of a repository on GitHub."""
    ask = workspace._origin_refs

    def asked_here(access: GitAccess, repository: Repository, names: Collection[str]) -> Collection[str]:
        url = repository.push_url() or ""
        here = url.startswith(("/", "file:")) or urlsplit(url).hostname in {"127.0.0.1", "localhost"}
        return ask(access, repository, names) if here else ()

    monkeypatch.setattr(workspace, "_origin_refs", asked_here)
