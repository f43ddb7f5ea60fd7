"""The plan of a pull request is the plan of the push that merges it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.github import GitHub


@pytest.fixture
def github(tmp_path: Path) -> Any:
    with GitHub(tmp_path) as hub:
        hub.commit({"README.md": b"# Read me\n", "docs/a.md": b"# A\n", "docs/b.md": b"# B\n"})
        yield hub


CHANGE = {"docs/a.md": b"# A is longer\n", "docs/b.md": None, "docs/new.md": b"# New\n"}


def test_the_push_of_a_merge_carries_out_the_plan_of_the_pull_request(github: GitHub) -> None:
    assert github.push().code == 0
    pull = github.pull(CHANGE)
    reviewed = github.plan(pull).report["plan_id"]
    assert pull.merge is not None
    github.move("main", pull.merge)
    step = github.push(VSYNC_EXPECT=reviewed)
    assert (step.code, step.report["plan_id"], step.outputs["updated"]) == (0, reviewed, "1")


def test_the_plan_of_a_first_sync_is_that_of_the_pull_request(github: GitHub) -> None:
    pull = github.pull(CHANGE)
    reviewed = github.plan(pull).report["plan_id"]
    assert pull.merge is not None
    github.move("main", pull.merge)
    assert github.push(VSYNC_EXPECT=reviewed).code == 0


def test_another_commit_meanwhile_is_refused_and_told(github: GitHub) -> None:
    assert github.push().code == 0
    pull = github.pull(CHANGE)
    reviewed = github.plan(pull).report["plan_id"]
    github.commit({"README.md": b"# Read this\n", **CHANGE})
    step = github.push(VSYNC_EXPECT=reviewed)
    assert (step.code, step.outputs["failure-reason"], step.outputs["changed"]) == (4, "limit", "false")
    assert "Not the expected plan, nothing was changed" in step.log
    assert reviewed in json.dumps(step.report)


def test_what_the_store_lacks_of_the_base_belongs_to_the_plan(github: GitHub) -> None:
    assert github.push().code == 0
    github.commit({"README.md": b"# Read this\n"})
    pull = github.pull(CHANGE)
    report = github.plan(pull).report
    assert report["updated"] == ["docs/a.md"]
    assert pull.merge is not None
    github.move("main", pull.merge)
    step = github.push(VSYNC_EXPECT=report["plan_id"])
    assert (step.code, step.outputs["updated"]) == (0, "2")


def test_without_a_manifest_a_pull_request_has_no_plan_of_the_store(github: GitHub) -> None:
    assert github.plan(github.pull(CHANGE), inputs={"manifest": "none"}).report["plan_id"] is None
