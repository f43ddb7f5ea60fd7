"""`vsync records` as the action: summary, outputs, annotations, and events that apply nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import client
from tests.support.github import KEY, GitHub, Step

SCHEDULE: dict[str, Any] = {"repository": {"default_branch": "main"}}
ARGUMENTS = "pages.jsonl --format json --key-field id --content-field text --name-template '{id}.md'"
GIVEN = {"openai-api-key": KEY, "command": "records", "args": ARGUMENTS}
PAGES = ({"id": "a", "text": "# A"}, {"id": "b", "text": "# B"})
BAD = {"id": "<b>::error::x</b>"}


def content(*objects: dict[str, Any]) -> bytes:
    return "".join(json.dumps(found) + "\n" for found in objects).encode()


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit({"pages.jsonl": content(*PAGES), "bad.jsonl": content(*PAGES, BAD)})
        yield hub


def run(hub: GitHub, inputs: dict[str, str] | None = None, **more: str) -> Step:
    return hub.run("schedule", SCHEDULE, hub.checkout(hub.tip()), {**GIVEN, **(inputs or {})}, **more)


def stores(hub: GitHub) -> list[tuple[str | None, int]]:
    if not (hub.folder / "store.db").exists():
        return []
    with client(hub.folder / "store.db") as api:
        return [(store.name, store.file_counts.completed) for store in api.vector_stores.list()]


def test_applied_records_are_told_everywhere(github: GitHub) -> None:
    step = run(github)
    assert step.code == 0, step.log
    assert stores(github) == [("acme/docs (records)", 2)]
    assert step.report["uploaded"] == 2
    assert step.outputs == {
        "vector-store-id": step.report["vector_store_id"],
        "added": "2",
        "updated": "0",
        "retagged": "0",
        "removed": "0",
        "unchanged": "0",
        "failed": "0",
        "changed": "true",
        "dry-run": "false",
        "failure-reason": "",
        "report": ".vsync/report.json",
    }
    assert step.summary.startswith("## ✅ vsync records: 2 records: 2 applied")
    assert not step.annotations("error")


def test_a_later_job_finds_its_documents_without_a_state(github: GitHub) -> None:
    assert run(github).code == 0
    step = run(github)
    assert (step.outputs["unchanged"], step.outputs["changed"]) == ("2", "false")
    assert stores(github) == [("acme/docs (records)", 2)]


def test_a_dead_record_is_red_with_an_annotation_and_acts_nowhere(github: GitHub) -> None:
    step = run(github, {"args": ARGUMENTS.replace("pages", "bad")})
    assert (step.code, step.outputs["failed"], step.outputs["failure-reason"]) == (1, "1", "documents")
    assert step.outputs["added"] == "2"
    [error] = step.annotations("error")
    assert "3 records: 2 applied, 1 dead. The job summary says why." in error
    assert "<b>" not in step.summary
    assert "no-field" in step.summary


def test_a_pull_request_applies_nothing_and_says_so(github: GitHub) -> None:
    pull = github.pull({"docs/c.md": b"# C\n"})
    for command, arguments in (("records", ARGUMENTS), ("--", f"records {ARGUMENTS}"), ("-- records", ARGUMENTS)):
        step = github.run(
            "pull_request",
            pull.payload("opened"),
            github.checkout(pull.merge or pull.head),
            {**GIVEN, "command": command, "args": arguments},
        )
        assert (step.code, step.outputs["failure-reason"]) == (2, "config"), step.log
        [error] = step.annotations("error")
        assert "No record is applied here: the event is pull_request (opened)" in error
        assert stores(github) == []


def test_dry_run_false_applies_on_any_event_but_those_that_anybody_can_start(github: GitHub) -> None:
    pull = github.pull({"docs/c.md": b"# C\n"})
    inputs = {**GIVEN, "dry-run": "false"}
    for event, code in (("pull_request_target", 2), ("pull_request", 0)):
        step = github.run(event, pull.payload("opened"), github.checkout(pull.merge or pull.head), inputs)
        assert step.code == code, step.log
    assert stores(github) == [("acme/docs (records)", 2)]


def test_a_dry_run_is_refused(github: GitHub) -> None:
    step = run(github, {"dry-run": "true"})
    assert step.code == 2
    assert "No record is applied here: dry-run is set to true" in step.log
    assert stores(github) == []


@pytest.mark.parametrize("arguments", ["", "-"])
def test_without_a_file_there_is_nothing_to_read(github: GitHub, arguments: str) -> None:
    step = run(github, {"args": ARGUMENTS.replace("pages.jsonl", arguments)})
    assert step.code == 2
    assert "An action has no standard input." in step.log


def test_the_inputs_of_a_sync_that_mean_something_are_heard(github: GitHub) -> None:
    step = run(github, {"vector-store-name": "pages", "target": "pages", "attributes": "team=docs"})
    assert step.code == 0, step.log
    assert stores(github) == [("pages", 2)]
    assert step.report["target"] == "pages"
