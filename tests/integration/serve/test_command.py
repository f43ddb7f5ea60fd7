"""`vsync serve`: its options, what it says, and what it refuses. The server itself stands in for a signal that comes at once."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp

from tests.support.batches import requests_named
from tests.support.command_line import KEY, Result, World
from tests.support.command_line import world as world
from vsync.serve import server
from vsync.system.stop import Stop

CALL = {"x-openai-api-key": "k"}

NOTHING_ELSE: dict[str, list[str]] = {"refused": [], "failing": []}


class Asked:
    """Takes the place of the HTTP server: asks the application some questions, and then stops."""

    def __init__(self, *questions: tuple[str, str, dict[str, str]]) -> None:
        self.questions = questions
        self.answers: list[httpx2.Response] = []
        self.then: Callable[[], object] = lambda: None

    def run(
        self,
        made: Callable[[], AbstractAsyncContextManager[ASGIApp]],
        listener: socket.socket,
        stop: Stop,
        log: Any = None,
    ) -> None:
        async def ask() -> None:
            async with made() as app:
                transport = httpx2.ASGITransport(app=app)
                async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
                    for method, path, headers in self.questions:
                        self.answers.append(await client.request(method, path, headers=headers))
                self.then()

        asyncio.run(ask())
        stop.request(signal.SIGTERM)


def serve(
    world: World, monkeypatch: pytest.MonkeyPatch, *options: str, ask: Asked | None = None, **variables: str
) -> Result:
    monkeypatch.setattr(server, "run", (ask or Asked()).run)
    monkeypatch.setattr(Stop, "install", lambda *_, **__: None)
    return world.vsync("serve", "--port", "0", *options, **{"OPENAI_API_KEY": "", **variables})


def test_what_a_library_logs_of_a_caller_s_key_is_hidden_while_the_key_is_known(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = "a-key-of-another-kind"
    ask = Asked(("GET", "/vector_stores", {"x-openai-api-key": own}))
    ask.then = lambda: logging.getLogger("library").warning("the server said %s", own)
    serve(world, monkeypatch, ask=ask)
    assert ask.answers[0].status_code == 200
    assert "the server said ***" in caplog.text
    assert own not in caplog.text


def test_without_local_it_serves_the_calls_for_the_keys_of_its_callers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Asked(
        ("GET", "/vector_stores", {}),
        ("GET", "/vector_stores", {"x-openai-api-key": KEY}),
        ("GET", "/v1/files", {"authorization": "Bearer k"}),
    )
    result = serve(world, monkeypatch, ask=ask)
    assert [answer.status_code for answer in ask.answers] == [401, 200, 404]
    assert result.code == 143
    assert "Listening on http://127.0.0.1:" in result.err
    assert "/docs" in result.err
    assert "Stopped by SIGTERM." in result.err
    assert result.out == ""


def test_with_local_it_serves_the_embedded_store_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask = Asked(("GET", "/vector_stores", CALL), ("GET", "/v1/vector_stores", {"authorization": "Bearer k"}))
    result = serve(world, monkeypatch, "--local", str(tmp_path / "x.db"), ask=ask)
    assert [answer.status_code for answer in ask.answers] == [200, 200]
    assert "/v1\n" in result.err
    assert "warning" not in result.err


def test_the_key_in_the_environment_is_not_used_and_it_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Asked(("GET", "/vector_stores", {}))
    result = serve(world, monkeypatch, ask=ask, OPENAI_API_KEY=KEY)
    assert ask.answers[0].status_code == 401
    assert "not used" in result.err
    assert KEY not in result.err


@pytest.mark.parametrize(("options", "told"), [([], True), (["--token", "0123456789abcdef"], False)])
def test_an_embedded_store_that_everybody_may_reach_is_a_warning(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], told: bool
) -> None:
    result = serve(world, monkeypatch, "--local", str(tmp_path / "x.db"), "--host", "0.0.0.0", *options)
    assert ("warning" in result.err) == told


def test_every_option_is_a_variable_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = {"x-vsync-token": "a-token-of-this-server", **CALL}
    ask = Asked(
        ("GET", "/health", {"host": "a.example", "origin": "https://one.example"}),
        ("DELETE", "/files", token),
        ("GET", "/docs", {"host": "b.example"}),
        ("GET", "/docs", {"host": "c.example"}),
        ("GET", "/files", CALL),
        ("GET", "/openapi.json", {}),
        ("GET", "/files", {**token, "content-length": "1001"}),
        ("GET", "/files", token),
    )
    result = serve(
        world,
        monkeypatch,
        ask=ask,
        VSYNC_TOKEN="a-token-of-this-server",
        VSYNC_ALLOW_ORIGIN="https://one.example\nhttps://two.example",
        VSYNC_ALLOW_HOST="a.example\nb.example",
        VSYNC_MAX_BODY="1KB",
        VSYNC_MAX_IDS="7",
        VSYNC_MAX_CALLS="5",
        VSYNC_CALLS_PER_MINUTE="2",
        VSYNC_CONCURRENCY="3",
    )
    health, delete, known, unknown, no_token, description, large, rate = ask.answers
    assert health.headers["access-control-allow-origin"] == "https://one.example"
    assert [answer.status_code for answer in (delete, known, unknown, no_token)] == [400, 200, 400, 401]
    assert description.json()["components"]["schemas"]["DeleteFiles"]["properties"]["file_ids"]["maxItems"] == 7
    assert (large.status_code, rate.status_code) == (413, 429)
    assert "warning" not in result.err
    assert "a-token-of-this-server" not in result.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--allow-origin", "*"], "--allow-origin is '*', but must be one origin"),
        (["--allow-origin", "https://a.example/path"], "--allow-origin"),
        (["--allow-host", "http://a.example"], "--allow-host is 'http://a.example', but must be the name of a host"),
        (["--max-body", "lots"], "--max-body is 'lots', but must be a size"),
        (["--max-body", "0"], "--max-body is '0', but must be a size from 1 on"),
        (["--max-ids", "0"], "--max-ids"),
        (["--max-calls", "-1"], "--max-calls"),
        (["--calls-per-minute", "many"], "--calls-per-minute"),
        (["--concurrency", "0"], "concurrency is '0'"),
        (["--token", "abc"], "has fewer than 16 characters: it can be guessed"),
        (["--token", "0123456789abcde"], "has fewer than 16 characters: it can be guessed"),
        (["--token", "two words"], "holds a blank"),
        (["--host", "nowhere.invalid"], "Cannot listen on nowhere.invalid"),
        (["--host", "nowhere.invalid"], "Give --host an address of this machine"),
        (["--host", "192.0.2.1"], "Give --host an address of this machine"),
        (["--host", ""], "--host is '', which is no address"),
        (["--host", "ü.x..y"], "which is no address"),
        (["--host", "http://localhost"], "which is no address"),
    ],
)
def test_a_wrong_option_is_exit_code_2_with_words(
    world: World, monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    result = serve(world, monkeypatch, *options)
    assert result.code == 2
    assert words in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VSYNC_MAX_IDS", "x", "VSYNC_MAX_IDS is 'x'"),
        ("VSYNC_ALLOW_ORIGIN", "null", "--allow-origin is 'null'"),
        ("OPENAI_BASE_URL", "ftp://a", "The base URL"),
    ],
)
def test_a_wrong_variable_is_exit_code_2_with_words(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setattr(server, "run", Asked().run)
    result = world.vsync("serve", "--port", "0", **{"OPENAI_API_KEY": "", name: value})
    assert (result.code, words in result.err) == (2, True)


def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = serve(world, monkeypatch, VSYNC_TOKEN="schön-0123456789")
    assert result.code == 2
    assert "schön" not in result.err


def test_a_port_that_is_taken_is_exit_code_2(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = serve(world, monkeypatch, "--port", port)
    assert result.code == 2
    assert f"Cannot listen on 127.0.0.1:{port}" in result.err
    assert "--port" in result.err


def test_an_address_of_version_6_is_shown_in_brackets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert "http://[::1]:" in serve(world, monkeypatch, "--host", "::1").err


# --- Batches ------------------------------------------------------------------------------------------------

REQUESTS = ("GET", "/batches", {"x-openai-api-key": KEY})


@pytest.fixture
def batches(world: World) -> Path:
    """The folder of the request files, in the repository."""
    folder = world.repo.root / "batches"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(requests_named(["one"]))
    return folder


def test_request_files_of_a_folder_are_offered_to_callers(
    world: World, monkeypatch: pytest.MonkeyPatch, batches: Path
) -> None:
    ask = Asked(REQUESTS, ("POST", "/batches/submit", {"x-openai-api-key": KEY}))
    result = serve(world, monkeypatch, "--source", "batches", ask=ask)
    listed, submitted = ask.answers
    assert listed.json() == {"source": "owner/name", "batches": [], "unsubmitted": ["batches/a.jsonl"], **NOTHING_ELSE}
    assert [each["path"] for each in submitted.json()["submitted"]] == ["batches/a.jsonl"]
    assert "Batches of owner/name: request files in batches, results in batch-results, below " in result.err


def test_the_folders_count_from_the_current_folder_and_the_paths_from_the_repository(
    world: World, monkeypatch: pytest.MonkeyPatch, batches: Path
) -> None:
    (world.repo.root / "deep").mkdir()
    batches.rename(world.repo.root / "deep" / "batches")
    monkeypatch.chdir(world.repo.root / "deep")
    ask = Asked(REQUESTS)
    result = serve(world, monkeypatch, "--source", "batches", "--results", "done", "--source-name", "acme/x", ask=ask)
    assert ask.answers[0].json() == {
        "source": "acme/x",
        "batches": [],
        "unsubmitted": ["deep/batches/a.jsonl"],
        **NOTHING_ELSE,
    }
    assert "Batches of acme/x: request files in deep/batches, results in deep/done, below " in result.err


def test_without_a_repository_the_folder_around_the_request_files_is_the_top(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "plain/requests").mkdir(parents=True)
    (tmp_path / "plain/requests/a.jsonl").write_bytes(requests_named(["one"]))
    ask = Asked(REQUESTS)
    serve(world, monkeypatch, "--source", str(tmp_path / "plain/requests"), ask=ask)
    assert ask.answers[0].json() == {
        "source": "plain",
        "batches": [],
        "unsubmitted": ["requests/a.jsonl"],
        **NOTHING_ELSE,
    }


def test_results_and_name_are_variables_as_well(world: World, monkeypatch: pytest.MonkeyPatch, batches: Path) -> None:
    result = serve(world, monkeypatch, "--source", "batches", VSYNC_RESULTS="answers", VSYNC_SOURCE_NAME="acme/x")
    assert "Batches of acme/x: request files in batches, results in answers, below " in result.err
    assert "warning" not in result.err
    alone = serve(world, monkeypatch, VSYNC_RESULTS="answers", VSYNC_SOURCE_NAME="acme/x", VSYNC_SOURCE="acme/y")
    assert (alone.code, "Batches of" in alone.err) == (143, False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--source", "nowhere"], "--source is 'nowhere', which is no folder"),
        (["--source", "batches/a.jsonl"], "which is no folder"),
        (["--source", "batches", "--results", "batches"], "--source and --results name the same folder"),
        (["--source", "batches", "--results", "."], "lies in the results folder"),
        (["--source", "batches", "--results", ".."], "does not lie below"),
        (["--source", "batches", "--results", "linked"], "cannot be written"),
        (["--results", "answers"], "--results is given without --source"),
        (["--source-name", "acme/x"], "--source-name is given without --source"),
        (["--source", "batches", "--host", "0.0.0.0"], "Set VSYNC_TOKEN, which each call must bring then"),
        (["--source", "batches", "--host", "::"], "Set VSYNC_TOKEN, which each call must bring then"),
    ],
)
def test_folders_that_cannot_be_offered_are_exit_code_2_with_words(
    world: World, monkeypatch: pytest.MonkeyPatch, batches: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    (world.repo.root / "linked").symlink_to(tmp_path)
    result = serve(world, monkeypatch, *options)
    assert result.code == 2
    assert words in result.err
    assert "Listening" not in result.err


@pytest.mark.parametrize(
    "options", [["--host", "127.0.0.1"], ["--host", "localhost"], ["--host", "0.0.0.0", "--token", "0123456789abcdef"]]
)
def test_with_a_token_or_on_this_machine_alone_request_files_are_offered(
    world: World, monkeypatch: pytest.MonkeyPatch, batches: Path, options: list[str]
) -> None:
    assert "Batches of owner/name" in serve(world, monkeypatch, "--source", "batches", *options).err
