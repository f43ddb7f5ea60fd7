"""Variables and inputs of a workflow: each is heard, or something is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.github import GitHub, Step

MANIFEST_BRANCH = "refs/heads/vsync-manifest"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit({"docs/a.md": b"# A\n"})
        yield hub


def warnings(step: Step) -> str:
    return "\n".join(step.annotations("warning"))


# --- dry-run ------------------------------------------------------------------------------------------------------


def test_a_dry_run_by_variable_is_heard_where_the_input_is_auto(github: GitHub) -> None:
    step = github.push(VSYNC_DRY_RUN="true")
    assert step.code == 0
    assert step.outputs["dry-run"] == "true"
    assert not github.repo.git("for-each-ref", MANIFEST_BRANCH)
    assert github.push({"dry-run": "auto"}, VSYNC_DRY_RUN="true").outputs["dry-run"] == "true"


def test_the_input_dry_run_wins_over_the_variable(github: GitHub) -> None:
    assert github.push({"dry-run": "false"}, VSYNC_DRY_RUN="true").outputs["dry-run"] == "false"


def test_no_dry_run_by_variable_is_what_the_input_false_is(github: GitHub) -> None:
    github.commit({"docs/b.md": b"# B\n"}, branch="other")
    assert github.push(branch="other").outputs["dry-run"] == "true"
    assert github.push(branch="other", VSYNC_DRY_RUN="auto").outputs["dry-run"] == "true"
    assert github.push(branch="other", VSYNC_DRY_RUN="false").outputs["dry-run"] == "false"


def test_a_dry_run_that_is_neither_is_refused(github: GitHub) -> None:
    step = github.push(VSYNC_DRY_RUN="maybe")
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "VSYNC_DRY_RUN is 'maybe'" in step.log
    assert "The input dry-run is 'maybe'" in github.push({"dry-run": "maybe"}).log
    assert "The input comment is 'maybe'" in github.push({"comment": "maybe"}).log


def test_a_dry_run_by_input_holds_for_another_command(github: GitHub) -> None:
    step = github.push({"command": "stores create acme", "dry-run": "true"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "so it creates no store" in step.log
    assert github.push({"command": "stores create acme", "dry-run": "auto"}).code == 0


# --- Other variables ------------------------------------------------------------------------------------------------


def test_commit_by_variable_is_heard(github: GitHub) -> None:
    step = github.push(VSYNC_COMMIT="false")
    assert step.code == 0
    assert not github.repo.git("for-each-ref", MANIFEST_BRANCH)
    assert (step.workspace / ".vsync" / "manifest.json").is_file()


def test_another_command_finds_the_manifest_where_commit_by_variable_keeps_it(github: GitHub) -> None:
    github.push(VSYNC_COMMIT="false")
    workspace = github.steps[-1].workspace
    step = github.run("push", {}, workspace, {"command": "status"}, VSYNC_COMMIT="false")
    assert step.code == 0
    assert "1 document" in step.log


def test_branch_by_variable_is_heard(github: GitHub) -> None:
    github.commit({"docs/b.md": b"# B\n"}, branch="release")
    assert github.push(VSYNC_BRANCH="release").outputs["dry-run"] == "true"
    assert github.push(branch="release", VSYNC_BRANCH="release").outputs["dry-run"] == "false"


def test_an_unknown_variable_is_a_warning(github: GitHub) -> None:
    step = github.push(VSYNC_INCLUDES="docs/**")
    assert step.code == 0
    assert "Did you mean VSYNC_INCLUDE?" in warnings(step)
    assert "Did you mean VSYNC_INCLUDE?" in step.report["warnings"][0]
    assert step.log.count("VSYNC_INCLUDES") == 2  # as an annotation, and in the log's summary


def test_an_unknown_variable_is_a_warning_of_a_run_that_fails_as_well(github: GitHub) -> None:
    step = github.push({"max-delete": "all"}, VSYNC_MAX_DELETES="9")
    assert step.code == 2
    assert "Did you mean VSYNC_MAX_DELETE?" in warnings(step)


def test_a_variable_that_only_the_command_line_hears_is_a_warning(github: GitHub) -> None:
    step = github.push(VSYNC_REPO="elsewhere", VSYNC_PUSH="false")
    assert step.code == 0
    assert "VSYNC_REPO has no effect in a workflow. Use the input working-directory." in warnings(step)
    assert "VSYNC_PUSH has no effect in a workflow. Use the input commit." in warnings(step)


# --- command --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["sync --full", "plan --head HEAD", "verify --repair", "sync 'a b'"])
def test_options_behind_a_command_of_the_action_are_refused(github: GitHub, command: str) -> None:
    step = github.push({"command": command})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "stands alone there" in step.log
    assert not github.repo.git("for-each-ref", MANIFEST_BRANCH)


def test_a_command_whose_quotes_are_open_is_refused(github: GitHub) -> None:
    step = github.push({"command": "stores 'list"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "The input command cannot be read" in step.log


# --- branch ---------------------------------------------------------------------------------------------------------


def test_a_branch_that_the_remote_lacks_is_a_warning_in_every_run(github: GitHub) -> None:
    step = github.push({"branch": "mian"})
    assert (step.code, step.outputs["dry-run"]) == (0, "true")
    assert "The remote has no branch 'mian' (input or config: branch)" in warnings(step)
    assert "Did you mean 'main'?" in warnings(step)
    unsynced = github.push({"branch": "mian", "command": "verify"})
    assert unsynced.code == 2
    assert "Did you mean 'main'?" in warnings(unsynced)
    assert github.push().code == 0
    verified = github.push({"branch": "mian", "command": "verify"})
    assert verified.code == 0
    assert "Did you mean 'main'?" in warnings(verified)
    planned = github.plan(github.pull({"docs/b.md": b"# B\n"}), inputs={"branch": "mian"})
    assert "Did you mean 'main'?" in warnings(planned)


def test_a_branch_that_is_like_none_has_no_guess(github: GitHub) -> None:
    said = warnings(github.push({"branch": "zzzzz"}))
    assert "The remote has no branch 'zzzzz'" in said
    assert "Did you mean" not in said


@pytest.mark.parametrize("name", ["release", "refs/heads/release"])
def test_a_branch_that_the_remote_has_is_no_warning(github: GitHub, name: str) -> None:
    github.commit({"docs/b.md": b"# B\n"}, branch="release")
    assert warnings(github.push({"branch": name})) == ""


def test_without_a_manifest_on_the_remote_no_branch_is_looked_up(github: GitHub) -> None:
    step = github.push({"branch": "mian", "commit": "false"})
    assert step.code == 0
    assert github.git.requests == []
