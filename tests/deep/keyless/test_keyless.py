"""Keyless access over real HTTP: GitHub's token, OpenAI's exchange, and an API that only takes what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import vsync.auth.token_exchange
from tests.support.places import ROOT
from tests.support.runner import KEY, Runner, Step
from tests.support.servers.oidc import ACCOUNT, AUDIENCE, BEARER, PROVIDER, Answer, Oidc, guarded, oidc_server
from tests.support.servers.web import Server
from vsync.auth.credentials import Credentials, WorkloadIdentity
from vsync.auth.identity_token import token_source
from vsync.auth.token_exchange import MAX_TRIES
from vsync.cli import main as cli
from vsync.embedded import EmbeddedStore
from vsync.errors import ApiUnavailable, CredentialsRefused, HandshakeFailed, PermissionDenied, VsyncError
from vsync.serve.app import create_app
from vsync.store.client import Api, connect
from vsync.store.stores import Stores
from vsync.system.secrets import Secrets

IDENTITY = WorkloadIdentity(PROVIDER, ACCOUNT)
INPUTS = {"openai-api-key": "", "identity-provider-id": PROVIDER, "service-account-id": ACCOUNT}
BUSY = Answer(503, {"error": "busy"})


@pytest.fixture
def oidc(tmp_path: Path) -> Iterator[Oidc]:
    folder = tmp_path / "oidc"
    folder.mkdir()
    with oidc_server(folder) as oidc:
        yield oidc


@pytest.fixture(scope="module")
def web() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def api_url(oidc: Oidc, web: Server, tmp_path: Path) -> Iterator[str]:
    """The address of a store that takes the exchange's tokens and nothing else."""
    with contextlib.closing(EmbeddedStore(tmp_path / "api.db")) as store:
        web.app = guarded(create_app(store), oidc)
        yield web.url


# --- The client ---------------------------------------------------------------------------------------------


class Keyless:
    """A client of the guarded store, what it logged, waited for, and masked."""

    def __init__(self, oidc: Oidc, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        self.waits: list[float] = []
        self.masked: list[str] = []
        self.failure: VsyncError | None = None
        self._oidc = oidc
        self._url = url
        for name, value in oidc.environ.items():
            monkeypatch.setenv(name, value)
        # So that a test need not wait, and tries may follow one another at once.
        monkeypatch.setattr(vsync.auth.token_exchange, "backoff", lambda *_, **__: 0.0)

    def run(self, ask: Callable[[Api], Awaitable[Any]], identity: WorkloadIdentity = IDENTITY, **environ: str) -> Any:
        """The answer; or None, and the failure kept."""

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            await asyncio.sleep(0)

        async def asked() -> Any:
            secrets = Secrets(added=self.masked.append)
            source = token_source({**os.environ, **environ}, identity.audience, secrets.add)
            async with connect(
                Credentials(base_url=self._url, identity=identity),
                log=self.log.append,
                sleep=sleep,
                subject_token=source,
                secrets=secrets,
            ) as api:
                return await ask(api)

        try:
            return asyncio.run(asked())
        except VsyncError as failure:
            self.failure = failure
            return None

    @property
    def told(self) -> str:
        return "\n".join([*self.log, str(self.failure), repr(self.failure)])


@pytest.fixture
def keyless(oidc: Oidc, api_url: str, monkeypatch: pytest.MonkeyPatch) -> Keyless:
    return Keyless(oidc, api_url, monkeypatch)


async def list_stores(api: Api) -> Any:
    return await Stores(api).list()


def test_the_jobs_token_is_exchanged_and_the_result_opens_the_api(keyless: Keyless, oidc: Oidc) -> None:
    assert keyless.run(list_stores) == []
    assert oidc.github_requests == [{"api-version": ["2.0"], "audience": [AUDIENCE]}]
    assert oidc.exchange_requests == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": oidc.subject_tokens[0],
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "identity_provider_id": PROVIDER,
            "service_account_id": ACCOUNT,
        }
    ]
    assert oidc.api_refusals == 0


def test_another_audience_is_asked_for_as_it_stands(keyless: Keyless, oidc: Oidc) -> None:
    oidc.audience = "https://x.example/a b?c=d&e=ü#f"
    assert keyless.run(list_stores, WorkloadIdentity(PROVIDER, ACCOUNT, oidc.audience)) == []


def test_one_token_serves_many_requests(keyless: Keyless, oidc: Oidc) -> None:
    async def ask(api: Api) -> None:
        await asyncio.gather(*(list_stores(api) for _ in range(16)))

    keyless.run(ask)
    assert (len(oidc.subject_tokens), len(oidc.access_tokens)) == (1, 1)


def test_every_token_is_masked_before_it_is_used(keyless: Keyless, oidc: Oidc) -> None:
    keyless.run(list_stores)
    assert keyless.masked == [BEARER, oidc.subject_tokens[0], *oidc.access_tokens]


def test_a_run_longer_than_a_token_goes_on_with_new_ones_from_fresh_github_tokens(keyless: Keyless, oidc: Oidc) -> None:
    oidc.expires_in = 1.0

    async def ask(api: Api) -> None:
        for _ in range(18):
            await list_stores(api)
            await asyncio.sleep(0.1)

    keyless.run(ask)
    assert keyless.failure is None
    assert len(oidc.access_tokens) >= 3
    assert len(oidc.subject_tokens) == len(set(oidc.subject_tokens)) == len(oidc.access_tokens)
    assert [asked["subject_token"] for asked in oidc.exchange_requests] == oidc.subject_tokens
    assert oidc.api_refusals == 0


@pytest.mark.parametrize("size", [3, 700_000, 3_000_000], ids=["small", "some pieces", "many pieces"])
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_token_revoked_meanwhile_is_replaced_and_the_upload_arrives_whole(
    keyless: Keyless, oidc: Oidc, tmp_path: Path, size: int, kind: str
) -> None:
    content = bytes(range(256)) * (size // 256 + 1)

    async def ask(api: Api) -> Any:
        await list_stores(api)
        oidc.revoke()
        store = Stores(api).open("vs_1")
        with io.BytesIO(content) if kind == "memory" else (tmp_path / "body").open("w+b") as file:
            if kind == "file":
                file.write(content)
            file_id = await store.upload("a.md", file, len(content), "text/markdown")
        files = [item async for item in api.client.files.list()]
        return file_id, files, await api.client.files.content(file_id), api.traffic

    file_id, files, answer, traffic = keyless.run(ask)
    assert oidc.api_refusals == 1
    assert len(oidc.access_tokens) == 2
    assert len(set(oidc.subject_tokens)) == 2
    assert [file.id for file in files] == [file_id]
    assert answer.content == content
    assert traffic.requests["POST /files"] == 2


def test_a_json_body_survives_the_same(keyless: Keyless, oidc: Oidc) -> None:
    async def ask(api: Api) -> Any:
        await list_stores(api)
        oidc.revoke()
        return await Stores(api).create("docs")

    assert keyless.run(ask).name == "docs"
    assert oidc.api_refusals == 1


def test_an_api_that_refuses_every_token_ends_the_run_after_one_more(keyless: Keyless, oidc: Oidc) -> None:
    oidc.closed = True
    keyless.run(list_stores)
    assert isinstance(keyless.failure, CredentialsRefused)
    assert "service account" in keyless.failure.message
    assert "key" not in keyless.failure.message
    assert (len(oidc.access_tokens), oidc.api_refusals) == (2, 2)
    assert not [secret for secret in oidc.secrets if secret in keyless.told]


# What is tried again


@pytest.mark.parametrize("where", ["github", "exchange"])
@pytest.mark.parametrize(
    "fault",
    [Answer(500), BUSY, Answer(429, {"message": "slow down"}), Answer(502, b"<html>bad</html>"), Answer(0, hang=True)],
    ids=["500", "503", "429", "page", "cut"],
)
def test_a_passing_failure_of_either_endpoint_is_tried_again(
    keyless: Keyless, oidc: Oidc, where: str, fault: Answer
) -> None:
    getattr(oidc, where).extend([fault, fault])
    assert keyless.run(list_stores) == []
    assert len(keyless.waits) == 2
    assert "Trying again" in keyless.log[0]
    assert ("GitHub's endpoint" if where == "github" else "OpenAI's token exchange") in keyless.log[0]
    asked = [asked["subject_token"] for asked in oidc.exchange_requests]
    assert len(asked) == len(set(asked)) == (1 if where == "github" else 3)


@pytest.mark.parametrize("body", [{"count": 1}, {"value": ""}, {"value": 7}, [], b"not json"])
def test_an_answer_of_github_without_a_token_is_tried_again(keyless: Keyless, oidc: Oidc, body: Any) -> None:
    oidc.github.append(Answer(200, body))
    assert keyless.run(list_stores) == []


@pytest.mark.parametrize(
    "body", [{}, {"access_token": "oat-1"}, {"access_token": "", "expires_in": 300}, [], b"not json", b""]
)
def test_an_answer_of_the_exchange_without_a_token_is_tried_again(keyless: Keyless, oidc: Oidc, body: Any) -> None:
    oidc.exchange.append(Answer(200, body))
    assert keyless.run(list_stores) == []


@pytest.mark.parametrize("where", ["github", "exchange"])
def test_tries_end(keyless: Keyless, oidc: Oidc, where: str) -> None:
    getattr(oidc, where).extend([BUSY] * 50)
    keyless.run(list_stores)
    assert isinstance(keyless.failure, ApiUnavailable)
    assert "503" in keyless.failure.message
    assert keyless.failure.remedy
    assert len(oidc.github_requests) == MAX_TRIES
    assert len(oidc.exchange_requests) == (0 if where == "github" else MAX_TRIES)


def test_a_token_that_has_ended_when_it_comes_is_no_token(keyless: Keyless, oidc: Oidc) -> None:
    oidc.expires_in = 0
    keyless.run(list_stores)
    assert isinstance(keyless.failure, ApiUnavailable)
    assert len(oidc.exchange_requests) == MAX_TRIES


def test_uploads_side_by_side_do_not_multiply_the_tries(keyless: Keyless, oidc: Oidc) -> None:
    oidc.exchange.extend([BUSY] * 200)

    async def ask(api: Api) -> Any:
        return await asyncio.gather(*(list_stores(api) for _ in range(16)), return_exceptions=True)

    found = keyless.run(ask)
    assert {type(failure) for failure in found} == {ApiUnavailable}
    assert len(oidc.exchange_requests) == MAX_TRIES


def test_a_run_that_is_stopped_does_not_wait_for_a_token(keyless: Keyless, oidc: Oidc) -> None:
    oidc.exchange.extend([BUSY] * 50)

    async def ask(api: Api) -> Any:
        async def stopped(_: float) -> None:
            raise CredentialsRefused("stopped here")

        api.sleep = stopped
        return await list_stores(api)

    keyless.run(ask)
    assert keyless.failure is not None
    assert keyless.failure.message == "stopped here"
    assert len(oidc.exchange_requests) == 1


# What is final


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_exchange_says_what_to_check(keyless: Keyless, oidc: Oidc, status: int) -> None:
    oidc.exchange.append(Answer(status, {"error": "invalid_grant", "error_description": "No mapping matches."}))
    keyless.run(list_stores)
    assert isinstance(keyless.failure, CredentialsRefused)
    assert keyless.failure.exit_code == 3
    assert f"({status} invalid_grant: No mapping matches.)" in keyless.failure.message
    for part in ("identity-provider-id", "service-account-id", AUDIENCE, "repository 'acme/docs'", "environment"):
        assert part in keyless.failure.remedy
    assert len(oidc.exchange_requests) == 1


@pytest.mark.parametrize(
    "identity", [WorkloadIdentity("idp_wrong", ACCOUNT), WorkloadIdentity(PROVIDER, "svcacct_wrong")]
)
def test_a_wrong_id_is_a_refused_exchange(keyless: Keyless, identity: WorkloadIdentity) -> None:
    keyless.run(list_stores, identity)
    assert isinstance(keyless.failure, CredentialsRefused)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_a_refusal_of_github_is_told_as_githubs(keyless: Keyless, oidc: Oidc, status: int) -> None:
    oidc.github.append(Answer(status, {"message": f"no <b>token</b> for {BEARER}"}, {"Location": "/elsewhere"}))
    keyless.run(list_stores)
    assert isinstance(keyless.failure, CredentialsRefused)
    assert "GitHub does not give this job an identity token" in keyless.failure.message
    assert str(status) in keyless.failure.message
    assert ("ACTIONS_ID_TOKEN_REQUEST_URL" if status == 302 else "id-token: write") in keyless.failure.remedy
    assert BEARER not in keyless.told
    assert (len(oidc.github_requests), len(oidc.exchange_requests)) == (1, 0)


def test_an_endpoint_that_cannot_be_reached_is_told_as_githubs(keyless: Keyless) -> None:
    keyless.run(list_stores, ACTIONS_ID_TOKEN_REQUEST_URL="http://127.0.0.1:1/token")
    assert isinstance(keyless.failure, ApiUnavailable)
    assert "GitHub's endpoint" in keyless.failure.message


def test_an_exchange_behind_a_certificate_nobody_knows_is_not_spoken_to(
    keyless: Keyless, oidc: Oidc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with oidc_server(tmp_path) as stranger:
        monkeypatch.setenv("SSL_CERT_FILE", str(stranger.ca))
        keyless.run(list_stores)
    assert isinstance(keyless.failure, HandshakeFailed)
    assert "The certificate of auth.openai.com is not trusted by this machine" in keyless.failure.message
    assert "SSL_CERT_FILE" in keyless.failure.remedy
    assert oidc.exchange_requests == []
    assert len(oidc.github_requests) == 1  # another try would not help


@pytest.mark.parametrize(("status", "kind"), [(403, PermissionDenied)])
def test_a_service_account_that_may_not_is_told_so(
    keyless: Keyless, web: Server, status: int, kind: type[VsyncError]
) -> None:
    async def forbidden(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b'{"error": {"message": "Missing scopes: api.files.write"}}'})

    web.app = forbidden
    keyless.run(list_stores)
    assert type(keyless.failure) is kind
    assert "service account may not" in keyless.failure.message


@pytest.mark.parametrize("where", ["github", "exchange"])
def test_no_token_stands_in_any_message_even_when_a_server_repeats_it(keyless: Keyless, oidc: Oidc, where: str) -> None:
    class Echo(list[Answer]):
        """Repeats all that it could know."""

        def pop(self, _: Any = -1) -> Answer:
            said = " ".join([*oidc.secrets, oidc.subject_token() if where == "github" else ""])
            return Answer(400, {"error": "invalid_grant", "error_description": said, "message": said})

        def __bool__(self) -> bool:
            return True

    setattr(oidc, where, Echo())
    keyless.run(list_stores)
    assert keyless.failure is not None
    assert not [secret for secret in oidc.secrets if secret in keyless.told]


# --- The action ---------------------------------------------------------------------------------------------


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path / "job")
    runner.commit({"README.md": "# Read me\n", "docs/a.md": "# A\n"})
    return runner


def act(job: Runner, oidc: Oidc, url: str, inputs: dict[str, str] | None = None, **more: str) -> Step:
    """One run of the action, keyless and without the embedded store."""
    given = {**INPUTS, "openai-base-url": url, **(inputs or {})}
    return job.run(given, VSYNC_LOCAL="", **{**oidc.environ, **more})


def assert_no_secret(step: Step, job: Runner, oidc: Oidc) -> None:
    """No token anywhere but in the line that masks it."""
    log = "\n".join(line for line in step.log.splitlines() if not line.startswith("::add-mask::"))
    files = [path.read_text() for path in (job.workspace / ".vsync").glob("*") if path.is_file()]
    for text in (log, step.summary, *step.outputs.values(), *files):
        assert not [secret for secret in oidc.secrets if secret in text]


def test_the_action_syncs_without_a_key(job: Runner, oidc: Oidc, api_url: str) -> None:
    step = act(job, oidc, api_url)
    assert step.code == 0, step.log
    assert step.outputs["added"] == "2"
    assert len(oidc.exchange_requests) == 1
    for secret in oidc.secrets:
        assert f"::add-mask::{secret}\n" in step.log
    assert_no_secret(step, job, oidc)


def test_a_second_run_with_nothing_to_do_asks_for_no_token(job: Runner, oidc: Oidc, api_url: str) -> None:
    assert act(job, oidc, api_url).code == 0
    oidc.github_requests.clear()
    step = act(job, oidc, api_url)
    assert (step.code, step.outputs["unchanged"]) == (0, "2")
    assert oidc.github_requests == []
    assert "::add-mask::" not in step.log


def test_a_dry_run_asks_for_no_token_and_needs_no_permission(job: Runner, oidc: Oidc, api_url: str) -> None:
    job.event, job.ref = "pull_request", "refs/pull/7/merge"
    step = act(job, oidc, api_url, ACTIONS_ID_TOKEN_REQUEST_URL="", ACTIONS_ID_TOKEN_REQUEST_TOKEN="")
    assert (step.code, step.outputs["dry-run"], step.outputs["added"]) == (0, "true", "2")
    assert act(job, oidc, api_url).code == 0
    assert oidc.github_requests == []


def test_a_job_without_the_permission_is_told_so_and_nothing_is_begun(job: Runner, oidc: Oidc, api_url: str) -> None:
    step = act(job, oidc, api_url, ACTIONS_ID_TOKEN_REQUEST_URL="", ACTIONS_ID_TOKEN_REQUEST_TOKEN="")
    assert (step.code, step.outputs["failure-reason"]) == (2, "credentials")
    assert "id-token: write" in step.log
    assert "forks" in step.summary
    assert step.log.count("::error ") == 1
    assert not (job.workspace / ".vsync/manifest.json").exists()
    assert not list((job.workspace / ".git").glob("vsync/*seal*"))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"service-account-id": ""}, "no service-account-id"),
        ({"identity-provider-id": " "}, "no identity-provider-id"),
        ({"openai-api-key": KEY}, "Both a key and a workload identity are given"),
    ],
)
def test_contradicting_inputs_are_one_clear_error(
    job: Runner, oidc: Oidc, api_url: str, inputs: dict[str, str], words: str
) -> None:
    step = act(job, oidc, api_url, inputs)
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert words in step.log
    assert "Traceback" not in step.log
    assert oidc.github_requests == []
    assert KEY not in step.log.replace(f"::add-mask::{KEY}\n", "")


def test_a_key_of_the_environment_gives_way(job: Runner, oidc: Oidc, api_url: str) -> None:
    step = act(job, oidc, api_url, OPENAI_API_KEY="sk-from-the-environment")
    assert step.code == 0
    assert oidc.api_refusals == 0


def test_the_ids_may_come_from_the_environment(job: Runner, oidc: Oidc, api_url: str) -> None:
    step = act(
        job,
        oidc,
        api_url,
        dict.fromkeys(INPUTS, ""),
        OPENAI_IDENTITY_PROVIDER_ID=PROVIDER,
        OPENAI_SERVICE_ACCOUNT_ID=ACCOUNT,
        OPENAI_WIF_AUDIENCE="",
    )
    assert step.code == 0


def test_a_refused_mapping_is_one_error_with_what_to_check_and_no_token(job: Runner, oidc: Oidc, api_url: str) -> None:
    oidc.audience = "https://another.example"
    oidc.exchange.append(Answer(403, {"error": "access_denied", "error_description": "The audience does not match."}))
    step = act(job, oidc, api_url, {"identity-audience": "https://another.example"})
    assert (step.code, step.outputs["failure-reason"]) == (3, "credentials")
    assert step.log.count("::error ") == 1
    assert "access_denied: The audience does not match." in step.log
    assert "audience 'https://another.example'" in step.log
    assert "identity-provider-id" in step.summary
    assert_no_secret(step, job, oidc)


def test_a_sync_goes_on_through_an_exchange_that_stumbles(
    job: Runner, oidc: Oidc, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vsync.auth.token_exchange, "backoff", lambda *_, **__: 0.0)
    oidc.exchange.append(BUSY)
    step = act(job, oidc, api_url)
    assert step.code == 0
    assert "Trying again" in step.log
    assert_no_secret(step, job, oidc)


def test_a_sync_longer_than_its_tokens_ends_well(job: Runner, oidc: Oidc, api_url: str) -> None:
    oidc.expires_in = 0.2
    job.commit({f"docs/{number:03}.md": f"# {number}\n" * 50 for number in range(60)})
    step = act(job, oidc, api_url, {"concurrency": "2"}, VSYNC_UPLOADS_PER_MINUTE="1000")
    assert step.code == 0
    assert step.outputs["added"] == "62"
    assert len(oidc.access_tokens) >= 2
    assert len(set(oidc.subject_tokens)) == len(oidc.exchange_requests)
    assert_no_secret(step, job, oidc)


def test_other_commands_are_keyless_as_well_and_mask_between_stopped_commands(
    job: Runner, oidc: Oidc, api_url: str
) -> None:
    assert act(job, oidc, api_url).code == 0
    step = act(job, oidc, api_url, {"command": "search", "args": "'read me' -n 1"})
    assert step.code == 0
    assert "README.md" in step.log
    lines = step.log.splitlines()
    stop = lines[0].removeprefix("::stop-commands::")
    for secret in (oidc.subject_tokens[-1], list(oidc.access_tokens)[-1]):
        at = lines.index(f"::add-mask::{secret}")
        assert lines.index(f"::{stop}::") < at
        assert f"::stop-commands::{stop}" in lines[at:]
    assert lines[-1] == f"::{stop}::"
    assert_no_secret(step, job, oidc)


# --- The command line ---------------------------------------------------------------------------------------


def test_the_command_line_is_keyless_in_a_workflow(oidc: Oidc, api_url: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "entrypoint.py"), "vsync", "stores", "create", "docs", "--json"],
        env={
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            "PATH": os.environ["PATH"],
            **oidc.environ,
            "OPENAI_BASE_URL": api_url,
            "OPENAI_IDENTITY_PROVIDER_ID": PROVIDER,
            "OPENAI_SERVICE_ACCOUNT_ID": ACCOUNT,
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "docs"
    assert not [secret for secret in oidc.secrets if secret in done.stdout + done.stderr]


IDS = {"OPENAI_IDENTITY_PROVIDER_ID": PROVIDER, "OPENAI_SERVICE_ACCOUNT_ID": ACCOUNT}


@pytest.mark.parametrize("command", [["stores", "list"], ["sync"], ["search", "q"], ["plan", "--manifest", "none"]])
def test_outside_of_a_workflow_keyless_is_told_with_the_way_out(
    job: Runner, command: list[str], capsys: pytest.CaptureFixture[str], kept_signal_handlers: None
) -> None:
    assert cli.run([*command, "--repo", str(job.workspace)], IDS) == 2
    said = capsys.readouterr().err
    assert "id-token: write" in said
    assert "OPENAI_API_KEY" in said


def test_half_an_identity_is_told_by_commands_that_need_it_only(
    job: Runner, capsys: pytest.CaptureFixture[str], kept_signal_handlers: None
) -> None:
    half = {"OPENAI_IDENTITY_PROVIDER_ID": PROVIDER}
    assert cli.run(["--help"], half) == 0
    assert cli.run(["status", "--repo", str(job.workspace)], half) == 0
    capsys.readouterr()
    assert cli.run(["stores", "list"], half) == 2
    assert "OPENAI_SERVICE_ACCOUNT_ID" in capsys.readouterr().err


def test_a_traceback_holds_no_token(
    oidc: Oidc, api_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in oidc.environ.items():
        monkeypatch.setenv(name, value)
    oidc.closed = True
    code = cli.run(["stores", "list", "-v"], {**os.environ, **IDS, "OPENAI_BASE_URL": api_url})
    said = capsys.readouterr().err
    assert code == 3
    assert "Traceback" in said
    assert not [secret for secret in oidc.secrets if secret in said]
