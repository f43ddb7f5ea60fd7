"""`vsync batch` as the action: summary, outputs, annotations at lines, results on a branch, and events that submit nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import hosted
from tests.support.command_line import client
from tests.support.github import KEY, GitHub, Step

SCHEDULE: dict[str, Any] = {"repository": {"default_branch": "main"}}
SUBMIT = {"openai-api-key": KEY, "command": "batch submit"}
FETCH = {"openai-api-key": KEY, "command": "batch fetch", "args": "--wait"}


def requests(*ids: str, model: str = "gpt-test") -> bytes:
    body = {"model": model, "input": "Say hello."}
    lines = ({"custom_id": each, "method": "POST", "url": "/v1/responses", "body": body} for each in ids)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit({"batches/a.jsonl": requests("one", "two")})
        yield hub


def scheduled(hub: GitHub, inputs: dict[str, str], **more: str) -> Step:
    return hub.run("schedule", SCHEDULE, hub.checkout(hub.tip()), inputs, **more)


def batches(hub: GitHub) -> list[Any]:
    if not (hub.folder / "store.db").exists():
        return []
    with client(hub.folder / "store.db") as api:
        return list(api.batches.list())


def test_a_push_submits_and_a_schedule_fetches(github: GitHub) -> None:
    step = github.push(SUBMIT)
    assert step.code == 0, step.log
    assert step.outputs == {
        "submitted": "1",
        "completed": "0",
        "failed": "0",
        "pending": step.outputs["pending"],
        "changed": "true",
        "dry-run": "false",
        "manifest-commit": "",
        "failure-reason": "",
        "report": ".vsync/report.json",
    }
    assert step.summary.startswith("## ✅ vsync batch submit: 1 batch made")
    assert [batch.metadata["source"] for batch in batches(github)] == ["acme/docs"]

    fetched = scheduled(github, FETCH)
    assert fetched.code == 0, fetched.log
    assert (fetched.outputs["completed"], fetched.outputs["pending"]) == ("1", "0")
    assert fetched.outputs["manifest-commit"] == github.tip("vsync-batch-results")
    results = github.repo.show(github.tip("vsync-batch-results"), "batch-results/a.jsonl")
    assert [json.loads(line)["custom_id"] for line in results.splitlines()] == ["one", "two"]
    assert not fetched.annotations("error")


def test_a_later_job_takes_the_results_from_the_branch(github: GitHub) -> None:
    github.push(SUBMIT)
    scheduled(github, FETCH)
    before = github.tip("vsync-batch-results")
    step = scheduled(github, FETCH)
    assert (step.code, step.outputs["completed"], step.outputs["changed"]) == (0, "0", "false")
    assert github.tip("vsync-batch-results") == before
    assert (step.workspace / "batch-results/a.jsonl").is_file()
    assert github.push(SUBMIT).outputs["submitted"] == "0"


def test_without_a_commit_the_results_stay_in_the_workspace(github: GitHub) -> None:
    github.push(SUBMIT)
    step = scheduled(github, {**FETCH, "commit": "false"})
    assert (step.code, step.outputs["manifest-commit"]) == (0, "")
    assert (step.workspace / "batch-results/a.jsonl").is_file()
    assert "vsync-batch-results" not in github.repo.git("for-each-ref", "refs/heads")


def test_results_go_to_a_branch_that_is_there(github: GitHub) -> None:
    github.push(SUBMIT)
    step = scheduled(github, {**FETCH, "args": "--wait --results-branch main"})
    assert step.code == 0, step.log
    assert github.repo.show(github.tip(), "batch-results/a.jsonl")
    assert "[skip ci]" in github.repo.git("log", "-1", "--format=%B", "refs/heads/main")


def test_results_in_which_a_server_repeats_the_key_are_not_published(github: GitHub) -> None:
    github.commit({"batches/b.jsonl": requests(f"my {KEY}", "vsync-fail-400")})
    github.push(SUBMIT)
    step = scheduled(github, FETCH)
    assert step.code == 1, step.log
    files = github.repo.git("ls-tree", "-r", "--name-only", github.tip("vsync-batch-results")).split("\n")
    assert files == ["batch-results/a.jsonl", "batch-results/a.summary.json"]
    assert KEY in (step.workspace / "batch-results/b.jsonl").read_text()
    assert KEY not in (step.workspace / "batch-results/b.summary.json").read_text()
    assert KEY not in step.summary + step.log.replace(f"::add-mask::{KEY}", "")
    assert any("batch-results/b.jsonl" in each and "holds a secret" in each for each in step.annotations("warning"))


def test_a_missing_permission_is_told_before_anything_is_downloaded(github: GitHub) -> None:
    github.push(SUBMIT)
    github.rights("read", "write")
    step = scheduled(github, FETCH)
    assert (step.code, step.outputs["failure-reason"]) == (3, "permission")
    assert "contents: write" in step.log
    assert not (step.workspace / "batch-results").exists()


def test_the_embedded_store_is_committed_nowhere(github: GitHub) -> None:
    workspace = github.checkout(github.tip())
    inputs = {"command": "batch submit"}
    local = {"VSYNC_LOCAL": ".vsync/local.db"}
    assert github.run("schedule", SCHEDULE, workspace, inputs, **local).code == 0
    step = github.run("schedule", SCHEDULE, workspace, {"command": "batch fetch", "args": "--wait --local"})
    assert step.code == 0, step.log
    assert "vsync-batch-results" not in github.repo.git("for-each-ref", "refs/heads")
    assert not step.annotations("warning")


def test_each_mistake_is_an_annotation_at_its_line(github: GitHub) -> None:
    github.commit({"batches/b.jsonl": requests("x") + b"<b>::error::x\n" + requests("x")})
    step = github.push(SUBMIT)
    assert (step.code, step.outputs["failed"], step.outputs["submitted"]) == (1, "1", "1")
    assert step.outputs["failure-reason"] == "documents"
    run, second, third = step.annotations("error")
    assert "1 batch made, 1 file invalid. The job summary says why, and what to do." in run
    assert "file=batches/b.jsonl,line=2::Not submitted: " in second
    assert "file=batches/b.jsonl,line=3::Not submitted: " in third
    assert "<b>" not in step.summary
    assert "| <code>batches/b&#46;jsonl</code> | 2 |" in step.summary


def test_failed_requests_make_the_job_red_at_their_lines(github: GitHub) -> None:
    github.commit({"batches/a.jsonl": requests("one", "two", model="vsync-fail-429")})
    github.push(SUBMIT)
    step = scheduled(github, FETCH)
    assert (step.code, step.outputs["failed"], step.outputs["completed"]) == (1, "1", "1")
    assert step.outputs["manifest-commit"], "failures are results too"
    assert "file=batches/a.jsonl,line=1::The request one failed (" in step.annotations("error")[1]
    assert "### Failed requests (2)" in step.summary
    assert "<code>command&#58; batch fetch</code> with <code>args&#58; --resubmit-failed</code>" in step.summary
    assert "`command: batch fetch` with `args: --resubmit-failed`" in step.log
    assert "vsync batch fetch --" not in step.log


def test_a_pull_request_checks_files_without_a_key_and_submits_nothing(github: GitHub) -> None:
    pull = github.pull({"batches/new.jsonl": requests("x"), "batches/bad.jsonl": b"no json\n"})
    for command, arguments in (
        ("batch submit", ""),
        ("--", "batch submit"),
        ("batch", "submit --endpoint /v1/responses"),
    ):
        step = github.plan(pull, inputs={"command": command, "args": arguments})
        assert (step.code, step.outputs["dry-run"], step.outputs["submitted"]) == (1, "true", "0"), step.log
        assert "3 request files checked, 1 file invalid" in step.summary
        assert "Nothing was submitted: the event is pull&#95;request" in step.summary
        assert "Next:" not in step.summary
        assert "file=batches/bad.jsonl,line=1::" in step.annotations("error")[1]
        assert batches(github) == []


def test_with_a_key_a_pull_request_submits_nothing_either(github: GitHub) -> None:
    pull = github.pull({"batches/new.jsonl": requests("x")})
    step = github.plan(pull, inputs=SUBMIT)
    assert (step.code, step.outputs["dry-run"], step.outputs["submitted"]) == (0, "true", "2"), step.log
    target = github.plan(pull, inputs={**SUBMIT, "dry-run": "false"}, event="pull_request_target")
    assert (target.code, target.outputs["dry-run"]) == (0, "true"), target.log
    assert batches(github) == []


def test_a_push_to_another_branch_submits_nothing(github: GitHub) -> None:
    github.commit({"batches/new.jsonl": requests("x")}, "main")
    github.move("feature", github.tip())
    step = github.push(SUBMIT, branch="feature")
    assert (step.code, step.outputs["dry-run"]) == (0, "true"), step.log
    assert batches(github) == []


def test_a_pull_request_may_fetch_but_not_pay_delete_or_cancel(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    github.push(SUBMIT)
    pull = github.pull({"docs/c.md": b"# C\n"})
    for arguments in ("--resubmit-failed", "--clean"):
        step = github.plan(pull, inputs={**FETCH, "args": arguments})
        assert (step.code, step.outputs["failure-reason"]) == (2, "config")
        assert "Nothing is submitted or deleted here: the event is pull_request" in step.annotations("error")[0]
    for more in ({}, {"commit": "true"}, {"args": "--wait --results-branch vsync-batch-results"}):
        fetched = github.plan(pull, inputs={**FETCH, **more})
        assert (fetched.code, fetched.outputs["manifest-commit"]) == (0, ""), fetched.log
        assert "The results were not published&#58;" in fetched.summary
    assert "vsync-batch-results" not in github.repo.git("for-each-ref", "refs/heads")
    named = github.plan(pull, inputs={**FETCH, "args": "--wait --results-branch pull-7"})
    assert named.outputs["manifest-commit"] == github.tip("pull-7"), named.log
    monkeypatch.setattr(hosted, "BATCH_DELAY_S", 3_600.0)
    cancelled = github.plan(pull, inputs={"openai-api-key": KEY, "command": "batch cancel", "args": "--pending --yes"})
    assert cancelled.code == 2
    assert "No batch is cancelled here: the event is pull_request" in cancelled.log


def test_a_schedule_may_cancel(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted, "BATCH_DELAY_S", 3_600.0)
    github.push(SUBMIT)
    step = scheduled(github, {"openai-api-key": KEY, "command": "batch cancel", "args": "--pending --yes"})
    assert (step.code, step.outputs["changed"]) == (0, "true"), step.log
    assert batches(github)[0].status in {"cancelling", "cancelled"}


@pytest.mark.parametrize("variable", [{}, {"VSYNC_DRY_RUN": "true"}])
def test_a_dry_run_on_demand_changes_nothing(github: GitHub, variable: dict[str, str]) -> None:
    wanted = {} if variable else {"dry-run": "true"}
    step = scheduled(github, {**SUBMIT, **wanted}, **variable)
    assert (step.code, step.outputs["dry-run"], batches(github)) == (0, "true", []), step.log
    github.push(SUBMIT)
    fetched = scheduled(github, {**FETCH, **wanted}, **variable)
    assert (fetched.code, fetched.outputs["dry-run"]) == (0, "true"), fetched.log
    assert not (fetched.workspace / "batch-results").exists()


def test_the_status_is_a_table_in_the_summary(github: GitHub) -> None:
    github.push(SUBMIT)
    step = scheduled(github, {"openai-api-key": KEY, "command": "batch status"})
    assert step.code == 0, step.log
    assert step.summary.startswith("## vsync batch status: 1 batch")
    assert "| <code>batches/a&#46;jsonl</code> |" in step.summary
    assert [batch["path"] for batch in step.report["batches"]] == ["batches/a.jsonl"]


def test_the_status_has_the_outputs_of_batch(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    github.commit({"batches/b.jsonl": requests("three", model="vsync-fail-429")})
    github.push(SUBMIT)
    scheduled(github, FETCH)
    monkeypatch.setattr(hosted, "BATCH_DELAY_S", 3_600.0)
    github.commit({"batches/c.jsonl": requests("four")})
    github.push(SUBMIT)
    fetched = scheduled(github, {**FETCH, "args": ""})

    step = scheduled(github, {"openai-api-key": KEY, "command": "batch status"})

    assert step.code == 0, step.log
    assert step.outputs == {
        "submitted": "0",
        "completed": "0",
        "failed": "1",
        "pending": "1",
        "changed": "false",
        "dry-run": "false",
        "manifest-commit": "",
        "failure-reason": "",
        "report": ".vsync/report.json",
    }
    assert [step.outputs[name] for name in ("failed", "pending")] == [
        fetched.outputs[name] for name in ("failed", "pending")
    ]


def test_a_missing_key_is_told(github: GitHub) -> None:
    step = scheduled(github, {"command": "batch fetch"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "credentials")
    assert KEY not in step.log


def test_a_pull_request_sees_the_results_on_the_branch_that_it_does_not_change(github: GitHub) -> None:
    github.push(SUBMIT)
    scheduled(github, {**FETCH, "args": "--wait --clean"})
    before = github.tip("vsync-batch-results")
    pull = github.pull({"docs/c.md": b"# C\n"})

    fetched = github.plan(pull, inputs=FETCH)

    assert (fetched.code, fetched.outputs["failed"]) == (0, "0"), fetched.log
    assert (fetched.workspace / "batch-results/a.jsonl").is_file()
    assert github.tip("vsync-batch-results") == before
