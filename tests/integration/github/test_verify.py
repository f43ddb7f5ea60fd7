"""`command: verify` in jobs, and `vsync verify` at a terminal: summary, outputs, annotations, exit codes."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.command_line import World, client
from tests.support.command_line import world as world
from tests.support.github import KEY, GitHub, Step
from tests.support.gitrepo import Content

FILES: dict[str, Content] = {f"docs/{name}.md": f"# {name}\n".encode() * 2 for name in "abc"}
HOSTILE = "old/`@all` <img src=x>|::error::x.md"


_pushed: list[Path] = []


def pushed(folders: pytest.TempPathFactory) -> Path:
    """What a push and its job leave: the store and the remote. Made once, for all tests to copy."""
    if not _pushed:
        with GitHub(folders.mktemp("pushed")) as hub:
            hub.commit(FILES)
            step = hub.push()
            assert step.code == 0, step.log
        _pushed.append(hub.folder)
    return _pushed[0]


@pytest.fixture
def github(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    made = pushed(tmp_path_factory)
    with GitHub(tmp_path) as hub:
        shutil.copytree(made / "remote", tmp_path / "remote", dirs_exist_ok=True)
        for path in made.glob("store.db*"):
            shutil.copy(path, tmp_path)
        hub.jobs = 1  # the next run is a later one
        yield hub
        for step in hub.steps:
            assert "Traceback" not in step.log
            assert KEY not in step.summary


def verify(hub: GitHub, args: str = "", event: str = "schedule", **inputs: str) -> Step:
    workspace = hub.checkout(hub.tip())
    payload: Any = {"repository": {"default_branch": "main"}}
    given = {"openai-api-key": KEY, "command": "verify", "args": args, **inputs}
    return hub.run(event, payload, workspace, given, GITHUB_REF="refs/heads/main")


@contextlib.contextmanager
def store(hub: GitHub) -> Iterator[tuple[openai.OpenAI, str]]:
    with client(hub.folder / "store.db") as api:
        (info,) = api.vector_stores.list()
        yield api, info.id


def entries(hub: GitHub) -> dict[str, str]:
    """Our entries: the id of each path's File."""
    with store(hub) as (api, store_id):
        listed = list(api.vector_stores.files.list(store_id, limit=100))
        return {str((item.attributes or {})["path"]): item.id for item in listed if "owner" in (item.attributes or {})}


def plant(hub: GitHub, path: str = HOSTILE) -> str:
    with store(hub) as (api, store_id):
        file = api.files.create(file=("theirs.md", b"# theirs\n"), purpose="assistants")
        api.vector_stores.files.create(store_id, file_id=file.id, attributes={"path": path})
        return file.id


def detach(hub: GitHub, path: str = "docs/a.md") -> None:
    with store(hub) as (api, store_id):
        api.vector_stores.files.delete(entries(hub)[path], vector_store_id=store_id)


def writes(step: Step) -> list[str]:
    return [what for what in step.report["requests"] if not what.startswith("GET ")]


def test_an_untouched_store_is_green_and_costs_three_requests(github: GitHub) -> None:
    step = verify(github)
    assert (step.code, step.outputs["failure-reason"]) == (0, "")
    assert sum(step.report["requests"].values()) == 3
    assert (step.report["drift"], step.outputs["unchanged"]) == ([], "3")
    assert "✅ vsync verify: No drift" in step.summary
    assert "it verifies the default branch" in step.summary
    assert "it syncs" not in step.summary
    assert step.outputs["report"] == ".vsync/report.json"
    assert step.outputs["vector-store-id"].startswith("vs_")


def test_drift_is_red_and_told_everywhere(github: GitHub) -> None:
    detach(github)
    plant(github)
    step = verify(github)
    assert (step.code, step.outputs["failure-reason"]) == (1, "drift")
    assert [(item["kind"], item["path"]) for item in step.report["drift"]] == [("missing", "docs/a.md")]
    assert [item["path"] for item in step.report["foreign"]] == [HOSTILE]
    assert "❌ vsync verify: Drift: 1 difference" in step.summary
    why, error = step.annotations("error")
    assert "Drift: 1 difference between the manifest and the store. The job summary says why" in why
    assert "file=docs/a.md" in error
    assert "Drift (missing)" in error
    assert writes(step) == []


def test_hostile_names_act_nowhere(github: GitHub) -> None:
    plant(github)
    with store(github) as (api, store_id):
        ours = api.vector_stores.files.retrieve(entries(github)["docs/a.md"], vector_store_id=store_id)
        file = api.files.create(file=("x.md", b"x"), purpose="assistants")
        attributes = {**(ours.attributes or {}), "path": f"{HOSTILE}\n::error::second"}
        api.vector_stores.files.create(store_id, file_id=file.id, attributes=attributes)
    step = verify(github, "--take-over old/**")
    assert step.code == 1
    assert "<img" not in step.summary
    assert "@all" not in step.summary
    assert "::error::" not in step.summary
    assert not [line for line in step.log.splitlines() if line.startswith("::error::")]
    assert len(step.annotations("error")) == 2


def test_a_repair_mends_publishes_and_is_green(github: GitHub) -> None:
    detach(github)
    stranger = plant(github)
    github.commit({"docs/new.md": b"# new\n"})
    step = verify(github, "--repair")
    assert (step.code, step.outputs["failure-reason"], step.outputs["added"]) == (0, "", "2")
    assert step.outputs["manifest-commit"]
    assert "✅ vsync verify: Mended: 1 difference, none is left" in step.summary
    assert [item["kind"] for item in step.report["mended"]] == ["missing"]
    assert sorted(entries(github)) == ["docs/a.md", "docs/b.md", "docs/c.md", "docs/new.md"]
    with store(github) as (api, _):
        assert {file.id for file in api.files.list()} == {*entries(github).values(), stranger}
    again = verify(github, "--repair")
    assert (again.code, again.outputs["changed"], writes(again)) == (0, "false", [])


def test_a_lost_manifest_is_made_again(github: GitHub) -> None:
    before = entries(github)
    github.repo.git("update-ref", "-d", "refs/heads/vsync-manifest")
    lost = verify(github)
    assert (lost.code, lost.outputs["failure-reason"]) == (2, "manifest")
    assert "--rebuild" in lost.summary
    step = verify(github, "--rebuild")
    assert (step.code, step.report["rebuilt"], writes(step)) == (0, True, [])
    assert verify(github).code == 0
    assert entries(github) == before
    assert github.push().outputs["changed"] == "false"


def test_a_damaged_manifest_is_made_again(github: GitHub) -> None:
    manifest = github.repo.git_bytes("cat-file", "blob", "vsync-manifest:.vsync/manifest.json")
    github.commit({".vsync/manifest.json": b"<<<<<<< a\n" + manifest}, "vsync-manifest")
    assert verify(github).outputs["failure-reason"] == "manifest"
    assert github.push().code == 2
    assert verify(github, "--rebuild --repair").code == 0
    assert github.push().code == 0


def test_entries_of_another_tool_are_taken_over(github: GitHub) -> None:
    theirs = plant(github)
    shown = verify(github, "--take-over 'old/**'")
    assert (shown.code, writes(shown)) == (0, [])
    assert [item["result"] for item in shown.report["take_over"]["entries"]] == ["listed"]
    assert "With `--yes`" in shown.summary
    done = verify(github, "--take-over 'old/**' --yes")
    assert done.code == 0
    assert [item["result"] for item in done.report["take_over"]["entries"]] == ["deleted"]
    with store(github) as (api, _):
        assert theirs not in {file.id for file in api.files.list()}


def test_a_pull_request_writes_nothing(github: GitHub) -> None:
    detach(github)
    pull = github.pull({"docs/b.md": b"# other\n"})
    for args in ("--repair", "--rebuild", "--take-over x --yes"):
        step = github.plan(pull, "opened", {"command": "verify", "args": args, "openai-api-key": KEY})
        assert (step.code, step.outputs["failure-reason"]) == (2, "config")
        assert "Nothing is repaired" in step.summary
    assert sorted(entries(github)) == ["docs/b.md", "docs/c.md"]


def test_a_pull_request_may_look(github: GitHub) -> None:
    detach(github)
    pull = github.pull({"docs/b.md": b"# other\n"})
    step = github.plan(pull, "opened", {"command": "verify", "openai-api-key": KEY})
    assert (step.code, step.outputs["failure-reason"]) == (1, "drift")
    assert github.comments() == []


def test_another_branch_repairs_nothing(github: GitHub) -> None:
    github.move("feature", github.tip())
    step = github.push({"command": "verify", "args": "--repair"}, branch="feature")
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")


def test_arguments_that_mean_nothing_are_refused(github: GitHub) -> None:
    for args in ("--repairs", "--take-over", "--help", "-h", "'", "extra"):
        step = verify(github, args)
        assert (step.code, step.outputs["failure-reason"]) == (2, "config")


def test_arguments_go_before_inputs(github: GitHub) -> None:
    assert verify(github, "--target second", target="default").code == 2
    assert verify(github, "--target default", target="second").code == 0


def test_more_drift_than_github_shows_is_counted(github: GitHub) -> None:
    github.commit({f"docs/{number}.md": b"# x\n" for number in range(20)})
    assert github.push().code == 0
    for path in list(entries(github)):
        detach(github, path)
    step = verify(github)
    errors = step.annotations("error")
    assert len(errors) == 10
    assert "more differences" in errors[-1]
    assert len(step.report["drift"]) == 23


# --- At a terminal -----------------------------------------------------------------------------------------------


def test_the_command_line_says_what_differs_and_what_to_do(world: World) -> None:
    world.repo.commit({"docs/a.md": b"# a\n", "docs/b.md": b"# b\n"})
    world.sync()
    assert world.vsync("verify").out.startswith("No drift\n")
    with client(world.db) as api:
        store_id = world.state()["vector_store_id"]
        api.vector_stores.files.delete(world.state()["files"]["docs/a.md"]["file_id"], vector_store_id=store_id)
    result = world.vsync("verify")
    assert result.code == 1
    assert "Drift: 1 difference" in result.out
    assert "missing: docs/a.md" in result.out
    assert "missing: --repair uploads the document again." in result.out
    as_json = world.vsync("verify", "--json")
    assert (as_json.code, as_json.json["drift"][0]["kind"]) == (1, "missing")
    mended = world.vsync("verify", "--repair", "--json")
    assert (mended.code, mended.json["drift"], mended.json["added"]) == (0, [], ["docs/a.md"])
    world.audit(world.state()["vector_store_id"])


def test_json_is_all_that_stands_on_stdout_whatever_is_done(world: World) -> None:
    world.repo.commit({"docs/a.md": b"# a\n"})
    world.sync()
    for options in (["--repair"], ["--rebuild"], ["--take-over", "x"], ["--take-over", "x", "--yes"]):
        result = world.vsync("verify", "--json", *options)
        assert (result.code, json.loads(result.out)["drift"]) == (0, [])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--yes"], "--take-over"),
        (["--take-over", " "], "empty"),
        (["--take-over", "["], None),
        (["--manifest", "none"], "none"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(world: World, options: list[str], words: str | None) -> None:
    world.repo.commit({"docs/a.md": b"# a\n"})
    world.sync()
    result = world.vsync("verify", *options)
    if words is None:
        assert result.code in {0, 2}
        return
    assert result.code == 2
    assert words in result.err


def test_nothing_is_compared_without_a_key(world: World) -> None:
    world.repo.commit({"docs/a.md": b"# a\n"})
    world.sync()
    result = world.vsync("verify", VSYNC_LOCAL="")
    assert (result.code, result.out) == (2, "")
    assert "No OpenAI API key" in result.err
