"""A bulk delete against a server that refuses, fails or disappears: what was done is reported, and run again it goes on."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import world as world
from tests.support.servers.openai_api import OpenAIServer
from tests.support.servers.recording import Answer, Recorded
from vsync.cli import main as cli
from vsync.system.stop import Stop

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")
KEY = "sk-bulk-0123456789abcdefghij"


class Faulty(OpenAIServer):
    """A store that answers some requests otherwise. `fault` gives an answer, or None for the store's own."""

    fault: Callable[[Recorded], Answer | None] = staticmethod(lambda request: None)

    def respond(self, request: Recorded) -> Answer:
        return self.fault(request) or super().respond(request)


def refused(status: int, message: str, code: str = "refused") -> Answer:
    error = {"message": message, "type": "invalid_request_error", "code": code}
    headers = {"Content-Type": "application/json", "x-request-id": "req_1"}
    return Answer(status, json.dumps({"error": error}).encode(), headers)


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[Faulty]:
    with client(world.db) as api:
        for number in range(6):
            api.files.create(file=(f"f{number}.md", b"# x"), purpose="assistants")
    with Faulty(world.db, key=KEY) as running:
        yield running


@pytest.fixture
def run(world: World, server: Faulty, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run_(*arguments: str, key: str = KEY, stop: Stop | None = None) -> Any:
        capsys.readouterr()
        environ = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": server.base_url, "XDG_STATE_HOME": str(tmp_path / "state")}
        code = cli.run(arguments, environ, stop=stop)
        out, err = capsys.readouterr()
        assert key not in out + err
        return code, out, err

    return run_


def deletes(request: Recorded) -> bool:
    return request.method == "DELETE"


def test_one_refusal_is_one_failure_with_the_apis_words(server: Faulty, run: Callable[..., Any]) -> None:
    bad = sorted(server.files())[0]
    server.fault = lambda request: refused(409, "it is busy") if deletes(request) and bad in request.path else None
    code, out, _ = run("files", "delete", "--all", "--yes", "--json")
    report = json.loads(out)
    assert code == 1
    assert len(report["success"]) == 5
    (failure,) = report["failed"]
    assert (failure["id"], failure["status_code"], failure["request_id"]) == (bad, 409, "req_1")
    assert "it is busy" in failure["error"]
    assert server.files() == {bad}


def test_a_key_that_may_only_read_ends_the_job_with_a_report(server: Faulty, run: Callable[..., Any]) -> None:
    server.fault = lambda request: (
        refused(403, "insufficient permissions", "missing_scope") if deletes(request) else None
    )
    code, out, err = run("files", "delete", "--all", "--yes", "--concurrency", "1")
    assert code == 3
    assert "Deleted nothing" not in out
    assert "Nothing was deleted, 1 failed, 5 not tried." in out
    assert "may not" in err
    assert "To go on: vsync files delete --all --yes" in out
    assert len(server.files()) == 6


def test_a_wrong_key_deletes_nothing(server: Faulty, run: Callable[..., Any]) -> None:
    code, out, err = run("files", "delete", "--all", "--yes", key="sk-wrong-0123456789abcdefghij")
    assert (code, out) == (3, "")
    assert "refused the key" in err
    assert len(server.files()) == 6


def test_an_api_that_fails_in_the_middle_is_reported_and_run_again_it_goes_on(
    server: Faulty, run: Callable[..., Any], tmp_path: Path
) -> None:
    ids = sorted(server.files())
    listed = tmp_path / "ids.txt"
    listed.write_text("\n".join(ids))
    gone: list[str] = []

    def breaks_after_three(request: Recorded) -> Answer | None:
        if not deletes(request):
            return None
        if len(gone) == 3:
            return refused(401, "Incorrect API key provided.", "invalid_api_key")
        gone.append(request.path)
        return None

    server.fault = breaks_after_three
    code, out, err = run("files", "delete", f"@{listed}", "--yes", "--concurrency", "1")
    assert code == 3
    assert "Deleted 3 Files" in out
    assert "refused the key" in err
    server.fault = lambda request: None
    code, out, _ = run("files", "delete", f"@{listed}", "--yes", "--json")
    report = json.loads(out)
    assert (code, sorted(report["success"]), report["failed"]) == (0, ids, [])
    assert server.files() == set()
    code, out, _ = run("files", "delete", f"@{listed}", "--yes", "--json")
    assert (code, len(json.loads(out)["failed"])) == (1, 6)  # the job was through: its record is gone


def test_stores_that_went_without_their_files_are_not_told_to_be_gone_with_them(
    world: World, server: Faulty, run: Callable[..., Any]
) -> None:
    with client(world.db) as api:
        ids = [api.vector_stores.create(name=name).id for name in ("a", "b")]
    server.fault = lambda request: refused(500, "sorry") if deletes(request) and ids[1] in request.path else None
    assert run("stores", "delete", *ids, "--yes")[0] == 1
    server.fault = lambda request: None
    code, out, _ = run("stores", "delete", *ids, "--with-files", "--yes", "--json")
    report = json.loads(out)
    assert (code, report["success"], [failed["id"] for failed in report["failed"]]) == (1, [ids[1]], [ids[0]])


def test_what_was_deleted_with_one_key_is_not_told_to_be_deleted_with_another(
    server: Faulty, run: Callable[..., Any], tmp_path: Path
) -> None:
    ids = sorted(server.files())
    server.fault = lambda request: refused(500, "sorry") if deletes(request) and ids[-1] in request.path else None
    assert run("files", "delete", *ids, "--yes")[0] == 1
    server.key, server.fault = "sk-of-another-project-0123456789", lambda request: None
    code, out, _ = run("files", "delete", *ids, "--yes", "--json", key=server.key)
    report = json.loads(out)
    assert (code, report["success"], len(report["failed"])) == (1, [ids[-1]], 5)
    state = b"".join(path.read_bytes() + bytes(path) for path in tmp_path.rglob("*") if path.is_file())
    assert server.key.encode() not in state
    assert KEY.encode() not in state


def test_a_signal_in_the_middle_ends_with_the_report(server: Faulty, run: Callable[..., Any]) -> None:
    stop = Stop()

    def stops(request: Recorded) -> Answer | None:
        if deletes(request):
            stop.request(signal.SIGTERM)
        return None

    server.fault = stops
    code, out, err = run("files", "delete", "--all", "--yes", "--concurrency", "1", stop=stop)
    assert code == 143
    assert "Interrupted: deleted 1 File" in out
    assert "5 not tried" in out
    assert "Interrupted by SIGTERM" in err
    assert len(server.files()) == 5


def test_a_hostile_answer_does_nothing(server: Faulty, run: Callable[..., Any]) -> None:
    server.fault = lambda request: refused(409, f"\x1b[2J\n::error::x {KEY}") if deletes(request) else None
    code, out, err = run("files", "delete", "--all", "--yes")
    assert code == 1
    assert "\x1b" not in out + err
    assert not [line for line in (out + err).splitlines() if line.startswith("::")]
