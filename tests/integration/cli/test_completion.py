"""The shell completes commands, options and names, quickly and without ever showing an error."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.support.command_line import World, client
from tests.support.command_line import docs as docs
from tests.support.command_line import world as world
from vsync.cli.completion import VARIABLE

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def answers(world: World, monkeypatch: pytest.MonkeyPatch, *words: str, **variables: str) -> list[str]:
    """What vsync answers to bash for these words; the last one is being typed."""
    monkeypatch.setenv("COMP_WORDS", "\n".join(map(shlex.quote, ["vsync", *words])))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    variables = {"XDG_CACHE_HOME": str(world.db.parent / "cache"), **variables}
    result = world.vsync(**{VARIABLE: "bash_complete", **variables})
    assert (result.code, result.err) == (0, "")
    return result.out.splitlines()


def listed(world: World, *names: str) -> None:
    """Stores of these names, as `vsync stores list` has listed them."""
    with client(world.db) as api:
        for name in names:
            api.vector_stores.create(name=name)
    assert world.vsync("stores", "list", XDG_CACHE_HOME=str(world.db.parent / "cache")).code == 0


def test_commands_and_options_are_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(world, monkeypatch, "sy") == ["plain,sync"]
    assert answers(world, monkeypatch, "plan", "--exit") == ["plain,--exit-code"]
    assert answers(world, monkeypatch, "stores", "s") == ["plain,show"]
    assert answers(world, monkeypatch, "completion", "b") == ["plain,bash"]


def test_the_kinds_of_files_are_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(world, monkeypatch, "plan", "--types", "") == ["plain,documentation", "plain,any"]
    assert answers(world, monkeypatch, "plan", "--types", "a") == ["plain,any"]


def test_the_endpoints_and_files_of_batch_are_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(world, monkeypatch, "batch", "s") == ["plain,status", "plain,submit"]
    assert answers(world, monkeypatch, "batch", "submit", "--endpoint", "/v1/e") == ["plain,/v1/embeddings"]
    assert answers(world, monkeypatch, "batch", "fetch", "bat") == ["file,bat"]
    assert answers(world, monkeypatch, "batch", "submit", "--source", "bat") == ["dir,bat"]


def test_the_formats_of_records_are_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(world, monkeypatch, "records", "--form") == ["plain,--format"]
    assert answers(world, monkeypatch, "records", "--format", "d") == ["plain,debezium/json"]
    assert answers(world, monkeypatch, "records", "chan") == ["file,chan"]


def test_an_option_that_the_help_does_not_list_is_not_offered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(world, monkeypatch, "status", "--index") == []
    assert answers(world, monkeypatch, "sync", "--index") == ["plain,--index-timeout"]


def test_targets_come_from_the_manifest(world: World, docs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    world.sync("--target", "code", "--vector-store-name", "Code")
    assert answers(world, monkeypatch, "search", "--target", "") == ["plain,code", "plain,default"]
    assert answers(world, monkeypatch, "search", "--target", "c") == ["plain,code"]


def test_targets_come_first_from_the_config(world: World, docs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync("--target", "code")
    config = world.repo.root / ".vsync.yml"
    config.write_text("version: 1\ntargets: {docs: {}, api: {}}\n")
    assert answers(world, monkeypatch, "sync", "--target", "") == ["plain,docs", "plain,api"]
    assert answers(world, monkeypatch, "sync", "--target", "a") == ["plain,api"]
    assert answers(world, monkeypatch, "sync", "--config", "none", "--target", "") == ["plain,code"]
    config.write_text("version: 1\nno such key: 1\n")
    assert answers(world, monkeypatch, "sync", "--target", "") == ["plain,code"]


def test_targets_come_from_the_embedded_stores_own_manifest(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.local = True
    world.sync("--target", "tried")
    assert answers(world, monkeypatch, "sync", "--target", "") == ["plain,tried"]


def test_targets_come_from_what_the_clone_knows_of_the_remotes_manifest(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sync("--target", "shared")
    manifest = world.manifest.read_bytes()
    world.manifest.unlink()
    world.repo.git("checkout", "-q", "--orphan", "elsewhere")
    commit = world.repo.commit({".vsync/manifest.json": manifest})
    world.repo.git("update-ref", "refs/remotes/origin/vsync-manifest", commit)
    world.manifest.unlink(missing_ok=True)
    assert answers(world, monkeypatch, "status", "--target", "") == ["plain,shared"]


def test_a_manifest_puts_no_other_names_into_the_shell(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.manifest.parent.mkdir(exist_ok=True)
    names = ["$(touch x)", "a b", "-x", "good", "a\nplain,evil", "`id`", "../x"]
    world.manifest.write_text(json.dumps({"version": 1, "targets": {name: {} for name in names}}))
    assert answers(world, monkeypatch, "sync", "--target", "") == ["plain,good"]


def test_stores_come_from_the_last_listing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(world, "Docs", "Code")
    assert answers(world, monkeypatch, "sync", "--vector-store-name", "D") == ["plain,Docs"]
    with client(world.db) as api:
        ids = {store.name: store.id for store in api.vector_stores.list()}
    found = answers(world, monkeypatch, "stores", "show", "")
    assert set(found) == {"plain,Docs", "plain,Code", *(f"plain,{store_id}" for store_id in ids.values())}
    assert answers(world, monkeypatch, "sync", "--vector-store-id", ids["Docs"][:-2]) == [f"plain,{ids['Docs']}"]


def test_stores_and_orders_are_offered_to_the_commands_on_stores(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(world, "Docs", "Code")
    assert "plain,Docs" in answers(world, monkeypatch, "stores", "delete", "--yes", "D")
    assert answers(world, monkeypatch, "files", "delete", "--in-store", "C") == ["plain,Code"]
    assert answers(world, monkeypatch, "files", "list", "--sort", "n") == ["plain,name"]
    assert "plain,--unused-since" in answers(world, monkeypatch, "stores", "delete", "--unu")


def test_stores_of_another_api_or_project_are_not_offered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(world, "Docs")
    typed = ("sync", "--vector-store-name", "")
    assert answers(world, monkeypatch, *typed, OPENAI_PROJECT_ID="proj_other") == []
    assert answers(world, monkeypatch, *typed, OPENAI_BASE_URL="https://other.example/v1") == []
    assert answers(world, monkeypatch, *typed) == ["plain,Docs"]


def test_local_before_an_argument_does_not_take_the_argument(
    world: World, docs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = str(world.db.parent / "cache")
    for arguments in (["sync", "--local"], ["stores", "create", "Docs", "--local"], ["stores", "list", "--local"]):
        assert world.vsync(*arguments, XDG_CACHE_HOME=cache).code == 0
    assert "plain,Docs" in answers(world, monkeypatch, "stores", "show", "--local", "")
    assert answers(world, monkeypatch, "sync", "--local", "") == ["file,"]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"targets": 3}', b'{"targets": [1]}', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "cut", "list", "number", "targets-list", "not-text", "deep"],
)
def test_whatever_is_damaged_gives_no_answer_and_no_error(
    world: World, docs: str, damage: bytes, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(world, "Docs")
    world.manifest.parent.mkdir(exist_ok=True)
    world.manifest.write_bytes(damage)
    for file in (cache / "vsync").iterdir():
        file.write_bytes(damage)
    assert answers(world, monkeypatch, "sync", "--target", "") == []
    assert answers(world, monkeypatch, "stores", "show", "") == []


@pytest.mark.parametrize(
    "typed",
    [
        ("sync", "--repo", "/no/such/folder", "--target", ""),
        ("sync", "--manifest", "../../outside", "--target", ""),
        ("sync", "--manifest-branch", "-x", "--target", ""),
        ("nonsense", "--target", ""),
        ("sync", "--no-such-option", ""),
        ("sync", "'unfinished"),
    ],
)
def test_whatever_is_typed_gives_no_error(
    world: World, typed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(world, monkeypatch, *typed)


@pytest.mark.parametrize("instruction", ["", "bash", "tcsh_complete", "bash_complete", "bash_nonsense", "_"])
def test_a_wrong_question_gives_no_error(world: World, instruction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMP_WORDS", raising=False)
    result = world.vsync(**{VARIABLE: instruction})
    assert (result.code, result.out, result.err) == (0, "", "")


def test_half_of_the_credentials_is_no_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"OPENAI_IDENTITY_PROVIDER_ID": "idp_1", "OPENAI_API_KEY": ""}
    assert answers(world, monkeypatch, "stores", "show", "", **variables) == []


def test_the_listing_is_kept_for_the_user_alone_and_without_the_key(world: World, cache: Path) -> None:
    listed(world, "Docs")
    (file,) = (cache / "vsync").iterdir()
    assert (cache / "vsync").stat().st_mode & 0o077 == 0
    assert "sk-" not in file.name + file.read_text()
    assert json.loads(file.read_text())["version"] == 1


@pytest.mark.parametrize("variables", [{"XDG_CACHE_HOME": "", "HOME": ""}, {"XDG_CACHE_HOME": "/dev/null/x"}])
def test_a_listing_that_cannot_be_kept_is_no_error(world: World, variables: dict[str, str]) -> None:
    result = world.vsync("stores", "list", **variables)
    assert (result.code, result.err) == (0, "")


def test_a_job_of_a_workflow_keeps_no_listing(world: World, cache: Path) -> None:
    assert world.vsync("stores", "list", XDG_CACHE_HOME=str(cache), GITHUB_ACTIONS="true").code == 0
    assert not cache.exists()
