"""`vsync check`: the questions of the config, asked of the store."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.command_line import KEY, World, client, one_sentence
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

FILES = {
    "docs/install.md": b"# Install\n\nRun the installer to install it.\n",
    "docs/remove.md": b"# Remove\n\nPurge the package.\n",
    "api/tokens.md": b"# Tokens\n\nA token opens the door.\n",
    "main.c": b"int main;",
}
INSTALL = "{question: How do I install it?, expect: docs/install.md}"
WRONG = "{question: purge, expect: docs/install.md}"


def config(*checks: str, more: str = "") -> bytes:
    return "\n".join(["version: 1", *more.splitlines(), "checks:", *(f"  - {check}" for check in checks), ""]).encode()


def synced(world: World, *checks: str, more: str = "") -> None:
    world.repo.commit({**FILES, ".vsync.yml": config(*checks, more=more)})
    world.sync()


def without_use(world: World) -> dict[str, bytes]:
    """All that a run could have changed but the store: a search is a use, whose time the store keeps."""
    return {name: data for name, data in world.snapshot().items() if name != "store"}


@pytest.mark.parametrize("local", [False, True], ids=["the API", "--local"])
def test_checks_pass_when_the_store_finds_what_is_expected(world: World, local: bool) -> None:
    world.local = local
    synced(world, INSTALL, "{question: token, expect: [docs/a.md, api/tokens.md], within: 1}")
    before = without_use(world)
    result = world.vsync("check")
    assert result.code == 0
    title, first, second, _, last = result.out.splitlines()
    assert title.split() == ["question", "expected", "found"]
    assert first.startswith("passed  How do I install it?  docs/install.md")
    assert "place 1" in first
    assert "place 1" in second
    assert second.endswith(": api/tokens.md")
    assert last == "All 2 checks passed."
    assert ("embedded store ranks" in result.err) is local
    assert without_use(world) == before


def test_a_check_that_fails_shows_what_came_instead_and_exits_with_1(world: World) -> None:
    synced(world, INSTALL, WRONG)
    result = world.vsync("check")
    assert result.code == 1
    assert "failed  purge" in result.out
    assert "not among the first 3\n          1. docs/remove.md (" in result.out
    assert result.out.endswith("\n1 of 2 checks failed.\n")


def test_the_report_is_json_and_nothing_else(world: World) -> None:
    synced(world, WRONG)
    result = world.vsync("check", "--json")
    assert result.code == 1
    assert result.json["vector_store_id"] == world.state()["vector_store_id"]
    assert (result.json["target"], result.json["passed"], result.json["failed"]) == ("default", 0, 1)
    (check,) = result.json["checks"]
    assert (check["question"], check["place"]) == ("purge", None)
    assert [each["path"] for each in check["results"]] == ["docs/remove.md"]
    assert result.json["warnings"] == []


def test_a_filter_limits_the_search(world: World) -> None:
    more = 'attributes: {section: "{1}"}\n'
    synced(
        world,
        "{question: install purge token, expect: {section: api}, within: 1, filter: {section: api}}",
        "{question: install purge, expect: docs/install.md, filter: {section: api, path: docs/install.md}}",
        more=more,
    )
    data = world.vsync("check", "--json").json
    assert [check["passed"] for check in data["checks"]] == [True, False]
    assert data["checks"][0]["results"][0]["path"] == "api/tokens.md"
    assert data["checks"][1]["results"] == []


def test_chunks_of_one_document_count_once(world: World) -> None:
    long = "".join(f"# Part {number}\n\n{'bread oven ' * 60}\n\n" for number in range(20)).encode()
    world.repo.commit(
        {
            "long.md": long,
            "short.md": b"# Short\n\nbread and much else that nobody asked for\n",
            ".vsync.yml": config(
                "{question: bread, expect: short.md, within: 2}",
                "{question: bread, expect: long.md, within: 2}",
                more="chunking: {size: 100, overlap: 0}\n",
            ),
        }
    )
    world.sync()
    assert world.vsync("check").code == 0


def test_without_checks_there_is_nothing_to_do_and_no_key_is_needed(world: World) -> None:
    world.repo.commit(FILES)
    result = world.vsync("check", VSYNC_LOCAL="")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("There are no checks, because no config was read.")
    world.repo.commit({".vsync.yml": b"version: 1\n"})
    result = world.vsync("check", VSYNC_LOCAL="")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        "There are no checks in .vsync.yml. To write one, add to it, and commit it:\n\n    checks:"
    )
    report = world.vsync("check", "--json", VSYNC_LOCAL="").json
    assert (report["checks"], report["vector_store_id"]) == ([], None)


def test_without_checks_the_store_is_told_that_is_given_or_recorded(world: World) -> None:
    world.repo.commit({**FILES, ".vsync.yml": b"version: 1\n"})
    store = world.sync()["vector_store_id"]
    world.db.unlink()  # nothing is asked
    assert world.vsync("check", "--json").json["vector_store_id"] == store
    assert world.vsync("check", "--json", "--vector-store-id", "vs_given").json["vector_store_id"] == "vs_given"
    refused = world.vsync("check", "--vector-store-name", "another")
    assert refused.code == 2
    assert f"belongs to the vector store {store}" in refused.err


def test_checks_that_are_not_committed_do_not_count(world: World) -> None:
    world.repo.commit(FILES)
    (world.repo.root / ".vsync.yml").write_bytes(config(INSTALL))
    result = world.vsync("check", VSYNC_LOCAL="")
    assert result.code == 0
    assert "commit it first" in result.err


# --- Warnings ---------------------------------------------------------------------------------------------------


def test_an_expected_path_that_is_no_document_is_a_warning(world: World) -> None:
    synced(world, "{question: install, expect: [docs/instal.md, docs/install.md]}", "{question: main, expect: main.c}")
    result = world.vsync("check", "--json")
    head = world.repo.git("rev-parse", "HEAD").strip()[:12]
    first, second = result.json["warnings"]
    assert (
        first
        == f"A check expects docs/instal.md, but there is no such file in the commit {head}. Did you mean docs/install.md?"
    )
    assert second == "A check expects main.c, which is no document of the target: not documentation (.c)."
    assert [line for line in result.err.splitlines() if "warning" in line] == [
        f"vsync: warning: {first}",
        f"vsync: warning: {second}",
    ]
    assert [check["passed"] for check in result.json["checks"]] == [True, False]


def test_a_document_that_is_not_synced_yet_is_a_warning(world: World) -> None:
    synced(world, "{question: new, expect: docs/new.md}")
    assert "no such file" in world.vsync("check").err
    world.repo.commit({"docs/new.md": b"# New\n"})
    assert "docs/new.md, which is not in the store yet: sync first." in world.vsync("check").err
    world.sync()
    result = world.vsync("check")
    assert (result.code, result.err) == (0, "")


def test_of_many_wrong_paths_some_are_told_and_the_others_counted(world: World) -> None:
    paths = ", ".join(f"none/{number:02}.md" for number in range(30))
    synced(world, f"{{question: install, expect: [{paths}]}}")
    warnings = world.vsync("check", "--json").json["warnings"]
    assert len(warnings) == 21
    assert warnings[-1] == "Checks expect 10 more paths that are no documents of the target."


# --- Several targets --------------------------------------------------------------------------------------------

SEVERAL = b"""\
version: 1
targets:
  docs:
    vector-store-name: acme-docs
    include: [docs/**]
    checks:
      - {question: install, expect: docs/install.md}
  api:
    vector-store-name: acme-api
    include: [api/**]
    checks:
      - {question: token, expect: docs/install.md}
  bare:
    vector-store-name: acme-bare
    include: [docs/remove.md]
"""


def several(world: World) -> Any:
    world.repo.commit({**FILES, ".vsync.yml": SEVERAL})
    return world.sync()


def test_all_targets_are_checked_each_in_its_own_store(world: World) -> None:
    stores = [report["vector_store_id"] for report in several(world)]
    result = world.vsync("check", "--json")
    assert result.code == 1
    assert [each["target"] for each in result.json] == ["docs", "api", "bare"]
    assert [each["vector_store_id"] for each in result.json] == stores
    assert [(each["passed"], each["failed"]) for each in result.json] == [(1, 0), (0, 1), (0, 0)]
    text = world.vsync("check").out
    assert text.index("=== docs ===") < text.index("=== api ===") < text.index("=== bare ===\nNo checks.")
    assert text.endswith("\n1 of 2 checks failed.\n")


def test_one_target_can_be_named(world: World) -> None:
    several(world)
    assert world.vsync("check", "--target", "docs").code == 0
    assert world.vsync("check", "--target", "api").code == 1
    assert "to a target in it" in world.vsync("check", "--target", "bare").out
    assert "no target" in one_sentence(world.vsync("check", "--target", "none"))


def test_a_store_that_is_gone_does_not_keep_the_other_targets_from_their_checks(world: World) -> None:
    docs, *_ = several(world)
    with client(world.db) as api:
        api.vector_stores.delete(docs["vector_store_id"])
    result = world.vsync("check", "--json")
    assert result.code == 3
    assert result.json[0]["error"]["reason"] == "store"
    assert [check["passed"] for check in result.json[1]["checks"]] == [False]
    assert result.err.startswith("vsync: warning: A check expects docs/install.md")
    assert "vsync: docs: " in result.err
    text = world.vsync("check")
    assert text.out.endswith("The checks of 1 target could not be run, and 1 of 1 other check failed.\n")
    assert text.code == 3


def test_a_document_of_another_source_with_the_same_path_is_not_the_expected_one(world: World) -> None:
    synced(world, "{question: purge, expect: docs/remove.md}", more="vector-store-name: shared\n")
    store = world.state()["vector_store_id"]
    with client(world.db) as api:
        (entry,) = [
            each for each in api.vector_stores.files.list(store) if (each.attributes or {})["path"] == "docs/remove.md"
        ]
        attributes = {**(entry.attributes or {}), "source": "acme/other"}
        api.vector_stores.files.update(entry.id, vector_store_id=store, attributes=attributes)
    result = world.vsync("check")
    assert result.code == 1
    assert "1. docs/remove.md of acme/other, default (" in result.out


# --- What goes wrong --------------------------------------------------------------------------------------------


def test_a_store_that_is_gone_is_exit_code_3(world: World) -> None:
    synced(world, INSTALL)
    with client(world.db) as api:
        api.vector_stores.delete(world.state()["vector_store_id"])
    result = world.vsync("check", "--json")
    assert result.code == 3
    assert result.json["error"]["reason"] == "store"
    assert world.state()["vector_store_id"] in one_sentence(result)


def test_a_wrong_config_no_sync_yet_and_no_key_are_exit_code_2(world: World) -> None:
    world.repo.commit({**FILES, ".vsync.yml": config("{question: install}")})
    assert world.vsync("check").code == 2
    world.repo.commit({".vsync.yml": config(INSTALL)})
    assert "not clear which vector store is meant" in one_sentence(world.vsync("check"))
    assert "No OpenAI API key" in one_sentence(world.vsync("check", VSYNC_LOCAL=""))
    missing = world.db.with_name("missing.db")
    assert "no embedded store" in one_sentence(world.vsync("check", VSYNC_LOCAL=str(missing)))
    assert not missing.exists()


def test_a_named_store_is_asked_whatever_the_manifest_says(world: World) -> None:
    synced(world, INSTALL)
    store = world.state()["vector_store_id"]
    world.manifest.write_text("broken")
    assert world.vsync("check").code == 2
    assert world.vsync("check", "--vector-store-id", store).code == 0


def test_a_folder_has_checks_too(world: World) -> None:
    folder = world.repo.root.parent / "handbook"
    folder.mkdir()
    (folder / "a.md").write_text("# Apples\n")
    (folder / ".vsync.yml").write_bytes(config("{question: apples, expect: b.md}"))
    world.sync("--folder", str(folder))
    result = world.vsync("check", "--folder", str(folder))
    assert result.code == 1
    assert "A check expects b.md, but there is no such file in the folder. Did you mean a.md?" in result.err


def test_no_question_and_no_result_acts_in_a_terminal(world: World) -> None:
    hostile = "apples \x1b[31m\u202e ::error::x"
    name = "docs/\x1b[2Japples.md"
    question = '{question: "apples \\e[31m\\u202e ::error::x", expect: docs/none.md}'
    world.repo.commit({name: b"# Apples\n", ".vsync.yml": config(question)})
    world.sync()
    for result in (world.vsync("check"), world.vsync("check", FORCE_COLOR="")):
        assert result.code == 1
        assert "\\x1b[2Japples.md" in result.out
        assert not {"\x1b", "\u202e"} & set(result.out + result.err)
    assert world.vsync("check", "--json").json["checks"][0]["question"] == hostile


def test_the_key_stands_in_no_result(world: World) -> None:
    world.repo.commit(
        {f"docs/{KEY}.md": b"# Apples\n", ".vsync.yml": config("{question: apples, expect: docs/none.md}")}
    )
    world.sync()
    for result in (world.vsync("check"), world.vsync("check", "--json")):
        assert KEY not in result.out + result.err
