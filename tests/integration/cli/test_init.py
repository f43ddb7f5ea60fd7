"""`vsync init`: what it writes into a repository, what it leaves alone, and what it asks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import Result, World, one_sentence
from tests.support.command_line import world as world
from tests.support.gitrepo import Repo, link, submodule
from tests.support.terminal import Typed
from vsync.cli import init
from vsync.cli.init_output import FILES, WORKFLOW
from vsync.config.config_parser import parse_config
from vsync.config.settings import DEFAULT_CONFIG
from vsync.config.target_config import TargetConfig
from vsync.git.discovery import find_repository

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

DOCS = {
    "README.md": b"# X\n",
    "docs/a.md": b"---\ntitle: A\n---\n# A\n",
    "docs/b.md": b"---\ntitle: B\n---\n",
    "main.c": b";",
}
Type = Callable[..., None]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Type:
    def type_(*lines: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        monkeypatch.setattr(sys, "stdin", Typed(lines, meanwhile))
        monkeypatch.setattr(init, "terminal", lambda: sys.stderr)

    return type_


def config(world: World) -> TargetConfig:
    return parse_config((world.repo.root / DEFAULT_CONFIG).read_bytes(), DEFAULT_CONFIG).targets[0]


def written(world: World) -> list[str]:
    return [path for path in FILES if os.path.lexists(world.repo.root / path)]


# --- What it writes -----------------------------------------------------------------------------------------


def test_both_files_are_written_and_the_next_steps_are_told(world: World) -> None:
    world.repo.commit(DOCS)
    result = world.vsync("init")
    assert (result.code, result.err) == (0, "")
    target = config(world)
    assert target.include == ("/docs/", "/README.md")
    assert target.vector_store_name == "name-docs"
    assert target.says.front_matter == {"title": "title"}
    assert yaml.safe_load((world.repo.root / WORKFLOW).read_text())["permissions"] == {}
    assert result.out.splitlines() == [
        "Wrote .vsync.yml.",
        "Wrote .github/workflows/vsync.yml.",
        "Next:",
        "  In .vsync.yml and .github/workflows/vsync.yml replace OWNER by the owner of the repository of vsync.",
        "  Add your key to this repository as the secret OPENAI_API_KEY.",
        "  git add .vsync.yml .github/workflows/vsync.yml",
        "  git commit -m 'add vsync' -- .vsync.yml .github/workflows/vsync.yml",
        "  vsync plan  # shows what a sync would do, by the config of the commit",
    ]


def test_a_second_run_changes_nothing(world: World) -> None:
    world.repo.commit(DOCS)
    world.vsync("init")
    before = world.snapshot()
    result = world.vsync("init")
    assert result.code == 0
    assert result.out.splitlines()[:2] == [
        ".github/workflows/vsync.yml is there already, and stays as it is.",
        ".vsync.yml is there already, and stays as it is.",
    ]
    assert "git add .vsync.yml" in result.out
    assert world.snapshot() == before


def test_what_is_committed_need_not_be_committed_again(world: World) -> None:
    world.repo.commit({**DOCS, DEFAULT_CONFIG: b"version: 1\n", WORKFLOW: b"on: push\n"})
    world.repo.checkout()
    result = world.vsync("init")
    assert result.code == 0
    assert "git add" not in result.out
    assert result.out.splitlines()[-1].startswith("  vsync plan")


def test_a_file_that_is_there_is_kept_and_the_other_is_written(world: World) -> None:
    world.repo.commit(DOCS)
    (world.repo.root / DEFAULT_CONFIG).write_text("version: 1\n")
    result = world.vsync("init")
    assert result.code == 0
    assert (world.repo.root / DEFAULT_CONFIG).read_text() == "version: 1\n"
    assert (world.repo.root / WORKFLOW).exists()


def test_a_workflow_is_left_out_on_demand(world: World) -> None:
    world.repo.commit(DOCS)
    assert world.vsync("init", "--no-workflow").code == 0
    assert written(world) == [DEFAULT_CONFIG]


@pytest.mark.parametrize(
    ("url", "files", "workflow"),
    [
        ("https://gitlab.com/owner/name.git", {}, False),
        ("https://git.example.com/owner/name.git", {".gitlab-ci.yml": b""}, False),
        ("https://git.example.com/owner/name.git", {}, True),
        ("git@github.com:owner/gitlab-tools.git", {}, True),
    ],
)
def test_a_repository_on_another_host_gets_no_workflow(
    world: World, url: str, files: dict[str, bytes], workflow: bool
) -> None:
    world.repo.git("remote", "set-url", "origin", url)
    world.repo.commit({**DOCS, **files})
    result = world.vsync("init")
    assert ("This repository is not on GitHub. So no workflow is written" in result.out) != workflow
    assert written(world) == [*FILES[: 1 + workflow]]
    world.vsync("init", "--workflow")
    assert written(world) == [*FILES]


def test_a_workflow_that_uses_vsync_is_enough(world: World) -> None:
    world.repo.commit({**DOCS, ".github/workflows/docs.yaml": b"jobs:\n  x:\n    steps:\n      - uses: me/vsync@v1\n"})
    result = world.vsync("init")
    assert result.out.startswith(".github/workflows/docs.yaml uses vsync already. So no workflow")
    assert written(world) == [DEFAULT_CONFIG]


def test_a_dry_run_prints_both_and_writes_nothing(world: World) -> None:
    world.repo.commit(DOCS)
    result = world.vsync("init", "--dry-run", "--vector-store-name", "help")
    assert result.code == 0
    assert "--- .vsync.yml\n" in result.out
    assert "\nvector-store-name: help #" in result.out
    assert f"--- {WORKFLOW}\n" in result.out
    assert written(world) == []


def test_the_default_branch_is_that_of_the_remote(world: World) -> None:
    commit = world.repo.commit(DOCS)
    world.vsync("init", "--dry-run")
    assert "branches: [main]" in world.vsync("init", "--dry-run").out
    world.repo.git("update-ref", "refs/remotes/origin/trunk", commit)
    world.repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert "branches: [trunk]" in world.vsync("init", "--dry-run").out


def test_a_repository_that_is_synced_keeps_the_name_of_its_store(world: World) -> None:
    world.repo.commit({**DOCS, ".vsync/manifest.json": b"{}"})
    world.vsync("init")
    assert config(world).vector_store_name is None
    (world.repo.root / DEFAULT_CONFIG).unlink()
    assert "\nvector-store-name: help" in world.vsync("init", "--dry-run", "--vector-store-name", "help").out


def test_files_that_are_not_committed_count(world: World) -> None:
    guide = world.repo.root / "docs/guide"
    guide.mkdir(parents=True)
    (guide / "a.md").write_text("---\ntags: x\n---\n")
    (world.repo.root / ".gitignore").write_text("/docs/out/\n")
    (world.repo.root / "docs/out").mkdir()
    (world.repo.root / "docs/out/b.md").write_text("# B\n")
    result = world.vsync("init")
    assert result.code == 0, result.err
    target = config(world)
    assert target.include == ("/docs/",)
    assert target.says.front_matter == {"tags": "tags"}
    assert "# 1 document\n" in (world.repo.root / DEFAULT_CONFIG).read_text()


def test_a_repository_is_found_from_a_folder_inside_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.commit(DOCS)
    (world.repo.root / "docs").mkdir()
    monkeypatch.chdir(world.repo.root / "docs")
    result = world.vsync("init")
    assert written(world) == [*FILES]
    assert f"git -C {world.repo.root} add" in result.out
    assert f"vsync plan --repo {world.repo.root}" in result.out


# --- Hostile repositories -----------------------------------------------------------------------------------


def test_names_that_mean_something_in_yaml_stay_names(world: World) -> None:
    world.repo.commit({f'docs"\n- x/{number}.md': b"#" for number in range(20)} | {"a\x1b[31m.md": b"#"})
    result = world.vsync("init")
    assert result.code == 0
    assert config(world).include == ("/docs??- x/",)
    assert "\x1b" not in result.out


def test_links_and_submodules_are_not_followed(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("---\ntitle: secret\nauthor: me\n---\n")
    world.repo.commit(
        {"docs/a.md": b"# A\n", "docs/l.md": link(str(tmp_path / "secret.md")), "docs/theme": submodule()}
    )
    (world.repo.root / "docs").mkdir()
    (world.repo.root / "docs/untracked.md").symlink_to(tmp_path / "secret.md")
    assert world.vsync("init").code == 0
    text = (world.repo.root / DEFAULT_CONFIG).read_text()
    assert "# 1 document\n" in text
    assert "author:" not in text.replace("[changed, author]", "")


def test_no_program_that_a_repository_names_is_run(world: World, tmp_path: Path) -> None:
    world.repo.commit({**DOCS, ".gitattributes": b"*.md filter=evil\n"})
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.clean", "core.hooksPath"):
        world.repo.git("config", key, str(script))
    (world.repo.root / "new.md").write_text("#")
    assert world.vsync("init").code == 0
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("place", [DEFAULT_CONFIG, ".github", ".github/workflows", WORKFLOW])
def test_nothing_is_written_through_a_link(world: World, tmp_path: Path, place: str) -> None:
    world.repo.commit(DOCS)
    outside = tmp_path / "outside"
    if place in {".github", ".github/workflows"}:
        outside.mkdir()
    path = world.repo.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside)
    result = world.vsync("init")
    assert result.code == 2
    assert "is a symbolic link, or lies behind one" in one_sentence(result)
    assert not outside.exists() or list(outside.iterdir()) == []
    assert (world.repo.root / DEFAULT_CONFIG).is_symlink() == (place == DEFAULT_CONFIG)


# --- Where it cannot work -----------------------------------------------------------------------------------


def test_a_folder_that_is_no_repository_is_an_error(world: World, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    result = world.vsync("init", "--repo", str(tmp_path / "plain"))
    assert result.code == 2
    assert "is not in a git repository" in one_sentence(result)


def test_a_bare_repository_is_an_error(world: World, tmp_path: Path) -> None:
    Repo.make(tmp_path / "bare", "--bare")
    result = world.vsync("init", "--repo", str(tmp_path / "bare"))
    assert result.code == 2
    assert "is a bare repository" in one_sentence(result)
    assert find_repository(tmp_path / "bare", {}).bare


def test_a_config_that_was_only_removed_from_the_working_tree_is_an_error(world: World) -> None:
    world.repo.commit({**DOCS, DEFAULT_CONFIG: b"version: 1\n"})
    result = world.vsync("init")
    assert result.code == 2
    assert "git checkout HEAD -- .vsync.yml" in one_sentence(result)
    assert written(world) == []


def test_a_folder_in_the_place_of_a_file_is_an_error(world: World) -> None:
    world.repo.commit(DOCS)
    (world.repo.root / DEFAULT_CONFIG).mkdir()
    result = world.vsync("init")
    assert result.code == 2
    assert ".vsync.yml cannot be used: it is a folder" in one_sentence(result)


def test_a_name_that_no_store_can_have_is_an_error(world: World) -> None:
    world.repo.commit(DOCS)
    result = world.vsync("init", "--vector-store-name", "a\nb")
    assert result.code == 2
    assert "vector-store-name" in result.err
    assert written(world) == []


def test_a_folder_in_which_nothing_may_be_written_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.commit(DOCS)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root may write everywhere
    result = world.vsync("init")
    assert result.code == 2
    assert ".vsync.yml cannot be used: Permission denied." in one_sentence(result)


def test_a_file_that_cannot_be_written_leaves_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.commit(DOCS)
    make = os.link

    def full(source: str, target: str, **options: object) -> None:
        if target == "vsync.yml":
            raise OSError(28, "No space left on device")
        make(source, target, **options)  # type: ignore[arg-type]  # the options are those of the call

    monkeypatch.setattr(os, "link", full)
    result = world.vsync("init")
    assert result.code == 2
    assert "No space left on device. Nothing was changed." in one_sentence(result)
    assert written(world) == []


def test_a_file_that_somebody_makes_meanwhile_stays(world: World, typed: Type) -> None:
    world.repo.commit(DOCS)
    typed("", "", "", "", meanwhile=lambda: (world.repo.root / DEFAULT_CONFIG).write_text("theirs") and None)
    result = world.vsync("init")
    assert result.code == 0
    assert ".vsync.yml is there meanwhile, and stays as it is." in result.out
    assert (world.repo.root / DEFAULT_CONFIG).read_text() == "theirs"


# --- Questions ----------------------------------------------------------------------------------------------


def asked(world: World, typed: Type, *lines: str) -> Result:
    world.repo.commit({**DOCS, "notes/c.md": b"#", "my notes/d.md": b"#"})
    typed(*lines)
    return world.vsync("init")


def test_enter_takes_what_vsync_suggests(world: World, typed: Type) -> None:
    result = asked(world, typed, "", "", "", "")
    assert result.code == 0
    assert config(world).include == ("/docs/", "/README.md")
    assert written(world) == [*FILES]
    assert "Which folders (names with blanks between them, or all)? [these]" in result.err
    assert "Name of the vector store? [name-docs]" in result.err
    assert "Write .vsync.yml and .github/workflows/vsync.yml? [Y/n]" in result.err
    assert "include: # gitignore patterns" in result.err


def test_a_person_may_choose_otherwise(world: World, typed: Type) -> None:
    result = asked(world, typed, "nowhere", "./notes/ 'my notes'", "help", "n", "y")
    assert result.code == 0
    assert "No document is below nowhere." in result.err
    assert config(world).include == ("/my notes/", "/notes/", "/README.md")
    assert config(world).vector_store_name == "help"
    assert written(world) == [DEFAULT_CONFIG]


def test_a_person_may_choose_all(world: World, typed: Type) -> None:
    assert asked(world, typed, "all", "", "", "").code == 0
    assert config(world).include is None


def test_a_quote_that_nothing_closes_is_part_of_a_name(world: World, typed: Type) -> None:
    assert "No document is below 'docs." in asked(world, typed, "'docs", "", "", "", "").err


@pytest.mark.parametrize("lines", [["", "", "", "n"], [], ["", "", ""]])
def test_a_no_and_the_end_of_the_input_write_nothing(world: World, typed: Type, lines: list[str]) -> None:
    result = asked(world, typed, *lines)
    assert (result.code, result.out) == (1, "Nothing was written.\n")
    assert written(world) == []


def test_ctrl_c_writes_nothing(world: World, typed: Type) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    world.repo.commit(DOCS)
    typed("", meanwhile=interrupt)
    assert world.vsync("init").code == 130
    assert written(world) == []


@pytest.mark.parametrize("option", ["--yes", "--no-input", "--dry-run"])
def test_some_options_ask_nothing(world: World, typed: Type, option: str) -> None:
    world.repo.commit(DOCS)
    typed(meanwhile=lambda: pytest.fail("a question"))
    assert world.vsync("init", option).code == 0


def test_a_partial_clone_fetches_nothing(world: World, tmp_path: Path) -> None:
    world.repo.commit(DOCS)
    world.repo.git("config", "uploadpack.allowFilter", "true")
    world.repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = world.repo.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    before = set((clone.root / ".git/objects").rglob("*"))
    assert world.vsync("init", "--repo", str(clone.root)).code == 0
    assert set((clone.root / ".git/objects").rglob("*")) == before
    assert "/docs/" in (clone.root / DEFAULT_CONFIG).read_text()
