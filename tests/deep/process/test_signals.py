"""Real processes that are told to stop: as GitHub does it, as a person does it, at any time, and with a git that hangs."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Repo, environment
from tests.support.places import ROOT
from tests.support.servers.git_http import GitServer
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded

KEY, TOKEN = "sk-proj-signals-0123456789", "ghs_signals0123456789"
KILLED_AFTER_S = 10.0
"""GitHub sends SIGINT, 7.5 s later SIGTERM, and 2.5 s after that SIGKILL."""


class SlowApi(OpenAIServer):
    """Takes its time for each upload."""

    upload_s = 0.1

    def respond(self, request: Recorded) -> Answer:
        if request.method == "POST" and request.path == "/v1/files":
            time.sleep(self.upload_s)
        return super().respond(request)

    @property
    def uploads(self) -> int:
        return sum(request.path == "/v1/files" and request.method == "POST" for request in self.requests)


class Hanging(GitServer):
    """Answers until `silent` is set, and then not before the test has ended."""

    def __init__(self, root: Path, **given: Any) -> None:
        self.silent = False
        self.over = threading.Event()
        super().__init__(root, **given)

    def respond(self, request: Recorded) -> Answer:
        if self.silent:
            self.over.wait(30)
        return super().respond(request)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Hanging]:
    with Hanging(tmp_path / "served", tokens={TOKEN: "write"}) as server:
        server.make("acme/docs")
        yield server
        server.over.set()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[SlowApi]:
    with SlowApi(tmp_path / "api.db", key=KEY) as server:
        yield server


@pytest.fixture
def clone(repo: Repo) -> Repo:
    repo.commit({f"docs/{number:03}.md": b"# A document\n" for number in range(120)})
    return repo


def vsync(clone: Repo, *arguments: str, url: str = "", api: OpenAIServer | None = None) -> subprocess.Popen[str]:
    if url:
        clone.git("remote", "add", "origin", url)
    remote = url or clone.git("config", "--default", "", "--get", "remote.origin.url")
    given = {"OPENAI_API_KEY": KEY, "VSYNC_GITHUB_TOKEN": TOKEN, "PYTHONPATH": str(ROOT), "VSYNC_CONCURRENCY": "2"}
    return subprocess.Popen(
        [sys.executable, "-m", "vsync", *arguments],
        cwd=clone.root,
        env=environment(
            **given,
            OPENAI_BASE_URL=api.base_url if api else "http://127.0.0.1:1/v1",
            GITHUB_SERVER_URL=remote.partition("/acme/docs")[0],
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ended(process: subprocess.Popen[str], since: float) -> tuple[float, str]:
    """The seconds it took, and what stands on stderr."""
    _, err = process.communicate(timeout=30)
    return time.monotonic() - since, err


def gits(word: str) -> list[str]:
    """The command lines and environments of living processes that know a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            if word.encode() in line and b"git" in (folder / "cmdline").read_bytes().split(b"\0")[0].split(b"/")[-1]:
                found.append(line.decode(errors="replace"))
    return found


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a remote that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/acme/docs.git"


def test_a_job_that_is_cancelled_publishes_what_is_done_in_time(clone: Repo, remote: Hanging, api: SlowApi) -> None:
    process = vsync(clone, "sync", "--push", url=remote.url("acme/docs"), api=api)
    until(lambda: any("/file_batches/" in request.path for request in api.requests) and api.uploads >= 40)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    took, err = ended(process, asked)
    assert process.returncode == 130, err
    assert took < 7
    assert "Traceback" not in err
    manifest = json.loads(remote.git("acme/docs", "show", "vsync-manifest:.vsync/manifest.json"))
    state = manifest["targets"]["default"]
    known = {entry["file_id"] for entry in state["files"].values()}
    assert 8 <= len(known) < 120
    attached = {entry["id"] for entry in api.entries(state["vector_store_id"])}
    assert known <= attached
    assert api.files() <= attached | set(state["pending_delete"])
    seal = json.loads(remote.git("acme/docs", "show", "refs/vsync/default:seal.json"))
    assert (seal["state"], seal["released"]) == ("open", True)


def test_a_job_that_is_cancelled_while_git_hangs_ends_before_it_is_killed(
    clone: Repo, remote: Hanging, api: SlowApi
) -> None:
    process = vsync(clone, "sync", "--push", url=remote.url("acme/docs"), api=api)
    until(lambda: api.uploads >= 8)
    remote.silent = True
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    until(lambda: time.monotonic() - asked > 5 or process.poll() is not None)
    process.send_signal(signal.SIGTERM)  # another signal for the same wish
    took, err = ended(process, asked)
    assert process.returncode == 130, err
    assert took < KILLED_AFTER_S - 0.5
    assert "Traceback" not in err
    assert gits(remote.address) == []


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_same_signal_twice_ends_it_at_once_and_its_git_with_it(clone: Repo, silent: str, first: int) -> None:
    process = vsync(clone, "sync", "--push", url=silent)
    until(lambda: gits(silent))
    for signum in (first, signal.SIGINT if first == signal.SIGTERM else signal.SIGTERM):
        process.send_signal(signum)
        time.sleep(0.3)
        assert process.poll() is None
    asked = time.monotonic()
    process.send_signal(first)
    took, err = ended(process, asked)
    assert process.returncode == 128 + first
    assert took < 2
    assert err == ""
    until(lambda: not gits(silent))


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_never_looks_is_interrupted_by_the_first_signal(
    clone: Repo, silent: str, signum: int, code: int
) -> None:
    process = vsync(clone, "plan", "--push", url=silent)
    until(lambda: gits(silent))
    asked = time.monotonic()
    process.send_signal(signum)
    took, err = ended(process, asked)
    assert process.returncode == code
    assert took < 3
    assert "Traceback" not in err


_INTERRUPTED_IMPORT = """
import os, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), int(sys.argv[2]))

sys.meta_path.insert(0, Interrupting())
{start}
"""
_STARTS = {
    "module": "from vsync.__main__ import main; main(['plan'])",
    "container": "import entrypoint; sys.exit(entrypoint.main(['vsync', 'plan']))",
}


@pytest.mark.parametrize("start", _STARTS)
@pytest.mark.parametrize("module", ["vsync.cli.main", "click"])
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_the_imports_ends_it_without_a_word(start: str, module: str, signum: int, code: int) -> None:
    script = _INTERRUPTED_IMPORT.format(start=_STARTS[start])
    done = subprocess.run(
        [sys.executable, "-c", script, module, str(int(signum))],
        env={**environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_a_wait_for_another_run_ends_at_once(clone: Repo, remote: Hanging, api: SlowApi) -> None:
    """It looks at the remote every three seconds."""
    url = remote.url("acme/docs")
    holder = vsync(clone, "sync", "--push", url=url, api=api)
    until(lambda: api.uploads >= 1)
    waiter = vsync(clone, "sync", "--push", api=api)
    assert waiter.stderr is not None
    while "waiting" not in waiter.stderr.readline():
        assert waiter.poll() is None
    time.sleep(0.5)
    asked = time.monotonic()
    waiter.send_signal(signal.SIGTERM)
    took, _ = ended(waiter, asked)
    assert waiter.returncode == 143
    assert took < 1.5
    holder.send_signal(signal.SIGTERM)
    ended(holder, asked)
