"""What libraries log at their most talkative: never a secret. Real processes, made-up keys."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import Repo, environment
from tests.support.places import ROOT
from tests.support.runner import Runner
from tests.support.servers.oidc import ACCOUNT, PROVIDER, Oidc, guarded, oidc_server
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.web import Server
from vsync.embedded import EmbeddedStore
from vsync.serve.app import create_app

KEY = "made-up-key-0123456789abcdef"
"""Not of OpenAI's form: what only looks like a key is cut anyhow."""

_TALKATIVE = "import logging\nlogging.basicConfig(level=1, format='%(name)s:%(message)s')\n"


@pytest.fixture
def habits(tmp_path: Path) -> Path:
    """A folder whose `sitecustomize` Python reads before anything else."""
    folder = tmp_path / "habits"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_TALKATIVE)
    return folder


@pytest.fixture
def api(tmp_path: Path) -> Iterator[OpenAIServer]:
    with OpenAIServer(tmp_path / "api.db", key=KEY) as server:
        yield server


def vsync(repo: Repo, *arguments: str, habits: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(habits), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-m", "vsync", *arguments],
        cwd=repo.root,
        env=environment(PYTHONPATH=path, OPENAI_API_KEY=KEY, OPENAI_LOG="debug", **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_debug_logs_of_the_client_show_no_key(repo: Repo, api: OpenAIServer, habits: Path) -> None:
    repo.commit({"a.md": b"# A\n"})
    done = vsync(repo, "sync", habits=habits, OPENAI_BASE_URL=api.base_url)
    assert done.returncode == 0, done.stderr
    for library in ("openai", "httpx2", "httpcore2"):
        assert f"{library}" in done.stderr
    assert KEY not in done.stdout + done.stderr


def test_a_server_that_repeats_the_key_does_not_get_it_into_the_logs(
    repo: Repo, api: OpenAIServer, habits: Path
) -> None:
    repo.commit({"a.md": b"# A\n"})
    api.fail(99, 401, f'{{"error": {{"message": "Incorrect API key: {KEY}"}}}}'.encode())
    done = vsync(repo, "sync", "-v", habits=habits, OPENAI_BASE_URL=api.base_url)
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert "Incorrect API key: ***" in done.stderr
    assert KEY not in done.stdout + done.stderr


def test_debug_logs_of_a_keyless_job_show_no_token(tmp_path: Path, habits: Path) -> None:
    job = Runner(tmp_path / "job")
    job.commit({"README.md": "# Read me\n"})
    with (
        oidc_server(tmp_path) as oidc,
        Server() as web,
        contextlib.closing(EmbeddedStore(tmp_path / "keyless.db")) as store,
    ):
        web.app = guarded(create_app(store), oidc)
        inputs = {
            "openai-api-key": "",
            "openai-base-url": web.url,
            "identity-provider-id": PROVIDER,
            "service-account-id": ACCOUNT,
        }
        process = job.start(inputs, VSYNC_LOCAL="", PYTHONPATH=str(habits), OPENAI_LOG="debug", **oidc.environ)
        step = job.ended(process)
        assert step.code == 0, step.log
        assert "httpcore2" in step.log
        _assert_no_token(step.log, oidc)


def _assert_no_token(log: str, oidc: Oidc) -> None:
    shown = "\n".join(line for line in log.splitlines() if not line.startswith("::add-mask::"))
    assert len(oidc.secrets) >= 3
    assert [secret for secret in oidc.secrets if secret in shown] == []
