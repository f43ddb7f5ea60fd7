"""Options given as `VSYNC_…` variables, and variables that nobody hears."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import World, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


def test_a_dry_run_by_variable_changes_nothing(world: World, docs: str) -> None:
    before = world.snapshot()
    report = world.sync(VSYNC_DRY_RUN="true")
    assert report["dry_run"] is True
    assert report["added"] == ["README.md", "docs/a.md", "docs/b.txt"]
    assert world.snapshot() == before


@pytest.mark.parametrize("no", ["false", "0", "no", ""])
def test_a_dry_run_that_is_refused_by_variable_is_a_sync(world: World, docs: str, no: str) -> None:
    assert world.sync(VSYNC_DRY_RUN=no)["dry_run"] is False
    assert world.manifest.exists()


def test_the_option_wins_over_the_variable(world: World, docs: str) -> None:
    assert world.sync("--dry-run", VSYNC_DRY_RUN="false")["dry_run"] is True
    assert not world.manifest.exists()


@pytest.mark.parametrize("arguments", [["plan"], ["status"], ["stores", "list"]])
def test_json_by_variable_is_json_and_nothing_else(world: World, docs: str, arguments: list[str]) -> None:
    assert world.sync()["failed"] == []
    result = world.vsync(*arguments, VSYNC_JSON="true")
    assert result.code == 0
    json.loads(result.out)


def test_json_by_variable_holds_for_an_error_too(world: World, docs: str) -> None:
    result = world.vsync("sync", "--head", "nowhere", VSYNC_JSON="true")
    assert result.code == 2
    assert result.json["error"]["reason"] == "git"


def test_verbose_by_variable_shows_the_traceback(world: World, docs: str) -> None:
    assert "Traceback" not in world.vsync("plan", "--head", "nowhere").err
    assert "Traceback" in world.vsync("plan", "--head", "nowhere", VSYNC_VERBOSE="true").err


@pytest.mark.parametrize(
    ("variable", "command"), [("VSYNC_DRY_RUN", "sync"), ("VSYNC_JSON", "plan"), ("VSYNC_REPAIR", "verify")]
)
def test_a_wrong_value_is_an_error_that_names_the_variable(
    world: World, docs: str, variable: str, command: str
) -> None:
    before = world.snapshot()
    result = world.vsync(command, **{variable: "maybe"})
    assert result.code == 2
    assert f"{variable} is 'maybe', but must be true or false." in one_sentence(result)
    assert world.snapshot() == before


def test_a_wrong_value_of_another_command_is_no_error(world: World, docs: str) -> None:
    assert world.vsync("plan", VSYNC_REPAIR="maybe", VSYNC_N="many").code == 0


def test_a_number_by_variable_is_checked_as_the_option_is(world: World, docs: str) -> None:
    assert world.sync()["failed"] == []
    assert len(json.loads(world.vsync("search", "about", "--json", VSYNC_N="1").out)) == 1
    result = world.vsync("search", "about", VSYNC_N="900")
    assert result.code == 2
    assert "VSYNC_N is '900'" in one_sentence(result)


def test_verify_changes_nothing_while_a_dry_run_is_asked_for(world: World, docs: str) -> None:
    assert world.sync()["failed"] == []
    before = world.snapshot()
    assert world.vsync("verify", VSYNC_DRY_RUN="true").code == 0
    result = world.vsync("verify", "--repair", VSYNC_DRY_RUN="true")
    assert result.code == 2
    assert "VSYNC_DRY_RUN" in one_sentence(result)
    assert world.snapshot() == before


def test_no_store_is_created_while_a_dry_run_is_asked_for(world: World) -> None:
    result = world.vsync("stores", "create", "acme", VSYNC_DRY_RUN="true")
    assert result.code == 2
    assert "VSYNC_DRY_RUN" in one_sentence(result)
    assert world.vsync("stores", "create", "acme", VSYNC_DRY_RUN="false").code == 0


def test_an_unknown_variable_is_a_warning_on_stderr_and_in_the_report(world: World, docs: str) -> None:
    result = world.vsync("plan", "--json", VSYNC_INCLUDES="docs/**", VSYNC_EXCLUDES="")
    assert result.code == 0
    (warning,) = result.json["warnings"]
    assert warning == "VSYNC_INCLUDES is not a variable of vsync, and has no effect. Did you mean VSYNC_INCLUDE?"
    assert result.err.splitlines()[0] == f"vsync: warning: {warning}"


@pytest.mark.parametrize("arguments", [["plan"], ["status"], ["stores", "list"], ["verify"]])
def test_an_unknown_variable_is_a_warning_of_every_command_and_once(
    world: World, docs: str, arguments: list[str]
) -> None:
    result = world.vsync(*arguments, VSYNC_MAX_DELETES="1")
    assert f"{result.out}{result.err}".count("VSYNC_MAX_DELETES") == 1


def test_a_branch_is_refused_as_an_option_and_named_as_a_variable(world: World, docs: str) -> None:
    refused = world.vsync("sync", "--branch", "main")
    assert (refused.code, "use --head" in refused.err) == (2, True)
    assert "VSYNC_BRANCH has no effect on the command line." in world.vsync("plan", VSYNC_BRANCH="main").err


@pytest.mark.parametrize("given", [(["--config", "x.yml"], {}), ([], {"VSYNC_CONFIG": "x.yml"})])
def test_a_config_file_is_refused(world: World, docs: str, given: tuple[list[str], dict[str, str]]) -> None:
    arguments, variables = given
    result = world.vsync("plan", *arguments, **variables)
    assert result.code == 2
    assert "config" in one_sentence(result)
