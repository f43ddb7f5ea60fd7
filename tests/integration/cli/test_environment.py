"""Faults of the environment: each has a sentence that names the variable, exit code 2, and nothing is done."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from unittest import mock

import pytest

from tests.support.command_line import KEY, World, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from vsync.cli import main as cli

FAULTS = [
    ("SSL_CERT_FILE", "/nowhere.pem"),
    ("SSL_CERT_FILE", os.devnull),
    ("SSL_CERT_DIR", "/nowhere"),
    ("HTTPS_PROXY", "http://"),
    ("HTTP_PROXY", "ftp://proxy.test"),
    ("ALL_PROXY", "socks5://127.0.0.1:1"),
    ("https_proxy", "http://proxy.test:many"),
    ("OPENAI_API_KEY", "schlüssel"),
    ("OPENAI_API_KEY", "sk one"),
    ("OPENAI_ORG_ID", "ü"),
    ("OPENAI_PROJECT_ID", "a b"),
    ("OPENAI_BASE_URL", "https://me:secret@gateway.test/v1"),
    ("OPENAI_BASE_URL", "https://gateway.test/v1?api-version=1"),
    ("OPENAI_BASE_URL", "gateway.test/v1"),
]


@pytest.mark.parametrize(("name", "value"), FAULTS)
@pytest.mark.parametrize("command", [("sync",), ("stores", "list"), ("verify",)], ids=" ".join)
def test_a_wrong_variable_is_told_in_one_sentence_and_nothing_is_done(
    world: World, docs: str, command: tuple[str, ...], name: str, value: str
) -> None:
    if command == ("verify",):
        world.sync()
    before = world.snapshot()
    result = world.vsync(*command, **{name: value})
    assert result.code == 2
    told = one_sentence(result)
    assert name in told
    assert "secret" not in told
    assert "defect" not in told
    assert world.snapshot() == before


@pytest.mark.parametrize(("name", "value"), FAULTS[:7])
def test_a_command_that_makes_no_connection_does_not_mind(world: World, docs: str, name: str, value: str) -> None:
    assert world.plan(**{name: value})["added"] != []
    world.sync()
    result = world.vsync("sync", **{name: value})
    assert result.code == 0
    assert "Nothing changed since" in result.out


def test_the_embedded_store_needs_no_connection(world: World, docs: str) -> None:
    world.local = True
    assert world.vsync("sync", HTTPS_PROXY="http://", SSL_CERT_FILE="/nowhere.pem").code == 0


@pytest.mark.parametrize(
    ("name", "value"), [("VSYNC_VECTOR_STORE_ID", "../files"), ("VSYNC_VECTOR_STORE_ID", "vs_1?x")]
)
def test_what_is_no_id_of_a_store_is_refused(world: World, docs: str, name: str, value: str) -> None:
    result = world.vsync("sync", **{name: value})
    assert result.code == 2
    assert "vector-store-id is" in one_sentence(result)
    assert "an id holds no" in one_sentence(result)


def test_what_the_http_client_alone_refuses_is_no_defect(world: World, docs: str) -> None:
    """The names of hosts have rules that only the client knows: https://www.rfc-editor.org/rfc/rfc5891."""
    variables = {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": "http://\N{SNOWMAN}.test/v1",
        "VSYNC_VECTOR_STORE_NAME": "docs",
    }
    result = world.vsync("sync", **variables)
    assert result.code == 2
    assert "OPENAI_BASE_URL" in one_sentence(result)


def test_a_proxys_password_is_shown_nowhere(world: World, docs: str) -> None:
    result = world.vsync("stores", "list", HTTPS_PROXY="ftp://me:pass%20word@proxy.test")
    assert "pass%20word" not in result.err
    assert "proxy.test" in result.err


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_a_manifest_that_is_no_file_is_refused_and_not_read(world: World, docs: str, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    result = world.vsync("sync", "--manifest", "/dev/full" if kind == "device" else str(path))
    assert result.code == 2
    assert "a device or a pipe" in one_sentence(result)


@pytest.mark.parametrize("name", ["seal", "journal", "wal", "certificates"])
def test_no_pipe_in_the_place_of_a_file_stops_a_run(world: World, docs: str, tmp_path: Path, name: str) -> None:
    world.local = name == "wal"
    world.vsync("sync", VSYNC_VECTOR_STORE_NAME="docs")
    world.repo.commit({"b.md": b"# B"})
    beside = next(world.repo.root.rglob("*.seal.json"), tmp_path)
    path = {
        "seal": beside,
        "journal": beside.with_name(beside.name.replace(".seal.json", ".journal-0.json")),
        "wal": world.db.with_name(f"{world.db.name}-wal"),
        "certificates": tmp_path / "certificates.pem",
    }[name]
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    variables = {"SSL_CERT_FILE": str(path)} if name == "certificates" else {}
    result = world.vsync("sync", "--vector-store-name", "docs", **variables)
    if result.code:
        assert result.code in {2, 3}
        assert "pipe" in one_sentence(result)
    assert "defect" not in result.err


# --- Output that cannot be written ---------------------------------------------------------------------------------


class Full:
    """Standard output into a file on a full disk."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._file = Path("/dev/full").open("w")  # noqa: SIM115 - open while the command writes; the test closes it

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def close(self) -> None:
        self._file.close()

    def write(self, text: str) -> int:
        return self._file.write(text)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("sync",), 0),
        (("plan", "--json"), 2),
        (("stores", "list"), 2),
        (("stores", "delete", "--empty", "--yes"), 0),
        (("--help",), 2),
    ],
    ids=str,
)
def test_a_full_disk_behind_the_output_stops_no_run_and_is_told(
    world: World, docs: str, command: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"VSYNC_LOCAL": str(world.db)}
    assert cli.run(["sync"], environ) == 0
    world.repo.commit({"new.md": b"more"})
    capsys.readouterr()
    full = Full()
    with mock.patch.object(sys, "stdout", full):
        assert cli.run(command, environ) == code
    with contextlib.suppress(OSError):  # what could not be written is tried once more
        full.close()
    told = capsys.readouterr().err
    assert "What was printed is not whole: No space left on device." in told
    assert "defect" not in told
    if command == ("sync",):
        assert (
            "new.md"
            in json.loads(world.db.with_name(f"{world.db.name}.manifest.json").read_text())["targets"]["default"][
                "files"
            ]
        )
