"""One folder of a repository in the action: the working directory below the top folder is the default of `root`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.github import GitHub
from tests.support.gitrepo import Content
from tests.support.runner import Runner

FILES: dict[str, Content] = {
    "docs/a.md": b"# A\n",
    "services/api/docs/b.md": b"# B\n",
    "services/api/README.md": b"# API\n",
    "services/web/docs/c.md": b"# C\n",
}


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path)
    runner.commit({path: str(content) for path, content in FILES.items()})
    return runner


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit(FILES)
        yield hub


def report(job: Runner) -> Any:
    (found,) = job.workspace.rglob(".vsync/report.json")
    return json.loads(found.read_text())


@pytest.mark.parametrize("directory", ["services/api", "./services/api/", "services/../services/api"])
def test_the_working_directory_chooses_the_folder(job: Runner, directory: str) -> None:
    step = job.run({"working-directory": directory, "include": "docs/**", "commit": "false"})
    assert step.code == 0, step.log
    assert report(job)["added"] == ["services/api/docs/b.md"]


@pytest.mark.parametrize("directory", ["", ".", "./"])
def test_the_top_folder_as_working_directory_chooses_everything(job: Runner, directory: str) -> None:
    job.run({"working-directory": directory, "commit": "false"})
    assert report(job)["added"] == sorted(FILES)


@pytest.mark.parametrize(
    ("inputs", "more"),
    [({"root": "services/web"}, {}), ({}, {"VSYNC_ROOT": "services/web"})],
    ids=["input", "variable"],
)
def test_the_input_root_goes_before_the_working_directory(
    job: Runner, inputs: dict[str, str], more: dict[str, str]
) -> None:
    job.run({"working-directory": "services/api", "commit": "false", **inputs}, **more)
    assert report(job)["added"] == ["services/web/docs/c.md"]


def test_root_can_be_the_top_folder_although_the_working_directory_is_below_it(job: Runner) -> None:
    job.run({"working-directory": "services/api", "root": ".", "commit": "false"})
    assert report(job)["added"] == sorted(FILES)


def test_a_folder_as_the_source_has_no_root_from_the_working_directory(job: Runner) -> None:
    (job.workspace / "services/api/site").mkdir()
    (job.workspace / "services/api/site/page.md").write_text("x")
    job.run({"working-directory": "services/api", "folder": "site", "commit": "false"})
    assert report(job)["added"] == ["page.md"]


def test_a_repository_of_its_own_below_the_workspace_is_synced_as_a_whole(job: Runner, tmp_path: Path) -> None:
    inner = Runner(tmp_path / "other")
    inner.commit({"docs/d.md": "x"})
    inner.workspace.rename(job.workspace / "inner")
    step = job.run({"working-directory": "inner", "commit": "false"})
    assert step.code == 0, step.log
    assert report(job)["added"] == ["docs/d.md"]


def test_another_command_reads_the_same_root(job: Runner) -> None:
    inputs = {"working-directory": "services/api", "commit": "false"}
    job.run(inputs)
    step = job.run({**inputs, "command": "verify"})
    assert (step.code, "Traceback" in step.log) == (0, False)


def test_a_root_that_is_not_there_is_one_clear_error(job: Runner) -> None:
    step = job.run({"root": "service/api"})
    assert step.code == 2
    assert step.log.count("::error ") == 1
    assert "The root 'service/api' does not exist in the commit" in step.log
    assert "the nearest is 'services/api'" in step.log
    assert step.outputs["failure-reason"] == "config"


def test_a_pull_request_is_planned_for_the_root_and_its_patterns_are_judged(github: GitHub) -> None:
    inputs = {"root": "services/api", "include": "docs/**\ndosc/**", "types": "documentation"}
    change: dict[str, Content] = {
        "services/api/docs/new.md": b"# New\n",
        "services/api/docs/build/page.md": b"# Page\n",
        "docs/other.md": b"# Other\n",
    }
    step = github.plan(github.pull(change), "opened", inputs)
    assert step.code == 0, step.log
    assert step.report["added"] == ["services/api/docs/new.md"]
    expected = (
        "The include pattern 'dosc/**' matches no file of the commit below 'services/api'; the nearest path is 'docs/'."
    )
    assert step.report["warnings"] == [expected]
    (hint,) = step.report["hints"]
    assert "1 .md in services/api/docs/build/" in hint
    assert "--include '/docs/build/'" in hint
    assert "looks like documentation" in github.comment()
    assert "dosc" in github.comment()


def test_a_pull_request_that_deletes_the_root_is_told_so(github: GitHub) -> None:
    step = github.plan(github.pull({"services/web/docs/c.md": None}), "opened", {"root": "services/web"})
    assert step.code == 2
    assert "The root 'services/web' does not exist in the commit" in step.log


def test_a_pull_request_that_makes_the_root_is_planned(github: GitHub) -> None:
    step = github.plan(github.pull({"guide/new.md": b"# New\n"}), "opened", {"root": "guide"})
    assert step.code == 0, step.log
    assert step.report["added"] == ["guide/new.md"]
