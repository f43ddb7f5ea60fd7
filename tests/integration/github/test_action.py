"""The action with INPUT_… and GITHUB_… set as GitHub sets them, and the embedded store."""

from __future__ import annotations

import json
import os
import re
import zipfile
from pathlib import Path

import pytest

from tests.support.runner import KEY, Runner, git
from vsync.report.remedies import remedy


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path)
    runner.commit({"README.md": "# Read me\n", "docs/a.md": "# A\n", "src/x.py": "x = 1\n"})
    return runner


def test_a_push_syncs_and_tells_so_everywhere(job: Runner) -> None:
    step = job.run()
    assert step.code == 0
    assert step.outputs["added"] == "2"
    assert step.outputs["changed"] == "true"
    assert step.outputs["dry-run"] == "false"
    assert step.outputs["failure-reason"] == ""
    assert step.outputs["head"] == git(job.workspace, "rev-parse", "HEAD")
    assert step.outputs["vector-store-id"].startswith("vs_")
    assert "vsync: +2 in acme/docs, 2 documents" in step.summary
    assert "the push is to main" in step.log
    assert "::group::Plan for acme/docs" in step.log


def test_the_report_is_json_at_the_path_of_the_output(job: Runner) -> None:
    step = job.run()
    report = json.loads((job.workspace / step.outputs["report"]).read_text())
    assert report["added"] == ["README.md", "docs/a.md"]
    assert report["target"] == "default"
    assert not Path(step.outputs["report"]).is_absolute()


def test_what_vsync_writes_is_kept_out_of_commits_but_for_the_manifest(job: Runner) -> None:
    job.run()
    git(job.workspace, "add", "--all")
    assert git(job.workspace, "diff", "--cached", "--name-only") == ".vsync/manifest.json"


def test_a_second_run_without_manifest_and_seal_finds_everything_in_the_store(job: Runner, tmp_path: Path) -> None:
    job.run()
    fresh = Runner(tmp_path / "other")
    git(fresh.workspace, "pull", "-q", str(job.workspace), "main")
    step = fresh.run(VSYNC_LOCAL=str(tmp_path / "store.db"))
    assert step.code == 0
    assert (step.outputs["added"], step.outputs["unchanged"]) == ("0", "2")


def test_a_key_is_masked_first_and_stands_nowhere(job: Runner) -> None:
    step = job.run()
    first, rest = step.log.split("\n", 1)
    assert first == f"::add-mask::{KEY}"
    assert KEY not in rest
    assert KEY not in step.summary
    assert KEY not in (job.workspace / ".vsync/manifest.json").read_text()
    assert KEY not in (job.workspace / ".vsync/report.json").read_text()


@pytest.mark.parametrize("event", ["workflow_dispatch", "schedule"])
def test_a_manual_or_scheduled_run_syncs(job: Runner, event: str) -> None:
    job.event = event
    assert job.run().outputs["dry-run"] == "false"


def test_a_pull_request_only_plans_and_needs_no_key(job: Runner) -> None:
    job.event, job.ref = "pull_request", "refs/pull/7/merge"
    step = job.run({"openai-api-key": ""})
    assert step.code == 0
    assert step.outputs["dry-run"] == "true"
    assert step.outputs["added"] == "2"
    assert "2 to add" in step.summary
    assert not (job.workspace / ".vsync/manifest.json").exists()


def test_a_push_to_another_branch_plans_and_says_so(job: Runner) -> None:
    job.ref = "refs/heads/feature"
    step = job.run()
    assert step.outputs["dry-run"] == "true"
    assert "only main is synced (input or config: branch)" in step.log


def test_the_input_branch_names_the_branch_that_syncs(job: Runner) -> None:
    job.ref = "refs/heads/release"
    assert job.run({"branch": "release"}).outputs["dry-run"] == "false"


def test_dry_run_false_is_an_order(job: Runner) -> None:
    job.event = "something_new"
    assert job.run().outputs["dry-run"] == "true"
    assert job.run({"dry-run": "false"}).outputs["dry-run"] == "false"


def test_a_payload_that_is_not_json_is_a_warning(job: Runner) -> None:
    job.payload = "{not json"
    step = job.run()
    assert step.code == 0
    assert "::warning title=Event::" in step.log
    assert "is not JSON" in step.log


def test_inputs_reach_the_run(job: Runner) -> None:
    step = job.run(
        {"include": "*.md\n*.py", "exclude": "docs/", "attributes": "team=docs\nlevel=3", "chunk-size": "200"}
    )
    report = json.loads((job.workspace / ".vsync/report.json").read_text())
    assert step.code == 0
    assert report["added"] == ["README.md", "src/x.py"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"max-delete": "many"}, "max-delete is 'many'"),
        ({"dry-run": "perhaps"}, "dry-run is 'perhaps'"),
        ({"head": "no-such-branch"}, "'no-such-branch' is not a commit"),
        ({"openai-api-key": ""}, "No OpenAI API key is given"),
        ({"attributes": "path=x"}, "'path' is set by vsync itself"),
        ({"working-directory": "nowhere"}, "There is no folder"),
    ],
)
def test_a_wrong_input_is_one_clear_error_and_exit_2(job: Runner, inputs: dict[str, str], words: str) -> None:
    more = {"VSYNC_LOCAL": ""} if inputs == {"openai-api-key": ""} else {}
    step = job.run(inputs, **more)
    assert step.code == 2
    assert words in step.log
    assert step.log.count("::error ") == 1
    assert "Traceback" not in step.log
    assert step.outputs["failure-reason"] in {"config", "git", "credentials"}
    assert "What to do" in step.summary


def test_a_refused_plan_is_exit_4_with_the_numbers_and_nothing_is_done(job: Runner) -> None:
    job.run()
    job.commit({"README.md": None, "docs/a.md": None})
    step = job.run()
    assert step.code == 4
    assert step.outputs["failure-reason"] == "limit"
    assert step.outputs["removed"] == "0"
    assert "deletes 2 of 2 documents" in step.log
    assert "max-delete" in step.summary
    assert "Refused by a limit, nothing was changed" in step.summary
    assert step.summary.count("[!CAUTION]") == 1
    assert "<code>docs/a&#46;md</code>" in step.summary
    assert "Synced" not in step.summary


@pytest.mark.parametrize("obstacle", ["file", "folder"])
def test_a_report_that_cannot_be_written_does_not_hide_how_the_run_went(job: Runner, obstacle: str) -> None:
    if obstacle == "file":
        (job.workspace / ".vsync").write_text("in the way")
    else:
        (job.workspace / ".vsync" / "report.json").mkdir(parents=True)
    step = job.run({"manifest": "state.json"})
    assert step.code == 0
    assert step.outputs["added"] != "0"
    assert step.outputs["report"] == ""
    assert "report .vsync/report.json cannot be written" in step.log
    assert "Traceback" not in step.log


def test_failed_documents_are_annotated_up_to_githubs_limit_and_counted_beyond(job: Runner) -> None:
    # A document of white space uploads, and then cannot be indexed.
    pages = {f"docs/bad-{number:02}.pptx": "not a presentation" for number in range(14)}
    job.commit({**pages})
    step = job.run()
    assert step.code == 1
    assert step.outputs["failed"] == "14"
    assert step.outputs["added"] == "2"
    assert step.outputs["failure-reason"] == "documents"
    errors = [line for line in step.log.splitlines() if line.startswith("::error ")]
    assert len(errors) == 10
    assert (
        errors[0]
        == "::error title=vsync::14 documents failed, +2 in acme/docs, 2 documents. The job summary says why, and what to do."
    )
    assert "file=docs/bad-00.pptx" in errors[1]
    assert remedy("unsupported_file") in errors[1] or remedy("invalid_file") in errors[1]
    assert "6 more documents failed" in errors[-1]
    assert step.summary.count("❌\N{NO-BREAK SPACE}failed") == 14


def test_after_a_failed_update_it_is_said_everywhere_that_the_old_version_stays(job: Runner) -> None:
    with zipfile.ZipFile(job.workspace / "docs" / "page.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w:p><w:t>words</w:t></w:p>")
    git(job.workspace, "add", "docs/page.docx")
    job.commit({"docs/other.txt": "words"})
    assert job.run({"include": "docs/page.docx"}).code == 0
    job.commit({"docs/page.docx": "no document"})
    step = job.run({"include": "docs/page.docx"})
    assert step.code == 1
    kept = "the old version stays in the store"
    report = json.loads((job.workspace / step.outputs["report"]).read_text())
    (failed,) = report["failed"]
    assert failed["message"].endswith(kept)
    assert failed["remedy"] == remedy(failed["code"])
    (annotation,) = [line for line in step.log.splitlines() if line.startswith("::error ") and "file=" in line]
    assert kept in annotation
    assert kept in step.summary
    assert [kept in line for line in step.log.splitlines() if line.strip().startswith("docs/page.docx: ")] == [True]
    assert kept in job.run({"include": "docs/page.docx"}).summary  # it is refused for good, and not sent again


def test_a_hostile_name_is_no_workflow_command(job: Runner) -> None:
    name = "docs/x\n::error::pwned\n##[error]pwned.pptx"
    job.commit({name: "not a presentation"})
    step = job.run()
    assert step.code == 1
    annotations = [line for line in step.log.splitlines() if line.startswith("::error ")]
    rest = [line for line in step.log.splitlines() if not line.startswith("::error ")]
    assert len(annotations) == 2
    assert not [line for line in rest if line.lstrip().startswith("::error") or "##[" in line]


def test_a_late_run_is_superseded(job: Runner) -> None:
    job.run(GITHUB_RUN_ID="2000")
    job.commit({"docs/b.md": "# B\n"})
    step = job.run(GITHUB_RUN_ID="1999")
    assert step.code == 0
    assert step.outputs["superseded"] == "true"
    assert step.outputs["changed"] == "false"


def test_a_fork_is_told_so(job: Runner) -> None:
    job.run()
    step = job.run(GITHUB_REPOSITORY="somebody/docs", GITHUB_REPOSITORY_ID="43")
    assert step.code == 2
    assert step.outputs["failure-reason"] == "manifest"
    assert "is a fork or a copy" in step.log


def test_a_renamed_repository_goes_on(job: Runner) -> None:
    job.run()
    step = job.run(GITHUB_REPOSITORY="acme/handbook")
    assert step.code == 0
    assert step.outputs["retagged"] == "2"


def test_the_command_plan_plans(job: Runner) -> None:
    assert job.run({"command": "plan"}).outputs["dry-run"] == "true"


@pytest.mark.parametrize("command", ["sync --full", "plan --head HEAD", "verify --repair", "sync 'a b'"])
def test_options_behind_a_command_of_the_action_are_refused(job: Runner, command: str) -> None:
    step = job.run({"command": command})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "stands alone there" in step.log
    assert "vector-store-id" not in step.outputs


def test_a_command_whose_quotes_are_open_is_refused(job: Runner) -> None:
    step = job.run({"command": "stores 'list"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "The input command cannot be read" in step.log


def test_other_commands_are_the_command_line(job: Runner) -> None:
    job.run()
    step = job.run({"command": "search", "args": "'read me' -n 1"})
    assert step.code == 0
    assert "README.md" in step.log


@pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
@pytest.mark.parametrize("kind", ["missing", "folder", "in no folder", "full", "pipe", "no path"])
def test_a_file_of_the_runner_that_cannot_be_written_fails_no_run(
    job: Runner, tmp_path: Path, variable: str, kind: str
) -> None:
    path = {
        "missing": tmp_path / "missing" if variable == "GITHUB_OUTPUT" else tmp_path / "none" / "missing",
        "folder": tmp_path,
        "in no folder": tmp_path / "none" / "file",
        "full": Path("/dev/full"),
        "pipe": tmp_path / "pipe",
        "no path": Path("a" * 5_000),
    }[kind]
    os.mkfifo(tmp_path / "pipe")
    step = job.run({}, **{variable: str(path)})
    assert step.code == 0
    assert f"::warning title={'Outputs' if variable == 'GITHUB_OUTPUT' else 'Job summary'}::" in step.log
    assert f"cannot be written: {variable} names {str(path)[:100]}" in step.log
    assert "+2 in acme/docs, 2 documents" in step.log
    other = step.summary if variable == "GITHUB_OUTPUT" else step.outputs
    assert other  # the other file is written all the same
    again = job.run()
    assert "Nothing changed since" in again.log


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SSL_CERT_FILE", "/nowhere.pem", "SSL_CERT_FILE names /nowhere.pem"),
        ("HTTPS_PROXY", "http://", "The proxy in HTTPS_PROXY"),
        ("INPUT_OPENAI-API-KEY", "sk-schlüssel", "holds a character that is not ASCII"),
        ("INPUT_OPENAI-BASE-URL", "https://h/v1?x=1", "has a query"),
        ("INPUT_VECTOR-STORE-ID", "vs_1/../2", "vector-store-id is"),
        ("GITHUB_EVENT_PATH", "/nowhere.json", "/nowhere.json cannot be read"),
        ("GITHUB_EVENT_PATH", "/dev/zero", "/dev/zero cannot be read: it is a device, and no file."),
        ("SSL_CERT_FILE", "/dev/zero", "SSL_CERT_FILE names /dev/zero, which is a pipe or a device"),
        ("REQUESTS_CA_BUNDLE", "/dev/zero", "REQUESTS_CA_BUNDLE names /dev/zero, which is a pipe or a device"),
        ("INPUT_OPENAI-BASE-URL", "me:hunter22@host/v1", "is not an http(s) address"),
    ],
)
def test_a_fault_of_the_environment_is_a_wrong_configuration_and_no_defect(
    job: Runner, variable: str, value: str, told: str
) -> None:
    step = job.run({"vector-store-name": "docs"}, **{variable: value})
    assert told in step.log
    assert "defect" not in step.log
    assert "hunter22" not in re.sub("::add-mask::.*", "", step.log)
    assert "Traceback" not in step.log
    if variable != "GITHUB_EVENT_PATH":  # a warning: it says only what started the run
        assert (step.code, step.outputs["failure-reason"]) == (2, "config")


def test_a_workspace_without_a_checkout_says_what_is_missing(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    (runner.workspace / ".git").rename(tmp_path / "elsewhere")
    step = runner.run()
    assert (step.code, step.outputs["failure-reason"]) == (2, "git")
    assert "after actions/checkout" in step.log


def test_a_search_writes_the_job_summary(job: Runner) -> None:
    job.run()
    head = git(job.workspace, "rev-parse", "HEAD")
    step = job.run({"command": "search", "args": "'read me' -n 1 --json"}, GITHUB_STEP_SUMMARY="")
    assert step.summary == ""
    step = job.run({"command": "search", "args": "'read me <b>' -n 1"})
    assert step.summary.startswith("## 🔎 vsync search: 1 result\n\nAsked: read me &#60;b&#62;\n")
    assert f"/acme/docs/blob/{head}/README.md?plain=1#L1" in step.summary
    assert "**Read**" in step.summary


def test_a_status_writes_the_job_summary(job: Runner) -> None:
    step = job.run({"command": "status"})
    assert step.summary.startswith("## vsync status: nothing recorded\n")
    job.run()
    step = job.run({"command": "status", "args": "docs/a.md"})
    assert step.summary.startswith("## vsync status: 2 documents in vs&#95;")
    assert "- docs/a&#46;md is in the store" in step.summary


@pytest.mark.parametrize(
    "given",
    [{"command": "search"}, {"command": "search", "args": "--nonsense"}, {"command": "status", "args": "no.md"}],
)
def test_a_command_that_fails_says_so_in_the_job_summary(job: Runner, given: dict[str, str]) -> None:
    step = job.run(given)
    assert step.code == 2
    assert step.summary.startswith("## ❌ vsync: nothing was done\n")
