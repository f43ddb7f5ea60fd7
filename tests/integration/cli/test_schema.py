"""`vsync schema` needs nothing, and the mistakes in a config are printed one a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import World
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from vsync.cli.context import Context, show_error
from vsync.config.config_parser import parse_config
from vsync.config.schema import json_schema
from vsync.errors import ConfigMistakes
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


def test_the_schema_is_printed_without_a_repository_and_a_key(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = world.vsync("schema")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == json_schema()


def test_each_mistake_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigMistakes) as caught:
        parse_config(b"version: 1\nfoo: 1\ntypes: '##[error]'\n", ".vsync.yml")
    assert show_error(caught.value, Context({}, Secrets(), Stop())) == 2
    err = capsys.readouterr().err
    lines = err.splitlines()
    assert [line.split(":")[:3] for line in lines[:2]] == [["vsync", " .vsync.yml", "2"], ["vsync", " .vsync.yml", "3"]]
    assert lines[2:] == ["vsync: docs/configuration.md describes the keys of the config."]
    assert "##[" not in err
