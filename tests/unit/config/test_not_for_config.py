"""Keys that never come from a config are told how they are given."""

from __future__ import annotations

import pytest
import yaml

from tests.support.places import ROOT
from vsync.cli.main import main
from vsync.config.config_parser import parse_config
from vsync.config.keys import TOP
from vsync.config.not_for_config import elsewhere, never_from_config
from vsync.config.settings import NAMES
from vsync.errors import ConfigMistakes

KNOWN = {key.name for key in TOP.keys}
OPTIONS = {
    name.removeprefix("--") for command in main.commands.values() for param in command.params for name in param.opts
}
INPUTS = set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])


@pytest.mark.parametrize("name", sorted({*NAMES, *INPUTS} - KNOWN))
def test_each_setting_and_input_that_is_no_key_is_explained(name: str) -> None:
    with pytest.raises(ConfigMistakes) as caught:
        parse_config(f"version: 1\n{name}: x\n".encode(), ".vsync.yml")
    assert "never comes from the config" in caught.value.message or "Did you mean" in caught.value.message


@pytest.mark.parametrize("name", sorted({*NAMES, *INPUTS} - {"config"}))
def test_the_ways_that_are_told_exist(name: str) -> None:
    said = never_from_config(name) or ""
    assert ("input" in said) == (bool(said) and name in INPUTS)
    assert (f"--{name}" in said) == (bool(said) and name in OPTIONS)


@pytest.mark.parametrize("name", ["api_key", "API-KEY", "OPENAI_API_KEY", "key"])
def test_the_key_is_known_by_other_names(name: str) -> None:
    assert (never_from_config(name) or "").startswith(
        "this never comes from the config. Give it as the variable OPENAI_API_KEY"
    )


def test_keys_of_the_config_are_not_refused() -> None:
    assert not [name for name in KNOWN if never_from_config(name)]


@pytest.mark.parametrize(
    ("name", "meant"), [("chunk-size", "size below chunking"), ("store-id", "vector-store-id"), ("foo", None)]
)
def test_a_key_that_stands_elsewhere_is_known(name: str, meant: str | None) -> None:
    assert elsewhere(name, KNOWN) == meant


def test_a_key_is_not_sought_where_it_is_not_taken() -> None:
    assert elsewhere("store-id", {"match"}) is None
