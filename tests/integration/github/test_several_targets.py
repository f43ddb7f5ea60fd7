"""The targets of a config in one run of the action: pushes, pull requests, and what people and workflows see of them."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.github import KEY, GitHub, Step
from tests.support.gitrepo import Content
from tests.support.servers.recording import Answer, HttpServer, Recorded

CONFIG = b"""\
version: 1
targets:
  docs:
    vector-store-name: acme-docs
    include: [docs/**]
  api:
    vector-store-name: acme-api
    include: [api/**]
"""
FILES: dict[str, Content] = {
    ".vsync.yml": CONFIG,
    "docs/a.md": b"# A\n",
    "docs/b.md": b"# B\n",
    "api/x.md": b"# X\n",
}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit(FILES)
        yield hub


def reports(step: Step) -> dict[str, Any]:
    """The reports by the names of their targets, in the order of the file."""
    found: Any = step.report
    assert isinstance(found, list)
    return {report["target"]: report for report in found}


def as_text(markdown: str) -> str:
    """What a reader sees of names and sentences. Names stand in backticks."""
    return html.unescape(markdown).replace("<code>", "`").replace("</code>", "`")


# --- Pushes -------------------------------------------------------------------------------------------------------


def test_a_push_syncs_every_target_and_tells_the_sum(github: GitHub) -> None:
    step = github.push()
    assert step.code == 0
    assert list(reports(step)) == ["docs", "api"]
    ids = [report["vector_store_id"] for report in reports(step).values()]
    assert step.outputs["vector-store-id"].split("\n") == ids
    assert (step.outputs["added"], step.outputs["changed"], step.outputs["dry-run"]) == ("3", "true", "false")
    assert step.outputs["head"] == github.tip()
    assert step.summary.startswith("## ✅ vsync: +3 in 2 targets\n")


def test_one_target_can_be_named(github: GitHub) -> None:
    step = github.push({"target": "api"})
    assert (step.code, step.outputs["added"]) == (0, "1")
    assert step.report["target"] == "api"


def test_each_target_has_a_branch_of_its_own(github: GitHub) -> None:
    github.commit({".vsync.yml": CONFIG.replace(b"[api/**]", b"[api/**]\n    branch: next")})
    github.move("next", github.tip())
    step = github.push()
    assert step.code == 0
    assert [report["dry_run"] for report in reports(step).values()] == [False, True]
    assert "vsync plans target api: the push is to main, and only next is synced" in step.log
    assert (step.outputs["dry-run"], step.outputs["changed"]) == ("false", "true")
    assert "Planned only (the push is to main, and only next is synced" in as_text(step.summary)
    there = github.push(branch="next")
    assert [report["dry_run"] for report in reports(there).values()] == [True, False]


def test_a_removed_target_is_told_in_each_run_until_a_job_has_emptied_it(github: GitHub) -> None:
    store = reports(github.push())["api"]["vector_store_id"]
    github.commit({".vsync.yml": CONFIG[: CONFIG.index(b"  api:")]})
    (warning,) = github.push().annotations("warning")
    assert f"The store {store} still holds 1 document of the target 'api'" in warning
    named = {"config": "none", "target": "api", "vector-store-id": store, "exclude": "*", "force": "true"}
    emptied = github.push(named)
    assert (emptied.code, emptied.outputs["removed"]) == (0, "1")
    assert github.push().annotations("warning") == []


@pytest.mark.parametrize("command", ["sync", "plan", "verify"])
def test_a_branch_that_is_missing_is_a_warning_of_the_target_that_names_it(github: GitHub, command: str) -> None:
    github.push()
    github.commit({".vsync.yml": CONFIG + b"    branch: mian\n"})
    step = github.push({"command": command})
    assert step.code == 0
    assert reports(step)["docs"]["warnings"] == []
    (told,) = reports(step)["api"]["warnings"]
    assert "The remote has no branch 'mian'" in told
    (warning,) = step.annotations("warning")
    assert warning.startswith("::warning title=vsync api::The remote has no branch 'mian'")


def test_a_missing_branch_is_a_warning_of_its_target_in_a_pull_request_too(github: GitHub) -> None:
    github.commit({".vsync.yml": CONFIG + b"    branch: mian\n"})
    step = github.plan(github.pull({"docs/new.md": b"# New\n"}), "opened")
    assert step.code == 0
    assert ["no branch 'mian'" in str(report["warnings"]) for report in reports(step).values()] == [False, True]


def test_a_missing_branch_that_all_targets_have_is_told_once(github: GitHub) -> None:
    step = github.push({"branch": "mian"})
    assert step.code == 0
    assert ["no branch 'mian'" in str(report["warnings"]) for report in reports(step).values()] == [True, True]
    assert as_text(step.summary).count("no branch 'mian'") == 1
    (warning,) = step.annotations("warning")
    assert warning.startswith("::warning title=vsync::The remote has no branch 'mian'")


def test_a_run_without_a_report_tells_a_missing_branch_all_the_same(github: GitHub) -> None:
    github.push()
    github.commit({".vsync/manifest.json": b"{}"}, branch="vsync-manifest")
    step = github.push({"branch": "mian"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "manifest")
    (warning,) = step.annotations("warning")
    assert "The remote has no branch 'mian'" in warning


def test_a_warning_that_is_of_no_target_stands_in_the_first_report(github: GitHub) -> None:
    step = github.push({"commit": "true"}, VSYNC_LOCAL="true")
    told = ["neither committed nor pushed" in str(report["warnings"]) for report in reports(step).values()]
    assert told == [True, False]


def test_a_target_that_fails_is_seen_first_and_the_others_run(github: GitHub) -> None:
    github.push()
    github.commit({"api/x.md": None, "docs/b.md": b"# B2\n"})
    step = github.push()
    assert step.code == 4
    assert step.outputs["failure-reason"] == "limit"
    assert reports(step)["docs"]["updated"] == ["docs/b.md"]
    assert step.summary.startswith("## 🛑 vsync: 1 of 2 targets failed, ~1\n")
    assert step.summary.index("<code>api</code>") < step.summary.index("<code>docs</code>")
    (error,) = step.annotations("error")
    assert error.startswith("::error title=vsync api::")


# --- Pull requests ------------------------------------------------------------------------------------------------


def test_a_pull_request_that_raises_its_own_limits_is_told(github: GitHub) -> None:
    config = b"version: 1\nlimits: {max-delete: 0}\n"
    github.commit({".vsync.yml": config})
    github.push()
    raised = config.replace(b"0}", b"100%}")
    step = github.plan(github.pull({".vsync.yml": raised, "docs/a.md": None}), "opened")
    assert (step.code, step.report["refused"], step.report["removed"]) == (0, None, ["docs/a.md"])
    (warning,) = [text for text in step.report["warnings"] if "changes the limits" in text]
    assert "max-delete allows 0" in warning
    assert "changes the limits" in as_text(github.comment())


def test_a_pull_request_has_one_comment_of_all_targets(github: GitHub) -> None:
    github.push()
    step = github.plan(github.pull({"docs/new.md": b"# New\n", "api/x.md": b"# X2\n"}), "opened")
    assert step.code == 0
    comment = as_text(github.comment())
    assert "### 📋 vsync: +1 ~1 in 2 targets\n" in comment
    assert reports(step)["docs"]["added"] == ["docs/new.md"]
    assert reports(step)["api"]["updated"] == ["api/x.md"]
    github.plan(github.pull({"docs/new.md": None}))
    assert len(github.comments()) == 1


def test_a_pull_request_that_changes_only_the_config_shows_what_that_does(github: GitHub) -> None:
    github.push()
    changed = CONFIG.replace(b"include: [docs/**]", b"include: [docs/**]\n    exclude: [docs/b.md]")
    step = github.plan(github.pull({".vsync.yml": changed}), "opened")
    assert step.code == 0
    assert reports(step)["docs"]["removed"] == ["docs/b.md"]
    assert reports(step)["api"]["unchanged"] == 1
    assert "The config `.vsync.yml` changed: `targets.docs.exclude` new." in as_text(github.comment())


def test_a_target_that_a_pull_request_adds_is_planned_as_a_first_sync(github: GitHub) -> None:
    github.push()
    added = CONFIG + b"  guides:\n    vector-store-name: acme-guides\n    include: [guides/**]\n"
    step = github.plan(github.pull({".vsync.yml": added, "guides/g.md": b"# G\n"}), "opened")
    assert step.code == 0
    assert reports(step)["guides"]["added"] == ["guides/g.md"]
    assert "The target is new: its first sync makes the vector store 'acme-guides'" in as_text(github.comment())
    assert "`targets.guides` new" in as_text(github.comment())


def test_a_target_that_a_pull_request_removes_is_said_to_stay(github: GitHub) -> None:
    synced = github.push()
    store = reports(synced)["api"]["vector_store_id"]
    removed = CONFIG[: CONFIG.index(b"  api:")]
    step = github.plan(github.pull({".vsync.yml": removed}), "opened")
    assert step.code == 0
    comment = as_text(github.comment())
    assert f"After this pull request: The store {store} still holds 1 document of the target 'api'" in comment
    assert f"--config none --target api --vector-store-id {store} --exclude '*' --force`" in comment
    assert f"`vsync stores delete {store} " in comment
    assert step.summary.count("After this pull request") == 1
    assert "`targets.api` removed" in as_text(github.comment())


def test_a_new_target_is_told_that_it_goes_into_the_store_of_another(github: GitHub) -> None:
    github.push()
    renamed = CONFIG.replace(b"  api:", b"  reference:")
    step = github.plan(github.pull({".vsync.yml": renamed}), "opened")
    assert step.code == 0
    assert "its first sync goes into the vector store 'acme-api', where the target 'api' is." in as_text(
        github.comment()
    )
    github.commit({".vsync.yml": renamed})
    pushed = github.push()
    assert (pushed.code, pushed.outputs["added"]) == (0, "1")


def test_targets_that_get_names_keep_the_comment(github: GitHub) -> None:
    github.commit({".vsync.yml": b"version: 1\ninclude: [docs/**]\n"})
    github.push()
    github.plan(github.pull({"docs/new.md": b"# New\n"}), "opened")
    github.plan(github.pull({".vsync.yml": CONFIG}))
    assert len(github.comments()) == 1


BROKEN = b"version: 1\ntargets:\n  docs:\n    exclud: [a]\n    types: everything\n"


def test_a_broken_config_is_told_at_its_lines(github: GitHub) -> None:
    github.push()
    step = github.plan(github.pull({".vsync.yml": BROKEN}), "opened")
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    first, second = step.annotations("error")
    assert first.startswith("::error title=vsync,file=.vsync.yml,line=4,col=5::")
    assert second.startswith("::error title=vsync,file=.vsync.yml,line=5,col=12::")


def test_a_config_that_only_the_base_has_broken_is_a_warning(github: GitHub) -> None:
    github.push()
    github.commit({".vsync.yml": BROKEN})
    step = github.plan(github.pull({".vsync.yml": CONFIG, "docs/a.md": b"# A2\n"}), "opened")
    assert step.code == 0
    assert reports(step)["docs"]["updated"] == ["docs/a.md"]
    assert "The config of the base branch cannot be used" in as_text(github.comment())


class Attacker(HttpServer):
    """Answers every request with an empty object."""

    def respond(self, request: Recorded) -> Answer:
        return Answer(200, b"{}", {"Content-Type": "application/json"})


@pytest.mark.parametrize("key", ["openai-base-url", "base-url", "organization", "manifest", "manifest-branch"])
def test_a_config_cannot_say_where_keys_and_state_go(github: GitHub, key: str) -> None:
    """With `manifest: none` a plan asks the store, so this is where a key would go to another address."""
    with Attacker() as server:
        config = f"version: 1\n{key}: {server.address}/v1\n".encode()
        inputs = {"openai-api-key": KEY, "manifest": "none"}
        step = github.plan(github.pull({".vsync.yml": config}, fork=True), "opened", inputs)
        assert (step.code, step.outputs["failure-reason"]) == (2, "config")
        assert "never" in step.summary
        github.commit({".vsync.yml": config})
        assert github.push(inputs).code == 2
        assert server.requests == []


# --- Other commands -----------------------------------------------------------------------------------------------


def test_verify_compares_every_target(github: GitHub) -> None:
    github.push()
    step = github.push({"command": "verify"})
    assert step.code == 0
    assert step.summary.startswith("## ✅ vsync verify: No drift in 2 targets\n")


def test_the_command_plan_plans_every_target(github: GitHub) -> None:
    step = github.push({"command": "plan"})
    assert (step.code, step.outputs["dry-run"], step.outputs["added"]) == (0, "true", "3")
    assert step.summary.startswith("## 📋 vsync plan: +3 in 2 targets\n")


# --- What is one target is told as one ----------------------------------------------------------------------------


def test_a_config_with_one_named_target_is_told_as_one(github: GitHub) -> None:
    github.commit({".vsync.yml": CONFIG[: CONFIG.index(b"  api:")]})
    step = github.push()
    assert step.report["target"] == "docs"
    assert step.summary.startswith("## ✅ vsync <code>docs</code>: +2 in acme-docs, 2 documents\n")
    github.plan(github.pull({".vsync.yml": CONFIG}), "opened")
    github.plan(github.pull({".vsync.yml": CONFIG.replace(b"api", b"reference")}))
    assert len(github.comments()) == 1


def test_a_pull_request_that_is_closed_says_so_in_the_comment_of_all_targets(github: GitHub) -> None:
    github.push()
    pull = github.pull({"docs/new.md": b"# New\n"})
    github.plan(pull, "opened")
    github.plan(pull, "closed")
    assert len(github.comments()) == 1
    assert "closed without merging" in github.comment()


def test_two_targets_of_a_pull_request_that_share_a_store_and_a_file_are_refused(github: GitHub) -> None:
    github.push()
    shared = CONFIG.replace(b"acme-api", b"acme-docs").replace(b"[api/**]", b"[docs/a.md]")
    github.commit({".vsync.yml": shared})
    pushed = github.push()
    assert (pushed.code, pushed.outputs["failure-reason"]) == (2, "manifest")
    fresh = shared.replace(b"acme-docs", b"other").replace(b"  docs:", b"  one:").replace(b"  api:", b"  two:")
    step = github.plan(github.pull({".vsync.yml": fresh}), "opened")
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "would both put 'docs/a.md' into the store" in as_text(step.summary)


# --- When something is away ---------------------------------------------------------------------------------------


def test_a_plan_of_several_targets_stands_when_the_remote_cannot_be_read(github: GitHub) -> None:
    github.push()
    github.rights("none", "write")
    step = github.push({"command": "plan"})
    assert (step.code, step.outputs["added"], step.outputs["dry-run"]) == (0, "3", "true")
    assert step.summary.count("What was synced last could not be read") == 1
    pull = github.pull({"docs/new.md": b"# New\n"})
    shallow, deep = github.plan(pull, "opened"), github.plan(pull, "opened", depth=None)
    assert (shallow.code, shallow.outputs["added"], deep.code, deep.outputs["added"]) == (0, "4", 0, "1")
    assert "not of this pull request alone" in shallow.summary
    assert shallow.summary.count("could not be read") == deep.summary.count("could not be read") == 1
    assert github.push().code == 3


def test_a_damaged_manifest_stops_all_targets_before_one_starts(github: GitHub) -> None:
    github.push()
    github.commit({".vsync/manifest.json": b"{}"}, branch="vsync-manifest")
    github.commit({"docs/a.md": b"# A2\n"})
    step = github.push()
    assert (step.code, step.outputs["failure-reason"]) == (2, "manifest")
    assert "Target docs:" not in step.log


def test_several_targets_that_are_named_without_a_config_are_refused(github: GitHub) -> None:
    github.commit({".vsync.yml": None})
    step = github.push({"target": "docs\napi"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "there is no config that says what they are" in as_text(step.summary)


def test_another_config_can_be_named_or_ignored(github: GitHub) -> None:
    github.commit({"conf/one.yml": b"version: 1\ninclude: [api/**]\n"})
    assert github.push({"config": "conf/one.yml"}).report["added"] == ["api/x.md"]
    ignored = github.push({"config": "none", "target": "all"})
    assert sorted(ignored.report["added"]) == ["api/x.md", "docs/a.md", "docs/b.md"]


def test_a_damaged_manifest_is_made_again_for_every_target(github: GitHub) -> None:
    github.push()
    github.commit({".vsync/manifest.json": b"{}"}, branch="vsync-manifest")
    step = github.push({"command": "verify", "args": "--rebuild"})
    assert step.code == 0
    assert [report["rebuilt"] for report in reports(step).values()] == [True, True]
    after = github.push()
    assert (after.code, after.outputs["unchanged"], after.outputs["changed"]) == (0, "3", "false")
