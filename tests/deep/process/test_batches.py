"""The real command over HTTP: killed at any request, beside others and told to stop, it pays once and brings every result."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.deep.seeds import some
from tests.support.batch_cycle import MoodyStore
from tests.support.batch_rules import wrong_with
from tests.support.batches import requests_named, sha256
from tests.support.gitrepo import environment
from tests.support.places import ROOT
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded
from tests.support.wire import Sent

KEY = "sk-proj-batches-0123456789"
SOURCE = "acme/docs"
FILES = {
    f"batches/{name}.jsonl": requests_named([f"{name} one", f"fails-1-{name}", f"{name} three"])
    for name in ("a", "b", "sub/c")
}


class BatchApi(OpenAIServer):
    """A moody server whose batches take two seconds: time to cancel one that was made twice, also on a busy machine."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, key=KEY)
        self._store.close()
        self._store = MoodyStore(path, batch_delay_s=2.0)

    def batches(self) -> list[dict[str, Any]]:
        """The batches, the oldest first."""
        found: list[dict[str, Any]] = self.ask("/batches", limit="100")["data"]
        return sorted(found, key=lambda batch: (batch["created_at"], batch["id"]))

    def inputs(self) -> Counter[str]:
        """How often there is an input File of each name."""
        return Counter(file["filename"] for file in self.ask("/files", purpose="batch")["data"])

    def wrong(self) -> list[str]:
        """Which requests the API would not take."""
        return [wrong for number, request in enumerate(self.requests) if (wrong := wrong_with(_sent(number, request)))]


def _sent(number: int, request: Recorded) -> Sent:
    path = request.path.removeprefix("/v1")
    return Sent(number, request.method, path, dict(parse_qsl(request.query)), request.headers, request.content)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[BatchApi]:
    with BatchApi(tmp_path / "api.db") as server:
        yield server


def machine(folder: Path) -> Path:
    """A folder with the request files."""
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def start(api: BatchApi, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "vsync", "batch", *arguments, "--source-name", SOURCE, "--json"],
        cwd=folder,
        env=environment(
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=api.base_url,
            PYTHONWARNINGS="error",
            PYTHONPATH=str(ROOT),
            XDG_STATE_HOME=str(folder / "state"),
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(api: BatchApi, folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """A run that ends by itself with this exit code, and its report."""
    return ended(start(api, folder, *arguments), code)


def ended(process: subprocess.Popen[str], code: int = 0) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, (err, out)
    report: dict[str, Any] = json.loads(out)
    return report


def killed(api: BatchApi, folder: Path, number: int, *arguments: str, answered: bool) -> bool:
    """A run that is killed at its request of that number. Whether it had so many."""
    numbers, process = iter(range(1, 1_000)), None

    def deadly(_: Recorded, respond: Callable[[], Answer]) -> Answer | None:
        if next(numbers) != number or process is None:
            return respond()
        if answered:
            respond()
        process.kill()
        return None

    api.intercept = deadly
    process = start(api, folder, *arguments)
    process.communicate(timeout=120)
    api.intercept = None
    assert process.returncode in {0, 1, -signal.SIGKILL}
    return process.returncode == -signal.SIGKILL


def attempts(api: BatchApi) -> Counter[tuple[str, str]]:
    """The batches that ran or run, by content and attempt."""
    return Counter(
        (batch["metadata"]["sha256"], batch["metadata"]["attempt"])
        for batch in api.batches()
        if batch["status"] not in {"cancelled", "cancelling"}
    )


def once(*numbers: int) -> Counter[tuple[str, str]]:
    return Counter((sha256(content), str(number)) for content in FILES.values() for number in numbers)


def check_results(folder: Path) -> None:
    for path, content in FILES.items():
        lines = [
            json.loads(line) for line in (folder / path.replace("batches", "batch-results")).read_text().splitlines()
        ]
        assert [line["custom_id"] for line in lines] == [json.loads(line)["custom_id"] for line in content.splitlines()]
        assert {line["response"]["status_code"] for line in lines} == {200}


@pytest.mark.parametrize("seed", some(1))
def test_a_process_that_is_killed_again_and_again_pays_once_and_brings_every_result(
    api: BatchApi, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    folder = machine(tmp_path / "work")
    kills = 0

    def persistently(*arguments: str, code: int = 0) -> None:
        nonlocal kills
        for _ in range(2):
            number = chance.randint(1, 9)
            kills += killed(api, folder, number, *arguments, answered=chance.random() < 0.5)
        run(api, folder, *arguments, code=code)

    persistently("submit")
    assert attempts(api) == once(1)
    assert set(api.inputs().values()) == {1}
    persistently("fetch", "--wait", code=1)
    persistently("fetch", "--wait", "--resubmit-failed")
    assert attempts(api) == once(1, 2)
    check_results(folder)
    persistently("fetch", "--clean")
    assert api.inputs() == Counter()
    check_results(folder)
    assert kills > 2
    before = len(api.requests)
    assert run(api, folder, "submit")["submitted"] == []
    assert run(api, folder, "fetch")["fetched"] == []
    assert {request.method for request in api.requests[before:]} == {"GET"}
    assert api.wrong() == []


def test_runs_at_the_same_time_pay_once(api: BatchApi, tmp_path: Path) -> None:
    here, there = machine(tmp_path / "here"), machine(tmp_path / "there")
    for process in [start(api, folder, "submit") for folder in (here, there, here)]:
        ended(process)
    assert attempts(api) == once(1)
    waiting = [start(api, folder, "fetch", "--wait") for folder in (here, there)]
    assert run(api, here, "submit")["submitted"] == []
    for process in waiting:
        ended(process, 1)
    for process in [start(api, folder, "fetch", "--wait", "--resubmit-failed") for folder in (here, there, here)]:
        ended(process)
    assert attempts(api) == once(1, 2)
    for folder in (here, there):
        run(api, folder, "fetch", "--wait")
        check_results(folder)
    assert api.wrong() == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_waits_and_is_told_to_stop_says_so_and_the_next_one_goes_on(
    api: BatchApi, tmp_path: Path, signum: signal.Signals
) -> None:
    folder = machine(tmp_path / "work")
    run(api, folder, "submit")
    asked = len(api.requests)
    process = start(api, folder, "fetch", "--wait")
    until = time.monotonic() + 30
    while len(api.requests) == asked and time.monotonic() < until:
        time.sleep(0.01)
    told = time.monotonic()
    process.send_signal(signum)
    ended(process, 128 + signum)
    assert time.monotonic() - told < 5
    run(api, folder, "fetch", "--wait", "--resubmit-failed")
    check_results(folder)
    assert attempts(api) == once(1, 2)
