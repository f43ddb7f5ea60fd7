"""The page on batch jobs: its examples do what it says, its options exist, and its tables are whole."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from tests.support.command_line import World
from tests.support.command_line import world as world
from tests.support.places import ROOT
from vsync.batch import limits
from vsync.batch.check_requests import check_requests
from vsync.batch.explain import REFUSALS, REQUESTS, STATES, of_refusal, of_request
from vsync.batch.join import write_joined
from vsync.batch.result_index import Best
from vsync.batch.result_line import NO_RESULT, UNREADABLE
from vsync.batch.summary_file import parse_summary
from vsync.cli.batch import batch_group
from vsync.cli.environment import option_name
from vsync.config.variables import OPTIONS
from vsync.github.batch_results import OUTPUTS

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

PAGE = (ROOT / "docs/batch.md").read_text()
BLOCK = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")


def blocks(language: str) -> list[str]:
    return [block for name, block in BLOCK.findall(PAGE) if name == language]


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def behind(marker: str) -> list[list[str]]:
    return rows(PAGE.split(f"<!-- {marker} -->\n", 1)[1].split("\n\n", 1)[0])[1:]


@pytest.mark.parametrize(
    ("marker", "known", "general"),
    [
        (
            "request codes",
            REQUESTS,
            {"`http_500` and above": of_request("http_503"), "another code": of_request("new")},
        ),
        ("refusal codes", REFUSALS, {"another code": of_refusal("new"), "no code": of_refusal("")}),
    ],
)
def test_each_code_stands_in_the_table_with_the_words_of_the_program(
    marker: str, known: dict[str, Any], general: dict[str, Any]
) -> None:
    stated = {name: (meaning, remedy) for names, meaning, remedy in behind(marker) for name in names.split(", ")}
    told = {f"`{code}`": explanation for code, explanation in known.items()} | general
    assert stated == {name: (found.meaning, found.remedy) for name, found in told.items()}


def test_each_code_that_vsync_itself_gives_a_request_file_is_explained() -> None:
    source = "".join(path.read_text() for path in (ROOT / "vsync/batch").glob("*.py"))
    given = set(re.findall(r'\bFailed\(\s*[\w.]+,\s*"([a-z-]+)"', source)) | {"failed"}
    assert len(given) > 5
    assert {name.strip("`") for name, *_ in behind("codes of vsync")} == {*given, "a code of the API"}


def test_each_code_that_vsync_itself_gives_a_request_is_explained() -> None:
    assert {NO_RESULT, UNREADABLE} <= set(REQUESTS)


def test_each_state_is_explained() -> None:
    stated = {name for cells in rows(section("Status")) for name in re.findall(r"`(\w+)`", cells[0])}
    assert stated == set(STATES)


def test_every_option_of_the_commands_is_in_the_table_and_no_other() -> None:
    stated = {name for cells in rows(section("Options")) for name in re.findall(r"--([a-z-]+)", cells[0])}
    params = [param for command in batch_group.commands.values() for param in command.params]
    assert stated == {name for param in params if (name := option_name(param)) is not None} - {"verbose"}


def test_the_variables_that_are_not_heard_are_named() -> None:
    params = [param for command in batch_group.commands.values() for param in command.params]
    silent = {
        str(option_name(param))
        for param in params
        if isinstance(param, click.Option) and not getattr(param, "by_variable", 1)
    }
    text = section("Options").split("### Variables", 1)[1]
    assert {f"VSYNC_{name.upper()}" for name in silent} <= set(re.findall(r"VSYNC_[A-Z]+", text))
    assert silent <= set(OPTIONS)


def test_the_outputs_of_the_action_are_explained() -> None:
    table = section("In a workflow").split("| output |", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"`([a-z-]+)`", re.sub(r"\|[^|\n]*\|$", "", table, flags=re.M))) >= set(OUTPUTS) - {"dry-run"}


def test_the_limits_are_those_of_the_program() -> None:
    text = section("What a request file must be")
    assert all(f"`{endpoint}`" in text for endpoint in limits.ENDPOINTS)
    assert f"{limits.MAX_REQUESTS:,} requests and {limits.MAX_BYTES // 1024**2} MiB" in text
    assert f"{limits.MAX_INPUTS:,} inputs" in text
    assert f"at most {limits.MAX_LINE_BYTES // 1024**2} MiB" in text
    assert f"{limits.MAX_BYTES // 1024**2} MiB, one endpoint" in section("Cost and limits")


def test_the_request_files_of_the_page_are_right() -> None:
    assert blocks("jsonl")
    for block in blocks("jsonl"):
        assert check_requests(io.BytesIO(block.encode())).mistakes == ()


def test_the_commands_of_the_page_exist() -> None:
    commands = [line.split("  #")[0] for block in blocks("sh") for line in block.splitlines()]
    commands += [found.replace(" N", " 9") for found in re.findall(r"`(vsync batch [^`…]*)`", PAGE)]
    for words in (shlex.split(command) for command in commands if command.startswith("vsync batch ")):
        command = batch_group.commands[words[2]]
        command.make_context(words[2], words[3:], help_option_names=["-h", "--help"], resilient_parsing=False)


def test_the_first_use_without_a_key_does_what_the_page_says(world: World) -> None:
    world.local = True
    folder = world.repo.root / "batches"
    folder.mkdir()
    (folder / "hello.jsonl").write_text(blocks("jsonl")[0])
    for command in (line for block in blocks("sh") for line in block.splitlines()):
        if command.startswith("vsync"):
            result = world.vsync(*shlex.split(command.split("  #")[0])[1:])
            assert result.code == 0, f"{command}: {result.err}"
    results = [json.loads(line) for line in (world.repo.root / "batch-results/hello.jsonl").read_text().splitlines()]
    assert [line["custom_id"] for line in results] == ["a", "b"]


def test_the_summary_file_has_the_keys_of_the_page(world: World) -> None:
    write(world.repo.root / "batches/a.jsonl", blocks("jsonl")[0].replace("gpt-5-mini", "vsync-fail-429"))
    world.vsync("batch", "submit")
    world.vsync("batch", "fetch", "--wait")
    content = (world.repo.root / "batch-results/a.summary.json").read_bytes()
    assert parse_summary(content).failed == 2
    stated = {name for cells in rows(section("The summary file"))[1:] for name in re.findall(r"`(\w+)`", cells[0])}
    assert stated == set(json.loads(content))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_a_request_without_a_result_is_written_as_the_page_shows() -> None:
    line = json.loads(blocks("json")[0])
    assert list(line) == ["id", "custom_id", "response", "error"]
    written = io.BytesIO()
    write_joined([(1, line["custom_id"])], Best(), written, status="cancelled")
    assert json.loads(written.getvalue()) == line


def test_of_the_file_where_some_requests_fail_only_these_run_again(world: World) -> None:
    world.local = True
    write(world.repo.root / "batches/some-fail.jsonl", blocks("jsonl")[1])
    world.vsync("batch", "submit")
    assert world.vsync("batch", "fetch", "--wait").code == 1
    results = world.repo.root / "batch-results/some-fail.jsonl"
    first = results.read_text().splitlines()
    assert [json.loads(line)["response"]["status_code"] for line in first] == [200, 429]
    again = world.vsync("batch", "fetch", "--resubmit-failed", "--wait")
    assert "1 request, " in again.out
    assert results.read_text().splitlines()[0] == first[0], "the good result stays"
