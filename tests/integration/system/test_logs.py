"""What libraries log at their most talkative, and what is said of a defect: never a secret. Real processes, made-up keys."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
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
from vsync.errors import InternalError
from vsync.serve.app import create_app
from vsync.system import logs
from vsync.system.secrets import Secrets

KEY = "made-up-key-0123456789abcdef"
"""Not of OpenAI's form: what only looks like a key is cut anyhow."""

_TALKATIVE = "import logging\nlogging.basicConfig(level=1, format='%(name)s:%(message)s')\n"
_BREAKING = """
import vsync.sync.run
def broken(*_, **__):
    import os
    raise ZeroDivisionError("with the key {key}")
vsync.sync.run.run = broken
"""


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
        step = job.run(inputs, VSYNC_LOCAL="", PYTHONPATH=str(habits), OPENAI_LOG="debug", **oidc.environ)
        assert step.code == 0, step.log
        assert "httpcore2" in step.log
        _assert_no_token(step.log, oidc)


def _assert_no_token(log: str, oidc: Oidc) -> None:
    shown = "\n".join(line for line in log.splitlines() if not line.startswith("::add-mask::"))
    assert len(oidc.secrets) >= 3
    assert [secret for secret in oidc.secrets if secret in shown] == []


# --- Defects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verbose", [False, True])
def test_a_defect_is_one_sentence_that_asks_for_a_report(repo: Repo, habits: Path, verbose: bool) -> None:
    repo.commit({"a.md": b"# A\n"})
    (habits / "sitecustomize.py").write_text(_BREAKING.format(key=KEY))
    done = vsync(repo, "plan", *(["-v"] if verbose else []), habits=habits)
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert lines[0].startswith("vsync: Internal error: ZeroDivisionError: with the key ***. This is a defect of vsync")
    assert ("Traceback (most recent call last):" in lines) is verbose
    assert verbose or len(lines) == 1
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["sync", "stores list"])
def test_a_defect_in_the_action_is_an_annotation_with_its_traceback_in_the_log(
    tmp_path: Path, habits: Path, command: str
) -> None:
    job = Runner(tmp_path / "job")
    job.commit({"README.md": "# Read me\n"})
    more = "\nimport vsync.manage.stores\nvsync.manage.stores.store_lines = broken\n"
    (habits / "sitecustomize.py").write_text(_BREAKING.format(key=KEY) + more)
    step = job.run({"command": command, "openai-api-key": KEY}, PYTHONPATH=os.pathsep.join([str(habits), str(ROOT)]))
    assert step.code == 3
    (annotation,) = [line for line in step.log.splitlines() if line.startswith("::error")]
    assert "Internal error: ZeroDivisionError: with the key ***." in annotation
    assert "report it" in annotation
    assert step.outputs["failure-reason"] == "api"
    assert ("Traceback (most recent call last):" in step.log) is (command == "sync")
    shown = [line for line in step.log.splitlines() if not line.startswith("::add-mask::")]
    assert KEY not in "\n".join([*shown, step.summary])


def test_what_an_internal_error_says_is_cut_and_on_one_line() -> None:
    error = logs.internal(ValueError(f"{KEY}\nBearer abcdefgh " + "x" * 999), Secrets(KEY))
    assert isinstance(error, InternalError)
    assert error.message.startswith("Internal error: ValueError: *** Bearer *** xxx")
    assert len(error.message) < 400
    assert logs.internal(ValueError(), Secrets()).message == "Internal error: ValueError."


# --- Records and hooks --------------------------------------------------------------------------------------


@pytest.fixture
def secrets() -> Iterator[Secrets]:
    known = Secrets(KEY)
    with logs.guarded(known):
        yield known


def test_a_record_is_cut_wherever_it_goes(secrets: Secrets, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("httpcore2.http11")
    with caplog.at_level(logging.DEBUG, logger="httpcore2.http11"):
        logger.debug("sending %s and %r", KEY, {"Authorization": "Bearer unknown-token-1"})
        secrets.add("came later")
        logger.debug("then came later")
        logger.debug("too %s few", KEY, KEY)
        logger.debug("on the way", stack_info=True)
        logger.error("it broke", exc_info=ValueError(f"of {KEY}"))
    assert caplog.messages[:2] == ["sending *** and {'Authorization': 'Bearer ***'}", "then ***"]
    assert "ValueError: of ***" in caplog.text
    assert KEY not in caplog.text


def test_afterwards_all_is_as_before() -> None:
    before = (logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook)
    with logs.guarded(Secrets(KEY)):
        assert logging.getLogRecordFactory() is not before[0]
    assert (logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook) == before


_THREADS = """
import sys, threading
from vsync.system.secrets import Secrets
from vsync.system.logs import guarded
key = sys.argv[1]

class Fragile:
    def __del__(self):
        raise ValueError(f"finalized with {key}")

def fail():
    raise ValueError(f"threaded with {key}")

with guarded(Secrets(key)):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    del thread
    Fragile()
    quiet = threading.Thread(target=sys.exit)
    quiet.start()
    quiet.join()
"""


def test_errors_of_threads_and_finalizers_are_told_without_secrets() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _THREADS, KEY], env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "threaded with ***" in done.stderr
    assert "finalized with ***" in done.stderr
    assert done.stderr.count("Traceback") == 2
    assert KEY not in done.stderr
