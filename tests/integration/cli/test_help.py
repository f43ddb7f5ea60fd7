"""The help of a command: options under headings, and only those that the command has a use for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from vsync.cli import main as cli

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

Shown = Callable[..., str]

SYNC_ALONE = {
    *("--concurrency", "--index-timeout", "--lock-timeout", "--uploads-per-minute", "--writes-per-minute"),
    *("--expect", "--dry-run"),
}
LIMITS = {"--max-delete", "--max-upload", "--force"}
SHARED = {
    *(
        "--repo",
        "--root",
        "--vector-store-id",
        "--vector-store-name",
        "--include",
        "--exclude",
        "--types",
        "--manifest",
    ),
    *(
        "--manifest-branch",
        "--target",
        "--source",
        "--head",
        "--base",
        "--full",
        "--folder",
        "--local",
        "--json",
        "--concurrency",
    ),
    *("--max-delete", "--max-upload", "--force", "--index-timeout", "--lock-timeout", "--uploads-per-minute"),
    *("--writes-per-minute", "--commit", "--push", "--config", "-v"),
}
"""The contract's: options of sync, plan, status, verify, check and search."""


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Shown:
    def shown(*command: str) -> str:
        capsys.readouterr()
        assert cli.run([*command, "--help"], {}) == 0
        return capsys.readouterr().out

    return shown


def listed(text: str) -> set[str]:
    lines = [line.strip() for line in text.splitlines() if re.match(r" {2}-", line)]
    return {name for line in lines for name in re.findall(r"--?[a-z][a-z-]*", line.split("  ")[0])}


def headings(text: str) -> list[str]:
    return re.findall(r"(?m)^([A-Z][a-z ]+):$", text)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("sync", ["Source", "Which files", "Store", "State", "Limits and rates", "Output"]),
        ("plan", ["Source", "Which files", "Store", "State", "Limits and rates", "Output"]),
        ("verify", ["What to repair", "Source", "Which files", "Store", "State", "Limits and rates", "Output"]),
        ("status", ["Source", "Which files", "Store", "State", "Output"]),
        ("check", ["Source", "Which files", "Store", "State", "Output"]),
        ("search", ["What to find", "Source", "Store", "State", "Output"]),
        ("records", ["Records", "Documents", "Store", "State", "Limits and rates", "Output"]),
        ("batch submit", ["Source", "Requests", "Results", "Store", "Limits and rates", "Output"]),
        ("batch fetch", ["Source", "Requests", "Results", "Store", "Limits and rates", "Output"]),
        ("batch status", ["Options"]),
        ("batch cancel", ["Options"]),
        ("serve", ["Options"]),
    ],
)
def test_many_options_stand_under_headings(shown: Shown, command: str, expected: list[str]) -> None:
    text = shown(*command.split())
    assert headings(text) == expected
    assert not re.search(r"(?m)^ +\[?[A-Z]+\]?$", text), "an argument is no option"


def test_a_command_that_only_reads_lists_no_options_of_a_sync(shown: Shown) -> None:
    assert listed(shown("sync")) >= SYNC_ALONE | LIMITS | {"--reindex"}
    assert listed(shown("plan")) >= LIMITS | {"--reindex", "--exit-code"}
    for command in ("plan", "status", "check", "search"):
        assert not listed(shown(command)) & SYNC_ALONE
    for command in ("status", "check", "search"):
        assert not listed(shown(command)) & (LIMITS | {"--reindex", "--exit-code", "--full"})
    assert "--include" not in listed(shown("search"))


@pytest.mark.parametrize("command", ["stores show", "stores delete", "files delete"])
def test_what_decides_which_manifest_protects_is_listed(shown: Shown, command: str) -> None:
    text = shown(*command.split())
    assert all(option in text for option in ("--push / --no-push", "--manifest PATH", "--repo DIR"))
    assert "--manifest-branch" not in text


@pytest.mark.parametrize("command", ["sync", "plan", "status", "verify", "check", "search"])
def test_every_command_takes_all_shared_options_all_the_same(command: str) -> None:
    taken = {name for param in cli.main.commands[command].params for name in (*param.opts, *param.secondary_opts)}
    assert taken >= SHARED
