"""The action in its container, as GitHub's runner starts it: what it does to the store and to the remote.

What must hold after every run (no secret told, nothing of root left, git's configuration as it was) is checked by the
fixture `runner`.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e import hygiene
from tests.e2e.runner import Runner, Step
from tests.support.servers.git_http import GitServer
from tests.support.servers.openai_api import OpenAIServer

FILES = {"README.md": b"# Read me\n", "docs/a.md": b"# A\n", "docs/b.md": b"# B\n", "src/x.py": b"x = 1\n"}
DOCUMENTS = {"README.md": "# Read me\n", "docs/a.md": "# A\n", "docs/b.md": "# B\n"}
BRANCH = "refs/heads/vsync-manifest"
SEAL = "refs/vsync/default"
COUNTS = ("added", "updated", "renamed", "retagged", "removed", "unchanged", "skipped", "failed")


def counts(step: Step) -> dict[str, int]:
    """The counts that are not 0."""
    return {name: int(step.outputs[name]) for name in COUNTS if step.outputs[name] != "0"}


def documents(store: OpenAIServer) -> dict[str, str]:
    """What the one store holds."""
    [store_id] = store.stores()
    return store.documents(store_id)


def manifest(runner: Runner) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(runner.remote.show(BRANCH, ".vsync/manifest.json"))
    return found


def seal(runner: Runner) -> dict[str, Any]:
    """The seal: the one file of its commit."""
    [name] = runner.remote.git("ls-tree", "-r", "--name-only", SEAL).splitlines()
    found: dict[str, Any] = json.loads(runner.remote.show(SEAL, name))
    return found


def refs(runner: Runner) -> dict[str, str]:
    lines = runner.remote.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return {name: commit for name, _, commit in (line.partition(" ") for line in lines)}


def writes(store: OpenAIServer) -> list[str]:
    """Requests that change something, or could."""
    return [f"{request.method} {request.path}" for request in store.requests if request.method != "GET"]


def propose(runner: Runner, base: str, files: dict[str, bytes]) -> str:
    """A commit on a branch `feature` that starts at the base."""
    runner.remote.git("update-ref", "refs/heads/feature", base)
    return runner.remote.commit(files, branch="feature")


@pytest.fixture
def first(runner: Runner) -> str:
    """The first commit of the branch main on the remote."""
    return runner.remote.commit(FILES)


@pytest.fixture
def synced(runner: Runner, first: str, store: OpenAIServer) -> str:
    """The first commit, when it has been synced."""
    step = runner.push(first)
    assert step.code == 0, step.log
    store.forget()
    runner.git.forget()
    return first


# --- Pushes -----------------------------------------------------------------------------------------------------------


def test_the_first_push_fills_a_store_and_tells_so(runner: Runner, first: str, store: OpenAIServer) -> None:
    step = runner.push(first)
    assert step.code == 0, step.log
    assert documents(store) == DOCUMENTS
    assert counts(step) == {"added": 3}
    assert step.outputs["changed"] == "true"
    assert step.outputs["dry-run"] == "false"
    assert step.outputs["failure-reason"] == ""
    assert step.outputs["head"] == first
    assert store.stores() == {step.outputs["vector-store-id"]: "docs"}
    assert "+3 in docs, 3 documents" in step.summary
    assert json.loads((step.workspace / step.outputs["report"]).read_text())["added"] == sorted(DOCUMENTS)


def test_the_manifest_is_published_on_a_branch_of_its_own_and_sealed(runner: Runner, first: str) -> None:
    step = runner.push(first)
    assert refs(runner) == {
        "refs/heads/main": first,
        BRANCH: step.outputs["manifest-commit"],
        SEAL: runner.remote.git("rev-parse", SEAL),
    }
    assert runner.remote.git("rev-list", "--count", BRANCH) == "1"
    assert runner.remote.git("rev-list", "--count", SEAL) == "1"
    assert runner.remote.git("ls-tree", "-r", "--name-only", BRANCH) == ".vsync/manifest.json"
    assert manifest(runner)["source"] == "acme/docs"
    target = manifest(runner)["targets"]["default"]
    assert target["commit"] == first
    assert target["vector_store_id"] == step.outputs["vector-store-id"]
    assert sorted(target["files"]) == sorted(DOCUMENTS)
    assert seal(runner)["state"] == "closed"
    assert seal(runner)["manifest"] == runner.remote.blob(BRANCH, ".vsync/manifest.json")


def test_the_next_push_sends_only_what_changed(runner: Runner, synced: str, store: OpenAIServer) -> None:
    change = {"docs/a.md": b"# A, again\n", "docs/b.md": None, "docs/new/b.md": b"# B\n", "docs/c.md": b"# C\n"}
    second = runner.remote.commit({**change, "README.md": None})
    step = runner.push(second, synced)
    assert step.code == 0, step.log
    assert counts(step) == {"added": 1, "updated": 1, "renamed": 1, "removed": 1}
    assert documents(store) == {"docs/a.md": "# A, again\n", "docs/new/b.md": "# B\n", "docs/c.md": "# C\n"}
    assert len(store.files()) == 3
    assert step.outputs["base"] == synced
    assert manifest(runner)["targets"]["default"]["commit"] == second
    assert runner.remote.git("rev-list", "--count", BRANCH) == "2"
    assert seal(runner)["state"] == "closed"


def test_a_push_that_changes_no_document_asks_the_api_nothing_and_publishes_nothing(
    runner: Runner, synced: str, store: OpenAIServer
) -> None:
    before = runner.remote.git("rev-parse", BRANCH)
    step = runner.push(runner.remote.commit({"src/x.py": b"x = 2\n"}), synced)
    assert step.code == 0, step.log
    assert step.outputs["changed"] == "false"
    assert store.requests == []
    assert runner.remote.git("rev-parse", BRANCH) == before


def test_a_whole_clone_gives_the_same_as_a_shallow_one(runner: Runner, synced: str, store: OpenAIServer) -> None:
    step = runner.push(runner.remote.commit({"docs/a.md": b"# A, again\n"}), synced, depth=0)
    assert step.code == 0, step.log
    assert counts(step) == {"updated": 1, "unchanged": 2}
    assert documents(store)["docs/a.md"] == "# A, again\n"


def test_a_push_to_another_branch_only_plans(runner: Runner, synced: str, store: OpenAIServer) -> None:
    before = refs(runner)
    other = runner.remote.commit({"docs/other.md": b"# Other\n"}, branch="side")
    step = runner.push(other, branch="side")
    assert step.code == 0, step.log
    assert step.outputs["dry-run"] == "true"
    assert writes(store) == []
    assert refs(runner) == {**before, "refs/heads/side": other}


def test_a_forced_push_backwards_takes_the_store_back(runner: Runner, synced: str, store: OpenAIServer) -> None:
    second = runner.remote.commit({"docs/c.md": b"# C\n"})
    assert runner.push(second, synced).code == 0
    runner.remote.git("update-ref", "refs/heads/main", synced)
    step = runner.push(synced, second, forced=True)
    assert step.code == 0, step.log
    assert documents(store) == DOCUMENTS
    assert manifest(runner)["targets"]["default"]["commit"] == synced


def test_two_runs_at_once_leave_what_the_newest_commit_holds(runner: Runner, synced: str, store: OpenAIServer) -> None:
    second = runner.remote.commit({"docs/a.md": b"# A, two\n", "docs/two.md": b"# Two\n"})
    third = runner.remote.commit({"docs/a.md": b"# A, three\n", "docs/three.md": b"# Three\n"})
    with ThreadPoolExecutor() as pool:
        older = pool.submit(runner.push, second, synced, run_id="9100000001")
        newer = pool.submit(runner.push, third, second, run_id="9100000002")
        steps = [older.result(), newer.result()]
    assert [step.code for step in steps] == [0, 0], "\n".join(step.log for step in steps)
    added = {"docs/a.md": "# A, three\n", "docs/two.md": "# Two\n", "docs/three.md": "# Three\n"}
    assert documents(store) == {**DOCUMENTS, **added}
    assert len(store.files()) == len(documents(store))
    assert seal(runner)["state"] == "closed"
    assert manifest(runner)["targets"]["default"]["commit"] == third


def test_someone_elses_commit_on_the_manifests_branch_stays(
    runner: Runner, synced: str, store: OpenAIServer, git_server: GitServer
) -> None:
    def someone_adds_a_note() -> None:
        runner.remote.commit({"NOTE.md": b"A note.\n"}, branch="vsync-manifest")

    # The first push of the run takes the seal, the second publishes.
    git_server.before_push(lambda: None, someone_adds_a_note)
    second = runner.remote.commit({"docs/c.md": b"# C\n"})
    step = runner.push(second, synced)
    assert step.code == 0, step.log
    names = runner.remote.git("ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert names == [".vsync/manifest.json", "NOTE.md"]
    assert manifest(runner)["targets"]["default"]["commit"] == second
    assert "docs/c.md" in documents(store)


def test_a_run_that_was_killed_is_mended_by_the_next_one(
    runner: Runner, synced: str, store: OpenAIServer, git_server: GitServer
) -> None:
    second = runner.remote.commit({"docs/a.md": b"# A, again\n", "docs/c.md": b"# C\n"})
    # The third push (after those of the seal and of the trial of the rules): all is uploaded, and nothing of it published.
    git_server.before_push(lambda: None, lambda: None, runner.kill)
    killed = runner.push(second, synced)
    assert killed.code == 137, killed.log
    assert seal(runner)["state"] == "open"
    assert len(store.files()) == 5
    runner.github.runs[int(killed.run_id)] = {"id": int(killed.run_id), "status": "completed"}
    step = runner.push(second, synced)
    assert step.code == 0, step.log
    assert documents(store) == {**DOCUMENTS, "docs/a.md": "# A, again\n", "docs/c.md": "# C\n"}
    assert len(store.files()) == 4
    assert seal(runner)["state"] == "closed"


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_a_token_that_may_not_push_stops_the_run_before_anything_is_uploaded(
    runner: Runner, first: str, store: OpenAIServer
) -> None:
    step = runner.push(first, rights="read")
    assert step.code == 3
    assert step.outputs["failure-reason"] == "permission"
    assert "contents: write" in step.log
    assert writes(store) == []
    assert refs(runner) == {"refs/heads/main": first}


def test_a_key_that_the_api_refuses_is_told_without_the_key(runner: Runner, first: str, store: OpenAIServer) -> None:
    store.key = "another"
    step = runner.push(first)
    assert step.code == 3
    assert step.outputs["failure-reason"] == "credentials"
    assert "The API refused the key" in step.log


def test_a_protected_manifest_branch_stops_the_run_and_the_next_one_mends_it(
    runner: Runner, synced: str, store: OpenAIServer, git_server: GitServer
) -> None:
    second = runner.remote.commit({"docs/a.md": b"# A, again\n"})
    git_server.refuse_push("acme/docs", BRANCH)
    step = runner.push(second, synced)
    assert step.code == 3
    assert step.outputs["failure-reason"] == "permission"
    assert manifest(runner)["targets"]["default"]["commit"] == synced
    git_server.refuse_push("acme/docs", "refs/none")
    again = runner.push(second, synced)
    assert again.code == 0, again.log
    assert documents(store) == {**DOCUMENTS, "docs/a.md": "# A, again\n"}
    assert len(store.files()) == 3


def test_a_remote_that_is_briefly_away_is_asked_again(
    runner: Runner, first: str, store: OpenAIServer, git_server: GitServer
) -> None:
    def is_away() -> None:
        git_server.fail(1, 503)

    git_server.before_push(is_away)
    step = runner.push(first)
    assert step.code == 0, step.log
    assert documents(store) == DOCUMENTS


# --- Pull requests ----------------------------------------------------------------------------------------------------


def test_a_pull_request_only_plans(runner: Runner, synced: str, store: OpenAIServer) -> None:
    before = refs(runner)
    head = propose(runner, synced, {"docs/a.md": b"# A, proposed\n", "docs/p.md": b"# P\n"})
    step = runner.pull_request(7, head, synced)
    assert step.code == 0, step.log
    assert step.outputs["dry-run"] == "true"
    assert (step.outputs["added"], step.outputs["updated"]) == ("1", "1")
    assert writes(store) == []
    assert documents(store) == DOCUMENTS
    assert {name: refs(runner)[name] for name in before} == before


def test_a_pull_request_has_one_comment_that_follows_it(runner: Runner, synced: str) -> None:
    head = propose(runner, synced, {"docs/p.md": b"# P\n"})
    step = runner.pull_request(7, head, synced)
    [comment] = runner.github.on(7)
    assert "docs/p" in comment.body
    assert f"#issuecomment-{comment.id}" in step.log
    later = runner.remote.commit({"docs/q.md": b"# Q\n"}, branch="feature")
    step = runner.pull_request(7, later, synced, action="synchronize")
    assert step.code == 0, step.log
    assert [(one.id, one.edits) for one in runner.github.on(7)] == [(comment.id, 1)]
    assert "docs/q" in comment.body


def test_a_fork_has_no_secrets_and_its_pull_request_is_planned_all_the_same(
    runner: Runner, synced: str, store: OpenAIServer
) -> None:
    head = propose(runner, synced, {"docs/p.md": b"# P\n"})
    step = runner.pull_request(8, head, synced, fork="mallory/docs")
    assert step.code == 0, step.log
    assert step.outputs["dry-run"] == "true"
    assert step.outputs["added"] == "1"
    assert store.requests == []
    assert runner.github.on(8) == []
    assert "No comment was written" in step.log


# --- By hand ----------------------------------------------------------------------------------------------------------


def test_a_run_by_hand_syncs(runner: Runner, synced: str, store: OpenAIServer) -> None:
    second = runner.remote.commit({"docs/c.md": b"# C\n"})
    step = runner.dispatch(second, inputs={"full": "true"})
    assert step.code == 0, step.log
    assert counts(step) == {"added": 1, "unchanged": 3}
    assert documents(store) == {**DOCUMENTS, "docs/c.md": "# C\n"}


def test_a_run_by_hand_may_only_plan(runner: Runner, synced: str, store: OpenAIServer) -> None:
    step = runner.dispatch(runner.remote.commit({"docs/c.md": b"# C\n"}), inputs={"dry-run": "true"})
    assert step.code == 0, step.log
    assert counts(step)["added"] == 1
    assert step.outputs["dry-run"] == "true"
    assert writes(store) == []


def test_other_commands_run_by_hand(runner: Runner, synced: str) -> None:
    step = runner.dispatch(synced, inputs={"command": "stores", "args": "list"})
    assert step.code == 0, step.log
    assert "docs" in step.log


# --- The checks themselves --------------------------------------------------------------------------------------------


def test_a_leak_would_be_found(runner: Runner, synced: str, store: OpenAIServer) -> None:
    step = runner.push(runner.remote.commit({"docs/c.md": b"# C\n"}), synced)
    [*_, token, _] = runner.secret_values
    for form in hygiene.written_forms(token):
        told = hygiene.told(Step(0, f"x{form.decode()}x", {}, "", "1", step.folder, step.workspace, {}))
        assert hygiene.leaks(told, [token]) == ["log"]
    whole = [(str(request), repr(request.headers).encode()) for request in store.requests]
    assert len(hygiene.leaks(whole, runner.secret_values)) == len(whole) > 0
    (step.folder / "leak").write_text(token)
    assert hygiene.leaks(hygiene.kept(step), [token]) == [str(step.folder / "leak")]
    (step.folder / "leak").unlink()
