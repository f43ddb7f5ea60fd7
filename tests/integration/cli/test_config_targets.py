"""The targets of a committed `.vsync.yml`: which run, in which order, what is checked before, and what the others leave."""

from __future__ import annotations

import re
import shlex
import signal

import pytest

from tests.support.command_line import World, one_sentence
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import link
from vsync.errors import PublicationFailed
from vsync.state.local import LocalPublication
from vsync.state.remote import RemotePublication
from vsync.sync import run as sync_run
from vsync.system.stop import Stop

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

FILES = {"docs/a.md": b"# A\n", "api/b.md": b"# B\n", "main.c": b"int main;"}
TWO = """version: 1
targets:
  docs:
    include: [docs/**]
  api:
    include: [api/**]
    attributes: {section: api}
"""


def _commit(world: World, config: str, files: dict[str, bytes] | None = None) -> str:
    return world.repo.commit({**(FILES if files is None else files), ".vsync.yml": config.encode()})


def _refused(world: World, *arguments: str, **variables: str) -> str:
    result = world.vsync(*arguments, **variables)
    assert result.code == 2, result.err
    return result.err


# --- One target -------------------------------------------------------------------------------------------------


def test_a_config_without_names_describes_the_one_target(world: World) -> None:
    _commit(world, "version: 1\ninclude: docs/**\nvector-store-name: acme\nattributes: {team: docs}\n")
    report = world.sync()
    assert (report["target"], report["added"]) == ("default", ["docs/a.md"])
    entry = world.audit(report["vector_store_id"])["docs/a.md"]
    assert entry.attributes["team"] == "docs"
    assert world.state()["vector_store_name"] == "acme"


def test_options_and_variables_go_before_the_config(world: World) -> None:
    _commit(world, "version: 1\ninclude: docs/**\nlimits: {max-upload: 0}\n")
    assert world.plan()["refused"]
    report = world.plan("--include", "api/**", "--max-upload", "5")
    assert (report["added"], report["refused"]) == (["api/b.md"], None)
    assert world.plan(VSYNC_INCLUDE="api/**", VSYNC_MAX_UPLOAD="5")["added"] == ["api/b.md"]


def test_the_config_of_the_synced_commit_counts_and_the_working_trees_does_not(world: World) -> None:
    old = _commit(world, "version: 1\ninclude: docs/**\n")
    _commit(world, "version: 1\ninclude: api/**\n")
    assert world.plan("--head", old)["added"] == ["docs/a.md"]
    (world.repo.root / ".vsync.yml").write_text("version: 1\ninclude: nothing/**\n")
    report = world.plan()
    assert report["added"] == ["api/b.md"]
    assert (
        ".vsync.yml of the working tree is not the committed one: only what is committed counts." in report["warnings"]
    )
    assert world.plan("--head", old)["warnings"] == []


def test_a_config_with_other_line_ends_in_the_working_tree_is_the_same(world: World) -> None:
    _commit(world, "version: 1\ninclude: docs/**\n")
    (world.repo.root / ".vsync.yml").write_bytes(b"version: 1\r\ninclude: docs/**\r\n")
    assert world.plan()["warnings"] == []


def test_a_config_that_is_not_committed_is_told(world: World, docs: str) -> None:
    (world.repo.root / ".vsync.yml").write_text("version: 1\ninclude: nothing/**\n")
    report = world.plan()
    assert report["warnings"] == [".vsync.yml is not committed, so it is not read: commit it first."]
    assert report["added"] == ["README.md", "docs/a.md", "docs/b.txt"]


@pytest.mark.parametrize("name", [".vsync.yaml", ".vsync.YML", "Vsync.yml"])
def test_a_name_that_is_nearly_the_configs_is_told(world: World, name: str) -> None:
    world.repo.commit({**FILES, name: b"version: 1\n"})
    assert world.plan()["warnings"] == [f"{name} is not read: the config is called .vsync.yml."]


def test_a_named_config_is_read_from_the_commit(world: World) -> None:
    world.repo.commit({**FILES, "ci/docs.yml": b"version: 1\ninclude: docs/**\n"})
    for given in ("ci/docs.yml", "./ci//docs.yml"):
        assert world.plan("--config", given)["added"] == ["docs/a.md"]
    assert world.plan(VSYNC_CONFIG="ci/docs.yml")["added"] == ["docs/a.md"]


def test_none_ignores_the_config(world: World) -> None:
    _commit(world, "no config at all")
    assert world.plan("--config", "none")["added"] == ["api/b.md", "docs/a.md"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("doc.yml", "The nearest path is 'ci/docs.yml'."),
        ("new.yml", "It stands in the working tree: commit it first."),
        ("/etc/passwd", "a path of this machine"),
        ("../x.yml", "no file of what is synced"),
        (".", "no file of what is synced"),
        ("ci", "is a folder"),
        ("link.yml", "is a symbolic link, and links are not followed"),
        ("big.yml", "at most 1,048,576 are read"),
    ],
)
def test_a_named_config_that_cannot_be_read_is_one_sentence(world: World, given: str, told: str) -> None:
    world.repo.commit({"ci/docs.yml": b"version: 1\n", "big.yml": b"#" * 1_048_577, "link.yml": link("ci/docs.yml")})
    (world.repo.root / "new.yml").write_text("version: 1\n")
    result = world.vsync("plan", "--config", given)
    assert result.code == 2
    one_sentence(result)
    assert told in result.err


def test_the_config_of_a_plain_folder_is_read_there_and_never_through_a_link(world: World) -> None:
    folder = world.repo.root / "site"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.md").write_text("# A\n")
    (folder / "b.md").write_text("# B\n")
    (folder / ".vsync.yml").write_text("version: 1\ninclude: docs/**\n")
    assert world.plan("--folder", str(folder))["added"] == ["docs/a.md"]
    (folder / ".vsync.yml").rename(world.repo.root / "elsewhere.yml")
    (folder / ".vsync.yml").symlink_to(world.repo.root / "elsewhere.yml")
    assert "is a symbolic link" in _refused(world, "plan", "--folder", str(folder))


def test_a_broken_config_is_an_error_of_commands_on_targets_and_of_no_others(world: World) -> None:
    _commit(world, "version: 1\nincldue: docs/**\n")
    for command in ("sync", "plan", "status", "verify"):
        assert "incldue" in _refused(world, command)
    assert world.vsync("stores", "list").code == 0
    assert world.vsync("files", "list").code == 0


# --- Several targets --------------------------------------------------------------------------------------------


def test_every_target_runs_in_the_order_of_the_config(world: World) -> None:
    head = _commit(world, TWO)
    reports = world.sync()
    assert [(report["target"], report["added"]) for report in reports] == [
        ("docs", ["docs/a.md"]),
        ("api", ["api/b.md"]),
    ]
    docs, api = (report["vector_store_id"] for report in reports)
    world.assert_in_store(head, "docs/a.md", store_id=docs, others=(api,))
    world.assert_in_store(head, "api/b.md", store_id=api, others=(docs,))
    assert [(report["requests"], report["warnings"]) for report in world.sync()] == [({}, []), ({}, [])]


def test_a_named_target_runs_alone_and_gives_one_report(world: World) -> None:
    _commit(world, TWO)
    assert world.sync("--target", "api")["target"] == "api"
    assert [report["target"] for report in world.plan("--target", "api", "--target", "docs")] == ["docs", "api"]
    assert [report["target"] for report in world.plan(VSYNC_TARGET="docs, api")] == ["docs", "api"]


def test_an_unknown_target_is_told_with_the_nearest(world: World) -> None:
    _commit(world, TWO)
    assert "There are docs, api. Did you mean docs?" in _refused(world, "plan", "--target", "dosc")


def test_an_expected_plan_needs_one_target(world: World) -> None:
    _commit(world, TWO)
    plan = world.plan("--target", "docs")["plan_id"]
    assert "--target" in _refused(world, "sync", "--expect", plan)
    assert world.sync("--expect", plan, "--target", "docs")["added"] == ["docs/a.md"]


def test_a_person_sees_each_target_under_its_name(world: World) -> None:
    _commit(world, TWO)
    lines = world.vsync("plan").out.splitlines()
    assert lines.index("=== docs ===") < lines.index("  + docs/a.md") < lines.index("=== api ===")
    assert "Next: vsync sync --target api" in lines
    assert lines[-1] == "All 2 targets are done."


def test_the_exit_code_of_plans_is_1_when_one_would_change_something(world: World) -> None:
    _commit(world, TWO)
    assert world.vsync("plan", "--exit-code").code == 1
    world.sync()
    assert world.vsync("plan", "--exit-code").code == 0


def test_a_target_that_fails_does_not_hold_up_the_next(world: World) -> None:
    _commit(world, TWO.replace("include: [docs/**]", "include: [docs/**]\n    limits: {max-upload: 0}"))
    docs, api = world.sync(code=4)
    assert (docs["error"]["reason"], docs["added"]) == ("limit", [])
    assert (api["error"], api["added"]) == (None, ["api/b.md"])
    shown = world.vsync("sync")
    assert (shown.code, shown.out.splitlines()[-1]) == (4, "1 of 2 targets failed: docs.")


def test_an_error_of_a_target_that_is_raised_stands_in_its_report(world: World) -> None:
    missing = TWO.replace("include: [docs/**]", "include: [docs/**]\n    vector-store-id: vs_none")
    _commit(world, missing)
    docs, api = world.sync(code=3)
    assert (docs["error"]["reason"], api["added"]) == ("store", ["api/b.md"])


def test_nothing_starts_when_a_manifest_does_not_fit_one_of_the_targets(world: World) -> None:
    _commit(world, TWO)
    world.sync("--target", "api")
    recorded = world.state("api")["vector_store_id"]
    before = world.snapshot()
    _commit(world, TWO + "    vector-store-id: vs_other\n")
    said = _refused(world, "sync")
    assert f"1 document of the target 'api' would be left in {recorded}" in said
    assert world.snapshot()["store"] == before["store"]
    assert "docs" not in world.manifest.read_text().replace("docs/", "")


def test_nothing_starts_when_the_root_of_one_target_is_missing(world: World) -> None:
    _commit(world, TWO + "    root: nowhere\n")
    assert "The root 'nowhere' does not exist" in _refused(world, "sync")
    assert not world.manifest.exists()


def test_two_targets_must_not_put_one_file_into_one_store(world: World) -> None:
    shared = (
        TWO.replace("[docs/**]", "['*.md']")
        .replace("targets:\n", "targets:\n")
        .replace("    include", "    vector-store-name: acme\n    include")
    )
    _commit(world, shared)
    said = _refused(world, "sync")
    assert "The targets 'docs' and 'api' would both put 'api/b.md' into the store 'acme'" in said
    assert not world.manifest.exists()
    _commit(world, shared.replace("['*.md']", "[docs/**]"))
    first, second = world.sync()
    assert first["vector_store_id"] == second["vector_store_id"]


SHARED = TWO.replace("[docs/**]", "['*.md']").replace("    include", "    vector-store-name: acme\n    include")


@pytest.mark.parametrize("command", ["sync", "plan"])
@pytest.mark.parametrize("target", ["docs", "api"])
def test_a_target_that_runs_alone_must_not_share_a_file_and_a_store_with_another(
    world: World, command: str, target: str
) -> None:
    _commit(world, SHARED)
    said = _refused(world, command, "--target", target)
    assert "'api' " in said
    assert "would both put 'api/b.md' into the store 'acme'" in said
    assert not world.manifest.exists()
    _commit(world, SHARED.replace("['*.md']", "[docs/**]"))
    assert world.sync("--target", target)["failed"] == []


def test_a_recorded_store_of_another_target_counts_as_well(world: World) -> None:
    _commit(world, TWO)
    store = world.sync("--target", "api")["vector_store_id"]
    both = TWO.replace("include: [docs/**]", f"include: ['*.md']\n    vector-store-id: {store}")
    _commit(world, both)
    assert f"would both put 'api/b.md' into the store {store}" in _refused(world, "sync", "--target", "docs")


def test_what_is_given_for_one_target_does_not_count_for_another(world: World) -> None:
    _commit(world, SHARED)
    assert world.sync("--target", "docs", "--include", "docs/**")["added"] == ["docs/a.md"]


def test_another_target_that_cannot_run_does_no_harm(world: World) -> None:
    _commit(world, TWO)
    world.sync("--target", "api")
    _commit(world, TWO + "    vector-store-id: vs_other\n")
    assert world.sync("--target", "docs")["added"] == ["docs/a.md"]


def test_after_a_request_to_stop_the_others_are_not_started(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _commit(world, TWO)
    run, stops = sync_run.run, []

    def stopped(target: object, ports: object, context: object, published: object = None) -> object:
        report = run(target, ports, context, published)  # type: ignore[arg-type]  # mypy: any run takes the same
        stop: Stop = context.stop  # type: ignore[attr-defined]  # mypy: only what the test needs of it is named
        stop.request(signal.SIGTERM)
        stops.append(stop)
        return report

    monkeypatch.setattr(sync_run, "run", stopped)
    docs, api = world.sync(code=143)
    assert (docs["added"], docs["error"]) == (["docs/a.md"], None)
    assert (api["error"]["reason"], api["added"], len(stops)) == ("interrupted", [], 1)


def test_a_run_with_nothing_to_do_needs_no_key(world: World) -> None:
    _commit(world, TWO)
    world.sync()
    result = world.vsync("sync", "--json", OPENAI_API_KEY="")
    assert (result.code, [report["requests"] for report in result.json]) == (0, [{}, {}])


# --- Other commands ---------------------------------------------------------------------------------------------


def test_status_and_verify_are_of_all_targets_or_the_named(world: World) -> None:
    _commit(world, TWO)
    world.sync()
    assert [found["target"] for found in world.vsync("status", "--json").json] == ["docs", "api"]
    assert world.vsync("status", "--json", "--target", "api").json["target"] == "api"
    assert "=== api ===" in world.vsync("status", "docs/a.md").out
    assert [found["target"] for found in world.vsync("verify", "--json").json] == ["docs", "api"]
    assert world.vsync("verify", "--json", "--target", "api").json["target"] == "api"


def test_a_search_asks_the_store_of_one_target(world: World) -> None:
    _commit(world, TWO)
    stores = [report["vector_store_id"] for report in world.sync()]
    assert "The config has 2 targets: docs, api." in _refused(world, "search", "A")
    assert world.vsync("search", "B", "--target", "api", "--json").json[0]["path"] == "api/b.md"
    assert world.vsync("search", "A", "--vector-store-id", stores[0], "--json").json[0]["path"] == "docs/a.md"


def test_a_search_needs_no_target_where_all_share_a_store(world: World) -> None:
    _commit(world, TWO.replace("    include", "    vector-store-name: acme\n    include"))
    world.sync()
    assert world.vsync("search", "B", "--json").json[0]["path"] == "api/b.md"


def test_the_first_sync_of_a_second_target_says_what_the_manifest_lacks(world: World) -> None:
    _commit(world, TWO.replace("    include", "    vector-store-name: acme\n    include"))
    first, second = world.sync()
    assert first["comparison"]["reason"] == "nothing is recorded for this target: first sync"
    assert second["comparison"]["reason"] == "the store was listed: the manifest records nothing of this target"


def test_records_go_into_one_target(world: World, docs: str) -> None:
    assert "A stream goes into one target, but 2 are named" in _refused(world, "records", "x.jsonl", VSYNC_TARGET="a,b")


# --- What is left -----------------------------------------------------------------------------------------------

_COMMAND = re.compile(r"`(vsync [^`]*)`")


def _commands(text: str) -> list[list[str]]:
    return [shlex.split(command)[1:] for command in _COMMAND.findall(text)]


@pytest.mark.parametrize("kept", [[], ["--commit"]], ids=["file", "branch"])
def test_what_a_removed_target_leaves_is_told_until_the_told_commands_have_removed_it(
    world: World, kept: list[str]
) -> None:
    _commit(world, TWO)
    docs, old = (report["vector_store_id"] for report in world.sync(*kept))
    _commit(world, TWO.partition("  api:")[0])
    (warning,) = world.sync(*kept)["warnings"]
    assert warning.startswith(f"The store {old} still holds 1 document of the target 'api'")
    documents, store = _commands(warning)
    assert world.vsync(*documents).code == 0
    assert world.audit(docs, old).keys() == {"docs/a.md"}
    assert world.sync(*kept)["warnings"] == []
    deleted = world.vsync(*store, "--yes")
    assert (deleted.code, "This breaks" in deleted.out) == (0, False)
    assert "No document of the target 'api' of this repository is recorded in" in deleted.out
    assert world.sync(*kept)["warnings"] == []


def test_a_config_without_names_tells_what_named_targets_have_left_and_does_not_offer_to_delete_its_own_store(
    world: World,
) -> None:
    shared = "vector-store-name: acme\n"
    _commit(world, f"version: 1\ntargets:\n  docs:\n    include: docs/**\n    {shared}")
    store = world.sync()["vector_store_id"]
    _commit(world, f"version: 1\ninclude: docs/**\n{shared}")
    (planned,), (warning,) = world.plan()["warnings"], world.sync()["warnings"]
    assert warning == planned
    assert warning.startswith(f"The store {store} still holds 1 document of the target 'docs'")
    (documents,) = _commands(warning)
    assert world.vsync(*documents).code == 0
    assert world.sync()["warnings"] == []
    assert [entry.attributes["target"] for entry in world.audit(store).values()] == ["default"]


def test_without_a_config_only_what_stands_twice_in_one_store_is_told(world: World) -> None:
    world.repo.commit(FILES)
    shared = ("--vector-store-name", "acme")
    store = world.sync("--target", "docs", "--include", "docs/**", *shared)["vector_store_id"]
    assert world.sync("--target", "api", "--include", "api/**", *shared)["warnings"] == []
    assert world.plan()["warnings"] == []
    planned = world.plan(*shared)["warnings"]
    assert [world.sync(*shared)["warnings"] for _ in range(2)] == [planned, planned]
    for warning, name in zip(planned, ("api", "docs"), strict=True):
        assert (
            f"The store {store} holds 1 document of the target '{name}' that this target has there as well" in warning
        )
        (command,) = _commands(warning)
        assert world.vsync(*command).code == 0
    assert world.sync(*shared)["warnings"] == []
    assert world.audit(store).keys() == {"docs/a.md", "api/b.md"}


@pytest.mark.parametrize("kept", [[], ["--commit"]], ids=["file", "branch"])
def test_a_removed_target_whose_first_run_did_not_end_is_told_until_the_told_command_has_removed_what_it_left(
    world: World, monkeypatch: pytest.MonkeyPatch, kept: list[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PublicationFailed("The disk is full.", "Make room.")

    shared = TWO.replace("    include", "    vector-store-name: acme\n    include")
    begun = _commit(world, shared)
    store = world.sync("--target", "docs", *kept)["vector_store_id"]
    with monkeypatch.context() as patched:
        for publication in (LocalPublication, RemotePublication):
            patched.setattr(publication, "publish", fails)
            patched.setattr(publication, "publish_and_close", fails)
        world.sync("--target", "api", *kept, code=3)
    _commit(world, shared.partition("  api:")[0], {**FILES, "docs/a.md": b"# New\n"})
    (planned,), (warning,) = world.plan(*kept)["warnings"], world.sync(*kept)["warnings"]
    assert warning == planned
    assert warning.startswith("The last run of the target 'api', which the config does not have any more, did not end")
    (command,) = _commands(warning)
    assert begun in command
    assert world.audit(store).keys() == {"docs/a.md", "api/b.md"}
    assert world.vsync(*command).code == 0
    assert world.audit(store).keys() == {"docs/a.md"}
    _commit(world, shared.partition("  api:")[0], {**FILES, "docs/a.md": b"# Newer\n"})
    assert world.sync(*kept)["warnings"] == []


def test_a_run_of_named_targets_does_not_speak_of_others(world: World) -> None:
    _commit(world, TWO)
    world.sync()
    _commit(world, TWO.partition("  api:")[0])
    assert world.sync("--target", "docs")["warnings"] == []


def test_a_changed_store_id_is_refused_with_the_commands_that_move_to_the_new_store(world: World) -> None:
    one = TWO.partition("  api:")[0]
    _commit(world, one)
    old = world.sync()["vector_store_id"]
    new = world.vsync("stores", "create", "new", "--json").json["id"]
    head = _commit(world, f"{one}    vector-store-id: {new}\n")
    said = _refused(world, "sync", VSYNC_VECTOR_STORE_ID="")
    (command,) = _commands(said)
    assert world.vsync(*command, VSYNC_VECTOR_STORE_ID=new).code == 0
    assert world.sync()["added"] == ["docs/a.md"]
    world.assert_in_store(head, "docs/a.md", store_id=new, others=(old,))


@pytest.mark.parametrize("command", ["plan", "status"])
def test_an_error_of_all_targets_is_a_list_in_json_and_of_an_unknown_one_an_object(world: World, command: str) -> None:
    _commit(world, TWO)
    unknown = world.vsync(command, "--json", "--target", "nope")
    assert (unknown.code, unknown.json["target"]) == (2, "nope")
    assert unknown.json["error"]["reason"] == "config"
    if command == "plan":
        every = world.vsync(command, "--json", "--root", "nope")
        assert (every.code, [each["target"] for each in every.json]) == (2, ["docs", "api"])
        assert {each["error"]["reason"] for each in every.json} == {"config"}
