"""Fetches whose results go to a branch: fresh checkouts begin with it, and the API keeps what could not be published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.batch_world import BatchWorld
from tests.support.batches import requests_named
from tests.support.gitrepo import Repo
from vsync.batch import branch_offer
from vsync.batch.batch_report import BatchReport
from vsync.batch.results_branch import DEFAULT_RESULTS_BRANCH, OF_RESULTS, ResultsBranch
from vsync.errors import PushRefused
from vsync.git.remote import Remote

A, RESULTS, SUMMARY = "batches/a.jsonl", "batch-results/a.jsonl", "batch-results/a.summary.json"
IDS, OTHERS = ["one", "two"], ["three", "four", "five"]
BRANCH = DEFAULT_RESULTS_BRANCH


@pytest.fixture
def bare(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path / "remote.git", "--bare")


Fetch = Callable[..., BatchReport]


@pytest.fixture
def fetch(world: BatchWorld, bare: Repo) -> Iterator[Fetch]:
    """Fetches as a run of its own does, with the branch."""
    branches: list[ResultsBranch] = []

    def run(**options: Any) -> BatchReport:
        remote = Remote(str(bare.root), None, os.environ, pause=lambda seconds: None, remedies=OF_RESULTS)
        branches.append(ResultsBranch(remote, BRANCH, "batch-results", shared=False, log=world.notes.append))
        return world.fetch(branch=branches[-1], **options)

    yield run
    for branch in branches:
        branch.close()


def submitted(world: BatchWorld, ids: list[str]) -> None:
    world.write(A, requests_named(ids))
    assert world.submit().error is None
    world.pass_time()


def fresh_checkout(world: BatchWorld) -> None:
    shutil.rmtree(world.root / "batch-results")


def on_branch(bare: Repo) -> list[str]:
    return bare.git("ls-tree", "-r", "--name-only", BRANCH).split("\n")


def test_results_are_published_and_a_fresh_checkout_begins_with_them(
    world: BatchWorld, bare: Repo, fetch: Fetch
) -> None:
    submitted(world, IDS)
    report = fetch()
    assert report.published == {"branch": BRANCH, "commit": bare.git("rev-parse", BRANCH)}
    assert on_branch(bare) == [RESULTS, SUMMARY]
    assert bare.show(BRANCH, RESULTS) == (world.root / RESULTS).read_bytes()
    fresh_checkout(world)
    world.wire.calm()

    again = fetch()

    assert (again.fetched, again.published, again.error) == ([], None, None)
    assert not [sent for sent in world.wire.sent if sent.path.endswith("/content")]
    assert world.ids(RESULTS) == IDS


def test_results_of_an_earlier_content_are_moved_on_the_branch_as_they_are_here(
    world: BatchWorld, bare: Repo, fetch: Fetch
) -> None:
    submitted(world, IDS)
    fetch()
    fresh_checkout(world)
    submitted(world, OTHERS)

    fetch()

    assert world.ids(RESULTS) == OTHERS
    assert sorted(path.removeprefix("batch-results/") for path in on_branch(bare)) == world.results
    assert len(world.results) == 4
    assert {path: bare.show(BRANCH, path) for path in on_branch(bare)} == {
        path: (world.root / path).read_bytes() for path in on_branch(bare)
    }


def test_a_request_file_that_is_reverted_gets_its_results_back_on_the_branch(
    world: BatchWorld, bare: Repo, fetch: Fetch
) -> None:
    for ids in (IDS, OTHERS):
        submitted(world, ids)
        fetch()
    world.write(A, requests_named(IDS))
    fresh_checkout(world)

    fetch()

    assert world.ids(RESULTS) == IDS
    assert sorted(path.removeprefix("batch-results/") for path in on_branch(bare)) == world.results
    assert bare.show(BRANCH, RESULTS) == (world.root / RESULTS).read_bytes()


def test_a_push_that_is_refused_ends_the_run_and_loses_nothing(world: BatchWorld, bare: Repo, fetch: Fetch) -> None:
    hook = bare.root / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'protected branch' >&2\nexit 1\n")
    hook.chmod(0o755)
    submitted(world, IDS)

    report = fetch(clean=True)

    assert isinstance(report.error, PushRefused)
    assert "The results are in batch-results on this machine" in report.error.remedy
    assert (report.exit_code, report.published, report.cleaned) == (3, None, 0)
    assert world.ids(RESULTS) == IDS
    assert len(world.files("batch_output")) == 1


def test_the_api_keeps_the_files_of_results_that_could_not_be_published(
    world: BatchWorld, bare: Repo, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(world, IDS)
    with monkeypatch.context() as patched:
        patched.setattr(branch_offer, "MOST_FILE_BYTES", 10)
        report = fetch(clean=True)
    assert (report.error, report.published, report.cleaned) == (None, None, 0)
    assert ([failed.code for failed in report.failed], report.exit_code) == (["not-published"], 1)
    assert f"{RESULTS} is not on the branch" in world.notes[-1]
    assert len(world.files("batch_output")) == 1

    report = fetch(clean=True)

    assert report.cleaned == 2
    assert on_branch(bare) == [RESULTS, SUMMARY]
