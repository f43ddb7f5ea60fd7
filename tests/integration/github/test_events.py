"""The action at home: a remote and an API over HTTP, pushes and pull requests, and every job a process of its own."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.github import KEY, REPOSITORY, TOKEN, GitHub, Pull, Step
from tests.support.gitrepo import Content, link
from tests.support.servers.github_api import ACTIONS_LOGIN, answer, call, secondary_rate_limit
from vsync.report.comment import marker

MANIFEST = ".vsync/manifest.json"
FILES: dict[str, Content] = {
    "README.md": b"# Read me\n",
    "docs/a.md": b"# A\n" * 50,
    "docs/b.md": b"# B\n",
    "docs/old.md": b"# Old\n" * 9,
    "src/x.py": b"x = 1\n",
}
CHANGE: dict[str, Content] = {
    "docs/a.md": b"# A2\n",
    "docs/b.md": None,
    "docs/new.md": b"# New\n",
    "docs/old.md": None,
    "docs/moved.md": b"# Old\n" * 9,
    "docs/empty.md": b"",
    "src/x.py": b"x = 2\n",
}


OWN = ("report.json", ".gitignore", "manifest.json")
"""What vsync writes into the workspace."""


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    with GitHub(tmp_path) as hub:
        hub.commit(FILES)
        yield hub
        for step in hub.steps:
            check_what_is_left(step)
        check_secrets(hub)


def check_what_is_left(step: Step) -> None:
    """A plan changes nothing in the clone, no run leaves anything behind but its user's key, and none ends in a traceback."""
    assert "Traceback" not in step.log
    own = {f"workspace/{folder}.vsync/{name}" for folder in ("", "docs/") for name in OWN}
    own.add(".local/state/vsync/journal-key")
    assert {name for name in step.changed if not name.startswith("workspace/.git/vsync/")} <= own


def check_secrets(hub: GitHub) -> None:
    """Each secret is printed once, to be masked, and goes to its server as the Authorization header and nowhere else."""
    for secret in (KEY, TOKEN):
        for step in hub.steps:
            told = [line for line in step.log.splitlines() if secret in line]
            assert told in ([], [f"::add-mask::{secret}"])
            assert secret not in f"{step.summary}{step.outputs}"
            for path in step.workspace.rglob("*"):
                assert not path.is_file() or secret.encode() not in path.read_bytes()
        objects = hub.repo.git_bytes("cat-file", "--batch-all-objects", "--batch", "--unordered")
        assert secret.encode() not in objects
        for comment in hub.api.comments.values():
            assert secret not in comment.body
        for request in hub.api.received:
            kept = {name: text for name, text in request.headers.items() if name.lower() != "authorization"}
            assert secret not in f"{request.path}{request.query}{kept}{request.body}"
        for recorded in hub.git.requests:
            assert secret.encode() not in recorded.without_authorization()


def decision(step: Step) -> str:
    """What the log says was decided, and why."""
    (line,) = [line for line in step.log.splitlines() if re.match(r"vsync (plans|syncs): ", line)]
    return line


# --- From a push to a merge ---------------------------------------------------------------------------------------


def test_a_pull_request_from_its_opening_to_the_sync_after_its_merge(github: GitHub) -> None:
    synced = github.push()
    assert (synced.code, synced.outputs["added"]) == (0, "4")

    opened = github.plan(github.pull(CHANGE), "opened")
    assert opened.code == 0
    assert decision(opened) == "vsync plans: the event is pull_request (opened): it plans and changes nothing."
    assert (opened.report["added"], opened.report["updated"]) == (["docs/new.md"], ["docs/a.md"])
    assert opened.report["renamed"] == [{"from": "docs/old.md", "to": "docs/moved.md"}]
    assert opened.report["removed"] == ["docs/b.md"]
    assert opened.report["skipped"] == [{"path": "docs/empty.md", "reason": "empty"}]
    assert opened.outputs["vector-store-id"] == synced.outputs["vector-store-id"]
    assert opened.outputs["dry-run"] == "true"
    assert len(github.comments()) == 1
    assert "+1 ~1 →1 −1 in acme/docs, 4 documents afterwards" in github.comment()
    assert "6 B" in github.comment().replace("\N{NO-BREAK SPACE}", " ")
    assert "Not counted here" not in github.comment()

    pull = github.pull({"docs/new.md": None})
    github.plan(pull)
    assert len(github.comments()) == 1
    assert "~1 →1 −1 in acme/docs, 3 documents afterwards" in github.comment()

    github.move("main", str(pull.merge))
    merged = github.plan(pull, "closed", payload=pull.payload("closed", merged=True), GITHUB_REF="refs/heads/main")
    assert merged.code == 0
    assert len(github.comments()) == 1
    assert "merged, ~1 →1 −1 in acme/docs, 3 documents afterwards" in github.comment()

    last = github.push()
    kinds = ("added", "updated", "renamed", "removed", "skipped")
    assert [last.report[kind] for kind in kinds] == [merged.report[kind] for kind in kinds]
    assert [last.outputs[kind] for kind in kinds] == ["0", "1", "1", "1", "1"]
    assert last.outputs["manifest-commit"]


@pytest.mark.parametrize("content", [b"", link("b.md")], ids=["emptied", "link"])
def test_a_document_that_a_pull_request_makes_none_is_told_beside_the_file(github: GitHub, content: Content) -> None:
    github.push()
    beside = "::warning title=docs/a.md,file=docs/a.md::docs/a.md is no longer a document, because "
    planned = github.plan(github.pull({"docs/a.md": content}), "opened")
    assert planned.report["removed"] == ["docs/a.md"]
    assert len(planned.report["warnings"]) == 1
    assert [line for line in planned.log.splitlines() if line.startswith(beside)]
    assert "−1 (1 no longer a document) in acme/docs" in github.comment()
    assert "The sync removes it from the store" in github.comment()
    github.commit({"docs/a.md": content})
    synced = github.push()
    assert (synced.code, synced.report["warnings"]) == (0, planned.report["warnings"])
    assert [line for line in synced.log.splitlines() if line.startswith(beside)]
    assert "−1 (1 no longer a document) in acme/docs, 3 documents" in synced.summary
    github.commit({"docs/b.md": b"# Another\n"})
    assert github.push().report["warnings"] == []


def test_a_pull_request_that_is_closed_says_so_in_its_comment(github: GitHub) -> None:
    pull = github.pull(CHANGE)
    github.plan(pull, "opened")
    step = github.plan(pull, "closed")
    assert step.code == 0
    assert len(github.comments()) == 1
    assert "closed without merging" in github.comment()
    assert "the vector store stays as it is" in step.summary
    assert "a new vector store" not in f"{step.log}{step.summary}"
    assert step.outputs["changed"] == "false"
    reopened = github.plan(pull, "reopened")
    assert "1 to add" in github.comment()
    assert reopened.outputs["changed"] == "true"


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("comment", ["auto", "true"])
def test_a_pull_request_that_is_over_gets_no_new_comment(github: GitHub, merged: bool, comment: str) -> None:
    pull = github.pull(CHANGE)
    step = github.plan(pull, "closed", {"comment": comment}, payload=pull.payload("closed", merged=merged))
    assert step.code == 0
    assert github.comments() == []


# --- Comments -----------------------------------------------------------------------------------------------------


def test_without_a_changed_document_there_is_no_comment(github: GitHub) -> None:
    step = github.plan(github.pull({"src/x.py": b"x = 3\n"}), "opened")
    assert step.code == 0
    assert github.comments() == []
    assert "there is none, and none is needed" in step.log
    assert "This pull request changes no document" in step.summary


def test_a_comment_that_is_there_is_brought_up_to_date_though_nothing_changes_any_more(github: GitHub) -> None:
    github.plan(github.pull({"docs/new.md": b"# New\n"}), "opened")
    github.plan(github.pull({"docs/new.md": None}))
    assert "This pull request changes no document" in github.comment()


def test_comment_true_always_comments(github: GitHub) -> None:
    github.plan(github.pull({"src/x.py": b"x = 3\n"}), "opened", {"comment": "true"})
    assert "This pull request changes no document" in github.comment()


def test_comment_false_never_asks_the_api(github: GitHub) -> None:
    step = github.plan(github.pull(CHANGE), "opened", {"comment": "false"})
    assert step.code == 0
    assert github.api.received == []


def test_a_base_that_lacks_more_than_a_limit_allows_gives_no_comment_of_its_own(github: GitHub) -> None:
    limit = {"max-upload": "1"}
    unrelated = github.plan(github.pull({"src/x.py": b"x = 3\n"}), "opened", limit)
    assert unrelated.code == 0
    assert unrelated.report["refused"] is None
    assert github.comments() == []


def test_a_comment_on_a_folder_is_refused_in_words(github: GitHub) -> None:
    step = github.plan(github.pull(CHANGE), "opened", {"folder": "docs", "comment": "true"})
    assert (step.code, github.comments()) == (0, [])
    (warning,) = step.annotations("warning")
    assert "with a folder as source" in warning


@pytest.mark.parametrize("directory", ["", "docs"])
def test_a_comment_is_found_again_when_the_pull_request_is_closed(github: GitHub, directory: str) -> None:
    inputs = {"commit": "false", "working-directory": directory, "manifest": "state/store.json"}
    pull = github.pull(CHANGE)
    github.plan(pull, "opened", inputs)
    github.plan(pull, "closed", inputs)
    assert "closed without merging" in github.comment()


def test_the_comments_of_others_stay_as_they_are(github: GitHub) -> None:
    pasted = f"{marker('default')}\npasted"
    github.api.pull_request(7)
    github.api.comment(7, pasted, "somebody")
    github.plan(github.pull(CHANGE), "opened")
    assert sorted(comment.login or "" for comment in github.comments()) == [ACTIONS_LOGIN, "somebody"]
    assert pasted in [comment.body for comment in github.comments()]


def test_on_enterprise_server_the_runners_addresses_are_used(tmp_path: Path) -> None:
    with GitHub(tmp_path, prefix="/api/v3") as hub:
        hub.commit(FILES)
        step = hub.plan(hub.pull(CHANGE), "opened")
        assert step.code == 0
        assert f"{hub.git.address}/acme/docs/blob/" in hub.comment()
        assert f"{hub.git.address}/acme/docs/actions/runs/" in hub.comment()
        assert "github.com/" not in hub.comment()


# --- What the token may not, and what the API says ------------------------------------------------------------------


def test_a_fork_gets_its_plan_and_one_warning_that_names_the_permission(github: GitHub) -> None:
    github.push()
    github.rights("read", "read")
    step = github.plan(github.pull(CHANGE, fork=True), "opened")
    assert step.code == 0
    assert "from a fork" in decision(step)
    (warning,) = step.annotations("warning")
    assert "`permissions: pull-requests: write`" in warning
    assert "fork" in warning
    assert "+1 ~1 →1 −1 in acme/docs, 4 documents afterwards" in step.summary
    assert step.annotations("error") == []


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (401, "Bad credentials", "github-token"),
        (403, "Resource not accessible by integration", "pull-requests: write"),
        (404, "Not Found", "pull-requests: write"),
        (410, "This issue was deleted", "removed"),
        (422, "Validation Failed", "job summary"),
    ],
)
def test_a_comment_that_is_refused_is_one_warning_and_the_plan_stands(
    github: GitHub, status: int, message: str, words: str
) -> None:
    github.api.when("POST /repos/*/*/issues/*/comments", answer(status, message), times=None)
    step = github.plan(github.pull(CHANGE), "opened")
    assert step.code == 0
    (warning,) = step.annotations("warning")
    assert words in warning
    assert str(status) in warning
    assert "+1 ~1 →1 −1 in acme/docs, 4 documents afterwards" in step.summary


@pytest.mark.parametrize("fault", [secondary_rate_limit(429, 0), answer(502, "Bad gateway")], ids=["429", "502"])
def test_an_api_that_is_busy_is_asked_again(github: GitHub, fault: Any) -> None:
    github.api.when("GET /repos/*/*/issues/*/comments", fault)
    step = github.plan(github.pull(CHANGE), "opened")
    assert (step.code, step.annotations("warning")) == (0, [])
    assert len(github.comments()) == 1


def test_a_comment_that_was_deleted_meanwhile_is_written_again(github: GitHub) -> None:
    github.plan(github.pull(CHANGE), "opened")
    github.api.when("PATCH /repos/*/*/issues/comments/*", call(github.api.comments.clear))
    step = github.plan(github.pull({"docs/more.md": b"# More\n"}))
    assert (step.code, step.annotations("warning")) == (0, [])
    assert "2 to add" in github.comment()


@pytest.mark.parametrize("token", ["", "   "])
def test_without_a_token_there_is_a_plan_and_a_warning(github: GitHub, token: str) -> None:
    github.git.anonymous = "read"
    step = github.plan(github.pull(CHANGE), "opened", {"github-token": token})
    assert step.code == 0
    assert step.outputs["added"] == "1"
    (warning,) = step.annotations("warning")
    assert "no token" in warning


def test_a_remote_that_may_not_be_read_is_a_warning_and_leaves_the_comment_as_it_is(github: GitHub) -> None:
    pull = github.pull(CHANGE)
    github.plan(pull, "opened")
    before = github.comment()
    workspace = github.checkout(str(pull.merge))
    github.git.tokens[TOKEN] = "none"
    step = github.run("pull_request", pull.payload("synchronize"), workspace, GITHUB_REF="refs/pull/7/merge")
    assert step.code == 0
    assert any("not of this pull request alone" in line for line in step.annotations("warning"))
    assert any("contents: read" in line for line in step.annotations("warning"))
    assert step.annotations("error") == []
    assert github.comment() == before


def test_without_a_manifest_and_a_base_there_is_an_error_about_the_base_and_not_about_a_key(github: GitHub) -> None:
    pull = github.pull(CHANGE)
    workspace = github.checkout(str(pull.merge))
    github.git.tokens[TOKEN] = "none"
    payload, inputs = pull.payload("synchronize"), {"manifest": "none"}
    step = github.run("pull_request", payload, workspace, inputs, GITHUB_REF="refs/pull/7/merge", VSYNC_LOCAL="")
    assert step.code == 2
    assert step.outputs["failure-reason"] == "git"
    (error,) = step.annotations("error")
    assert pull.base[:12] in error
    assert "API key" not in step.log


def test_what_was_synced_last_is_not_told_as_nothing_when_it_cannot_be_read(github: GitHub) -> None:
    github.push()
    pull = github.pull(CHANGE)
    workspace = github.checkout(str(pull.merge), depth=None)
    github.git.tokens[TOKEN] = "none"
    step = github.run("pull_request", pull.payload("synchronize"), workspace, GITHUB_REF="refs/pull/7/merge")
    assert step.code == 0
    assert step.report["added"] == ["docs/new.md"]
    assert "Nothing has been synced yet" not in github.comment()
    assert "is not known" in github.comment()


# --- Where the manifest is kept -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inputs", [{}, {"commit": "false"}, {"manifest": "none"}, {"manifest-branch": "main"}], ids=str
)
def test_the_plan_needs_no_key_wherever_the_manifest_is(github: GitHub, inputs: dict[str, str]) -> None:
    step = github.plan(github.pull(CHANGE), "opened", {"openai-api-key": "", **inputs}, VSYNC_LOCAL="")
    assert step.code == 0
    assert step.annotations("warning") == []
    assert (step.report["added"], step.report["removed"]) == (["docs/new.md"], ["docs/b.md"])
    assert step.report["refused"] is None
    assert "1 to add" in github.comment()


@pytest.mark.parametrize("depth", [1, None], ids=["one commit deep", "whole"])
def test_a_manifest_in_the_files_is_that_of_the_base_whatever_the_pull_request_writes(
    github: GitHub, depth: int | None
) -> None:
    inputs = {"commit": "false"}
    synced = github.push(inputs)
    manifest = (synced.workspace / MANIFEST).read_bytes()
    github.commit({MANIFEST: manifest})
    tampered = re.sub(rb"vs_\w+", b"vs_of_a_stranger", manifest).replace(b"README.md", b"SECRET.md")
    step = github.plan(github.pull({**CHANGE, MANIFEST: tampered}), "opened", inputs, depth=depth)
    assert step.code == 0
    assert step.outputs["vector-store-id"] == synced.outputs["vector-store-id"]
    assert step.report["added"] == ["docs/new.md"]
    assert "Not counted here" not in step.summary
    assert "stranger" not in f"{step.log}{step.summary}{github.comment()}"


@pytest.mark.parametrize("content", [b"{broken", b'{"version": 99}'])
@pytest.mark.parametrize("commit", ["true", "false"])
def test_a_broken_manifest_in_a_pull_request_has_no_effect(github: GitHub, content: bytes, commit: str) -> None:
    step = github.plan(github.pull({**CHANGE, MANIFEST: content}), "opened", {"commit": commit})
    assert (step.code, step.report["added"]) == (0, ["docs/new.md"])


def test_what_the_store_lacks_of_the_base_is_one_line(github: GitHub) -> None:
    github.push()
    github.commit({"docs/owed.md": b"# Owed\n", "README.md": None})
    step = github.plan(github.pull({"docs/new.md": b"# New\n"}), "opened")
    assert step.report["added"] == ["docs/new.md"]
    assert step.report["removed"] == []
    assert "1 upload and 1 removal by which the store and the base branch differ" in step.summary
    assert "4 → 5 documents," in step.summary


def test_a_store_that_is_ahead_of_the_base_changes_neither_plan_nor_limits(github: GitHub) -> None:
    github.push()
    pull = github.pull({"docs/new.md": b"# New\n"})
    github.commit({f"docs/later-{number}.md": b"# Later\n" for number in range(12)})
    github.push()
    step = github.plan(pull, "opened")
    assert step.report["added"] == ["docs/new.md"]
    assert step.report["refused"] is None
    assert "4 → 5 documents," in step.summary


def test_a_limit_that_would_refuse_the_sync_is_told_and_the_job_stays_green(github: GitHub) -> None:
    github.push()
    everything: dict[str, Content] = {name: None for name in FILES if name.endswith(".md")}
    step = github.plan(github.pull(everything), "opened")
    assert step.code == 0
    assert "refused by a limit" in github.comment()
    assert "max-delete" in step.summary
    assert "deletes 4 of 4 documents" in step.report["refused"]


def test_a_refused_plan_fails_its_job_where_that_is_asked_for(github: GitHub) -> None:
    github.push()
    everything: dict[str, Content] = {name: None for name in FILES if name.endswith(".md")}
    step = github.plan(github.pull(everything), "opened", {"fail-on-refused": "true"})
    assert (step.code, step.outputs["failure-reason"], step.outputs["dry-run"]) == (4, "limit", "true")
    assert "The plan is refused by a limit: −4 in acme/docs" in github.comment()
    assert github.comment().count("[!CAUTION]") == 1
    assert step.annotations("error")[0].startswith("::error title=vsync::")
    assert len(step.report["removed"]) == 4


@pytest.mark.parametrize("change", [CHANGE, {"docs/new.md": b"# New\n"}], ids=["changes", "one file"])
def test_a_plan_that_is_not_refused_is_green_whatever_fail_on_refused_says(
    github: GitHub, change: dict[str, Content]
) -> None:
    github.push()
    step = github.plan(github.pull(change), "opened", {"fail-on-refused": "true"})
    assert (step.code, step.outputs["failure-reason"]) == (0, "")


def test_a_value_of_fail_on_refused_that_is_none_is_refused_by_name(github: GitHub) -> None:
    step = github.plan(github.pull(CHANGE), "opened", {"fail-on-refused": "sometimes"})
    assert (step.code, step.outputs["failure-reason"]) == (2, "config")
    assert "fail-on-refused" in step.log


def test_files_are_linked_at_the_head_of_the_pull_request_with_their_changed_lines(github: GitHub) -> None:
    github.push()
    pull = github.pull({**CHANGE, "docs/logo.pdf": b"%PDF-1.7\0\xff"})
    github.plan(pull, "opened")
    rows = {}
    for line in github.comment().splitlines():
        if match := re.match(r'\| [^|]+ \| <a href="[^"]*/blob/([0-9a-f]{40})/([^"]*)">.*?</a> \| ([^|]*) \|', line):
            rows[match[2]] = (match[1], match[3].replace("\N{NO-BREAK SPACE}", " "))
    assert rows == {
        "docs/new.md": (pull.head, "+1"),
        "docs/logo.pdf": (pull.head, ""),
        "docs/a.md": (pull.head, "+1 −50"),
        "docs/moved.md": (pull.head, ""),
        "docs/b.md": (pull.base, "−1"),
    }
    assert str(pull.merge) not in github.comment().split("<summary>Commits")[0]


def test_the_numbers_of_the_comment_are_those_of_the_summary_of_the_push(github: GitHub) -> None:
    github.push()
    pull = github.pull(CHANGE)
    planned = github.plan(pull, "opened")
    github.move("main", str(pull.merge))
    synced = github.push()
    first = synced.summary.splitlines()[0].removeprefix("## ✅ ")
    assert f"### 📋 {first} afterwards\n" in github.comment()
    kinds = ("added", "updated", "renamed", "removed", "unchanged", "skipped")
    assert [planned.outputs[kind] for kind in kinds] == [synced.outputs[kind] for kind in kinds]


def test_a_limit_that_the_base_exceeds_already_does_not_refuse_the_pull_request(github: GitHub) -> None:
    github.push()
    github.commit({name: None for name in FILES if name.endswith(".md")})
    step = github.plan(github.pull({"docs/new.md": b"# New\n"}), "opened", {"fail-on-refused": "true"})
    assert (step.code, step.report["refused"]) == (0, None)
    assert "A limit refuses that sync, with or without this pull request." in html.unescape(github.comment())


def test_a_pull_request_that_changes_the_settings_shows_all_that_this_changes(github: GitHub) -> None:
    """Its workflow is that of the merge, so this is what a changed include rule looks like."""
    github.push()
    step = github.plan(github.pull({"other.txt": b"no document by these rules\n"}), "opened", {"include": "docs/*.md"})
    assert step.code == 0
    assert "the settings are not those of the last sync" in step.summary
    assert int(step.outputs["removed"]) > 0
    assert "to remove" in github.comment()


# --- pull_request_target --------------------------------------------------------------------------------------------


def test_pull_request_target_plans_a_forks_files_as_data_and_never_syncs(github: GitHub) -> None:
    synced = github.push()
    before = github.repo.git("for-each-ref")
    pull = github.pull({**CHANGE, ".gitattributes": b"* filter=evil\n"}, fork=True)
    refs = github.repo.git("for-each-ref", "refs/vsync", "refs/heads/vsync-manifest")
    inputs = {"openai-api-key": KEY, "dry-run": "false"}
    step = github.plan(pull, "opened", inputs, event="pull_request_target", checkout=pull.base)
    assert step.code == 0
    assert step.outputs["dry-run"] == "true"
    assert step.report["added"] == ["docs/new.md"]
    assert step.outputs["vector-store-id"] == synced.outputs["vector-store-id"]
    (warning,) = step.annotations("warning")
    assert "no effect on pull_request_target" in warning
    assert "1 to add" in github.comment()
    assert refs in before
    assert github.repo.git("for-each-ref", "refs/vsync", "refs/heads/vsync-manifest") == refs


def test_a_forks_config_cannot_lead_its_plan_to_another_store(github: GitHub) -> None:
    synced = github.push()
    refs = github.repo.git("for-each-ref", "refs/vsync", "refs/heads/vsync-manifest")
    pull = github.pull({**CHANGE, ".vsync.yml": b"version: 1\nvector-store-id: vs_evil\n"}, fork=True)
    inputs = {"openai-api-key": KEY, "dry-run": "false"}
    step = github.plan(pull, "opened", inputs, event="pull_request_target", checkout=pull.base)
    assert (step.code, step.outputs["failure-reason"]) == (2, "manifest")
    (error,) = step.annotations("error")
    assert f"belongs to the vector store {synced.outputs['vector-store-id']}, but vs_evil is given" in error
    assert github.repo.git("for-each-ref", "refs/vsync", "refs/heads/vsync-manifest") == refs


def test_a_fork_with_conflicts_is_a_clear_warning(github: GitHub) -> None:
    github.push()
    github.pull({"docs/a.md": b"# theirs\n"}, number=8)
    github.repo.git("update-ref", "-d", "refs/pull/8/merge")
    github.commit({"docs/a.md": b"# ours\n"})
    pull = github.pull({"docs/new.md": b"# New\n"}, number=8)
    assert pull.merge is None
    step = github.plan(pull, event="pull_request_target", checkout=pull.base)
    assert step.code == 0
    assert any("conflicts" in line for line in step.annotations("warning"))
    assert github.comments(8) == []


# --- Events ---------------------------------------------------------------------------------------------------------

ZERO = "0" * 40
HERE = {"default_branch": "main", "full_name": REPOSITORY, "id": 42}


@pytest.mark.parametrize(
    ("event", "ref", "payload", "inputs", "words"),
    [
        ("push", "refs/heads/main", {"before": ZERO}, {}, "syncs: the push created main."),
        ("push", "refs/heads/x", {}, {}, "plans: the push is to x, and only main is synced (input or config: branch)."),
        ("push", "refs/heads/x", {}, {"dry-run": "false"}, "syncs: dry-run is set to false."),
        ("workflow_dispatch", "refs/heads/x", {}, {}, "syncs: the event is workflow_dispatch on refs/heads/x:"),
        (
            "workflow_run",
            "refs/heads/main",
            {"workflow_run": {"event": "pull_request", "head_branch": "main", "head_repository": HERE}},
            {},
            "plans: the event is workflow_run, after a run for a pull request,",
        ),
        ("issue_comment", "refs/heads/main", {}, {}, "plans: the event issue_comment is not one that syncs;"),
    ],
)
def test_each_event_says_what_it_does_and_why(
    github: GitHub, event: str, ref: str, payload: dict[str, Any], inputs: dict[str, str], words: str
) -> None:
    given = {"ref": ref, "repository": HERE, **payload}
    step = github.run(event, given, github.checkout(github.tip()), {"openai-api-key": KEY, **inputs}, GITHUB_REF=ref)
    assert step.code == 0
    assert decision(step).startswith(f"vsync {words}")
    assert step.outputs["dry-run"] == ("true" if words.startswith("plans") else "false")
    assert step.outputs["added"] == "4"
    assert step.annotations("warning") == []


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("push", "{not json"),
        ("push", '{"number": "x", "pull_request": [1], "repository": 3, "ref": {}}'),
        ("pull_request", '{"number": "x", "pull_request": [1], "repository": 3, "ref": {}}'),
        (
            "pull_request_target",
            '{"number": 99999999999999999999, "pull_request": {"base": {"sha": "--all"}, "head": {"sha": ["x"]}}}',
        ),
    ],
)
def test_a_payload_that_is_wrong_is_told_and_no_traceback(github: GitHub, event: str, payload: str) -> None:
    step = github.run(
        event, payload, github.checkout(github.tip()), {"openai-api-key": KEY, "dry-run": "true"}, GITHUB_REF=""
    )
    assert step.code == 0
    assert step.outputs["added"] == "4"
    assert len(step.annotations("warning")) == (0 if event == "push" and payload.startswith('{"') else 1)


# --- Hostile names --------------------------------------------------------------------------------------------------

HOSTILE = [
    "docs/a|b.md",
    "docs/`code`.md",
    "docs/<img src=x onerror=alert(1)>.md",
    "docs/--> <!-- vsync.md",
    "docs/@acme/team #1 GH-1.md",
    "docs/[text](https%3A evil.example).md",
    "docs/line\nbreak\r::error::pwned.md",
    "::error::pwned.md",
    "##[error]pwned.md",
    "docs/\u202egnp.md",
    "docs/\x1b[31mred.md",
    "docs/%0A::error::pwned.md",
    "docs/EOF\nadded=999.md",
]


def hostile(change: bytes) -> dict[str, Content]:
    return dict.fromkeys(HOSTILE, change)


def check_inert(step: Step, *rendered: str) -> None:
    commands = {
        line.partition("::")[2].partition(" ")[0].partition("::")[0]
        for line in step.log.splitlines()
        if line.startswith("::")
    }
    assert commands <= {"add-mask", "group", "endgroup", "warning", "error"}
    assert not any("##[" in line for line in step.log.splitlines() if not line.startswith("::"))
    assert not [line for line in step.log.splitlines() if re.match(r"\s*::error::pwned", line)]
    shown = re.sub(r",file=[^:]*", "", step.log)  # which file it is goes to GitHub as it is
    for text in (shown, *rendered):
        assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cf"} and char not in "\n\u200b"]
    for text in rendered:
        beside_code = re.sub(r"<code>.*?</code>|<[^>]*>", "", text)  # in these GitHub makes no references
        assert not re.search(r"<img|@acme|\[text\]|(?<!&)#1|`code`|a\|b|evil\.example\)", text)
        assert "GH-1" not in beside_code
        hidden = re.findall(r"<!--.*?-->", text)
        assert all(re.fullmatch(r"<!-- vsync(-run [0-9]+| \{.*\}) -->", comment) for comment in hidden)
        assert len(hidden) == text.count("<!--")


def test_hostile_names_do_nothing_wherever_they_are_shown(github: GitHub) -> None:
    github.push()
    added = github.plan(github.pull(hostile(b"# Hello\n")), "opened")
    assert sorted(added.report["added"]) == sorted(HOSTILE)
    assert added.outputs["added"] == str(len(HOSTILE))
    check_inert(added, added.summary, github.comment())
    skipped = github.plan(github.pull(hostile(b"")))
    assert skipped.outputs["skipped"] == str(len(HOSTILE))
    check_inert(skipped, skipped.summary, github.comment())


def test_hostile_names_of_documents_that_stop_being_documents_do_nothing(github: GitHub) -> None:
    github.commit(hostile(b"# Hello\n"))
    github.push()
    planned = github.plan(github.pull(hostile(b"")), "opened")
    assert len(planned.annotations("warning")) == 10
    assert "13 of them because the file can no longer be a document" in github.comment()
    check_inert(planned, planned.summary, github.comment())
    github.commit(hostile(b""))
    step = github.push(INPUT_FORCE="true")
    assert step.outputs["removed"] == str(len(HOSTILE))
    assert sum(",file=" in line for line in step.log.splitlines() if line.startswith("::warning ")) == 10
    check_inert(step, step.summary)


def test_hostile_names_of_documents_that_fail_do_nothing_in_annotations(github: GitHub) -> None:
    github.commit({name.replace(".md", ".pptx"): b"not a presentation" for name in HOSTILE})
    step = github.push()
    assert step.code == 1
    assert step.outputs["failed"] == str(len(HOSTILE))
    assert len(step.annotations("error")) == 10
    check_inert(step, step.summary)


def test_a_hostile_branch_and_event_do_nothing_in_the_log(github: GitHub) -> None:
    ref = "refs/heads/x\n::error::pwned\u202e@acme"
    step = github.run("push\n::error::pwned", {"ref": ref}, github.checkout(github.tip()), GITHUB_REF=ref)
    assert step.code == 0
    check_inert(step, step.summary)
    step = github.run("push", {"ref": ref, "repository": HERE}, step.workspace, GITHUB_REF=ref)
    check_inert(step, step.summary)


def test_pull_requests_have_their_own_number(github: GitHub) -> None:
    pulls: list[Pull] = [github.pull({f"docs/{n}.md": b"# New\n"}, number=n) for n in (7, 8)]
    for pull in pulls:
        github.plan(pull, "opened")
    assert "docs/7" in github.comment(7)
    assert "docs/8" in github.comment(8)
