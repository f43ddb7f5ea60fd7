"""The command check in a workflow: outputs, annotations, job summary and report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.runner import KEY, Runner, Step

FILES: dict[str, str | None] = {
    "docs/install.md": "# Install\n\nRun it.\n",
    "docs/remove.md": "# Remove\n\nPurge it.\n",
}
PASSING = "version: 1\nchecks:\n  - {question: install, expect: docs/install.md}\n"
FAILING = f"{PASSING}  - {{question: purge, expect: docs/install.md}}\n"
SEVERAL = """\
version: 1
targets:
  docs:
    vector-store-name: acme-docs
    checks: [{question: install, expect: docs/install.md}]
  other:
    vector-store-id: vs_none
    include: [docs/remove.md]
    checks: [{question: purge, expect: docs/remove.md}]
"""


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path)
    runner.commit({**FILES, ".vsync.yml": PASSING})
    return runner


def check(job: Runner, args: str = "") -> Step:
    return job.run({"command": "check", "args": args})


def report(job: Runner, step: Step) -> Any:
    return json.loads((job.workspace / step.outputs["report"]).read_text())


def test_checks_that_pass_leave_the_job_green(job: Runner) -> None:
    store = job.run().outputs["vector-store-id"]
    step = check(job)
    assert step.code == 0
    assert step.outputs == {
        "vector-store-id": store,
        "failed": "0",
        "changed": "false",
        "dry-run": "false",
        "failure-reason": "",
        "report": ".vsync/report.json",
    }
    assert step.summary.startswith("## ✅ vsync check: the check passed\n")
    assert "| ✅ | install | <code>docs/install&#46;md</code> | place 1 " in step.summary
    assert "::error" not in step.log
    assert report(job, step)["passed"] == 1


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_a_check_that_fails_makes_the_job_red_and_says_why_everywhere(job: Runner, event: str) -> None:
    job.run()
    job.commit({".vsync.yml": FAILING})
    job.event = event
    step = check(job)
    assert step.code == 1
    assert (step.outputs["failed"], step.outputs["failure-reason"]) == ("1", "check")
    assert "::error title=vsync::1 of 2 checks failed. The job summary says what was found." in step.log
    assert (
        "::error title=vsync::Check failed: purge Expected: docs/install.md. Found: not among the first 3. "
        "Instead came docs/remove.md." in step.log
    )
    assert step.summary.startswith("## ❌ vsync check: 1 of 2 checks failed\n")
    assert "1\\. <code>docs/remove&#46;md</code>" in step.summary
    assert [each["passed"] for each in report(job, step)["checks"]] == [True, False]


def test_without_checks_the_job_is_green(job: Runner) -> None:
    job.commit({".vsync.yml": "version: 1\n"})
    step = check(job)
    assert (step.code, step.outputs["failed"], step.outputs["vector-store-id"]) == (0, "0", "")
    assert step.summary.startswith("## ✅ vsync check: there are no checks\n")


def test_a_target_without_checks_has_its_store_in_the_outputs(job: Runner) -> None:
    job.commit(
        {".vsync.yml": SEVERAL.replace("    vector-store-id: vs_none\n", "").partition("    checks: [{question: p")[0]}
    )
    synced = job.run().outputs["vector-store-id"]
    assert len(synced.split("\n")) == 2
    assert check(job).outputs["vector-store-id"] == synced


def test_a_wrong_config_and_a_store_that_is_not_there_are_told(job: Runner) -> None:
    step = check(job)
    assert (step.code, step.outputs["failure-reason"]) == (2, "store")
    job.commit({".vsync.yml": "version: 1\nchecks: [{question: x}]\n"})
    step = check(job)
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "::error title=vsync,file=.vsync.yml,line=2" in step.log


def test_each_of_several_targets_is_told(job: Runner) -> None:
    job.commit({".vsync.yml": SEVERAL})
    job.run({"target": "docs"})
    step = check(job)
    assert step.code == 3
    assert step.outputs["failure-reason"] == "store"
    assert step.outputs["vector-store-id"].startswith("vs_")
    assert [each["target"] for each in report(job, step)] == ["docs", "other"]
    assert step.summary.index("### <code>docs</code>") < step.summary.index("### <code>other</code>")
    assert "> [!CAUTION]" in step.summary
    assert "::error title=vsync other::" in step.log
    assert check(job, "--target docs").code == 0


def test_a_warning_is_an_annotation(job: Runner) -> None:
    job.run()
    job.commit({".vsync.yml": "version: 1\nchecks: [{question: install, expect: [docs/install.md, docs/instal.md]}]\n"})
    step = check(job)
    assert step.code == 0
    assert "::warning title=vsync::A check expects docs/instal.md, but there is no such file" in step.log
    assert "> [!WARNING]" in step.summary


def test_of_many_failures_some_are_annotations_and_the_others_counted(job: Runner) -> None:
    job.run()
    checks = "".join("  - {question: purge, expect: docs/install.md}\n" for _ in range(30))
    job.commit({".vsync.yml": f"version: 1\nchecks:\n{checks}"})
    step = check(job)
    assert step.log.count("::error ") == 10
    assert "::error title=vsync::22 more failures: see the job summary." in step.log


def test_nothing_of_the_config_or_the_store_acts(job: Runner) -> None:
    name = f"docs/<img src=x>`a` @acme {KEY}.md"
    question = "remove\\n::error::forged\\n**b** <b> @acme [c](https://evil.example)"
    job.commit(
        {
            name: "# remove remove\n",
            ".vsync.yml": f'version: 1\nchecks: [{{question: "{question}", expect: docs/none.md}}]\n',
        }
    )
    job.run()
    step = check(job)
    assert step.code == 1
    assert not [line for line in step.log.splitlines() if line.startswith("::error::forged")]
    for active in ("<img", "<b>", "@acme", "**b**", "](", "https://", KEY):
        assert active not in step.summary
    assert KEY not in json.dumps(report(job, step))
