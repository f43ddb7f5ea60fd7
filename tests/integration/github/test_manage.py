"""`vsync stores` and `vsync files` as the action: summary, outputs, annotations, and events that delete nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.command_line import client
from tests.support.github import KEY, GitHub, Step

SCHEDULE: dict[str, Any] = {"repository": {"default_branch": "main"}}
ARGUMENTS = "--unattached --older-than 0s --yes"
THEIRS = {"openai-api-key": KEY, "command": "stores delete theirs"}
CLEAN_UP = {"command": "files delete", "args": ARGUMENTS}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    """A repository with a synced store, two Files that no store lists, and a store of somebody else."""
    with GitHub(tmp_path) as hub:
        hub.commit({"docs/a.md": b"# A\n", "docs/b.md": b"# B\n"})
        assert hub.push().code == 0
        with project(hub) as api:
            for name in ("left-1.md", "left-2.md"):
                api.files.create(file=(name, b"# left"), purpose="assistants")
            api.vector_stores.create(name="theirs")
        yield hub


def project(hub: GitHub) -> Any:
    return client(hub.folder / "store.db")


def scheduled(hub: GitHub, inputs: dict[str, str], **more: str) -> Step:
    return hub.run("schedule", SCHEDULE, hub.checkout(hub.tip()), {"openai-api-key": KEY, **inputs}, **more)


def names(api: openai.OpenAI) -> set[str]:
    return {file.filename for file in api.files.list()}


def left(hub: GitHub) -> set[str]:
    with project(hub) as api:
        return names(api)


def stores(hub: GitHub) -> set[str | None]:
    with project(hub) as api:
        return {store.name for store in api.vector_stores.list()}


ALL = {"docs/a.md", "docs/b.md", "left-1.md", "left-2.md"}


def test_a_clean_up_is_told_everywhere(github: GitHub) -> None:
    step = scheduled(github, CLEAN_UP)
    assert step.code == 0, step.log
    assert left(github) == {"docs/a.md", "docs/b.md"}
    assert step.outputs == {
        "removed": "2",
        "failed": "0",
        "changed": "true",
        "dry-run": "false",
        "failure-reason": "",
        "report": ".vsync/report.json",
    }
    assert len(step.report["success"]) == 2
    assert step.summary.startswith("## ✅ vsync files delete: deleted 2 Files")
    assert not step.annotations("error")


def test_a_failure_is_red_with_an_annotation(github: GitHub) -> None:
    step = scheduled(github, {"command": "files delete", "args": "file-nowhere left-1.md --yes"})
    assert (step.code, step.outputs["failed"], step.outputs["failure-reason"]) == (1, "1", "documents")
    assert (step.outputs["removed"], step.outputs["changed"]) == ("1", "true")
    why, error = step.annotations("error")
    assert "Deleted 1 File, 6 B, 1 failed. The job summary says why" in why
    assert "title=file-nowhere" in error
    assert "There is no File of this id" in error
    assert "| <code>file-nowhere</code> |  | 404 |" in step.summary


@pytest.mark.parametrize("command", ["files delete", "stores delete"])
def test_a_pull_request_deletes_nothing_and_says_so(github: GitHub, command: str) -> None:
    pull = github.pull({"docs/c.md": b"# C\n"})
    arguments = ARGUMENTS if command == "files delete" else "theirs --yes"
    step = github.run(
        "pull_request",
        pull.payload("opened"),
        github.checkout(pull.merge or pull.head),
        {"openai-api-key": KEY, "command": command, "args": arguments},
    )
    assert step.code == 0, step.log
    assert (left(github), stores(github)) == (ALL, {"acme/docs", "theirs"})
    assert step.outputs["dry-run"] == "true"
    assert step.report["dry_run"] is True
    assert "Nothing was deleted: the event is pull" in step.summary
    assert "Nothing is deleted here: the event is pull_request" in step.log


@pytest.mark.parametrize("command", ["--", "stores", "-- stores delete"])
def test_no_form_of_the_command_deletes_on_a_pull_request(github: GitHub, command: str) -> None:
    pull = github.pull({"docs/c.md": b"# C\n"})
    arguments = {"--": "stores delete theirs", "stores": "delete theirs", "-- stores delete": "theirs"}[command]
    inputs = {"openai-api-key": KEY, "command": command, "args": f"{arguments} --yes"}
    github.run("pull_request", pull.payload("opened"), github.checkout(pull.merge or pull.head), inputs)
    assert "theirs" in stores(github)


def test_a_push_to_another_branch_deletes_nothing(github: GitHub) -> None:
    github.commit({"docs/c.md": b"# C\n"}, branch="other")
    step = github.push(CLEAN_UP, branch="other")
    assert (step.code, step.outputs["dry-run"], left(github)) == (0, "true", ALL)
    assert github.push({**CLEAN_UP, "dry-run": "false"}, branch="other").outputs["dry-run"] == "false"


def test_an_event_that_anybody_can_start_never_deletes(github: GitHub) -> None:
    pull = github.pull({"docs/c.md": b"# C\n"}, fork=True)
    step = github.run(
        "pull_request_target",
        pull.payload("opened"),
        github.checkout(github.tip()),
        {"openai-api-key": KEY, **CLEAN_UP, "dry-run": "false"},
    )
    assert (step.code, step.outputs["dry-run"], left(github)) == (0, "true", ALL)
    assert "dry-run: false has no effect" in "\n".join(step.annotations("warning"))


@pytest.mark.parametrize(("inputs", "more"), [({"dry-run": "true"}, {}), ({}, {"VSYNC_DRY_RUN": "true"})])
def test_a_dry_run_by_input_or_variable_is_heard(github: GitHub, inputs: dict[str, str], more: dict[str, str]) -> None:
    step = scheduled(github, {**CLEAN_UP, **inputs}, **more)
    assert (step.code, step.outputs["dry-run"], step.outputs["removed"]) == (0, "true", "2")
    assert left(github) == ALL
    assert scheduled(github, CLEAN_UP, VSYNC_DRY_RUN="auto").outputs["dry-run"] == "false"


def test_without_yes_nothing_is_deleted(github: GitHub) -> None:
    step = scheduled(github, {"command": "files delete left-1.md"})
    assert (step.code, step.outputs["failure-reason"], left(github)) == (2, "config", ALL)
    assert "give --yes" in step.annotations("error")[0]


def test_the_manifest_on_the_remote_protects_its_store(github: GitHub) -> None:
    step = scheduled(github, {"command": "stores delete", "args": "--owned --source acme/docs --with-files --yes"})
    assert (step.code, step.outputs["removed"]) == (0, "0")
    assert "manifest names it" in step.summary
    named = scheduled(github, {"command": "stores delete acme/docs", "args": "--yes"})
    assert (named.code, named.outputs["failure-reason"]) == (4, "limit")
    assert stores(github) == {"acme/docs", "theirs"}


def test_a_remote_that_does_not_answer_stops_a_delete(github: GitHub) -> None:
    workspace = github.checkout(github.tip())
    github.git.tokens.clear()
    step = github.run("schedule", SCHEDULE, workspace, {**THEIRS, "args": "--yes"})
    assert step.code == 3
    assert "so nothing was deleted" in step.annotations("error")[0]
    assert "theirs" in stores(github)
    forced = github.run("schedule", SCHEDULE, workspace, {**THEIRS, "args": "--yes --force"})
    assert forced.code == 0, forced.log
    assert "theirs" not in stores(github)


def test_without_a_checkout_nothing_is_deleted(github: GitHub) -> None:
    workspace = github.folder / "bare-job" / "workspace"
    workspace.mkdir(parents=True)
    step = github.run("schedule", SCHEDULE, workspace, {**THEIRS, "args": "--yes"})
    assert step.code == 2
    assert "actions/checkout" in step.annotations("error")[0]
    assert "theirs" in stores(github)


@pytest.mark.parametrize("command", ["stores list", "files list"])
def test_a_listing_is_the_job_summary(github: GitHub, command: str) -> None:
    with project(github) as api:
        api.vector_stores.create(name="<img src=x> @all")
        api.files.create(file=("<img src=x> @all", b"x"), purpose="assistants")
    step = scheduled(github, {"command": command, "args": "--json"})
    assert step.code == 0, step.log
    assert step.summary.startswith(f"## vsync {command.split()[0]}: ")
    assert "| <code>" in step.summary
    assert "<img" not in step.summary
    assert "@all" not in step.summary


def test_hostile_names_are_no_commands(github: GitHub) -> None:
    with project(github) as api:
        api.files.create(file=("::error::evil", b"x"), purpose="assistants")
    step = scheduled(github, {"command": "files delete", "args": "--unattached --older-than 0s --yes"})
    assert step.code == 0
    assert not step.annotations("error")
    lines = step.log.splitlines()
    stopped = next(number for number, line in enumerate(lines) if line.startswith("::stop-commands::"))
    assert not [line for line in lines[:stopped] if "evil" in line]
    assert json.dumps(step.report)


def names_of(step: Step, field: str) -> set[str]:
    items: Any = step.report
    return {item[field] for item in items}


def test_what_is_listed_and_shown_is_a_report_and_a_summary(github: GitHub) -> None:
    listed = scheduled(github, {"command": "stores list"})
    assert listed.outputs["report"] == ".vsync/report.json"
    assert names_of(listed, "name") == {"acme/docs", "theirs"}
    shown = scheduled(github, {"command": "stores show theirs"})
    assert shown.outputs["report"] == ".vsync/report.json"
    assert shown.report["name"] == "theirs"
    assert shown.summary.startswith("## vsync stores show\n")
    assert "Owner:       not made by vsync" in shown.summary
    files = scheduled(github, {"command": "files list"})
    assert names_of(files, "filename") == ALL
    file = scheduled(github, {"command": "files show left-1.md"})
    assert (file.report["filename"], file.report["stores"]) == ("left-1.md", [])
    assert file.summary.startswith("## vsync files show\n")


def test_a_group_of_commands_alone_says_which_commands_there_are(github: GitHub) -> None:
    step = scheduled(github, {"command": "stores"})
    assert step.code == 2
    (error,) = step.annotations("error")
    assert error.endswith("`vsync stores` needs a command: list, show, create or delete.")


def test_how_a_clean_up_was_narrowed_is_no_annotation(github: GitHub) -> None:
    step = scheduled(github, {"command": "files delete", "args": "--unattached --yes"})
    assert step.code == 0
    assert not step.annotations("warning")
    assert "Only Files older than a day are meant" in step.summary


def test_a_summary_of_a_delete_shows_the_names(github: GitHub) -> None:
    step = scheduled(github, CLEAN_UP)
    assert "| Name | Size | Age | Id |" in step.summary
    assert "<code>left-1&#46;md</code> | 6 B |" in step.summary
