"""The real command: killed at any moment it goes on from its last acknowledgement, and told to stop it drains."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.deep.seeds import some
from tests.support.gitrepo import environment
from tests.support.opencdc import record
from tests.support.places import ROOT
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded

KEY = "sk-proj-records-0123456789"
DRAINED_WITHIN_S = 10.0


class SlowApi(OpenAIServer):
    """Takes its time for each upload."""

    upload_s = 0.01

    def respond(self, request: Recorded) -> Answer:
        if request.method == "POST" and request.path == "/v1/files":
            time.sleep(self.upload_s)
        return super().respond(request)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[SlowApi]:
    with SlowApi(tmp_path / "api.db", key=KEY) as server:
        yield server


@contextlib.contextmanager
def command(folder: Path, api: OpenAIServer, acks: IO[Any] | int, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """`vsync records`, which reads its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vsync", "records", "-", "--source", "acme", *arguments],
        cwd=folder,
        env=environment(
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=api.base_url,
            PYTHONWARNINGS="error",
            PYTHONPATH=str(ROOT),
            XDG_STATE_HOME=str(folder / "state"),
        ),
        stdin=subprocess.PIPE,
        stdout=acks,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        process.wait()


def records(chance: random.Random, count: int) -> tuple[list[bytes], dict[str, str]]:
    """Records of some keys, and the documents that they leave."""
    lines: list[bytes] = []
    documents: dict[str, str] = {}
    for number in range(count):
        key = f"key-{chance.randrange(count // 3)}"
        if chance.random() < 0.2:
            documents.pop(key, None)
            lines.append(record(key, None, number))
        else:
            documents[key] = f"text {number} of {key}"
            lines.append(record(key, documents[key], number, representation=chance.choice(["text", "base64"])))
    return lines, documents


def acknowledged(path: Path) -> list[dict[str, Any]]:
    """The acknowledgements in a file. A line that a kill cut is none."""
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines()
    return [json.loads(line) for line in whole]


@pytest.mark.parametrize("seed", some(1))
def test_a_process_that_is_killed_again_and_again_ends_with_the_documents_of_its_records(
    api: SlowApi, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    lines, documents = records(chance, 300)
    done, kills = 0, 0
    for turn in itertools.count():
        acks = tmp_path / f"acks-{turn}.jsonl"
        options = ("--batch-size", "20", "--batch-delay", "50ms", "--workers", "4")
        with acks.open("wb") as out, command(tmp_path, api, out, *options) as process:
            assert process.stdin is not None
            process.stdin.write(b"".join(line + b"\n" for line in lines[done:]))
            process.stdin.close()
            if turn < 6:
                wanted, until = chance.choice([0, 1, 20, 40]), time.monotonic() + 20
                while process.poll() is None and time.monotonic() < until:
                    if len(acknowledged(acks)) >= wanted and api.requests:
                        break
                    time.sleep(0.01)
                time.sleep(chance.random() * 0.5)
                process.kill()
            assert process.stderr is not None
            said = process.stderr.read().decode()
            code = process.wait(60)
        found = acknowledged(acks)
        assert [ack["line"] for ack in found] == list(range(1, len(found) + 1)), said
        assert all(ack["outcome"] not in {"dead", "failed"} for ack in found), said
        assert [ack["position"] for ack in found] == list(range(done, done + len(found)))
        done += len(found)
        kills += code == -signal.SIGKILL
        if code == 0:
            break
        assert code == -signal.SIGKILL, said
    assert (done, kills > 0) == (len(lines), True)
    (store,) = api.stores()
    assert api.documents(store) == documents
    assert api.files() == {entry["id"] for entry in api.entries(store)}


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_told_to_stop_acknowledges_what_is_under_way(
    api: SlowApi, tmp_path: Path, signum: signal.Signals
) -> None:
    api.upload_s = 0.3
    lines = [record(f"key-{number}", f"text {number}", number) for number in range(500)]
    options = ("--batch-size", "4", "--batch-delay", "50ms", "--workers", "2")
    with command(tmp_path, api, subprocess.PIPE, *options) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"".join(line + b"\n" for line in lines))  # and the pipe stays open
        process.stdin.flush()
        first = process.stdout.readline()
        told = time.monotonic()
        process.send_signal(signum)
        rest = process.stdout.read().splitlines()
        code = process.wait(60)
        assert time.monotonic() - told < DRAINED_WITHIN_S
        assert code == 128 + signum
    acks = [json.loads(line) for line in (first, *rest)]
    assert [ack["line"] for ack in acks] == list(range(1, len(acks) + 1))
    (store,) = api.stores()
    there = api.documents(store)
    assert {ack["key"] for ack in acks} <= there.keys()
    assert len(there) < len(lines)
    # The rest is there after the next run, and each document once.
    api.upload_s = 0.0
    with command(tmp_path, api, subprocess.PIPE) as process:
        out, err = process.communicate(b"".join(line + b"\n" for line in lines[len(acks) :]), timeout=120)
    assert (process.returncode, len(out.splitlines())) == (0, len(lines) - len(acks)), err
    assert api.documents(store) == {f"key-{number}": f"text {number}" for number in range(500)}
    assert api.files() == {entry["id"] for entry in api.entries(store)}


def test_a_process_that_waits_for_input_stops_at_once(api: SlowApi, tmp_path: Path) -> None:
    with command(tmp_path, api, subprocess.PIPE, "--batch-delay", "10ms") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(record("a", "text", 1) + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["outcome"] == "uploaded"
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert (process.wait(60), process.stdout.read()) == (143, b"")
        assert time.monotonic() - told < DRAINED_WITHIN_S / 2
