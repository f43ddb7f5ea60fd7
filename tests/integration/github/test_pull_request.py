"""The trees of a pull request in real git: found whatever is checked out, fetched beside the clone, compared exactly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders import TARGET
from tests.support.gitrepo import Content, File, Name, Repo, environment, executable, link, submodule
from vsync.errors import RepositoryError
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.github.mode import PullRequest
from vsync.github.trees import Trees, find_trees, sources
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Plan
from vsync.plan.scan import difference, scan

UNKNOWN = "9" * 40


class Hub:
    """A remote with a base branch and one pull request, number 7."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo = Repo.make(folder / "remote", "--bare")
        self.clones = 0

    def base(self, files: Mapping[Name, Content]) -> str:
        return self.repo.commit(files)

    def pull(self, files: Mapping[Name, Content]) -> str:
        """Pushes to the pull request, which branched off where `main` was then."""
        if not self.repo.git("for-each-ref", "refs/heads/feature"):
            self.repo.git("update-ref", "refs/heads/feature", "refs/heads/main")
        head = self.repo.commit(files, branch="feature")
        self.repo.git("update-ref", "refs/pull/7/head", head)
        return head

    def merge(self, base: str, head: str, *, ref: str = "refs/pull/7/merge") -> str:
        tree = self.repo.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        merged = self.repo.git("commit-tree", tree, "-p", base, "-p", head, "-m", "Merge")
        self.repo.git("update-ref", ref, merged)
        return merged

    def clone(self, commit: str, *, depth: int | None = 1, options: tuple[str, ...] = ()) -> Repository:
        """A clone with that commit checked out, as actions/checkout makes it."""
        self.clones += 1
        clone = Repo.make(self.folder / f"clone-{self.clones}")
        clone.git("remote", "add", "origin", self.repo.root.as_uri())
        deep = (f"--depth={depth}",) if depth else ()
        clone.git("fetch", "-q", "--no-tags", *deep, *options, "origin", f"+{commit}:refs/remotes/checkout")
        clone.git("checkout", "-q", "--force", "--detach", commit)
        return Repository(clone.root)

    @contextmanager
    def remote(self, clone: Repository) -> Iterator[Remote]:
        remote = Remote(self.repo.root.as_uri(), None, environment(), clone.configuration(), pause=lambda seconds: None)
        try:
            yield remote
        finally:
            remote.close()


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


DIFF = Comparison("diff", "the pull request against its base")


def request(base: str | None, head: str | None, **facts: Any) -> PullRequest:
    return PullRequest(7, base=base, head=head, **facts)


def plan_of(hub: Hub, clone: Repository, pull: PullRequest, checked_out: str) -> tuple[Trees, Plan]:
    with hub.remote(clone) as remote:
        trees = find_trees(pull, clone, checked_out, None, remote)
        with sources(trees, clone, remote) as opened:
            return trees, difference(opened.base, opened.head, TARGET, None, DIFF).plan


def told(plan: Plan) -> list[tuple[str, str]]:
    return [(operation.kind, operation.path) for operation in plan.operations]


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder, by the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


BASE_FILES: dict[str, Content] = {"README.md": b"# Read me\n", "docs/a.md": b"# A\n", "docs/b.md": b"# B\n"}


# --- What is checked out ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, None], ids=["one commit deep", "whole"])
@pytest.mark.parametrize("what", ["merge", "head", "base"])
def test_the_plan_is_the_same_whatever_is_checked_out(hub: Hub, depth: int | None, what: str) -> None:
    hub.base(BASE_FILES)
    head = hub.pull({"docs/a.md": b"# A, changed\n", "docs/new.md": b"# New\n"})
    base = hub.base({"docs/b.md": b"# B of the base\n", "docs/later.md": b"# Later\n"})
    merge = hub.merge(base, head)
    checked_out = {"merge": merge, "head": head, "base": base}[what]
    trees, plan = plan_of(hub, hub.clone(checked_out, depth=depth), request(base, head), checked_out)
    assert (trees.base, trees.head, trees.warning) == (base, merge, None)
    assert told(plan) == [("replace", "docs/a.md"), ("upload", "docs/new.md")]
    assert plan.unchanged == 3


def test_a_base_that_moved_since_the_payload_is_that_of_the_merge(hub: Hub) -> None:
    old = hub.base(BASE_FILES)
    head = hub.pull({"docs/new.md": b"# New\n"})
    merge = hub.merge(hub.base({"docs/later.md": b"# Later\n"}), head)
    _, plan = plan_of(hub, hub.clone(merge), request(old, head), merge)
    assert told(plan) == [("upload", "docs/new.md")]


def test_a_base_branch_that_moved_on_is_not_taken_for_the_pull_request(hub: Hub) -> None:
    """With pull_request_target the branch's tip is checked out, which may be newer than the payload's base."""
    old = hub.base(BASE_FILES)
    head = hub.pull({"docs/new.md": b"# New\n"})
    hub.merge(old, head)
    tip = hub.base({"docs/later.md": b"# Later\n"})
    _, plan = plan_of(hub, hub.clone(tip), request(old, head), tip)
    assert told(plan) == [("upload", "docs/new.md")]


def test_a_merge_commit_of_the_base_branch_is_not_taken_for_the_pull_request(hub: Hub) -> None:
    first = hub.base(BASE_FILES)
    hub.repo.git("update-ref", "refs/heads/other", first)
    tip = hub.merge(first, hub.repo.commit({"docs/other.md": b"# Other\n"}, branch="other"), ref="refs/heads/main")
    hub.repo.forget("main")
    head = hub.pull({"docs/new.md": b"# New\n"})
    hub.merge(tip, head)
    _, plan = plan_of(hub, hub.clone(tip), request(tip, head), tip)
    assert told(plan) == [("upload", "docs/new.md")]


def test_an_old_merge_of_one_with_conflicts_is_told(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    first = hub.pull({"docs/new.md": b"# New\n"})
    hub.merge(base, first)
    head = hub.pull({"docs/a.md": b"# A of the pull request\n"})
    base = hub.base({"docs/a.md": b"# A of the base\n"})
    trees, plan = plan_of(hub, hub.clone(base), request(base, head), base)
    assert told(plan) == [("upload", "docs/new.md")]
    assert trees.warning is not None
    assert first[:12] in trees.warning
    assert "conflicts" in trees.warning


def test_without_a_merge_and_with_history_the_head_is_compared_with_where_it_branched_off(hub: Hub) -> None:
    hub.base(BASE_FILES)
    head = hub.pull({"docs/a.md": b"# A of the pull request\n"})
    base = hub.base({"docs/a.md": b"# A of the base\n", "docs/later.md": b"# Later\n"})
    clone = hub.clone(head, depth=None)
    Repo(clone.root).git("fetch", "-q", "origin", "main")
    trees, plan = plan_of(hub, clone, request(base, head), head)
    assert told(plan) == [("replace", "docs/a.md")]
    assert trees.warning is None


def test_without_a_merge_and_history_what_cannot_be_told_apart_is_said(hub: Hub) -> None:
    hub.base(BASE_FILES)
    head = hub.pull({"docs/a.md": b"# A of the pull request\n"})
    base = hub.base({"docs/a.md": b"# A of the base\n", "docs/later.md": b"# Later\n"})
    trees, _ = plan_of(hub, hub.clone(head), request(base, head), head)
    assert trees.warning is not None
    assert "refs/pull/7/merge" in trees.warning
    assert "fetch-depth: 0" in trees.warning


def test_the_base_alone_is_no_plan_of_a_pull_request(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    head = hub.pull({"docs/new.md": b"# New\n"})
    with pytest.raises(RepositoryError, match="the remote has no refs/pull/7/merge"):
        plan_of(hub, hub.clone(base), request(base, head), base)


def test_a_payload_without_commits_and_another_checkout_is_an_error(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    with pytest.raises(RepositoryError, match="cannot be found"):
        plan_of(hub, hub.clone(base), request(None, None), base)


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_of_a_merged_one_what_it_brought_is_told(hub: Hub, how: str) -> None:
    base = hub.base(BASE_FILES)
    head = hub.pull({"docs/a.md": b"# A2\n", "docs/b.md": None})
    if how == "merge":
        merged = hub.merge(base, head, ref="refs/heads/main")
    elif how == "squash":
        merged = hub.base({"docs/a.md": b"# A2\n", "docs/b.md": None})
    else:
        hub.base({"docs/a.md": b"# A2\n"})
        merged = hub.base({"docs/b.md": None})
    _, plan = plan_of(hub, hub.clone(merged), request(base, head, state="merged"), merged)
    assert told(plan) == [("replace", "docs/a.md"), ("delete", "docs/b.md")]


def test_a_base_that_the_user_names_is_taken_as_it_is(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    head = hub.pull({"docs/new.md": b"# New\n"})
    clone = hub.clone(head)
    assert find_trees(request(None, None), clone, head, base, None).base == base


def test_a_head_that_the_user_names_is_compared_with_the_base(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    first = hub.pull({"docs/new.md": b"# New\n"})
    head = hub.pull({"docs/more.md": b"# More\n"})
    hub.merge(base, head)
    clone = hub.clone(head, depth=None)
    with hub.remote(clone) as remote:
        trees = find_trees(request(base, head), clone, first, None, remote, named=True)
    assert (trees.base, trees.head) == (base, first)


# --- Fetched beside the clone -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--filter=blob:none",)], ids=["plain", "partial"])
def test_nothing_in_the_clone_changes_and_nothing_is_left_behind(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    hub.repo.git("config", "uploadpack.allowFilter", "true")
    base = hub.base(BASE_FILES)
    head = hub.pull({"docs/a.md": b"# A2\n", "docs/b.md": None})
    merge = hub.merge(base, head)
    clone = hub.clone(merge, options=options)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    before = snapshot(clone.root)
    trees, plan = plan_of(hub, clone, request(base, head), merge)
    assert trees.base == base
    assert told(plan) == [("replace", "docs/a.md"), ("delete", "docs/b.md")]
    assert snapshot(clone.root) == before
    assert list((tmp_path / "tmp").iterdir()) == []


def test_contents_that_stand_at_the_base_alone_are_read_for_their_sizes(hub: Hub) -> None:
    hub.repo.git("config", "uploadpack.allowFilter", "true")
    base = hub.base({**BASE_FILES, "docs/long.md": b"x" * 5_000})
    head = hub.pull({"docs/long.md": None})
    merge = hub.merge(base, head)
    _, plan = plan_of(hub, hub.clone(merge), request(base, head), merge)
    assert [operation.previous.bytes for operation in plan.deletes if operation.previous] == [5_000]


def test_the_last_synced_commit_is_not_fetched_to_see_that_it_is_not_here(hub: Hub) -> None:
    older = hub.base(BASE_FILES)
    base = hub.base({"docs/c.md": b"# C\n"})
    head = hub.pull({"docs/new.md": b"# New\n"})
    merge = hub.merge(base, head)
    clone = hub.clone(merge)
    with hub.remote(clone) as remote:
        trees = find_trees(request(base, head), clone, merge, None, remote)
        with sources(trees, clone, remote) as opened:
            assert opened.base.knows(base)
            assert not opened.base.knows(older)
            assert not opened.base.knows(UNKNOWN)
        assert not remote.has(older)


def test_a_base_that_cannot_be_fetched_is_an_error_that_says_so(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    merge = hub.merge(base, hub.pull({"docs/new.md": b"# New\n"}))
    clone = hub.clone(merge)
    trees = Trees(UNKNOWN, merge, "")
    with hub.remote(clone) as remote, pytest.raises(RepositoryError) as raised, sources(trees, clone, remote):
        pass
    assert UNKNOWN[:12] in raised.value.message
    assert "fetch-depth: 0" in raised.value.remedy


def test_without_a_remote_a_base_that_is_not_here_is_an_error_that_says_so(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    head = hub.pull({"docs/new.md": b"# New\n"})
    merge = hub.merge(base, head)
    clone = hub.clone(merge)
    trees = find_trees(request(base, head), clone, merge, None, None)
    with pytest.raises(RepositoryError, match="no remote `origin`"), sources(trees, clone, None):
        pass


def test_a_base_that_is_here_needs_no_remote(hub: Hub) -> None:
    base = hub.base(BASE_FILES)
    head = hub.pull({"docs/new.md": b"# New\n"})
    merge = hub.merge(base, head)
    clone = hub.clone(merge, depth=2)
    trees = find_trees(request(base, head), clone, merge, None, None)
    with sources(trees, clone, None) as opened:
        assert told(difference(opened.base, opened.head, TARGET, None, DIFF).plan) == [("upload", "docs/new.md")]


def test_a_file_of_the_base_is_read_there(hub: Hub) -> None:
    base = hub.base({**BASE_FILES, "state.json": b"of the base"})
    head = hub.pull({"state.json": b"of the pull request", "docs/a.md": b"# A2\n"})
    merge = hub.merge(base, head)
    clone = hub.clone(merge)
    with hub.remote(clone) as remote:
        trees = find_trees(request(base, head), clone, merge, None, remote)
        with sources(trees, clone, remote) as opened:
            assert opened.repository.file(trees.base, "state.json") == b"of the base"


# --- Files of every kind ------------------------------------------------------------------------------------------


def compare(hub: Hub, old: Mapping[Name, Content], change: Mapping[Name, Content]) -> Plan:
    base = hub.base(old)
    head = hub.pull(change)
    merge = hub.merge(base, head)
    return plan_of(hub, hub.clone(merge), request(base, head), merge)[1]


def test_renames_modes_links_and_submodules(hub: Hub) -> None:
    old: dict[str, Content] = {
        "moved.md": b"same\n" * 9,
        "mode.md": b"# Mode\n",
        "to-link.md": b"# Link\n",
        "from-link.md": link("mode.md"),
        "to-empty.md": b"text\n",
        "from-empty.md": b"",
        "to-module": b"no document",
        "kind.md": b"# Kind\n",
    }
    change: dict[str, Content] = {
        "moved.md": None,
        "there/moved.md": b"same\n" * 9,
        "mode.md": executable(b"# Mode\n"),
        "to-link.md": link("../../etc/passwd"),
        "from-link.md": b"# A file now\n",
        "to-empty.md": b"",
        "from-empty.md": b"words\n",
        "to-module": submodule(),
        "kind.md": None,
        "kind.unknown": b"# Kind\n",
    }
    plan = compare(hub, old, change)
    assert plan.renamed == (("moved.md", "there/moved.md"),)
    assert {path: record.reason for path, record in (plan.skipped or {}).items()} == {
        "to-link.md": "symlink",
        "to-empty.md": "empty",
        "to-module": "submodule",
    }
    assert told(plan) == [
        ("upload", "from-empty.md"),
        ("upload", "from-link.md"),
        ("delete", "kind.md"),
        ("delete", "moved.md"),
        ("upload", "there/moved.md"),
        ("delete", "to-empty.md"),
        ("delete", "to-link.md"),
    ]
    assert plan.unchanged == 1


def test_names_that_are_not_text_are_skipped_and_do_not_hide_others(hub: Hub) -> None:
    plan = compare(
        hub, {b"caf\xe9.md": b"old\n", b"ok.md": b"ok\n"}, {b"caf\xe9.md": b"new\n", b"caf\xc3\xa9.md": b"new\n"}
    )
    assert told(plan) == [("upload", "café.md")]
    assert {path: record.reason for path, record in (plan.skipped or {}).items()} == {"caf\\xe9.md": "undecodable-name"}


# --- Any two trees ------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a.md", "b.md", "c.txt", "d/a.md", "d/e/b.md", "x.py", "ü.md", "-q.md", ".git-x.md"])
DATA = st.sampled_from(
    [b"", b"one\n", b"two\n", b"three\n", b"\xff\xfe\xfd", b"version https://git-lfs.github.com/spec/v1\n"]
)
FILES = st.builds(File, st.sampled_from(["100644", "100755", "120000"]), DATA)
TREES = st.dictionaries(NAMES, FILES, max_size=7)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return Repo.make(tmp_path_factory.mktemp("trees") / "repo", "--bare")


def documents(plan: Plan) -> dict[str, str]:
    """Path and blob of what a plan from nothing uploads."""
    return {op.path: op.document.blob for op in plan.operations if op.document is not None}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=TREES, new=TREES)
def test_the_plan_turns_the_documents_of_the_base_into_those_of_the_merge(
    scratch: Repo, old: dict[str, File], new: dict[str, File]
) -> None:
    base = scratch.commit({**dict.fromkeys(_paths(scratch), None), **old})
    merge = scratch.commit({**dict.fromkeys(old, None), **new})
    repository = Repository(scratch.root)
    with sources(Trees(base, merge, ""), repository, None) as opened:
        plan = difference(opened.base, opened.head, TARGET, None, DIFF).plan
        before = documents(scan(opened.base, None, TARGET).plan)
        after = documents(scan(opened.head, None, TARGET).plan)
    found = dict(before)
    for operation in plan.operations:
        if operation.kind == "delete":
            del found[operation.path]
            continue
        assert operation.document is not None
        assert (operation.path in found) is (operation.kind == "replace")
        found[operation.path] = operation.document.blob
    assert found == after


def _paths(repo: Repo) -> list[str]:
    tips = repo.git("for-each-ref", "refs/heads/main")
    return os.fsdecode(repo.git_bytes("ls-tree", "-r", "-z", "--name-only", "main")).split("\0")[:-1] if tips else []
