"""`vsync stores list`, `show` and `create`: filters, orders, forms of output."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import World, client, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


@pytest.fixture
def stores(world: World) -> dict[str, str]:
    """The ids of some stores by their names."""
    with client(world.db) as api:
        found = {
            name: api.vector_stores.create(name=name, metadata={"team": team}).id
            for name, team in (("alpha", "docs"), ("beta", "api"), ("beta-old", "api"))
        }
        file = api.files.create(file=("notes.md", b"# notes\n"), purpose="assistants").id
        api.vector_stores.files.create(found["beta"], file_id=file, attributes={"team": "api", "level": 3})
        while any(api.vector_stores.retrieve(store).file_counts.in_progress for store in found.values()):
            pass  # each question indexes a little
    return found


def names(world: World, *arguments: str, **variables: str) -> list[str]:
    result = world.vsync("stores", "list", "--json", *arguments, **variables)
    assert result.code == 0, result.err
    return [store["name"] for store in result.json]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["alpha", "beta", "beta-old"]),
        (["--name", "beta*"], ["beta", "beta-old"]),
        (["--name", "alpha", "--name", "*-old"], ["alpha", "beta-old"]),
        (["--metadata", "team=a*"], ["beta", "beta-old"]),
        (["--empty", "--metadata", "team=api"], ["beta-old"]),
        (["--status", "expired"], []),
        (["--owned"], []),
        (["--not-owned", "--newer-than", "1h"], ["alpha", "beta", "beta-old"]),
        (["--older-than", "1h"], []),
        (["--unused-since", "0s", "--name", "alpha"], ["alpha"]),
        (["--sort", "-name"], ["beta-old", "beta", "alpha"]),
        (["--sort", "-files", "--limit", "1"], ["beta"]),
        (["--limit", "2"], ["alpha", "beta"]),
    ],
)
def test_filters_and_orders_are_heard(
    world: World, stores: dict[str, str], arguments: list[str], expected: list[str]
) -> None:
    assert names(world, *arguments) == expected


def test_stores_of_vsync_are_found_by_their_source_and_target(world: World, docs: str, stores: dict[str, str]) -> None:
    world.sync()
    assert names(world, "--owned") == ["owner/name"]
    assert names(world, "--source", "owner/name", "--target", "default") == ["owner/name"]
    assert names(world, "--source", "other/name") == []
    assert names(world, "--target", "api") == []


def test_a_filter_may_be_a_variable_but_source_and_target_are_settings(world: World, stores: dict[str, str]) -> None:
    assert names(world, VSYNC_NAME="alpha") == ["alpha"]
    assert names(world, VSYNC_SOURCE="somebody/else", VSYNC_TARGET="api") == ["alpha", "beta", "beta-old"]
    result = world.vsync("stores", "list", VSYNC_OLDER_THAN="soon")
    assert result.code == 2
    assert "VSYNC_OLDER_THAN is 'soon'" in one_sentence(result)


def test_lines_of_json_are_one_for_each_store(world: World, stores: dict[str, str]) -> None:
    for more in ([], ["--sort", "name"]):
        result = world.vsync("stores", "list", "--jsonl", *more)
        assert [json.loads(line)["name"] for line in result.out.splitlines()] == ["alpha", "beta", "beta-old"]


def test_a_table_says_what_the_stores_are_in_all(world: World, stores: dict[str, str]) -> None:
    lines = world.vsync("stores", "list").out.splitlines()
    assert lines[0].split()[:3] == ["ID", "NAME", "STATUS"]
    assert lines[-1] == "3 vector stores, 1 entry, 8 B, no cost (the first 1 GB is free)"
    filtered = world.vsync("stores", "list", "--name", "alpha").out.splitlines()
    assert filtered[-1] == "1 vector store, 0 entries, 0 B, $0.00 a day without the free 1 GB"


def test_the_embedded_store_has_no_price(world: World) -> None:
    world.local = True
    world.vsync("stores", "create", "docs")
    assert "$" not in world.vsync("stores", "list").out


@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_the_embedded_store_has_no_price_as_json(world: World, form: str) -> None:
    world.local = True
    assert '"cost_per_day": null' in world.vsync("stores", "create", "docs", "--json").out
    assert '"cost_per_day": null' in world.vsync("stores", "list", form).out
    assert '"cost_per_day": null' in world.vsync("stores", "show", "docs", "--json").out


def test_no_store_says_what_to_try(world: World) -> None:
    assert world.vsync("stores", "list").out.startswith("There is no vector store.\n")
    world.vsync("stores", "create", "docs")
    nothing = world.vsync("stores", "list", "--name", "x*").out
    assert nothing.startswith("No vector store matches.\n")
    assert "without filters" in nothing


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--older-than", "30"], "an age is a number and one of"),
        (["--metadata", "team"], "write it as name=value"),
        (["--sort", "colour"], "'colour' is not one of"),
        (["--limit", "0"], "0 is not in the range"),
        (["--status", "lost"], "'lost' is not one of"),
    ],
)
def test_a_wrong_value_is_said(world: World, arguments: list[str], says: str) -> None:
    result = world.vsync("stores", "list", *arguments)
    assert result.code == 2
    assert says in result.err


# --- Show -----------------------------------------------------------------------------------------------------


def test_a_store_is_shown_in_detail(world: World, docs: str) -> None:
    store = world.sync()["vector_store_id"]
    shown = world.vsync("stores", "show", "owner/name").out
    assert shown.startswith(f"owner/name ({store})\n")
    assert "Owner:       owner/name, target default" in shown
    assert "Target here: default" in shown
    assert "Entries:     3: 3 completed" in shown
    assert "nonce" not in shown
    data = world.vsync("stores", "show", store, "--json").json
    assert (data["id"], data["targets"], data["owner"]) == (
        store,
        ["default"],
        {"source": "owner/name", "target": "default"},
    )


def test_a_store_of_somebody_else_is_of_no_target(world: World, docs: str, stores: dict[str, str]) -> None:
    shown = world.vsync("stores", "show", "alpha").out
    assert "Owner:       not made by vsync" in shown
    assert "Target here: none of this repository's manifest" in shown
    assert "Metadata:    team=docs" in shown


def test_a_manifest_that_cannot_be_read_only_leaves_the_target_out(
    world: World, docs: str, stores: dict[str, str]
) -> None:
    world.manifest.parent.mkdir()
    world.manifest.write_text("{")
    result = world.vsync("stores", "show", "alpha")
    assert result.code == 0
    assert "Target here" not in result.out
    assert "Which target uses the store is not known" in result.err


def test_the_entries_of_a_store_are_shown(world: World, stores: dict[str, str]) -> None:
    shown = world.vsync("stores", "show", "beta", "--files").out.splitlines()
    assert shown[-2].split() == ["STATUS", "PATH", "SIZE", "AGE", "ID", "ATTRIBUTES"]
    assert shown[-1].endswith("team=api, level=3")
    named = world.vsync("stores", "show", "beta", "--files", "--names").out.splitlines()
    assert "notes.md" in named[-1]
    data = world.vsync("stores", "show", "beta", "--files", "--names", "--json").json
    assert [(item["path"], item["filename"], item["attributes"]["level"]) for item in data["entries"]] == [
        (None, "notes.md", 3)
    ]
    lines = world.vsync("stores", "show", "beta", "--files", "--jsonl").out.splitlines()
    assert [json.loads(line)["vector_store_id"] for line in lines] == [stores["beta"]]
    assert json.loads(world.vsync("stores", "show", "beta", "--jsonl").out)["name"] == "beta"


def test_entries_are_shown_by_their_state(world: World, stores: dict[str, str]) -> None:
    assert world.vsync("stores", "show", "beta", "--files", "--status", "failed").out.endswith("No entry is failed.\n")
    assert world.vsync("stores", "show", "alpha", "--files").out.endswith("The store has no entries.\n")
    result = world.vsync("stores", "show", "beta", "--status", "failed")
    assert result.code == 2
    assert "Give --files as well" in one_sentence(result)


# --- Create ---------------------------------------------------------------------------------------------------


def test_a_store_is_made_with_metadata_and_a_time_to_live(world: World) -> None:
    made = world.vsync(
        *("stores", "create", "docs", "--metadata", "team=docs", "--expires-after-days", "7"),
        *("--description", "of the team", "--json"),
    ).json
    assert (made["metadata"], made["expires_after_days"]) == ({"team": "docs"}, 7)
    table = world.vsync("stores", "create", "more").out.splitlines()
    assert len(table) == 2
    assert "more" in table[1]


def test_a_store_without_a_name_is_not_made(world: World) -> None:
    result = world.vsync("stores", "create", " ")
    assert (result.code, "The name of the store is empty." in one_sentence(result)) == (2, True)
    assert world.vsync("stores", "list", "--json").json == []


def test_a_second_store_of_a_name_is_made_with_a_warning(world: World) -> None:
    first = world.vsync("stores", "create", "docs", "--json")
    assert first.err == ""
    second = world.vsync("stores", "create", "docs", "--json")
    assert (second.code, first.json["id"] in second.err) == (0, True)
    assert "Another store has this name" in second.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["stores", "list", "--owned", "--not-owned"],
        ["files", "list", "--attached", "--unattached"],
        ["files", "delete", "--unattached", "--attached", "--yes"],
        ["stores", "list", "--json", "--jsonl"],
        ["stores", "show", "x", "--json", "--jsonl"],
        ["stores", "list", "--metadata", "team=docs", "--metadata", "team=other"],
        ["files", "list", "--attribute", "team=docs", "--attribute", "team=other"],
        ["stores", "create", "x", "--metadata", "team=docs", "--metadata", "team=other"],
    ],
)
def test_options_that_contradict_each_other_are_refused(world: World, arguments: list[str]) -> None:
    result = world.vsync(*arguments)
    assert result.code == 2
    assert "Give one of them" in result.err


def test_values_that_may_hold_together_are_heard(world: World) -> None:
    world.vsync("stores", "create", "docs", "--metadata", "team=docs")
    both = world.vsync("stores", "list", "--metadata", "team=d*", "--metadata", "team=*s", "--json")
    assert [store["name"] for store in both.json] == ["docs"]


def test_a_wrong_option_never_suggests_one_that_the_help_does_not_list(world: World) -> None:
    err = world.vsync("stores", "delete", "x", "--folde").err
    assert "--folder" not in err
    assert "--force" in world.vsync("stores", "delete", "x", "--forc").err


def test_metadata_of_vsync_itself_is_refused(world: World) -> None:
    result = world.vsync("stores", "create", "docs", "--metadata", "vsync_owner=me")
    assert result.code == 2
    assert "vsync's own" in one_sentence(result)
    assert names(world) == []
