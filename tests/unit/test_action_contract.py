"""action.yml, the code, the README and the docs name the same inputs and outputs; the Dockerfile keeps its promises."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from vsync import __version__, action
from vsync.settings import NAMES

ROOT = Path(__file__).resolve().parent.parent.parent
DEFINITION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
INPUTS = {*action.SETTING_INPUTS, *action.CREDENTIAL_INPUTS, *action.OTHER_INPUTS}


def table(marker: str) -> set[str]:
    """The names in the first column of the README's table behind a marker."""
    lines = README.split(f"<!-- {marker} -->", 1)[1].strip().splitlines()
    rows = list(itertools.takewhile(lambda line: line.startswith("|"), lines))[2:]
    return {name for row in rows for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}


def test_action_yml_has_the_inputs_that_the_code_reads() -> None:
    assert set(DEFINITION["inputs"]) == INPUTS


def test_action_yml_has_the_outputs_that_the_code_sets() -> None:
    assert set(DEFINITION["outputs"]) == set(action.OUTPUTS)


def test_the_readme_lists_every_input_and_no_other() -> None:
    assert table("inputs") == INPUTS


def test_the_readme_lists_every_output_and_no_other() -> None:
    assert table("outputs") == set(action.OUTPUTS)


@pytest.mark.parametrize("name", action.SETTING_INPUTS)
def test_an_input_that_is_a_setting_has_no_default_in_action_yml(name: str) -> None:
    assert "default" not in DEFINITION["inputs"][name]
    assert name in NAMES


@pytest.mark.parametrize("name", sorted(set(action.SETTING_INPUTS) - {"branch"}))
def test_configuration_md_explains_every_setting(name: str) -> None:
    assert f"`{name}`" in CONFIGURATION


def test_every_input_and_output_is_described() -> None:
    for entry in [*DEFINITION["inputs"].values(), *DEFINITION["outputs"].values()]:
        assert len(entry["description"]) > 10


def test_the_image_installs_from_the_lock_with_hashes() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "ARG BASE=python:3.13-slim\n" in dockerfile
    assert "--require-hashes -r requirements/runtime.txt" in dockerfile
    assert "ca-certificates git" in dockerfile


@pytest.mark.parametrize("lock", ["runtime.txt", "dev.txt"])
def test_a_lock_pins_everything_with_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    requirements = re.findall(r"(?m)^[a-z0-9][^\s;=]*(==)?.*(\\)$", text)
    assert requirements
    assert all(pin == "==" for pin, _ in requirements)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_the_changelog_knows_the_version_or_what_comes_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "[Unreleased]" in changelog or f"[{__version__}]" in changelog
