"""The page on streams: its examples do what it says, its commands exist, and its tables are whole."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tests.support.gitrepo import environment
from tests.support.places import ROOT
from vsync.cli.records import records_command
from vsync.config.settings import variable
from vsync.records.change import BadRecord
from vsync.records.outcomes import Outcome
from vsync.records.stream_report import OUTCOMES

PAGE = (ROOT / "docs/records.md").read_text()
BLOCK = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")
NEEDS_JQ = pytest.mark.skipif(shutil.which("jq") is None, reason="the examples pick fields with jq")


def blocks(language: str, text: str = PAGE) -> list[str]:
    return [block for name, block in BLOCK.findall(text) if name == language]


def section(heading: str) -> str:
    """The text below a heading, up to the next one of the same level."""
    found = re.search(rf"(?m)^(##+) {re.escape(heading)}$", PAGE)
    assert found, heading
    # One # is a comment in a block of commands.
    return re.split(rf"(?m)^#{{2,{len(found[1])}}} ", PAGE[found.end() :])[0]


def same(text: str) -> str:
    """The text without what differs from run to run."""
    text = re.sub(r"\b(vs_|file-)[A-Za-z0-9]{24}\b", r"\1…", text)
    text = re.sub(r"[0-9.]+ s, [0-9,]+ records/s", "… records/s", text)
    return re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "…", text)


def steady(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name not in {"duration_s", "rate"}}


class Folder:
    """The folder in which the examples run, with the command `vsync`."""

    def __init__(self, root: Path) -> None:
        self.root = root / "pages"
        self.root.mkdir()
        (root / "bin").mkdir()
        program = root / "bin/vsync"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m vsync "$@"\n')
        program.chmod(0o755)
        self._environ = environment(PYTHONPATH=str(ROOT))
        self._environ["PATH"] = f"{root / 'bin'}:{self._environ['PATH']}"
        (self.root / "changes.jsonl").write_text(blocks("jsonl")[0])

    def streams(self, script: str, *, code: int = 0, **variables: str) -> tuple[str, str]:
        """What a block of commands prints on standard output, and on standard error."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.root,
            env={**self._environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    def run(self, script: str, **variables: str) -> str:
        """What a block of commands prints, on both streams."""
        return "".join(self.streams(script, code=0, **variables))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_first_example_prints_what_the_page_shows(folder: Folder) -> None:
    shown = section("Try it")
    apply, find = blocks("sh", shown)
    acknowledged, report, results = blocks("text", shown)
    out, err = folder.streams(apply, code=1)
    assert same(out) == same(acknowledged)
    assert same(err) == same(report)
    out, err = folder.streams(find)
    assert out == results
    assert err.startswith("The embedded store ranks documents by the words")
    out, _ = folder.streams(apply, code=1)
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == [
        "superseded",
        "unchanged",
        "unchanged",
        "dead",
    ]
    assert (folder.root / ".vsync/records.dead.jsonl").read_text().count("\n") == 2
    out, _ = folder.streams(f"{find.rstrip()} --filter lang=en")
    assert out == results


def test_the_report_as_json_and_the_letter_of_the_example_are_what_the_page_shows(folder: Folder) -> None:
    out, _ = folder.streams(blocks("sh", section("Try it"))[0], code=1, VSYNC_JSON="true")
    [stated] = blocks("json", section("Acknowledgements"))
    actual = out.splitlines()[-1]
    assert steady(json.loads(same(stated))["report"]) == steady(json.loads(same(actual))["report"])
    [letter] = blocks("json", section("Records that cannot be applied"))
    assert json.loads(same(letter)) == json.loads(same((folder.root / ".vsync/records.dead.jsonl").read_text()))


def test_a_document_of_an_old_key_is_deleted_as_the_page_says(folder: Folder) -> None:
    folder.streams(blocks("sh", section("Try it"))[0], code=1)
    [delete] = blocks("sh", section("What a record becomes"))
    out, _ = folder.streams(delete)
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["deleted"]


@NEEDS_JQ
def test_the_examples_for_going_on_and_for_dead_letters_work(folder: Folder) -> None:
    resumed, going_on, offsets = blocks("sh", section("Go on where it stopped"))
    changes = folder.root / "changes.jsonl"
    before = changes.read_text()
    printed = folder.run(resumed)
    [note] = blocks("text", section("Go on where it stopped"))
    assert note in printed
    assert printed.count('"outcome"') == 5
    changes.write_text(before)
    shutil.rmtree(folder.root / ".vsync")
    printed = folder.run(going_on)
    assert (folder.root / "acknowledged.jsonl").read_text().count("\n") == 4
    assert "No records came." in printed
    [again] = blocks("sh", section("Records that cannot be applied"))
    printed = folder.run(again)
    assert '"outcome": "uploaded"' in printed
    assert "1 record: 1 applied." in printed
    positions = [{"topic": "pages", "partition": number % 2, "offset": number} for number in range(5)]
    lines = [json.dumps({"line": number, "position": position}) for number, position in enumerate(positions, 1)]
    (folder.root / "acknowledged.jsonl").write_text("\n".join(lines) + "\n")
    assert folder.run(offsets).splitlines() == ["-p 0 -o 5", "-p 1 -o 4"]


# --- Commands -----------------------------------------------------------------------------------------------


def commands() -> list[list[str]]:
    """The arguments of each `vsync records` on the page."""
    found = []
    for script in blocks("sh"):
        for line in re.sub(r"\\\n|\|\n", "| ", script).splitlines():
            for part in re.findall(r"vsync records ([^|;>]*)", line):
                found.append(shlex.split(re.sub(r"<.*", "", part), comments=True))
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_the_page_is_understood(words: list[str]) -> None:
    records_command.make_context("vsync records", list(words), help_option_names=["-h", "--help"])


def test_the_commands_of_the_page_are_found() -> None:
    assert len(commands()) >= 8
    assert ["-", "--format", "debezium/json"] in [words[:3] for words in commands()]


def test_the_service_and_the_container_run_commands_that_are_understood() -> None:
    services = [data["services"] for text in blocks("yaml") if "services" in (data := yaml.safe_load(text))]
    [(_, *words)] = [service["command"] for each in services for service in each.values()]
    [unit] = blocks("ini")
    started = re.search(r"(?m)^ExecStart=\S+/vsync (.*)$", unit)
    assert started
    for arguments in (words, started[1].split()):
        assert arguments.pop(0) == "records"
        params = records_command.make_context("vsync records", arguments, help_option_names=["-h", "--help"]).params
        assert params["follow"] is True
        assert params["source"] == "acme/pages"


def test_the_pipeline_of_conduit_writes_the_file_that_is_followed() -> None:
    [pipelines] = [data["pipelines"] for text in blocks("yaml") if "pipelines" in (data := yaml.safe_load(text))]
    [destination] = [found for found in pipelines[0]["connectors"] if found["type"] == "destination"]
    assert destination["settings"]["path"] in {words[0] for words in commands() if "--follow" in words}


# --- Tables -------------------------------------------------------------------------------------------------


def test_the_table_of_options_has_every_option_and_its_default() -> None:
    rows = re.findall(r"(?m)^\| `(--[\w-]+)` \| ([^|]*)\|", section("Options"))
    shown = {option: default.strip() for option, default in rows}
    options = {
        max(option.opts, key=len): option
        for option in records_command.params
        if isinstance(option, click.Option) and not option.hidden
    }
    assert list(shown) == list(options)
    for name, option in options.items():
        if option.show_default and not option.is_flag:
            assert shown[name] == f"`{option.default}`"
        elif found := re.search(r"\[default: ([^,;\]]*)", option.help or ""):
            assert shown[name].replace("`", "").startswith(found[1])
    assert variable("batch-size") in section("Options")


def test_the_table_of_outcomes_has_every_outcome() -> None:
    table = section("Acknowledgements").partition("| `outcome` |")[2].partition("\n\n")[0]
    named = {name for row in re.findall(r"(?m)^\| (`[^|]+) \|", table) for name in re.findall(r"`(\w+)`", row)}
    expected: set[Outcome] = set(OUTCOMES)
    assert named == expected


def test_the_table_of_codes_has_every_code_of_a_bad_record() -> None:
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \|", section("Records that cannot be applied"))
    sources = [path.read_text() for path in sorted((ROOT / "vsync/records").glob("*.py"))]
    raised = {code for text in sources for code in re.findall(r'BadRecord\(\s*"([a-z-]+)"', text)}
    assert len(raised) > 4
    assert raised <= set(rows)
    assert issubclass(BadRecord, Exception)
