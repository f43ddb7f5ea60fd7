"""The real command line against a real server: another process, a port, and nothing patched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import web
from tests.support.wire import World
from vsync.serve.app import create_app

KEY = "sk-proj-the-key-that-nobody-may-read-0123456789"
A, B, C, D = b"# Apples\n\nred and round\n", b"# Bananas\n", b"# Cherries\n", b"# Dates\n"


class Server(web.Server):
    """The embedded store of a world behind a port, and a record of what it was asked."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        self.app = create_app(world.wire.store, KEY)

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        request = f"{scope['method']} {scope['path'].removeprefix('/v1')}"
        self.requests.append(request)
        self.before(request)
        await super()._call(scope, receive, send)

    def of(self, method: str) -> list[str]:
        return [request for request in self.requests if request.startswith(method)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.commit({"a.md": A, "b.md": B, 'docs/say "hi" 🦊.md': C, "code.py": D})
    del made.files["code.py"]
    yield made
    made.wire.close()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with Server(world) as server:
        yield server


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)


def start(world: World, server: Server, *arguments: str, key: str = KEY, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "vsync", *arguments],
        cwd=world.repo.root,
        env={
            **os.environ,
            "OPENAI_API_KEY": key,
            "OPENAI_BASE_URL": server.url,
            "VSYNC_SOURCE": "acme/docs",
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def vsync(world: World, server: Server, *arguments: str, key: str = KEY, **environ: str) -> Ended:
    process = start(world, server, *arguments, key=key, **environ)
    out, err = process.communicate(timeout=30)
    assert key not in out + err
    return Ended(process.returncode, out, err)


def test_a_repository_is_kept_in_step_with_a_server(world: World, server: Server) -> None:
    first = vsync(world, server, "sync", "--json")
    assert (first.code, first.report["failed"]) == (0, [])
    assert first.report["added"] == sorted(world.files)
    assert world.audit() == set()
    world.settled()
    assert sum(first.report["requests"].values()) == len(server.requests)
    assert first.report["bytes_uploaded"] == len(A + B + C)

    server.requests.clear()
    again = vsync(world, server, "sync", "--json")
    assert (again.code, again.report["requests"], server.requests) == (0, {}, [])

    world.commit({"a.md": A + b"and sweet\n", "b.md": None, 'docs/say "hi" 🦊.md': None, "c.md": C})
    update = vsync(world, server, "sync", "--json").report
    assert (update["updated"], update["removed"]) == (["a.md"], ["b.md"])
    assert update["renamed"] == [{"from": 'docs/say "hi" 🦊.md', "to": "c.md"}]
    assert sum(update["requests"].values()) == len(server.requests)
    assert world.audit() == set()
    world.settled()


def test_a_wrong_key_is_told_and_nothing_is_left(world: World, server: Server) -> None:
    ended = vsync(world, server, "sync", key="sk-proj-wrong-0123456789abcdef")
    assert ended.code == 3
    assert "refused the key" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert len(server.requests) == 1
    assert (world.manifest, world.stores()) == (None, [])


def test_a_server_of_another_kind_is_told_in_one_line(world: World, server: Server) -> None:
    ended = vsync(world, server, "sync", OPENAI_BASE_URL=server.url.removesuffix("/v1") + "/api")
    assert ended.code == 3
    assert "Traceback" not in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert world.manifest is None


def test_a_run_that_is_told_to_stop_is_gone_on_with(world: World, server: Server) -> None:
    for number in range(40):
        world.files[f"n/{number:02}.md"] = b"# %d" % number
    world.commit(dict(world.files))
    uploads = 0
    enough = threading.Event()

    def count(request: str) -> None:
        nonlocal uploads
        if request == "POST /files":
            uploads += 1
            time.sleep(0.02)
            if uploads == 10:
                enough.set()

    server.before = count
    process = start(world, server, "sync", "--json", "--concurrency", "2")
    assert enough.wait(20)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 143, err
    assert 10 <= uploads < 25
    assert set(json.loads(out)["added"]) == set(world.state.files)
    assert not server.of("DELETE")
    attached = len(world.entries())

    server.requests.clear()
    again = vsync(world, server, "sync", "--json")
    assert again.code == 0
    assert len(server.of("POST /files")) == len(world.files) - attached
    assert world.audit() == set()
    world.settled()


def test_a_killed_process_is_gone_on_with(world: World, server: Server) -> None:
    processes: list[subprocess.Popen[str]] = []

    def kill(request: str) -> None:
        if "file_batches" in request:
            server.before = lambda _: None
            processes[0].kill()

    server.before = kill
    processes.append(start(world, server, "sync"))
    processes[0].communicate(timeout=20)
    assert processes[0].returncode == -signal.SIGKILL
    again = vsync(world, server, "sync", "--json", "--lock-timeout", "1")
    assert again.code == 0, again.err
    assert len(world.stores()) == 1
    assert sorted(entry.path for entry in world.ours()) == sorted(world.files)
    world.settled()


def test_two_processes_take_turns(world: World, server: Server) -> None:
    processes = [start(world, server, "sync", "--json") for _ in range(2)]
    ended = [(process.communicate(timeout=30), process.returncode) for process in processes]
    assert [code for _, code in ended] == [0, 0], ended
    added = sorted(len(json.loads(out)["added"]) for (out, _), _ in ended)
    assert added == [0, 3]
    assert len(server.of("POST /files")) == 3
    assert world.audit() == set()
    world.settled()
