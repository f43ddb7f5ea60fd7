"""`vsync serve` as a process of its own: a signal ends it, and what was done is told."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2

from tests.support.gitrepo import environment
from tests.support.places import ROOT
from tests.support.servers.projects import ProjectsServer
from tests.support.servers.recording import Answer, Recorded

KEY, TOKEN = "sk-process-0123456789abcdef", "token-of-the-server-0123"


def test_a_real_server_ends_by_a_signal_with_the_report_of_what_was_done(tmp_path: Path) -> None:
    with ProjectsServer(tmp_path, KEY) as api:
        stores = [api.make_store(KEY, f"{number}") for number in range(4)]
        process = subprocess.Popen(
            [sys.executable, "-m", "vsync", "serve", "--port", "0", "--concurrency", "1"],
            cwd=tmp_path,
            env=environment(
                PYTHONPATH=str(ROOT), OPENAI_BASE_URL=api.base_url, OPENAI_ORG_ID="org-server", VSYNC_TOKEN=TOKEN
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found is not None

        def stop_at_the_second(request: Recorded, carry: Callable[[], Answer]) -> Answer:
            if request.method == "DELETE" and stores[1] in request.path:
                process.send_signal(signal.SIGTERM)
            return carry()

        api.intercept = stop_at_the_second
        answers: list[httpx2.Response] = []

        def call() -> None:
            with httpx2.Client(transport=httpx2.HTTPTransport(retries=10), timeout=20) as client:
                answers.append(
                    client.request(
                        "DELETE",
                        f"{found[0]}/vector_stores",
                        headers={"x-openai-api-key": KEY, "x-vsync-token": TOKEN},
                        json={"vector_store_ids": stores},
                    )
                )

        caller = threading.Thread(target=call)
        caller.start()
        caller.join(25)
        out, err = process.communicate(timeout=15)
    [answer] = answers
    report = answer.json()
    assert (answer.status_code, process.returncode, out) == (207, 143, "")
    assert report["success"]
    assert report["success"] + [failed["id"] for failed in report["failed"]] == stores
    assert report["error"] == "The server is stopping. Try again later."
    assert "Traceback" not in err
    assert "Stopped by SIGTERM." in err
    [line] = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert (line["status"], line["route"]) == (207, "/vector_stores")
    assert not [secret for secret in (KEY, TOKEN) if secret in err + answer.text]
    assert {request.headers.get("openai-organization") for request in api.requests} == {None}
