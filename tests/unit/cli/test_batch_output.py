"""Commands that output names: they hold for the folders that this command line names."""

from __future__ import annotations

import pytest

from vsync.cli.batch import batch_fetch, batch_submit
from vsync.cli.batch_output import carried_options, named_files, repeated_arguments, with_options


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], ""),
        (["--source", "my requests", "--json", "--limit", "3"], "--source='my requests'"),
        (["--results=out", "--local"], "--results=out --local"),
        (["--local", "my.db", "--source-name", "a/b"], "--source-name=a/b --local=my.db"),
        (["batches/a.jsonl", "--repo", "../x"], "--repo=../x"),
    ],
)
def test_the_next_command_gets_the_options_that_say_where(arguments: list[str], options: str) -> None:
    with batch_submit.make_context("submit", arguments, help_option_names=["-h", "--help"]) as ctx:
        assert carried_options(ctx) == options


@pytest.mark.parametrize(
    ("arguments", "repeated"),
    [
        ([], ""),
        (["--dry-run", "--json", "-v", "--local", "--source=in"], ""),
        (["new.jsonl", "--dry-run"], "new.jsonl"),
        (
            ["--again", "batches/a b.jsonl", "--again=*", "--limit", "3", "--endpoint", "/v1/responses", "x", "y z"],
            "--endpoint=/v1/responses --limit=3 --again='batches/a b.jsonl' --again='*' x 'y z'",
        ),
        (["--dry-run", "--", "-x.jsonl"], "./-x.jsonl"),
    ],
)
def test_what_a_dry_run_showed_is_what_the_next_command_does(arguments: list[str], repeated: str) -> None:
    with batch_submit.make_context("submit", arguments, help_option_names=["-h", "--help"]) as ctx:
        assert repeated_arguments(ctx) == repeated


def test_switches_and_times_are_repeated_too() -> None:
    arguments = ["--wait", "--wait-timeout", "2h", "--no-push", "a.jsonl"]
    with batch_fetch.make_context("fetch", arguments, help_option_names=["-h", "--help"]) as ctx:
        assert repeated_arguments(ctx) == "--wait --wait-timeout=7200.0 --no-push a.jsonl"
        assert named_files(ctx) == "a.jsonl"


def test_a_variable_holds_for_the_next_command_by_itself() -> None:
    given = {"results_folder": "out"}
    with batch_submit.make_context("submit", [], default_map=given, help_option_names=["-h", "--help"]) as ctx:
        assert ctx.params["results_folder"] == "out"
        assert carried_options(ctx) == ""


def test_only_commands_of_batch_get_the_options() -> None:
    text = "Run `vsync batch fetch --wait`, or `vsync sync`."
    assert with_options(text, "--local") == "Run `vsync batch fetch --wait --local`, or `vsync sync`."
    assert with_options(text, "") == text


def test_each_fetch_that_is_advised_publishes_where_this_one_does() -> None:
    text = "Run `vsync batch fetch --wait` or `vsync batch submit`. Then `vsync batch fetch --push`."

    assert with_options(text, "--local", "--push") == (
        "Run `vsync batch fetch --wait --push --local` or `vsync batch submit --local`. Then `vsync batch fetch --push --local`."
    )
