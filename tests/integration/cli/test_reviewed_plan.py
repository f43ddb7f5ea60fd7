"""A plan that somebody reviewed is carried out just as it was, or not at all; a plan says by its exit code what it is."""

from __future__ import annotations

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

OTHER = "0" * 16


def plan_id(world: World, *arguments: str) -> str:
    found: str = world.plan(*arguments)["plan_id"]
    return found


# --- sync --expect ------------------------------------------------------------------------------------------


def test_the_reviewed_plan_is_carried_out(world: World, docs: str) -> None:
    reviewed = plan_id(world)
    report = world.sync("--expect", reviewed)
    assert (len(report["added"]), report["plan_id"]) == (3, reviewed)
    assert world.state()["run"]["plan_id"] == reviewed


def test_the_terminal_says_how_to_carry_the_plan_out(world: World, docs: str) -> None:
    shown = world.vsync("plan").out
    assert f"vsync sync --expect {plan_id(world)}" in shown
    world.sync()
    assert "--expect" not in world.vsync("plan").out


def test_another_plan_changes_nothing(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit({"docs/a.md": b"about apples and pears\n"})
    reviewed = plan_id(world)
    world.repo.commit({"docs/b.txt": b"about bees\n"})
    before = world.snapshot()
    report = world.sync("--expect", reviewed, code=4)
    assert report["updated"] == []
    assert report["error"]["reason"] == "limit"
    assert report["plan_id"] in report["refused"]
    assert report["plan_id"] != reviewed
    assert world.snapshot() == before
    assert report["requests"] == {}
    assert len(world.sync("--expect", report["plan_id"])["updated"]) == 2


def test_another_plan_is_shown_and_explained(world: World, docs: str) -> None:
    result = world.vsync("sync", "--expect", OTHER)
    assert result.code == 4
    assert "+ docs/a.md" in result.out
    assert "Not the expected plan, nothing was changed" in result.out
    assert f"--expect {plan_id(world)}" in result.err


def test_the_same_changes_by_another_commit_are_the_same_plan(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit({"docs/a.md": b"about apples and pears\n"})
    reviewed = plan_id(world)
    world.repo.commit({"main.c": b"int other;"})
    assert world.sync("--expect", reviewed)["updated"] == ["docs/a.md"]


@pytest.mark.parametrize("more", [("--full",), ("--source", "owner/name"), ("--max-upload", "1000"), ("--force",)])
def test_how_the_plan_is_found_and_limited_does_not_count(world: World, docs: str, more: tuple[str, ...]) -> None:
    world.sync()
    world.repo.commit({"docs/a.md": b"about apples and pears\n"})
    assert plan_id(world, *more) == plan_id(world)


@pytest.mark.parametrize("more", [("--attributes", "team=docs"), ("--chunk-size", "400"), ("--include", "docs/")])
def test_other_settings_are_another_plan(world: World, docs: str, more: tuple[str, ...]) -> None:
    reviewed = plan_id(world)
    assert plan_id(world, *more) != reviewed
    assert world.vsync("sync", "--expect", reviewed, *more).code == 4


def test_a_plan_that_was_carried_out_already_is_said_to_be_so(world: World, docs: str) -> None:
    reviewed = plan_id(world)
    world.sync("--expect", reviewed)
    result = world.vsync("sync", "--expect", reviewed)
    assert result.code == 4
    assert f"The expected plan {reviewed} was carried out already, at {world.state()['run']['when']}" in result.err


def test_a_sync_with_nothing_to_do_refuses_another_plan_and_takes_its_own(world: World, docs: str) -> None:
    world.sync()
    before = world.snapshot()
    assert "there is nothing to do" in world.vsync("sync", "--expect", OTHER).err
    assert world.vsync("sync", "--expect", plan_id(world)).code == 0
    assert world.snapshot() == before


def test_the_plan_is_compared_after_the_store_was_listed(world: World, docs: str) -> None:
    """Without its seal the manifest is not believed, and an entry that somebody deleted is uploaded again."""
    world.sync()
    world.repo.commit({"docs/a.md": b"about apples and pears\n"})
    reviewed = plan_id(world)
    for seal in (world.repo.root / ".git" / "vsync").glob("*.seal.json"):
        seal.unlink()
    state = world.state()
    with client(world.db) as api:
        api.vector_stores.files.delete(
            state["files"]["docs/b.txt"]["file_id"], vector_store_id=state["vector_store_id"]
        )
    report = world.sync("--expect", reviewed, code=4)
    assert (report["updated"], report["requests"].get("POST /files")) == ([], None)
    report = world.sync("--expect", report["plan_id"])
    assert (report["added"], report["updated"]) == (["docs/b.txt"], ["docs/a.md"])


def test_a_listing_that_shows_what_was_expected_is_no_other_plan(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit({"docs/a.md": b"about apples and pears\n"})
    reviewed = plan_id(world)
    for seal in (world.repo.root / ".git" / "vsync").glob("*.seal.json"):
        seal.unlink()
    assert world.sync("--expect", reviewed)["updated"] == ["docs/a.md"]


def test_without_a_manifest_plan_and_sync_agree(world: World, docs: str) -> None:
    given = ("--manifest", "none", "--vector-store-name", "Docs")
    assert len(world.sync(*given, "--expect", plan_id(world, *given))["added"]) == 3
    world.repo.commit({"docs/a.md": b"about apples and pears\n"})
    assert world.sync(*given, "--expect", plan_id(world, *given))["updated"] == ["docs/a.md"]
    assert world.vsync("sync", *given, "--expect", OTHER).code == 4


def test_a_plan_of_a_limit_needs_both_permissions(world: World, docs: str) -> None:
    world.sync()
    world.repo.commit({"README.md": None, "docs/a.md": None, "docs/b.txt": None})
    reviewed = plan_id(world)
    refused = world.sync("--expect", reviewed, code=4)
    assert "max-delete" in refused["refused"]
    assert len(world.sync("--expect", reviewed, "--force")["removed"]) == 3


def test_a_dry_run_says_whether_the_plan_is_the_expected_one(world: World, docs: str) -> None:
    reviewed = plan_id(world)
    assert world.sync("--dry-run", "--expect", reviewed)["refused"] is None
    assert "not the expected one" in world.sync("--dry-run", "--expect", OTHER)["refused"]


@pytest.mark.parametrize("wrong", ["x", "3F1C9AB04E7D2C65", "3f1c9ab04e7d2c6", "../x", "--force"])
def test_what_is_no_id_is_refused(world: World, docs: str, wrong: str) -> None:
    result = world.vsync("sync", f"--expect={wrong}")
    assert result.code == 2
    assert "expect is" in result.err
    assert "plan_id" in result.err


def test_the_expected_plan_may_stand_in_the_environment(world: World, docs: str) -> None:
    assert world.vsync("sync", VSYNC_EXPECT=OTHER).code == 4
    assert world.vsync("sync", VSYNC_EXPECT="").code == 0


def test_a_repair_does_not_look_at_the_variables_of_a_sync(world: World, docs: str) -> None:
    world.sync()
    files = world.state()["files"]
    result = world.vsync("verify", "--repair", VSYNC_EXPECT=OTHER, VSYNC_REINDEX="*")
    assert (result.code, world.state()["files"]) == (0, files)


# --- plan --exit-code ---------------------------------------------------------------------------------------


def test_the_exit_code_of_a_plan_says_whether_anything_would_change(world: World, docs: str) -> None:
    assert world.vsync("plan", "--exit-code").code == 1
    assert world.vsync("plan").code == 0
    world.sync()
    assert world.vsync("plan", "--exit-code").code == 0
    world.repo.commit({"main.c": b"int other;"})
    assert world.vsync("plan", "--exit-code", "--json").code == 0


@pytest.mark.parametrize(
    "change",
    [
        {"docs/a.md": b"other\n"},
        {"docs/a.md": None},
        {"new.md": b"new\n"},
        {"docs/a.md": None, "m.md": b"about apples\n"},
    ],
    ids=["updated", "removed", "added", "renamed"],
)
def test_any_change_is_one(world: World, docs: str, change: dict[str, bytes | None]) -> None:
    world.sync()
    world.repo.commit(dict(change))
    assert world.vsync("plan", "--exit-code").code == 1


def test_other_attributes_are_a_change(world: World, docs: str) -> None:
    world.sync()
    assert world.vsync("plan", "--exit-code", "--attributes", "team=docs").code == 1


def test_a_plan_that_a_limit_refuses_has_the_exit_code_of_the_limit(world: World, docs: str) -> None:
    assert world.vsync("plan", "--exit-code", "--max-upload", "1").code == 4
    assert world.vsync("plan", "--max-upload", "1").code == 0


def test_an_error_keeps_its_exit_code(world: World, docs: str) -> None:
    assert world.vsync("plan", "--exit-code", "--head", "nowhere").code == 2
