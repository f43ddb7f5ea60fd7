"""`vsync stores delete`: what goes, what is spared, what is asked, what is reported."""

from __future__ import annotations

import functools
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import KEY, World, client, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.terminal import Typed
from vsync.cli import bulk, question

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")
Type = Callable[..., None]


@pytest.fixture
def stores(world: World) -> dict[str, str]:
    """The ids of three stores by their names. `beta` and `gamma` share a File."""
    with client(world.db) as api:
        found = {name: api.vector_stores.create(name=name).id for name in ("alpha", "beta", "gamma")}
        shared = api.files.create(file=("shared.md", b"# shared\n"), purpose="assistants").id
        own = api.files.create(file=("own.md", b"# own\n"), purpose="assistants").id
        for name, file in (("beta", shared), ("gamma", shared), ("beta", own)):
            api.vector_stores.files.create(found[name], file_id=file)
        while any(api.vector_stores.retrieve(store).file_counts.in_progress for store in found.values()):
            pass  # each question indexes a little
    return found


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Type:
    def type_(*lines: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        monkeypatch.setattr(sys, "stdin", Typed(lines, meanwhile))
        monkeypatch.setattr(bulk, "where_to_ask", lambda: sys.stderr)

    return type_


def left(world: World) -> set[str | None]:
    with client(world.db) as api:
        return {store.name for store in api.vector_stores.list()}


def left_files(world: World) -> set[str]:
    with client(world.db) as api:
        return {file.filename for file in api.files.list()}


# --- What is given ----------------------------------------------------------------------------------------------


def test_ids_and_names_are_deleted_and_their_files_stay(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", stores["alpha"], "beta", "--yes")
    assert result.code == 0, result.err
    assert "To delete: 2 vector stores" in result.out
    assert "--with-files deletes them" in result.out
    assert "Deleted 2 vector stores, 15 B." in result.out
    assert left(world) == {"gamma"}
    assert left_files(world) == {"shared.md", "own.md"}


def test_with_their_files_but_not_those_that_another_store_uses(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", "beta", "--with-files", "--yes", "--json")
    assert result.code == 0, result.err
    assert list(result.json)[:2] == ["success", "failed"]
    assert result.json["success"] == [stores["beta"]]
    assert len(result.json["files"]["success"]) == 1
    assert "another vector store uses it" in result.json["files"]["spared"][0]["reason"]
    assert left_files(world) == {"shared.md"}


def test_shared_files_go_as_well_on_demand(world: World, stores: dict[str, str]) -> None:
    assert world.vsync("stores", "delete", "beta", "--with-files", "--shared", "--yes").code == 0
    assert left_files(world) == set()
    result = world.vsync("stores", "delete", "gamma", "--shared", "--yes")
    assert result.code == 2
    assert "--with-files" in one_sentence(result)


def test_a_file_of_ids_is_read(world: World, stores: dict[str, str], tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text(f"# to go\n{stores['alpha']}\n\nbeta\n{stores['alpha']}\n")
    result = world.vsync("stores", "delete", f"@{ids}", "--yes", "--json")
    assert result.json["success"] == [stores["alpha"], stores["beta"]]
    assert "given more than once" in result.json["warnings"][0]


def test_standard_input_is_read_as_vsync_prints_it(
    world: World, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = world.vsync("stores", "list", "--name", "alpha", "--jsonl").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(listed))
    assert world.vsync("stores", "delete", "-", "--yes").code == 0
    assert left(world) == {"beta", "gamma"}


@pytest.mark.parametrize("as_list", [False, True])
def test_a_name_with_blanks_around_it_is_not_the_name_without_them(
    world: World, stores: dict[str, str], tmp_path: Path, as_list: bool
) -> None:
    (tmp_path / "names.json").write_text('[" alpha"]')
    word = f"@{tmp_path / 'names.json'}" if as_list else " alpha"
    missing = world.vsync("stores", "delete", word, "--yes")
    assert (missing.code, left(world)) == (1, set(stores))
    with client(world.db) as api:
        api.vector_stores.create(name=" alpha")
    assert world.vsync("stores", "delete", word, "--yes").code == 0
    assert left(world) == set(stores)


@pytest.mark.parametrize("content", ["", "# nothing\n", "[]"])
def test_an_empty_list_does_nothing_and_says_so(world: World, tmp_path: Path, content: str) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text(content)
    result = world.vsync("stores", "delete", f"@{ids}", "--yes", VSYNC_LOCAL="")  # and asks nobody: there is no key
    assert result.code == 0
    assert "Nothing to delete" in result.out
    assert "Nothing was done" in world.vsync("stores", "delete", f"@{ids}", "--yes", "--json").json["message"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Nothing says which vector stores are meant"),
        (["alpha", "--name", "b*"], "Both ids and a filter"),
        (["@nowhere.txt"], "The file of ids 'nowhere.txt' cannot be read"),
        (["@."], "cannot be read"),
        ([""], "An id is empty"),
        (["--source", ""], "it is empty"),
        (["--name", " "], "it is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused(world: World, stores: dict[str, str], arguments: list[str], says: str) -> None:
    result = world.vsync("stores", "delete", *arguments, "--yes")
    assert result.code == 2
    assert says in result.err
    assert left(world) == {"alpha", "beta", "gamma"}


def test_a_file_that_is_no_text_is_refused(world: World, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_bytes(b"\xff\xfe")
    assert "not text in UTF-8" in one_sentence(world.vsync("stores", "delete", f"@{ids}", "--yes"))
    ids.write_text('[{"name": "x"}]')
    assert "holds no ids" in one_sentence(world.vsync("stores", "delete", f"@{ids}", "--yes"))


def test_what_does_not_exist_fails_and_the_rest_goes(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", "alpha", "vs_nowhere", "--yes")
    assert result.code == 1
    assert "vs_nowhere: There is no vector store of this id" in result.out
    assert "With --missing-ok it is no failure" in result.out
    assert "Deleted 1 vector store, 1 failed." in result.out
    assert "To go on" not in result.out
    assert result.out.count("vs_nowhere: ") == 1
    assert world.vsync("stores", "delete", "vs_nowhere", "beta", "--yes", "--missing-ok").code == 0
    assert left(world) == {"gamma"}


# --- Filters ----------------------------------------------------------------------------------------------------


def test_a_filter_says_what_goes(world: World, stores: dict[str, str]) -> None:
    assert world.vsync("stores", "delete", "--empty", "--yes").code == 0
    assert left(world) == {"beta", "gamma"}
    result = world.vsync("stores", "delete", "--name", "nothing*", "--yes")
    assert (result.code, "Nothing to delete" in result.out) == (0, True)


def test_a_filter_that_matches_everything_needs_all(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", "--older-than", "0s", "--yes")
    assert result.code == 4
    assert "--all" in one_sentence(result)
    assert world.vsync("stores", "delete", "--older-than", "0s", "--all", "--yes").code == 0
    assert left(world) == set()


def test_a_dry_run_of_a_filter_that_matches_everything_only_warns(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", "--older-than", "0s", "--dry-run")
    assert result.code == 0
    assert "Would delete 3 vector stores" in result.out
    assert "Warning: The filter matches everything: 3 vector stores of 3." in result.out
    assert "(--all)" in result.out


@pytest.mark.parametrize("variable", ["VSYNC_ALL", "VSYNC_OLDER_THAN", "VSYNC_WITH_FILES", "VSYNC_NAME", "VSYNC_OWNED"])
def test_a_variable_never_says_what_is_deleted(world: World, stores: dict[str, str], variable: str) -> None:
    result = world.vsync("stores", "delete", "alpha", "--yes", **{variable: "1d"})
    assert result.code == 2
    assert f"{variable} is set" in one_sentence(result)
    assert left(world) == {"alpha", "beta", "gamma"}


def test_neither_yes_nor_force_nor_a_setting_of_a_sync_comes_from_a_variable(
    world: World, docs: str, stores: dict[str, str]
) -> None:
    world.sync()
    assert world.vsync("stores", "delete", "alpha", VSYNC_YES="true").code == 2
    result = world.vsync("stores", "delete", "owner/name", "--yes", VSYNC_FORCE="true")
    assert result.code == 4
    assert world.vsync("stores", "delete", "--empty", "--yes", VSYNC_SOURCE="x", VSYNC_TARGET="y").code == 0
    assert left(world) == {"beta", "gamma", "owner/name"}


# --- What the manifest names ------------------------------------------------------------------------------------


def test_the_store_of_a_target_stays_unless_forced(world: World, docs: str, stores: dict[str, str]) -> None:
    world.sync()
    result = world.vsync("stores", "delete", "owner/name", "alpha", "--yes")
    assert result.code == 4
    assert "This repository's manifest names" in one_sentence(result)
    assert "alpha" in left(world)
    spared = world.vsync("stores", "delete", "--owned", "--yes")
    assert spared.code == 0
    assert "names it: target default" in spared.out
    forced = world.vsync("stores", "delete", "owner/name", "--yes", "--force")
    assert forced.code == 0
    assert "the target 'default' of this repository" in forced.out
    assert "owner/name" not in left(world)


def test_a_manifest_that_is_broken_stops_a_delete(world: World, docs: str, stores: dict[str, str]) -> None:
    world.manifest.parent.mkdir()
    world.manifest.write_text("<<<<<<< HEAD\n")
    result = world.vsync("stores", "delete", "alpha", "--yes", "--json")
    assert result.code == 2
    assert "so nothing was deleted" in one_sentence(result)
    assert (result.json["success"], result.json["failed"]) == ([], [])
    assert "so nothing was deleted" in result.json["error"]
    assert "alpha" in left(world)
    forced = world.vsync("stores", "delete", "alpha", "--yes", "--force")
    assert forced.code == 0
    assert "is not known" in forced.err
    assert "alpha" not in left(world)


def test_outside_of_a_repository_nothing_is_protected(
    world: World, stores: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = world.vsync("stores", "delete", "alpha", "--yes")
    assert (result.code, result.err) == (0, "")


def test_a_store_of_another_sync_is_no_surprise(
    world: World, docs: str, stores: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.sync()["vector_store_id"]
    warning = f"Warning: A sync of owner/name made owner/name ({store}); no manifest here names it."
    assert warning not in world.vsync("stores", "delete", "owner/name", "--dry-run", "--force").out
    monkeypatch.chdir(tmp_path)
    assert warning in world.vsync("stores", "delete", "owner/name", "--dry-run").out
    assert warning not in world.vsync("stores", "delete", "--source", "owner/name", "--dry-run").out


# --- The question -----------------------------------------------------------------------------------------------


def test_a_person_is_asked_and_may_say_no(world: World, stores: dict[str, str], typed: Type) -> None:
    typed("n")
    result = world.vsync("stores", "delete", "alpha")
    assert result.code == 1
    assert "Delete 1 vector store? [y/N]" in result.err
    assert "Nothing was deleted" in result.err
    typed()
    assert world.vsync("stores", "delete", "alpha").code == 1
    assert "alpha" in left(world)
    typed("y")
    assert world.vsync("stores", "delete", "alpha").code == 0
    assert "alpha" not in left(world)


def test_with_force_the_number_must_be_typed(world: World, stores: dict[str, str], typed: Type) -> None:
    typed("y")
    result = world.vsync("stores", "delete", "beta", "--with-files", "--force")
    assert (result.code, left(world)) == (1, {"alpha", "beta", "gamma"})
    assert "To delete 1 vector store and 1 File, type 2:" in result.err
    typed("2")
    assert world.vsync("stores", "delete", "beta", "--with-files", "--force").code == 0


def test_the_question_says_how_many_of_the_files_others_use(world: World, stores: dict[str, str], typed: Type) -> None:
    typed("n")
    result = world.vsync("stores", "delete", "beta", "--with-files", "--shared")
    assert "Delete 1 vector store and 2 Files (1 used by other stores)? [y/N]" in result.err
    assert f"Warning: 1 of these Files is used by other stores that stay: gamma ({stores['gamma']})." in result.out


def test_the_report_counts_the_requests_of_the_plan(world: World, stores: dict[str, str], typed: Type) -> None:
    dry = world.vsync("stores", "delete", "alpha", "--dry-run", "--json").json
    assert dry["requests"] == {"GET /vector_stores": 1}
    assert dry["duration_s"] > 0
    typed("y")
    asked = world.vsync("stores", "delete", "alpha", "--json").json
    assert asked["requests"] == {"GET /vector_stores": 1, "DELETE /vector_stores/{id}": 1}


def test_json_stays_json_where_a_person_is_asked(world: World, stores: dict[str, str], typed: Type) -> None:
    typed("yes")
    result = world.vsync("stores", "delete", "alpha", "--json")
    assert result.json["success"] == [stores["alpha"]]
    assert "To delete: 1 vector store" in result.err


def test_after_a_long_wait_only_what_was_shown_and_still_is_there_goes(
    world: World, stores: dict[str, str], typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([0.0, 61.0])
    monkeypatch.setattr(bulk, "ask_person", functools.partial(question.ask_person, clock=lambda: next(ticks)))

    def meanwhile() -> None:
        with client(world.db) as api:
            api.vector_stores.create(name="new-1")
            api.vector_stores.delete(stores["alpha"])

    with client(world.db) as api:
        api.vector_stores.create(name="new-0")
    typed("y", meanwhile=meanwhile)
    result = world.vsync("stores", "delete", "--empty", "--json")
    assert result.code == 0, result.err
    assert "looks once more" in result.err
    assert len(result.json["success"]) == 1
    assert {item["reason"] for item in result.json["spared"]} == {
        "it is not meant any more",
        "it was not among what was shown",
    }
    assert left(world) == {"beta", "gamma", "new-1"}


def test_where_nobody_can_answer_yes_is_needed(
    world: World, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    result = world.vsync("stores", "delete", "alpha")
    assert result.code == 2
    assert "give --yes" in one_sentence(result)
    assert "To delete: 1 vector store" in result.out
    assert "alpha" in left(world)


# --- Dry runs ---------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_and_deletes_nothing(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", "beta", "--with-files", "--dry-run")
    assert result.code == 0
    assert "Would delete 1 vector store and 1 File" in result.out
    data = world.vsync("stores", "delete", "beta", "--json", VSYNC_DRY_RUN="true").json
    assert (data["dry_run"], data["success"]) == (True, [stores["beta"]])
    assert (left(world), left_files(world)) == ({"alpha", "beta", "gamma"}, {"shared.md", "own.md"})


def test_the_report_of_a_dry_run_is_a_list_to_delete(world: World, stores: dict[str, str], tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(world.vsync("stores", "delete", "--empty", "--dry-run", "--json").out)
    assert world.vsync("stores", "delete", f"@{report}", "--yes").code == 0
    assert left(world) == {"beta", "gamma"}


# --- Without a key ----------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_asked(world: World, stores: dict[str, str]) -> None:
    result = world.vsync("stores", "delete", "alpha", "--yes", VSYNC_LOCAL="")
    assert result.code == 2
    assert "No OpenAI API key" in one_sentence(result)


def test_an_error_as_json_has_the_form_of_the_report(world: World) -> None:
    result = world.vsync("stores", "delete", "alpha", "--yes", "--json", VSYNC_LOCAL="")
    assert result.code == 2
    assert list(result.json)[:2] == ["success", "failed"]
    assert "No OpenAI API key" in result.json["error"]
    assert KEY not in json.dumps(result.json)
