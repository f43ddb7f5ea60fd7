"""What is read from an event's payload and the runner's variables; whatever is not as it should be is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.github.event import parse_event, read_event
from vsync.github.mode import Event, PullRequest, Trigger, choose_mode

BASE, HEAD, MERGE = "a" * 40, "b" * 40, "c" * 40
HERE = {"id": 1, "full_name": "acme/docs"}
FORK = {"id": 2, "full_name": "stranger/docs"}


def parse(name: str, payload: dict[str, Any] | None = None, ref: str = "", **environ: str) -> Event:
    return parse_event(payload or {}, {"GITHUB_EVENT_NAME": name, "GITHUB_REF": ref, **environ})


def pull(**details: Any) -> dict[str, Any]:
    base, head = {"ref": "main", "sha": BASE, "repo": HERE}, {"ref": "feature", "sha": HEAD, "repo": HERE}
    return {"number": 7, "pull_request": {"number": 7, "state": "open", "base": base, "head": head, **details}}


def pull_of(payload: dict[str, Any], ref: str = "refs/pull/7/merge", name: str = "pull_request") -> PullRequest:
    found = parse(name, payload, ref, GITHUB_SHA=MERGE).pull_request
    assert found is not None
    return found


# --- Pushes -----------------------------------------------------------------------------------------------------


def test_a_push_names_its_ref_and_the_default_branch() -> None:
    payload = {"ref": "refs/heads/main", "before": BASE, "after": HEAD, "repository": {"default_branch": "main"}}
    event = parse("push", payload, "refs/heads/main")
    assert event == Event("push", ref="refs/heads/main", default_branch="main")
    assert event.branch == "main"


def test_a_branch_without_a_commit_before_was_created() -> None:
    assert parse("push", {"before": "0" * 40}).created
    assert parse("push", {"before": "0" * 64}).created
    assert parse("push", {"created": True}).created
    assert not parse("push", {"before": BASE}).created
    assert not parse("push", {"before": ""}).created


def test_a_deletion_keeps_the_ref_that_is_gone_though_the_runner_names_the_default_branch() -> None:
    payload = {"ref": "refs/heads/gone", "after": "0" * 40}
    event = parse("push", payload, "refs/heads/main")
    assert event.deleted
    assert event.ref == "refs/heads/gone"
    assert choose_mode(event, wanted=None, branch=None).dry_run


@pytest.mark.parametrize("wrong", ["true", 1, None, [], {}])
def test_only_true_is_true(wrong: object) -> None:
    event = parse("push", {"forced": wrong, "created": wrong, "deleted": wrong})
    assert (event.forced, event.created, event.deleted) == (False, False, False)


def test_without_a_payload_the_runners_variable_names_the_ref() -> None:
    assert parse("push", {}, "refs/heads/main").branch == "main"
    assert parse("push", {}, "refs/tags/main").branch is None


# --- Pull requests ----------------------------------------------------------------------------------------------


def test_a_pull_request_has_its_number_its_commits_and_the_merge() -> None:
    assert pull_of(pull()) == PullRequest(7, "open", BASE, HEAD, MERGE)


@pytest.mark.parametrize(
    ("details", "state"),
    [
        ({}, "open"),
        ({"state": "closed"}, "closed"),
        ({"state": "closed", "merged": False}, "closed"),
        ({"state": "closed", "merged": True}, "merged"),
        ({"state": "closed", "merged": "true"}, "closed"),
    ],
)
def test_a_pull_request_is_open_closed_or_merged(details: dict[str, Any], state: str) -> None:
    assert pull_of(pull(**details)).state == state


def test_the_action_closed_alone_closes() -> None:
    assert pull_of({"action": "closed", "number": 7}).state == "closed"


@pytest.mark.parametrize(
    ("repository", "fork"),
    [
        (HERE, False),
        (FORK, True),
        (None, True),
        ({"full_name": "stranger/docs"}, True),
        ({"full_name": "acme/docs"}, False),
        ({"id": 1, "full_name": "acme/handbook"}, False),
    ],
)
def test_a_fork_is_another_repository_or_one_that_is_gone(repository: object, fork: bool) -> None:
    head = {"ref": "feature", "sha": HEAD, "repo": repository}
    found = pull_of(pull(head=head))
    assert found.fork is fork


def test_the_log_says_that_a_pull_request_comes_from_a_fork() -> None:
    event = parse("pull_request", {"action": "opened", **pull(head={"sha": HEAD, "repo": FORK})})
    assert choose_mode(event, wanted=None, branch=None).reason.startswith(
        "the event is pull_request (opened), from a fork:"
    )


@pytest.mark.parametrize("number", [0, -1, True, "7", 7.0, None, [], {}, 10**30])
def test_without_a_usable_number_the_ref_names_the_pull_request(number: object) -> None:
    payload = {"number": number, "pull_request": {"number": number}}
    assert pull_of(payload, "refs/pull/8/merge").number == 8
    assert parse("pull_request", payload, "refs/heads/main").pull_request is None


def test_a_wrong_number_gives_way_to_the_pull_requests_own() -> None:
    assert pull_of({"number": "x", "pull_request": {"number": 9}}).number == 9


@pytest.mark.parametrize(
    "ref", ["refs/heads/feature/merge", "refs/heads/main", "refs/pull/x/merge", "refs/pull/7/head"]
)
def test_only_the_merge_ref_stands_for_the_merge(ref: str) -> None:
    assert pull_of(pull(), ref, "pull_request_target").merge is None


@pytest.mark.parametrize(
    "sha", ["", "main", "A" * 40, "a" * 39, "a" * 65, "a" * 40 + "\n", "--upload-pack=x", 7, None, []]
)
def test_what_is_no_commit_is_not_there(sha: object) -> None:
    found = pull_of(pull(base={"sha": sha}, head={"sha": sha}))
    assert (found.base, found.head) == (None, None)


@pytest.mark.parametrize("name", ["push", "issue_comment", "merge_group", "workflow_dispatch", ""])
def test_other_events_have_no_pull_request(name: str) -> None:
    assert parse(name, pull(), "refs/pull/7/merge").pull_request is None


# --- Runs of other workflows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repository", "fork"), [(HERE, False), (FORK, True), (None, True), ({}, False), ("acme/docs", False)]
)
def test_a_workflow_run_says_whose_files_it_was_for(repository: object, fork: bool) -> None:
    run = {"event": "push", "head_branch": "main", "head_repository": repository}
    event = parse("workflow_run", {"workflow_run": run, "repository": HERE})
    assert event.trigger == Trigger("push", "main", fork)


def test_a_workflow_run_without_facts_has_none() -> None:
    assert parse("workflow_run", {"workflow_run": 7}).trigger == Trigger()


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_run_after_one_of_a_pull_request_only_plans(event: str) -> None:
    run = {"event": event, "head_branch": "main", "head_repository": HERE}
    found = parse("workflow_run", {"workflow_run": run, "repository": {**HERE, "default_branch": "main"}})
    assert choose_mode(found, wanted=None, branch=None).dry_run


# --- Payloads that are none ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON"),
        (b"{not json", "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 10_000, "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'"text"', "is not a JSON object"),
    ],
)
def test_a_payload_that_cannot_be_read_is_a_problem_and_no_error(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)
    event, problem = read_event({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(file)})
    assert event == Event("push")
    assert problem is not None
    assert words in problem


def test_a_payload_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    _, problem = read_event({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path)})
    assert problem is not None
    assert "cannot be read" in problem


def test_without_a_runner_there_is_no_event() -> None:
    assert read_event({}) == (Event(""), None)


def test_a_pull_request_that_is_not_named_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text("{}")
    environ = {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_EVENT_PATH": str(file)}
    _, problem = read_event(environ)
    assert problem is not None
    assert "names no pull request" in problem
    assert read_event({**environ, "GITHUB_EVENT_NAME": "push"})[1] is None


# --- Any payload --------------------------------------------------------------------------------------------------

KEYS = (
    "action after before base branch created default_branch deleted event forced full_name head head_branch "
    "head_repository id merged number pull_request ref repo repository sha state workflow_run"
).split()
EVENTS = "push pull_request pull_request_target workflow_run merge_group schedule".split()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["0" * 40, BASE, "closed"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=6),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES), st.sampled_from(EVENTS), st.text())
def test_any_json_gives_an_event_and_a_mode(payload: dict[str, Any], name: str, ref: str) -> None:
    event = parse(name, payload, ref, GITHUB_SHA=ref)
    for wanted in (None, True, False):
        mode = choose_mode(event, wanted=wanted, branch=None)
        assert mode.reason
        if name == "pull_request_target":
            assert mode.dry_run
    if event.pull_request is not None:
        assert event.pull_request.number > 0
        for commit in (event.pull_request.base, event.pull_request.head, event.pull_request.merge):
            assert commit is None or set(commit) <= set("0123456789abcdef")
