"""Plans for targets that ask for links and submodules: a diff and a full comparison give the same, whatever happens."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.gitrepo import Content, Repo, link, submodule
from vsync.config.targets import Target
from vsync.documents.selection import Rules
from vsync.errors import RepositoryError
from vsync.git.repository import Repository
from vsync.plan.comparison import Comparison
from vsync.plan.scan import difference, scan, state_with
from vsync.source.git import GitSource
from vsync.source.submodules import Submodules
from vsync.source.widened import Widened
from vsync.state.manifest import EMPTY_STATE, TargetState

TARGET = Target(source="owner/name", rules=Rules(types="any"), symlinks=True, submodules=True)
DIFF = Comparison("diff", "a test")


@contextmanager
def opened(repo: Repo, commit: str) -> Iterator[Widened]:
    repository = Repository(repo.root)
    submodules = Submodules(repository, Repository)
    with closing(Widened(GitSource(repository, commit), symlinks=True, submodules=submodules)) as source:
        yield source


def synced(repo: Repo, commit: str, state: TargetState, *, full: bool) -> TargetState:
    with opened(repo, commit) as source:
        plan = scan(source, state, TARGET, full=full).plan
    return state_with(state, plan, commit=commit, settings=TARGET.fingerprint)


def bring(repo: Repo, lib: Repo) -> Path:
    """Puts the submodule's repository where a checkout puts it."""
    modules = repo.git_folder / "modules" / "lib"
    lib.git("clone", "-q", "--bare", "--template=", ".", str(modules))
    return modules


def test_random_histories_give_the_same_documents_in_each_way(repo: Repo, tmp_path: Path) -> None:
    lib = Repo.make(tmp_path / "lib")
    commits = [lib.commit({f"{number % 3}.md": b"text %d" % number, "sub/x.md": b"x"}) for number in range(4)]
    bring(repo, lib)
    chance = random.Random(7)
    places = ["a.md", "docs/a.md", "docs/b.md", "manual", "docs/link.md", "lib", "x.md"]
    targets = ["docs", "a.md", "../a.md", "lib/sub", "lib/0.md", "docs/link.md", "manual", "/etc/passwd", "b.md"]
    step_by_step = EMPTY_STATE
    for turn in range(25):
        changed: dict[str, Content] = {}
        for place in chance.sample(places, 2):
            kinds: list[Content] = [b"text %d" % turn, link(chance.choice(targets)), None]
            changed[place] = submodule(chance.choice(commits)) if place == "lib" else chance.choice(kinds)
        head = repo.commit(changed)
        step_by_step = synced(repo, head, step_by_step, full=False)
        at_once = synced(repo, head, EMPTY_STATE, full=True)
        blobs = {path: entry.blob for path, entry in step_by_step.files.items()}
        assert blobs == {path: entry.blob for path, entry in at_once.files.items()}
        assert step_by_step.skipped == at_once.skipped


def test_a_base_whose_submodule_is_not_here_counts_as_synced(repo: Repo, tmp_path: Path) -> None:
    lib = Repo.make(tmp_path / "lib")
    first = lib.commit({"a.md": b"old", "b.md": b"same"})
    base = repo.commit({"top.md": b"top", "lib": submodule(first)})
    modules = bring(repo, lib)
    state = synced(repo, base, EMPTY_STATE, full=True)
    second = lib.commit({"a.md": b"new"})
    head = repo.commit({"lib": submodule(second)})
    modules.rename(tmp_path / "away")  # a checkout of depth 1 leaves the new commit alone
    shallow = lib.clone(tmp_path / "shallow", "--depth=1", "--bare")
    shallow.root.rename(modules)
    with opened(repo, base) as before, opened(repo, head) as after:
        found = difference(before, after, TARGET, state, DIFF)
        assert [(operation.kind, operation.path) for operation in found.plan.operations] == [("replace", "lib/a.md")]
        with pytest.raises(RepositoryError, match="documents of the submodule 'lib'"):
            scan(before, state, replace(TARGET, attributes={"team": "docs"}))
