"""What a person sees in a terminal: the list first, then the result, then one command to go on with."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

PAGES = {f"docs/{number:02}.md": b"# page\n" for number in range(60)}
COLOUR = re.compile(r"\x1b\[[0-9]+m")


@pytest.fixture
def fresh_clone(world: World, docs: str) -> World:
    """A clone whose remote has the manifest of another machine."""
    world.repo.commit({".vsync/manifest.json": b"{}"}, branch="theirs")
    world.repo.git("update-ref", "refs/remotes/origin/vsync-manifest", "refs/heads/theirs")
    return world


def test_a_plan_lists_everything_and_ends_with_the_result_and_the_next_step(world: World) -> None:
    world.repo.commit(PAGES)
    lines = world.vsync("plan", "--include", "docs/**").out.splitlines()
    listed = [line for line in lines if line.startswith("  + docs/")]
    assert len(listed) == 60
    result = lines.index("Plan: +60 in owner/name, 60 documents afterwards")
    assert result > lines.index(listed[-1])
    assert lines[-1] == "Next: vsync sync --include 'docs/**'"
    assert len(lines) - result < 8


def test_a_sync_shows_the_first_operations_and_ends_with_the_result(world: World) -> None:
    world.repo.commit(PAGES)
    lines = world.vsync("sync").out.splitlines()
    assert len([line for line in lines if line.startswith("  + docs/")]) == 20
    assert "  … and 40 more (-v lists all)" in lines
    assert lines.index("+60 in owner/name, 60 documents") > len(lines) - 8
    assert "  added 60" in lines


def test_a_program_that_reads_the_json_alone_is_not_kept_waiting_by_a_long_list(world: World) -> None:
    world.repo.commit(PAGES)
    result = world.vsync("plan", "--json")
    assert len(result.json["added"]) == 60
    assert len(result.err.splitlines()) < 30


def test_a_sync_with_nothing_to_do_does_not_say_that_it_asked_the_store(world: World, docs: str) -> None:
    world.vsync("sync", "--vector-store-name", "help")
    for command in ("sync", "plan"):
        out = world.vsync(command).out
        assert f"Nothing changed since {docs[:12]}, which was synced 20" in out
        assert f"into {world.state()['vector_store_id']} (help)." in out
        assert "The store itself was not asked: `vsync verify` does that." in out
        assert "equals" not in out
        assert "Next:" not in out


def test_colours_are_where_they_are_asked_for_and_never_in_json(world: World, docs: str) -> None:
    assert not COLOUR.search(world.vsync("plan").out)
    assert COLOUR.search(world.vsync("plan", FORCE_COLOR="1").out)
    assert not COLOUR.search(world.vsync("plan", FORCE_COLOR="1", NO_COLOR="1").out)
    result = world.vsync("plan", "--json", FORCE_COLOR="1")
    assert json.loads(result.out)["added"]
    assert not COLOUR.search(result.out)


def test_a_fresh_clone_is_told_of_the_manifest_on_the_remote(fresh_clone: World) -> None:
    result = fresh_clone.vsync("plan", "--include", "docs/**")
    assert result.code == 0
    assert (
        "The remote origin has a manifest, on its branch vsync-manifest, and this run does not read it." in result.out
    )
    assert result.out.splitlines()[-1] == "Next: vsync plan --push --include 'docs/**'"
    assert any("--push" in warning for warning in fresh_clone.plan()["warnings"])


@pytest.mark.parametrize(
    "options", [["--local"], ["--manifest", "none"], ["--folder", "."], ["--manifest", "elsewhere.json"]]
)
def test_a_run_for_which_that_manifest_is_not_meant_is_not_told_of_it(fresh_clone: World, options: list[str]) -> None:
    assert "origin has a manifest" not in str(fresh_clone.plan(*options)["warnings"])


def test_a_clone_with_a_manifest_of_its_own_is_not_told_of_the_remotes(fresh_clone: World) -> None:
    fresh_clone.vsync("sync")
    assert "origin has a manifest" not in fresh_clone.vsync("plan").out


def test_the_repair_of_drift_is_the_next_step_with_the_options_of_the_run(world: World, docs: str) -> None:
    world.vsync("sync", "--vector-store-name", "our docs")
    (file_id,) = [entry["file_id"] for path, entry in world.state()["files"].items() if path == "docs/a.md"]
    with client(world.db) as api:
        api.vector_stores.files.delete(file_id, vector_store_id=world.state()["vector_store_id"])
    out = world.vsync("verify", "--vector-store-name", "our docs").out
    assert out.splitlines()[-1] == "Next: vsync verify --repair --vector-store-name 'our docs'"
