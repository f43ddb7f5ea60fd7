"""The image serves the REST API, with the rights that the compose file gives it, and stops when it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.container.engine import docker
from tests.support.places import ROOT

KEY = "sk-proj-container-0123456789abcdefghij"
TOKEN = "a-token-of-the-container-0123456789"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docs/hosting/compose.yaml").read_text())["services"]["api"]
ASK = """
import json, sys, urllib.error, urllib.request
path, headers = sys.argv[1], json.loads(sys.argv[2])
try:
    answer = urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:8000{path}", headers=headers), timeout=10)
except urllib.error.HTTPError as refused:
    answer = refused
print(json.dumps([answer.status, answer.headers["content-type"], answer.read().decode()]))
"""
"""Run in the container, so that no port of the machine is taken and the engine needs no network."""


def rights() -> list[str]:
    """The compose file's restrictions, as options of `docker run`."""
    return [
        "--read-only",
        f"--user={COMPOSE['user']}",
        f"--pids-limit={COMPOSE['pids_limit']}",
        *(f"--cap-drop={name}" for name in COMPOSE["cap_drop"]),
        *(f"--security-opt={option}" for option in COMPOSE["security_opt"]),
        *(f"--tmpfs={folder}" for folder in COMPOSE["tmpfs"]),
    ]


class Server:
    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str) -> str:
        done = docker("exec", self.name, *command)
        assert done.returncode == 0, done.stdout + done.stderr + self.log()
        return done.stdout

    def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """The status, the content type and the body of an answer."""
        status, kind, body = json.loads(self.run("python", "-c", ASK, path, json.dumps(headers)))
        return status, kind, body

    def log(self) -> str:
        done = docker("logs", self.name)
        return done.stdout + done.stderr

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(docker("inspect", "--format", "{{json .State}}", self.name).stdout)
        return state


@pytest.fixture
def server(image: str) -> Iterator[Server]:
    command = [*COMPOSE["command"], "--local", "/tmp/store.db"]
    started = docker("run", "--detach", "--network=none", *rights(), f"--env=VSYNC_TOKEN={TOKEN}", image, *command)
    assert started.returncode == 0, started.stderr
    server = Server(started.stdout.strip())
    try:
        wait_for(server)
        yield server
    finally:
        docker("rm", "--force", server.name)


def wait_for(server: Server) -> None:
    """Until the compose file's own health check passes."""
    end = time.monotonic() + 60
    while docker("exec", server.name, *COMPOSE["healthcheck"]["test"][1:]).returncode:
        assert server.state()["Running"], server.log()
        assert time.monotonic() < end, server.log()


def test_it_answers_who_brings_a_key_and_the_token_and_nobody_else(server: Server) -> None:
    assert server.get("/vector_stores")[0] == 401
    assert server.get("/vector_stores", **{"x-openai-api-key": KEY})[0] == 401
    status, kind, body = server.get("/vector_stores", **{"x-openai-api-key": KEY, "x-vsync-token": TOKEN})
    assert (status, kind, json.loads(body)) == (200, "application/json", [])
    log = server.log()
    assert '"/vector_stores"' in log
    assert KEY not in log
    assert TOKEN not in log


def test_its_page_of_calls_needs_no_other_server(server: Server) -> None:
    status, kind, page = server.get("/docs")
    assert (status, kind.partition(";")[0]) == (200, "text/html")
    assert "https://" not in page
    assert "/vector_stores/with-files" in json.loads(server.get("/openapi.json")[2])["paths"]


def test_it_stops_when_it_is_told_to(server: Server) -> None:
    began = time.monotonic()
    docker("stop", "--time", COMPOSE["stop_grace_period"].rstrip("s"), server.name)
    assert time.monotonic() - began < 10
    assert server.state()["ExitCode"] in {0, 143}  # 137: it was killed
