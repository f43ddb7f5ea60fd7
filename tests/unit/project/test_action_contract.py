"""action.yml, the code, the README and the docs name the same inputs and outputs; the Dockerfile keeps its promises."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import yaml

from tests.support.places import ROOT
from vsync import __version__, errors
from vsync.config.settings import DEFAULT_MANIFEST, NAMES, Settings
from vsync.github import batch_results, inputs
from vsync.github import results as telling
from vsync.plan.comparison import Comparison
from vsync.plan.limits import DEFAULT_MAX_UPLOAD_BYTES, DEFAULT_MAX_UPLOADS
from vsync.report.report import Report

DEFINITION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
README = (ROOT / "README.md").read_text()
CONFIGURATION = re.sub(r"(?ms)^## The config\n.*?(?=^## )", "", (ROOT / "docs" / "configuration.md").read_text())
"""Without the keys of the config, which have the names of settings: see `test_config_docs`."""
OUTPUTS = {*telling.OUTPUTS, *batch_results.OUTPUTS}
INPUTS = {*inputs.SETTING_INPUTS, *inputs.CREDENTIAL_INPUTS, *inputs.OTHER_INPUTS}
NOT_INPUTS = {
    "default-root", "repo", "source", "local", "push", "uploads-per-minute", "writes-per-minute", "expect", "reindex",
}  # fmt: skip
"""Settings that a workflow cannot give."""

DEFAULTS = {
    "command": "sync",
    "target": Settings().target.name,
    "manifest": DEFAULT_MANIFEST,
    "manifest-branch": "vsync-manifest",
    "commit": "true",
    "full": "false",
    "force": "false",
    "dry-run": "auto",
    "comment": "auto",
    "fail-on-refused": "false",
    "concurrency": str(Settings().concurrency),
    "index-timeout": f"{Settings().index_timeout:g}",
    "lock-timeout": f"{Settings().lock_timeout:g}",
    "working-directory": Settings().repo,
}
"""What an input is when it is not given."""

ACTION_ONLY = {"commit": "`true` in the action, else `false`"}


def rows(text: str) -> dict[str, str]:
    """Each name in the first column of a Markdown text's tables, with what the second one says."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and re.fullmatch(r"`[a-z-]+`(, `[a-z-]+`)*", cells[1]):
            for name in re.findall(r"`([a-z-]+)`", cells[1]):
                assert name not in found, f"{name} stands twice"
                found[name] = cells[2]
    return found


def table(marker: str) -> dict[str, str]:
    """The README's table behind a marker."""
    lines = README.split(f"<!-- {marker} -->", 1)[1].strip().splitlines()
    return rows("\n".join(itertools.takewhile(lambda line: line.startswith("|"), lines)))


def test_action_yml_has_the_inputs_that_the_code_reads() -> None:
    assert set(DEFINITION["inputs"]) == INPUTS


def test_action_yml_has_the_outputs_that_the_code_sets() -> None:
    assert set(DEFINITION["outputs"]) == OUTPUTS


def test_the_readme_lists_every_input_and_no_other() -> None:
    assert set(table("inputs")) == INPUTS


def test_the_readme_lists_every_output_and_no_other() -> None:
    assert set(table("outputs")) == OUTPUTS


@pytest.mark.parametrize("name", inputs.SETTING_INPUTS)
def test_an_input_that_is_a_setting_has_no_default_in_action_yml(name: str) -> None:
    assert "default" not in DEFINITION["inputs"][name]
    assert name in NAMES


def test_configuration_md_lists_every_setting_and_input_and_no_other() -> None:
    listed = set(rows(CONFIGURATION))
    assert (INPUTS | set(NAMES)) - listed <= {"config", "default-root", "push"}
    assert listed <= INPUTS | set(NAMES)


def test_a_setting_is_an_input_unless_it_is_known_not_to_be() -> None:
    assert set(NAMES) == set(inputs.SETTING_INPUTS) | NOT_INPUTS


@pytest.mark.parametrize(("name", "variable"), inputs.CREDENTIAL_INPUTS.items())
def test_configuration_md_names_the_variable_of_every_credential(name: str, variable: str) -> None:
    assert rows(CONFIGURATION)[name] == f"`{variable}`"


def test_no_input_has_two_meanings() -> None:
    assert len(INPUTS) == len(inputs.SETTING_INPUTS) + len(inputs.CREDENTIAL_INPUTS) + len(inputs.OTHER_INPUTS)


def test_every_input_is_read_under_the_name_that_github_gives_it() -> None:
    environ = {f"INPUT_{name.upper()}": f"value of {name}" for name in DEFINITION["inputs"]}
    assert inputs.inputs(environ) == {name: f"value of {name}" for name in INPUTS}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_the_default_is_the_same_in_the_readme_and_in_configuration_md(name: str, value: str) -> None:
    assert table("inputs")[name].replace("`", "") == value
    assert rows(CONFIGURATION)[name].replace("`", "") == ACTION_ONLY.get(name, value).replace("`", "")


def test_the_limits_are_the_same_everywhere() -> None:
    count, size = DEFAULT_MAX_UPLOADS, f"{DEFAULT_MAX_UPLOAD_BYTES // 10**6}"
    assert rows(CONFIGURATION)["max-upload"] == f"`{count},{size}MB`"
    assert f"(default {count},{size}MB)" in DEFINITION["inputs"]["max-upload"]["description"]
    assert f"uploads more than {count:,} documents or {size} MB" in " ".join(README.split())


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_action_yml_states_the_same_default(name: str) -> None:
    entry = DEFINITION["inputs"][name]
    stated = re.search(r"\(default `?([^`),]+)", entry["description"])
    if "default" in entry:
        assert entry["default"] == {**DEFAULTS, "github-token": "${{ github.token }}"}[name]
    elif name in DEFAULTS and DEFAULTS[name] not in {"false", "."}:
        assert stated is not None
        assert stated[1] == DEFAULTS[name]


def test_the_outputs_that_are_set_are_all_of_them_and_text() -> None:
    found = telling.outputs([Report("default", Comparison("full", "first sync"))], "report.json")
    assert tuple(found) == telling.OUTPUTS
    assert all(isinstance(value, str) for value in found.values())


def reasons(kind: type[errors.VsyncError]) -> set[str]:
    return {kind.reason}.union(*(reasons(child) for child in kind.__subclasses__()))


def test_every_reason_to_fail_is_listed_where_the_output_is() -> None:
    known = reasons(errors.VsyncError) | {"documents", "drift", "check"}
    described = DEFINITION["outputs"]["failure-reason"]["description"]
    assert set(re.findall(r"[a-z]+", described.split("(")[1].split(")")[0])) == known
    assert set(re.findall(r"`([a-z]+)`", table("outputs")["failure-reason"])) == known


def test_every_input_and_output_is_described() -> None:
    for entry in [*DEFINITION["inputs"].values(), *DEFINITION["outputs"].values()]:
        assert len(entry["description"]) > 10


def test_the_image_installs_from_the_lock_with_hashes() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "ARG BASE=python:3.13-slim\n" in dockerfile
    assert "--require-hashes -r requirements/image.txt" in dockerfile
    assert "ca-certificates git" in dockerfile


@pytest.mark.parametrize("lock", ["runtime.txt", "image.txt", "command-line.txt", "dev.txt"])
def test_a_lock_pins_everything_with_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    requirements = re.findall(r"(?m)^[a-z0-9][^\s;=]*(==)?.*(\\)$", text)
    assert requirements
    assert all(pin == "==" for pin, _ in requirements)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def pins(lock: str) -> set[str]:
    return set(re.findall(r"(?m)^[a-z0-9][^\s;=]*==[^\s;]+", (ROOT / "requirements" / lock).read_text()))


def test_what_the_image_runs_is_what_the_tests_run() -> None:
    assert pins("runtime.txt") < pins("image.txt") < pins("dev.txt")


def test_the_changelog_knows_the_version_or_what_comes_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "[Unreleased]" in changelog or f"[{__version__}]" in changelog
