"""A store whose record is on the remote gets no second record from a clone that does not push."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.shared import SEAL, Shared
from vsync.config.origin import Origin
from vsync.errors import ManifestError
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify

A, B = b"# A\n", b"# B\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Shared]:
    """Two documents in the store since a run that kept its record on the remote."""
    made = Shared(tmp_path)
    made.commit({"a.md": A, "b.md": B})
    assert made.sync(origin=Origin("acme/docs", "1", "10")).exit_code == 0
    made.wire.calm()
    yield made
    made.wire.close()


@pytest.mark.parametrize(
    "given",
    [{}, {"commit": True}, {"manifest": "none"}, {"vector_store_name": "another"}],
    ids=["file", "commit", "no manifest", "another name"],
)
def test_a_sync_without_push_is_refused_before_anything_is_created(world: Shared, given: dict[str, Any]) -> None:
    before, refs = world.uploaded(), world.refs()
    with pytest.raises(ManifestError, match=SEAL) as refused:
        world.sync(push=False, **given)
    assert refused.value.exit_code == 2
    assert "--push" in refused.value.remedy
    assert world.wire.sent == []
    assert (world.uploaded(), world.refs(), len(world.stores())) == (before, refs, 1)


@pytest.mark.parametrize("order", [{"rebuild": True}, {"take_over": ("*",), "yes": True, "repair": True}])
def test_verify_writes_no_second_record(world: Shared, order: dict[str, Any]) -> None:
    world.plant(path="theirs.md")
    clone = world.clone()
    with (
        world.opened(push=False, clone=clone) as opened,
        pytest.raises(ManifestError, match="origin") as refused,
    ):
        verify(*opened, VerifyOptions(**order))
    assert "--push" in refused.value.remedy
    assert not [sent for sent in world.wire.sent if sent.method != "GET"]
    assert not (clone.root / ".vsync" / "manifest.json").exists()


def test_with_push_the_run_goes_on_from_the_record(world: Shared) -> None:
    assert world.sync().requests == {}


def test_another_target_gets_a_record_of_its_own(world: Shared) -> None:
    report = world.sync(push=False, target="mine")
    assert report.exit_code == 0
    assert len(world.stores()) == 2


def test_a_clone_with_a_record_of_its_own_goes_on_with_it(world: Shared) -> None:
    clone = world.clone()
    assert world.sync(push=False, target="mine", clone=clone).exit_code == 0
    world.bare.git("update-ref", "refs/vsync/mine", world.refs()[SEAL])
    world.wire.calm()
    assert world.sync(push=False, target="mine", clone=clone).requests == {}


def test_a_copy_of_the_repository_without_its_seals_has_a_record_all_the_same(world: Shared) -> None:
    world.bare.git("update-ref", "-d", SEAL)
    with pytest.raises(ManifestError, match="refs/heads/vsync-manifest"):
        world.sync(push=False)


def test_a_remote_that_does_not_answer_is_a_warning(world: Shared) -> None:
    clone = world.clone()
    clone.git("config", "remote.origin.url", str(world.folder / "nowhere.git"))
    clone.git("update-ref", "-d", "refs/remotes/origin/vsync-manifest")
    report = world.sync(push=False, target="mine", clone=clone)
    assert report.exit_code == 0
    assert any("Whether the remote origin keeps a record" in warning for warning in report.warnings)


def test_a_record_that_the_clone_has_fetched_counts_while_the_remote_does_not_answer(world: Shared) -> None:
    clone = world.clone()
    clone.git("config", "remote.origin.url", str(world.folder / "nowhere.git"))
    with pytest.raises(ManifestError, match="as far as this clone knows"):
        world.sync(push=False, clone=clone)
    assert world.sync(push=False, target="mine", clone=clone).exit_code == 0


def test_a_plan_without_push_says_that_a_sync_is_refused(world: Shared) -> None:
    report = world.sync(push=False, dry_run=True)
    assert any("Without --push, a sync into its store is refused." in warning for warning in report.warnings)
