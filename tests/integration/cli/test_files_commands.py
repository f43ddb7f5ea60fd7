"""`vsync files list`, `show` and `delete`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import World, client, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


@pytest.fixture
def files(world: World, docs: str) -> dict[str, str]:
    """The ids of some Files by their names: of a sync, of a store of somebody else, and of no store."""
    world.sync()
    with client(world.db) as api:
        store = api.vector_stores.create(name="theirs").id
        for name in ("theirs.md", "left-1.md", "left-2.md"):
            api.files.create(file=(name, b"# " + name.encode() * 20), purpose="assistants")
        api.files.create(file=("jobs.jsonl", b"{}"), purpose="batch")
        found = {file.filename: file.id for file in api.files.list()}
        api.vector_stores.files.create(store, file_id=found["theirs.md"], attributes={"team": "api", "path": "t.md"})
    return found


def names(world: World, *arguments: str, **variables: str) -> set[str]:
    result = world.vsync("files", "list", "--json", *arguments, **variables)
    assert result.code == 0, result.err
    return {file["filename"] for file in result.json}


def left(world: World) -> set[str]:
    with client(world.db) as api:
        return {file.filename for file in api.files.list()}


SYNCED = {"README.md", "docs/a.md", "docs/b.txt"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--name", "left-*"], {"left-1.md", "left-2.md"}),
        (["--purpose", "batch"], {"jobs.jsonl"}),
        (["--larger-than", "100B"], {"theirs.md", "left-1.md", "left-2.md"}),
        (["--older-than", "1d"], set()),
        (["--status", "processed", "--purpose", "batch"], {"jobs.jsonl"}),
        (["--attached", "--not-owned"], {"theirs.md"}),
        (["--unattached", "--older-than", "0s"], {"left-1.md", "left-2.md"}),
        (["--unattached", "--older-than", "0s", "--purpose", "batch"], {"jobs.jsonl"}),
        (["--unattached"], set()),
        (["--in-store", "theirs"], {"theirs.md"}),
        (["--attribute", "team=a*"], {"theirs.md"}),
        (["--owned"], SYNCED),
        (["--source", "owner/name", "--target", "default"], SYNCED),
        (["--source", "other/name"], set()),
        (["--sort", "-size", "--limit", "1", "--name", "left-1*"], {"left-1.md"}),
        (["--limit", "1", "--name", "left-*", "--usage"], {"left-2.md"}),
        (["--limit", "1", "--purpose", "batch"], {"jobs.jsonl"}),
    ],
)
def test_filters_are_heard(world: World, files: dict[str, str], arguments: list[str], expected: set[str]) -> None:
    assert names(world, *arguments) == expected


def test_what_is_narrowed_is_said(world: World, files: dict[str, str]) -> None:
    assert "The filter older-than says otherwise" in world.vsync("files", "list", "--unattached").err
    err = world.vsync("files", "list", "--unattached", "--older-than", "0s").err
    assert "1 File of another purpose is left out" in err
    assert "The filter purpose names them" in err


def test_with_usage_the_stores_and_the_owner_are_shown(world: World, files: dict[str, str]) -> None:
    shown = {item["filename"]: item for item in world.vsync("files", "list", "--usage", "--json").json}
    assert shown["theirs.md"]["stores"][0]["name"] == "theirs"
    assert shown["docs/a.md"]["owner"] == {"source": "owner/name", "target": "default"}
    assert shown["left-1.md"]["stores"] == []
    assert "stores" not in world.vsync("files", "list", "--json").json[0]
    table = world.vsync("files", "list", "--usage").out.splitlines()
    assert table[0].split() == ["ID", "NAME", "PURPOSE", "SIZE", "AGE", "STORES", "OWNER"]
    assert table[-1].startswith("7 Files, ")


def test_lines_of_json_are_one_for_each_file(world: World, files: dict[str, str]) -> None:
    for more in ([], ["--sort", "name"], ["--usage"]):
        lines = world.vsync("files", "list", "--jsonl", *more).out.splitlines()
        assert {json.loads(line)["id"] for line in lines} == set(files.values())


def test_no_file_says_what_to_try(world: World) -> None:
    assert world.vsync("files", "list").out.startswith("There is no File.\n")
    assert world.vsync("files", "list", "--name", "x").out.startswith("No File matches.\n")


def test_a_variable_that_filters_is_named_where_nothing_matches(world: World, files: dict[str, str]) -> None:
    of_a_stream = {"VSYNC_ATTRIBUTE": "lang=lang"}
    assert world.vsync("files", "list", **of_a_stream).out == (
        "No File matches.\n"
        "VSYNC_ATTRIBUTE is set, and it filters this list too. Unset it to list all.\n"
        "`vsync files list` without filters shows all of them.\n"
    )
    two = world.vsync("files", "list", **of_a_stream, VSYNC_NAME="x").out
    assert "VSYNC_ATTRIBUTE and VSYNC_NAME are set, and they filter this list too. Unset them to list all.\n" in two
    on_the_command_line = world.vsync("files", "list", "--attribute", "lang=x", **of_a_stream).out
    assert "VSYNC_" not in on_the_command_line
    assert "VSYNC_STATUS is set" in world.vsync("stores", "list", VSYNC_STATUS="expired").out


# --- Show -----------------------------------------------------------------------------------------------------


def test_a_file_is_shown_with_its_stores_and_owner(world: World, files: dict[str, str]) -> None:
    shown = world.vsync("files", "show", files["docs/a.md"]).out
    assert shown.startswith(f"docs/a.md ({files['docs/a.md']})\n")
    assert "Owner:       owner/name" in shown
    assert "as docs/a.md, completed, owner/name, target default" in shown
    data = world.vsync("files", "show", "theirs.md", "--json").json
    assert (data["id"], data["owner"]) == (files["theirs.md"], None)
    assert [(use["path"], use["status"], use["owner"]) for use in data["stores"]] == [("t.md", "completed", None)]
    assert "Owner:       unknown: no store lists it" in world.vsync("files", "show", "left-1.md").out
    assert "Owner:       not made by vsync" in world.vsync("files", "show", "theirs.md").out


def test_a_file_that_is_not_there_or_there_twice_is_said(world: World, files: dict[str, str]) -> None:
    result = world.vsync("files", "show", "nothing.md")
    assert result.code == 2
    assert "vsync files list" in one_sentence(result)
    with client(world.db) as api:
        api.files.create(file=("left-1.md", b"x"), purpose="assistants")
    result = world.vsync("files", "show", "left-1.md")
    assert result.code == 2
    assert "There are 2 Files named 'left-1.md'" in one_sentence(result)


# --- Delete ---------------------------------------------------------------------------------------------------


def test_what_no_store_uses_is_cleaned_up(world: World, files: dict[str, str]) -> None:
    result = world.vsync("files", "delete", "--unattached", "--older-than", "0s", "--yes")
    assert result.code == 0, result.err
    assert "Deleted 2 Files" in result.out
    assert left(world) == {*SYNCED, "theirs.md", "jobs.jsonl"}
    again = world.vsync("files", "delete", "--unattached", "--older-than", "0s", "--yes")
    assert (again.code, "Nothing to delete" in again.out) == (0, True)


def test_a_file_in_use_is_taken_out_of_its_stores_first(world: World, files: dict[str, str]) -> None:
    result = world.vsync("files", "delete", "theirs.md", "--yes")
    assert result.code == 0
    assert "1 File is in use by 1 vector store" in result.out
    with client(world.db) as api:
        (store,) = [info.id for info in api.vector_stores.list() if info.name == "theirs"]
        assert list(api.vector_stores.files.list(store)) == []


def test_a_document_of_the_manifest_stays_unless_forced(world: World, files: dict[str, str]) -> None:
    result = world.vsync("files", "delete", files["docs/a.md"], "left-1.md", "--yes")
    assert result.code == 4
    assert "docs/a.md of the target default" in one_sentence(result)
    spared = world.vsync("files", "delete", "--owned", "--yes")
    assert (spared.code, spared.out.count("manifest names it")) == (0, 1)
    assert f"    {files['docs/a.md']} (docs/a.md): docs/a.md of the target default" in spared.out
    assert left(world) == set(files)
    forced = world.vsync("files", "delete", files["docs/a.md"], "--yes", "--force")
    assert forced.code == 0
    assert "This breaks (1):\n  docs/a.md of the target default" in forced.out
    assert "docs/a.md" not in left(world)


def test_a_variable_of_a_filter_is_refused(world: World, files: dict[str, str]) -> None:
    result = world.vsync("files", "delete", "left-1.md", "--yes", VSYNC_UNATTACHED="true", VSYNC_OLDER_THAN="1d")
    assert result.code == 2
    assert "VSYNC_OLDER_THAN is set" in result.err
    assert left(world) == set(files)


def test_a_list_that_vsync_printed_is_a_list_to_delete(world: World, files: dict[str, str], tmp_path: Path) -> None:
    listed = tmp_path / "files.json"
    listed.write_text(world.vsync("files", "list", "--name", "left-*", "--json").out)
    assert world.vsync("files", "delete", f"@{listed}", "--yes", "--deletes-per-minute", "1000").code == 0
    assert left(world) == set(files) - {"left-1.md", "left-2.md"}


def test_bare_local_does_not_take_the_argument_behind_it(world: World, files: dict[str, str]) -> None:
    for command in (["files", "delete"], ["stores", "delete"], ["files", "show"], ["stores", "show"]):
        result = world.vsync(*command, "--local", "nothing", VSYNC_LOCAL="")
        assert result.code == 2
        assert "There is no embedded store" in one_sentence(result)
