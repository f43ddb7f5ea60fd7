"""What the runner and the user hand over: variables, inputs, options and the event's payload, which anybody may have made."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.deep.fuzz.damage import VALUE, damaged, fewer, mutated, written
from tests.support.gitrepo import ENVIRONMENT, Repo
from tests.support.runner import read_outputs
from vsync.auth.credentials import credentials
from vsync.auth.identity_token import claims, token_source
from vsync.cli import main as cli
from vsync.config.origin import origin, repository_url
from vsync.config.settings import NAMES, from_environment, resolve
from vsync.errors import ConfigurationError
from vsync.github import action, commands, inputs
from vsync.github.event import parse_event, read_event
from vsync.github.mode import choose_mode
from vsync.github.results import OUTPUTS
from vsync.store import client
from vsync.system.secrets import taken_from
from vsync.system.stop import Stop

HOSTILE = (
    "\n::set-env name=PATH::/tmp", "::error::x", "  ::add-mask::a", "##[error]x", "##[set-env name=A;]b", "\r::stop-commands::x",
    "a\r\n::save-state name=x::y", "\u2028::error::x", "\x85::error::x", "%0A::error::x", "<script>", "@everyone", "](http://x)",
    "\x1b[31m", "\u202e", "ghadelimiter_x", "EOF", "\udcff", "é", "a" * 2_000, "\t", " ", "true", "false", "auto", "none", "-1",
    "9" * 25, "1e999", "nan", "²", "50%", "2GB", "--help", "-x", "refs/heads/main", "refs/pull/7/merge", "0" * 40, "c" * 40,
)  # fmt: skip
ENVIRONMENT_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\udc80\udcff"), max_size=10
)
ODD = st.sampled_from(HOSTILE) | ENVIRONMENT_TEXT | st.tuples(st.sampled_from(HOSTILE), ENVIRONMENT_TEXT).map("".join)

# --- The event -------------------------------------------------------------------------------------------------------

REPOSITORY = {"id": 42, "full_name": "acme/docs", "default_branch": "main"}
PAYLOAD: dict[str, Any] = {
    "action": "synchronize",
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": "c" * 40,
    "created": False,
    "deleted": False,
    "forced": True,
    "number": 7,
    "repository": REPOSITORY,
    "pull_request": {
        "number": 7,
        "state": "open",
        "merged": False,
        "base": {"sha": "b" * 40, "repo": REPOSITORY},
        "head": {"sha": "d" * 40, "repo": {"id": 43, "full_name": "x/docs"}},
    },
    "workflow_run": {"event": "push", "head_branch": "main", "head_repository": {"full_name": "acme/docs"}},
}
EVENTS = (
    "push",
    "pull_request",
    "pull_request_target",
    "workflow_run",
    "workflow_dispatch",
    "schedule",
    "merge_group",
    "",
    "x",
)
EVENT_ENVIRON = st.fixed_dictionaries(
    {"GITHUB_EVENT_NAME": st.sampled_from(EVENTS)}, optional={"GITHUB_REF": ODD, "GITHUB_SHA": ODD}
)


@given(damaged(PAYLOAD, 5), EVENT_ENVIRON, st.none() | st.booleans(), st.none() | ODD)
def test_no_payload_is_an_error(
    payload: Any, environ: Mapping[str, str], wanted: bool | None, branch: str | None
) -> None:
    event = parse_event(payload if isinstance(payload, dict) else {}, environ)
    mode = choose_mode(event, wanted=wanted, branch=branch)
    assert mode.reason
    if event.name == "pull_request_target":
        assert mode.dry_run
    if event.pull_request is not None:
        assert event.pull_request.number > 0
        for commit in (event.pull_request.base, event.pull_request.head, event.pull_request.merge):
            assert commit is None or re.fullmatch("[0-9a-f]{40,64}", commit)


@given(st.one_of(mutated(written(PAYLOAD)), VALUE.map(written), st.binary()), EVENT_ENVIRON)
@example(b"[" * 1_000_000, {"GITHUB_EVENT_NAME": "push"})
@example(b'{"a":' * 1_000_000, {"GITHUB_EVENT_NAME": "pull_request"})
@example(b'{"number": ' + b"9" * 100_000 + b"}", {"GITHUB_EVENT_NAME": "pull_request"})
@example(b"", {"GITHUB_EVENT_NAME": "push"})
def test_no_bytes_of_a_payload_are_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, environ: dict[str, str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "payload.json"
    path.write_bytes(content)
    event, problem = read_event({**environ, "GITHUB_EVENT_PATH": str(path)})
    assert event.name == environ["GITHUB_EVENT_NAME"]
    assert problem is None or len(problem) < 1_000


# --- Settings --------------------------------------------------------------------------------------------------------

GIVEN = st.one_of(ODD, st.lists(ODD, max_size=3), st.booleans(), st.none())


@given(
    st.dictionaries(st.sampled_from(NAMES), GIVEN, max_size=5), st.dictionaries(st.sampled_from(NAMES), ODD, max_size=5)
)
def test_no_setting_of_any_kind_is_another_error_than_a_wrong_setting(
    options: dict[str, Any], variables: dict[str, str]
) -> None:
    environ = {"VSYNC_" + name.upper().replace("-", "_"): value for name, value in variables.items()}
    assert from_environment(environ).keys() <= variables.keys()
    with contextlib.suppress(ConfigurationError):
        settings = resolve(options, environ)
        assert 1 <= settings.concurrency <= 256
        assert 0 <= settings.index_timeout < float("inf")
        assert len(settings.target.attributes) <= 10
        for text in (
            settings.target.name,
            settings.target.vector_store_id,
            settings.target.vector_store_name,
            settings.head,
            settings.base,
        ):
            (text or "").encode()
        assert not (settings.head or "").startswith("-")


ACCESS = (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_IDENTITY_PROVIDER_ID",
    "OPENAI_SERVICE_ACCOUNT_ID", "OPENAI_WIF_AUDIENCE", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID",
    "GITHUB_REPOSITORY_ID", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(ACCESS), ODD))
def test_no_variable_of_access_is_another_error_than_a_wrong_setting(environ: dict[str, str]) -> None:
    origin(environ)
    repository_url(environ)
    token_source(environ, "audience")
    taken_from(dict(environ))
    with contextlib.suppress(ConfigurationError):
        found = credentials(environ)
        for text in (found.api_key, found.base_url, found.organization, found.project):
            assert (text or "").isprintable()
        assert found.api_key is None or found.identity is None
        assert "api_key" not in repr(found)


NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENAI_API_KEY",
    "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "VSYNC_VECTOR_STORE_ID", "REQUESTS_CA_BUNDLE", "HOME", "TZ", "LANG",
)  # fmt: skip
ADDRESS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "socks5://", "ftp://", "", "//", "HTTP://"]),
    st.sampled_from(["", "me:secret@", "@", "a@b@"]),
    st.sampled_from(["127.0.0.1", "[::1]", "[::1", "", "a..b", "\N{SNOWMAN}.test", "xn--", "h h", "a" * 70]),
    st.sampled_from(["", ":9", ":0", ":99999", ":x", ":"]),
    st.sampled_from(["", "/v1", "/v1?x=1", "#x", "/\udcff"]),
)


def no_names(host: object, *_: object, **__: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@fewer(0.5)
@given(
    st.dictionaries(st.sampled_from(NETWORK), ADDRESS | ODD, max_size=3),
    st.sampled_from([["stores", "list"], ["sync"], ["stores", "show", "vs_1"]]),
)
@example({"SSL_CERT_FILE": "/nowhere"}, ["sync"])
@example({"ALL_PROXY": "\tx"}, ["stores", "list"])
@example({"OPENAI_BASE_URL": "http://xn--/v1"}, ["stores", "list"])
@example({"OPENAI_BASE_URL": "http://\N{SNOWMAN}.test/v1"}, ["sync"])
def test_no_variable_of_the_network_is_a_defect(workspace: Path, variables: dict[str, str], command: list[str]) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_STATE_HOME") if name in os.environ}
    environ = {
        **kept,
        **ENVIRONMENT,
        "OPENAI_API_KEY": "sk-0123456789",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        **variables,
    }
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environ, clear=True),
        contextlib.chdir(workspace),
        patch.object(socket, "getaddrinfo", no_names),
        patch.object(client, "backoff", lambda _: 0.0),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = cli.run(command, environ)
    assert code in {2, 3}
    assert "defect" not in err.getvalue()
    assert "Traceback" not in err.getvalue()


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | VALUE.map(lambda value: f"e30.{value}.x"))
def test_no_token_is_an_error(token: str) -> None:
    assert all(isinstance(value, str) for value in claims(token).values())


# --- What the runner reads from the log ------------------------------------------------------------------------------

OURS = {"add-mask", "error", "warning", "group", "endgroup"}


def commands_in(log: str) -> Iterator[str]:
    """The commands that the runner finds in a log; it takes lines as .NET does, and looks after blanks."""
    for line in re.split(r"\r\n|\r|\n|\u0085|\u2028|\u2029|\f", log):
        if line.lstrip().startswith("::"):
            yield re.split(r"[ :]", line.lstrip()[2:], maxsplit=1)[0]
        elif "##[" in line:  # the older form, where the line is none of the newer
            yield "##["


@contextlib.contextmanager
def captured() -> Iterator[io.BytesIO]:
    """Standard output as the container has it."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="\n")
    with contextlib.redirect_stdout(stream):
        yield raw
    stream.flush()
    stream.detach()


@given(ODD, ODD, st.lists(ODD, max_size=3))
def test_nothing_that_is_said_is_a_command(title: str, text: str, lines: list[str]) -> None:
    with captured() as raw:
        commands.say(text)
        commands.warning(title, text)
        commands.error(title, text, file="docs/a.md")
        commands.group(title, lines)
        commands.mask(text)
    assert set(commands_in(raw.getvalue().decode("utf-8", "replace"))) <= OURS
    found = list(commands_in(raw.getvalue().decode("utf-8", "replace")))
    assert found.count("warning") == found.count("error") == found.count("group") == 1


# --- The whole action ------------------------------------------------------------------------------------------------

PATHS = {"INPUT_MANIFEST", "INPUT_FOLDER", "INPUT_WORKING-DIRECTORY", "INPUT_INCLUDE", "INPUT_EXCLUDE"}
SAFE_PATH = st.sampled_from(
    ["", ".", "docs", "none", "m.json", "docs/m\n.json", "*.md\n!a.md", "[z-a]", ".git/x", "..", "a\udcff.json", "::error::x", "é/" * 90]
)  # fmt: skip
VARIABLES = [
    *(f"INPUT_{name.upper()}" for name in (*inputs.SETTING_INPUTS, "openai-organization", "openai-project", "dry-run", "comment")),
    "GITHUB_REF", "GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_ID", "GITHUB_SERVER_URL",
    "INPUT_WORKING-DIRECTORY", "INPUT_OPENAI-API-KEY", "VSYNC_SOURCE", "VSYNC_UPLOADS_PER_MINUTE",
]  # fmt: skip
ACTION_ENVIRON = st.lists(st.sampled_from(VARIABLES), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: SAFE_PATH if name in PATHS else ODD for name in names})
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("action") / "workspace"
    repo = Repo.make(folder)
    repo.commit({"a.md": b"one", "docs/b.md": b"two", "docs/::error::x.md": b"three", "docs/c\n::error::d.md": b"four"})
    repo.checkout()
    return folder


@fewer(0.5)
@given(
    st.sampled_from(EVENTS), damaged(PAYLOAD), ACTION_ENVIRON, st.sampled_from(["sync", "plan", "plan", "status", "x"])
)
@example("push", PAYLOAD, {"INPUT_MANIFEST": "a\udcff.json"}, "sync")
@example("push", PAYLOAD, {"INPUT_OPENAI-API-KEY": "sk-\udcff\n::error::x"}, "sync")
@example("push", PAYLOAD, {"GITHUB_REPOSITORY": "a\udcff/b"}, "sync")
@example("push", PAYLOAD, {"GITHUB_SERVER_URL": "a\udcff/b"}, "sync")
@example("push", PAYLOAD, {"GITHUB_RUN_ID": "\udcff"}, "sync")
@example("push", PAYLOAD, {"INPUT_EXCLUDE": "a\udcff*"}, "sync")
@example("push", PAYLOAD, {"INPUT_FOLDER": "a\udcff"}, "sync")
@example("push", {**PAYLOAD, "ref": "refs/heads/\ud800"}, {}, "sync")
@example("pull_request", {**PAYLOAD, "action": "\ud800"}, {}, "sync")
def test_no_variable_makes_the_action_fail_otherwise_than_documented(
    workspace: Path, event: str, payload: Any, variables: dict[str, str], command: str
) -> None:
    files = {name: workspace.parent / name for name in ("event.json", "output", "summary")}
    files["event.json"].write_bytes(written(payload))
    files["output"].write_text("")
    files["summary"].write_text("")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_STATE_HOME") if name in os.environ}
    environ = {
        **kept,
        **ENVIRONMENT,
        "VSYNC_LOCAL": str(workspace.parent / "store.db"),
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(files["event.json"]),
        "GITHUB_OUTPUT": str(files["output"]),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "INPUT_COMMAND": command,
        "INPUT_LOCK-TIMEOUT": "1",
        "INPUT_COMMIT": "false",
        **variables,
    }
    with patch.dict(os.environ, environ, clear=True), contextlib.chdir(workspace), captured() as raw:
        code = action.run(environ, Stop())
    assert code in {0, 1, 2, 3, 4}
    log = raw.getvalue().decode("utf-8", "replace")
    if command in {"sync", "plan"}:
        assert set(commands_in(log)) <= OURS
    outputs = dict(read_outputs(files["output"].read_text()))
    assert outputs.keys() <= set(OUTPUTS)
    assert code == 0 or outputs.get("failure-reason") or outputs.get("failed", "0") != "0"
    files["summary"].read_text()
    report = workspace / outputs.get("report", "-")
    if report.is_file():
        json.loads(report.read_text())
