"""`--local`: the embedded store has a manifest and a seal of its own, which stay on this machine."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import World
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from tests.support.gitrepo import Repo

DEFAULT = (".vsync/local.db", ".vsync/local.db.manifest.json")


def documents(world: World, *options: str) -> set[str]:
    """The paths of the documents in the embedded store, by a search."""
    found = world.vsync("search", "about read me text", "-n", "50", "--json", *options)
    assert found.code == 0, found.err
    return {hit["path"] for hit in found.json}


def targets(manifest: Path) -> Any:
    return json.loads(manifest.read_bytes())["targets"]


# --- Two worlds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [["--local", ""], ["", "--local"]], ids=["embedded first", "hosted first"])
def test_a_sync_into_one_store_is_not_taken_for_a_sync_into_the_other(
    world: World, docs: str, order: list[str]
) -> None:
    for option in order:
        report = world.sync(*filter(None, [option]))
        assert len(report["added"]) == 3
    for option in order:
        assert world.sync(*filter(None, [option]))["requests"] == {}
    world.assert_in_store(docs, "README.md", "docs/a.md", "docs/b.txt")
    assert documents(world, "--local") == {"README.md", "docs/a.md", "docs/b.txt"}
    beside = world.repo.root / DEFAULT[1]
    assert targets(beside)["default"]["api"] == "embedded"
    assert "api" not in world.state()
    assert targets(beside)["default"]["vector_store_id"] != world.state()["vector_store_id"]


@pytest.mark.parametrize("file", ["", "store.db", "made/store.db"])
def test_manifest_and_seal_stand_beside_the_embedded_store(world: World, docs: str, file: str) -> None:
    option = f"--local={file}" if file else "--local"
    report = world.sync(option)
    beside = Path(f"{file or DEFAULT[0]}.manifest.json")
    assert report["manifest"] == str(beside)
    assert beside.exists()
    assert not world.manifest.exists()
    assert [path.name for path in Path(f"{file or DEFAULT[0]}.seal").glob("*.seal.json")]
    assert not (world.repo.root / ".git" / "vsync").exists()
    assert world.sync(option)["unchanged"] == 3
    status = world.vsync("status", "docs/a.md", "--json", option).json
    assert (status["documents"], status["path"]["in_store"]) == (3, True)
    assert world.vsync("verify", option).code == 0
    assert world.vsync("plan", "--json", option).json["unchanged"] == 3
    assert world.repo.git("status", "--porcelain", "--untracked-files=all", "--", ":!docs", ":!*.md", ":!*.c") == ""


def test_without_a_manifest_none_is_kept_beside_the_embedded_store(world: World, docs: str) -> None:
    for number in range(2):
        report = world.sync("--local", "--manifest", "none", "--source", "acme/docs")
        assert (len(report["added"]), report["manifest"]) == (0 if number else 3, None)
    assert not (world.repo.root / DEFAULT[1]).exists()


@pytest.mark.parametrize("variables", [{}, {"VSYNC_LOCAL": "true"}], ids=["option", "variable"])
@pytest.mark.parametrize("wish", [["--commit"], ["--push"], ["--commit", "--push"]], ids=" ".join)
def test_a_manifest_beside_the_embedded_store_is_neither_committed_nor_pushed(
    world: World, docs: str, tmp_path: Path, wish: list[str], variables: dict[str, str]
) -> None:
    remote = Repo.make(tmp_path / "remote", "--bare")
    world.repo.git("remote", "set-url", "origin", str(remote.root))
    before = world.repo.git("for-each-ref")
    ran = world.vsync("sync", "--json", *(() if variables else ("--local",)), *wish, **variables)
    report = ran.json
    assert len(report["added"]) == 3
    assert any("neither committed nor pushed" in warning for warning in report["warnings"])
    assert remote.git("for-each-ref") == ""
    assert world.repo.git("for-each-ref") == before
    assert (world.repo.root / DEFAULT[1]).exists()


def test_a_sync_that_asks_for_no_commit_is_not_warned(world: World, docs: str) -> None:
    assert world.sync("--local", "--no-commit", "--no-push")["warnings"] == []


def test_a_named_manifest_is_used_and_keeps_the_two_worlds_apart(world: World, docs: str) -> None:
    named = ["--manifest", "state/m.json"]
    world.sync("--local", *named)
    assert targets(Path("state/m.json"))["default"]["api"] == "embedded"
    assert not (world.repo.root / DEFAULT[1]).exists()
    assert world.sync("--local", *named)["unchanged"] == 3
    for command in ("sync", "plan", "verify", "status", "search q"):
        result = world.vsync(*command.split(), *named)
        assert (result.code, "give --local" in result.err) == (2, True), command
    world.sync()
    for command in ("sync", "plan", "verify", "status", "search q"):
        result = world.vsync(*command.split(), "--local", "--manifest", ".vsync/manifest.json")
        assert (result.code, "leave out --local" in result.err) == (2, True), command


def test_a_named_manifest_of_another_embedded_store_is_not_believed(world: World, docs: str) -> None:
    named = ["--manifest", "m.json"]
    world.sync("--local=one.db", *named)
    world.sync("--local=two.db", "--vector-store-name", "other", "--source", "other")
    result = world.vsync("sync", "--local=two.db", *named)
    assert result.code == 3
    assert "There is no vector store" in result.err


# --- A file that is not there ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["search q", "status", "stores list", "stores show vs_1"])
@pytest.mark.parametrize("file", ["", "new/store.db"])
def test_a_command_that_only_reads_makes_no_embedded_store(world: World, docs: str, command: str, file: str) -> None:
    option = f"--local={file}" if file else "--local"
    before = world.snapshot()
    result = world.vsync(*command.split(), option)
    assert result.code == 2
    assert f"`vsync sync {option}`" in result.err
    assert world.snapshot() == before
    assert not Path(file or ".vsync").exists()


def test_a_verify_that_only_reads_makes_no_embedded_store(world: World, docs: str) -> None:
    assert world.vsync("verify", "--local").code == 2
    assert not Path(".vsync").exists()
    world.sync("--local")
    Path(DEFAULT[0]).unlink()
    result = world.vsync("verify", "--local")
    assert (result.code, "no embedded store" in result.err) == (2, True)
    assert not Path(DEFAULT[0]).exists()


@pytest.mark.parametrize("options", [[], ["--manifest", "none"]], ids=["manifest", "no manifest"])
def test_a_plan_before_the_first_sync_makes_no_embedded_store(world: World, docs: str, options: list[str]) -> None:
    assert len(world.plan("--local", *options)["added"]) == 3
    assert not Path(".vsync").exists()


@pytest.mark.parametrize("command", ["sync", "plan"])
def test_an_embedded_store_that_was_deleted_is_told_and_repaired(world: World, docs: str, command: str) -> None:
    world.sync("--local")
    Path(DEFAULT[0]).unlink()
    result = world.vsync(command, "--local")
    assert result.code == 3
    assert not Path(DEFAULT[0]).exists()
    (order,) = [part for part in result.err.split("`") if part.startswith("vsync verify")]
    assert world.vsync(*shlex.split(order)[1:]).code == 0
    assert documents(world, "--local") == {"README.md", "docs/a.md", "docs/b.txt"}
    assert world.sync("--local")["unchanged"] == 3


# --- One file for all commands -----------------------------------------------------------------------------------


def test_the_default_file_is_one_file_from_every_folder_and_for_every_command(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync("--local")
    below = world.repo.root / "docs" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert len(world.vsync("stores", "list", "--json", "--local").json) == 1
    assert world.sync("--local")["unchanged"] == 3
    assert world.vsync("stores", "create", "second", "--local").code == 0
    assert documents(world, "--local")
    assert list(below.iterdir()) == []
    monkeypatch.chdir("/")
    assert len(world.vsync("stores", "list", "--json", "--local", "--repo", str(below)).json) == 2


def test_outside_of_a_repository_the_default_file_stands_in_the_folder(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.md").write_text("# A\n")
    monkeypatch.chdir(plain)
    assert world.sync("--folder", ".", "--local", "--source", "plain")["added"] == ["a.md"]
    assert (plain / DEFAULT[1]).exists()
    assert len(world.vsync("stores", "list", "--json", "--local").json) == 1


# --- Never documents ------------------------------------------------------------------------------------------


def test_the_files_of_the_embedded_store_are_never_documents_of_a_folder(world: World, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / "sub").mkdir(parents=True)
    (plain / "a.md").write_text("# A\n")
    (plain / "sub" / "notes.json").write_text("{}")
    for name in ("sub/state.txt", "state.json"):
        options = ["--folder", str(plain), f"--local={plain / name}", "--include", "**", "--source", "plain"]
        options += ["--exclude", "state.*", "--exclude", "sub/state.*"] if name == "state.json" else []
        first = world.sync(*options)
        assert sorted(first["added"]) == ["a.md", "sub/notes.json"]
        assert first["skipped"] == []
        second = world.sync(*options)
        assert (second["unchanged"], second["skipped"]) == (2, [])


def test_committed_files_of_an_embedded_store_are_no_documents(world: World, docs: str) -> None:
    names = ["docs/s.txt", "docs/s.txt-wal", "docs/s.txt.manifest.json", "docs/s.txt.seal/default-1.seal.json"]
    world.repo.commit({**dict.fromkeys(names, b"{}"), "docs/s.txt.md": b"# A document\n"})
    report = world.sync("--local=docs/s.txt", "--include", "docs/")
    assert sorted(report["added"]) == ["docs/a.md", "docs/b.txt", "docs/s.txt.md"]
    assert report["skipped"] == []


# --- The missing key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["sync"], ["search", "q"], ["stores", "list"]])
def test_the_embedded_store_is_no_way_out_of_a_missing_key_in_a_workflow(
    world: World, docs: str, command: list[str]
) -> None:
    here = world.vsync(*command, VSYNC_LOCAL="")
    assert (here.code, "--local" in here.err) == (2, True)
    job = world.vsync(*command, VSYNC_LOCAL="", GITHUB_ACTIONS="true")
    assert (job.code, "local" in job.err.lower()) == (2, False)
    assert "openai-api-key" in job.err


# --- The name ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["sync", "plan", "verify", "status", "search q"])
def test_a_name_that_is_not_the_recorded_one_is_refused(world: World, docs: str, command: str) -> None:
    store_id = world.sync("--vector-store-name", "one")["vector_store_id"]
    result = world.vsync(*command.split(), "--vector-store-name", "two")
    assert (result.code, "named 'one', but the name 'two' is given" in result.err) == (2, True)
    assert world.vsync(*command.split(), "--vector-store-name", "one").code == 0
    assert world.vsync(*command.split(), "--vector-store-name", "two", "--vector-store-id", store_id).code == 0
