"""Which `VSYNC_…` variables are heard, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from vsync.cli.environment import option_name
from vsync.cli.main import main
from vsync.config.settings import NAMES, from_environment, variable
from vsync.config.variables import OPTIONS, short_key, unheard


def options_of(command: click.Command) -> Iterator[str]:
    for inner in getattr(command, "commands", {}).values():
        yield from options_of(inner)
    yield from (name for option in command.params if (name := option_name(option)) is not None)


def test_every_option_of_the_command_line_is_known() -> None:
    assert set(options_of(main)) - {"version"} <= {*NAMES, *OPTIONS}


def test_every_name_that_is_known_is_an_option_or_a_setting() -> None:
    assert set(OPTIONS) <= set(options_of(main))
    assert not set(OPTIONS) & set(NAMES)


def test_nothing_is_said_of_variables_that_are_heard() -> None:
    environ = {variable(name): "true" for name in (*NAMES, *OPTIONS) if name != "branch"}
    assert unheard({**environ, "VSYNC_GITHUB_TOKEN": "x", "OTHER": "x", "_VSYNC_COMPLETE": "x"}) == ()


@pytest.mark.parametrize("workflow", [False, True])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VSYNC_INCLUDES", "VSYNC_INCLUDE"),
        ("VSYNC_DRYRUN", "VSYNC_DRY_RUN"),
        ("VSYNC_MAX_DELETES", "VSYNC_MAX_DELETE"),
        ("VSYNC_VECTOR_STORE", "VSYNC_VECTOR_STORE_ID"),
        ("VSYNC_include", "VSYNC_INCLUDE"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_known_one(name: str, meant: str, *, workflow: bool) -> None:
    (said,) = unheard({name: "x"}, workflow=workflow)
    assert said.startswith(f"{name} is not a variable of vsync")
    assert f"Did you mean {meant}?" in said


def test_without_a_name_that_is_near_the_documentation_is_named() -> None:
    (said,) = unheard({"VSYNC_X": "1"})
    assert "Did you mean" not in said
    assert "docs/configuration.md" in said


@pytest.mark.parametrize("workflow", [False, True])
def test_an_empty_variable_counts_as_unset(*, workflow: bool) -> None:
    environ = {"VSYNC_INCLUDES": "", "VSYNC_REPO": " ", "VSYNC_BRANCH": "\n", "VSYNC_HEAD": ""}
    assert unheard(environ, workflow=workflow) == ()
    assert from_environment(environ) == {}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("VSYNC_REPO", "working-directory"),
        ("VSYNC_PUSH", "commit"),
        ("VSYNC_GITHUB_TOKEN", "github-token"),
        ("VSYNC_JSON", "report"),
        ("VSYNC_VERBOSE", "log"),
        ("VSYNC_COMMENT", "comment"),
    ],
)
def test_a_variable_that_has_no_effect_in_a_workflow_is_named_with_what_has(name: str, instead: str) -> None:
    (said,) = unheard({name: "x"}, workflow=True)
    assert said.startswith(f"{name} has no effect in a workflow.")
    assert instead in said


def test_no_name_of_a_variable_can_act_on_a_terminal() -> None:
    (said,) = unheard({"VSYNC_\x1b[31m": "x"})
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("any", ["only 3 characters", "does not hide it"]),
        ("EMPTY", ["only 5 characters", "hides that word wherever it stands"]),
        ("12345678", []),
        ("", []),
    ],
)
def test_a_key_that_is_too_short_to_be_hidden_well_is_told(key: str, told: list[str]) -> None:
    said = short_key({"OPENAI_API_KEY": key, "OPENAI_BASE_URL": "https://models.example/v1"})
    assert len(said) == bool(told)
    assert all(words in said[0] for words in told)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/v1", "http://localhost:8000/v1", "http://[::1]/v1", ""])
def test_a_server_on_this_machine_may_take_any_word_as_a_key(address: str) -> None:
    assert short_key({"OPENAI_API_KEY": "any", "OPENAI_BASE_URL": address}) == ()
