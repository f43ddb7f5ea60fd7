"""Inputs as a person's options, and inputs that are true or false."""

from __future__ import annotations

import pytest

from vsync.errors import ConfigurationError
from vsync.github.inputs import SETTING_INPUTS, as_options, as_variables, flag


@pytest.mark.parametrize(("text", "value"), [("true", True), (" TRUE ", True), ("false", False), ("1", True)])
def test_a_flag_is_true_or_false(text: str, value: bool) -> None:
    assert flag("fail-on-refused", {"fail-on-refused": text}) is value


def test_a_flag_that_is_not_given_is_false() -> None:
    assert flag("fail-on-refused", {}) is False


@pytest.mark.parametrize("text", ["auto", "maybe", "truefalse"])
def test_any_other_value_of_a_flag_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match="fail-on-refused"):
        flag("fail-on-refused", {"fail-on-refused": text})


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, ("--push",)),
        ({"commit": "false"}, ()),
        ({"vector-store-name": "our docs", "target": "api"}, ("--push", "--vector-store-name", "our docs", "--target", "api")),
        ({"include": "docs/**\n\n# a comment\n*.md\n"}, ("--push", "--include", "docs/**", "--include", "*.md")),
        ({"full": "true", "force": "false"}, ("--push", "--full")),
        ({"branch": "main", "head": "f" * 40, "base": "b" * 40, "github-token": "t", "command": "verify"}, ("--push",)),
        ({"openai-api-key": "sk-secret"}, ("--push",)),
        ({"max-delete": "  "}, ("--push",)),
    ],
)  # fmt: skip
def test_inputs_are_the_options_with_which_a_clone_does_the_same(
    given: dict[str, str], options: tuple[str, ...]
) -> None:
    found = as_options(given)
    assert sorted(found) == sorted(options)
    assert found[:1] == options[:1]


def test_no_option_is_made_of_an_input_that_the_command_line_does_not_know() -> None:
    from vsync.cli.sync import plan_command, sync_command

    known = {word for command in (plan_command, sync_command) for item in command.params for word in item.opts}
    made = as_options({name: "true" for name in SETTING_INPUTS if name != "manifest"})
    assert {word for word in made if word.startswith("--")} <= known


@pytest.mark.parametrize(
    ("given", "environ", "commit"),
    [
        ({}, {}, "true"),
        ({"commit": "false"}, {}, "false"),
        ({}, {"VSYNC_COMMIT": "false"}, "false"),
        ({}, {"VSYNC_LOCAL": "true"}, "false"),
        ({}, {"VSYNC_LOCAL": "my.db"}, "false"),
        ({}, {"VSYNC_LOCAL": "false"}, "true"),
        ({"command": "batch fetch", "args": "--wait --local"}, {}, "false"),
        ({"command": "batch fetch --local=my.db"}, {}, "false"),
        ({"command": "batch fetch", "args": "--locals"}, {}, "true"),
        ({"commit": "true"}, {"VSYNC_LOCAL": "true"}, "true"),
    ],
)
def test_the_command_line_commits_unless_the_embedded_store_is_meant(
    given: dict[str, str], environ: dict[str, str], commit: str
) -> None:
    variables = as_variables(given, {"VSYNC_ROOT": ".", **environ})
    assert (variables["VSYNC_COMMIT"], variables["VSYNC_PUSH"]) == (commit, commit)
