"""A document that the server fails to index in two runs is not uploaded again until it changes. An outage does not count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.transfers import SickIndex
from tests.support.wire import World
from vsync.report.report import Report
from vsync.verify.options import VerifyOptions
from vsync.verify.reports import verification_of
from vsync.verify.run import run as verify

ALWAYS = 99


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here processes die, not machines: what was written is there."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.wire.close()


def run(world: World, sick: tuple[str, ...] = (), **given: object) -> Report:
    """A run at a server that fails to index these files. Only its own requests are on record."""
    world.wire.calm()
    SickIndex(world, dict.fromkeys(sick, ALWAYS))
    sync: Callable[..., Report] = world.sync
    return sync(**given)


def uploads(world: World) -> int:
    return len(world.wire.of("POST /files"))


def test_a_document_that_fails_in_two_runs_is_left_alone_until_it_changes(world: World) -> None:
    head = world.commit({"a.md": b"# A", "bad.pdf": b"%PDF-1.4 odd"})
    first = run(world, ("bad.pdf",))
    assert (first.exit_code, uploads(world)) == (1, 4)
    assert (world.state.failed, world.state.commit) == ({}, None)
    assert world.state.unindexed["bad.pdf"].tries == 3
    second = run(world, ("bad.pdf",))
    assert (second.exit_code, uploads(world)) == (1, 3)
    (item,) = second.documents.failed
    assert "tried 6 times in two runs or more" in item["message"]
    assert (world.state.unindexed, world.state.commit) == ({}, head)
    assert world.state.failed["bad.pdf"].tries == 6
    before = world.manifest_path.read_bytes()
    third = run(world, ("bad.pdf",))
    assert (third.exit_code, world.wire.sent) == (1, [])
    (item,) = third.documents.failed
    assert "tried 6 times" in item["message"]
    assert "--reindex PATH" in item["message"]
    assert world.manifest_path.read_bytes() == before
    with world.opened() as opened:
        (item,) = verification_of(verify(*opened, VerifyOptions())).refused_before
    assert "failed to index it 6 times" in item["message"]
    world.commit({"bad.pdf": b"%PDF-1.4 mended"})
    assert (run(world).exit_code, uploads(world)) == (0, 1)
    assert world.audit() == set()
    world.settled()


def test_an_order_to_upload_again_tries_again(world: World) -> None:
    world.commit({"a.md": b"# A", "bad.pdf": b"%PDF-1.4 odd"})
    for _ in range(2):
        run(world, ("bad.pdf",))
    assert (run(world, reindex=("bad.pdf",)).exit_code, uploads(world)) == (0, 1)
    assert world.audit() == set()


def test_a_bad_new_version_leaves_the_old_one_in_the_store(world: World) -> None:
    world.commit({"a.md": b"# A", "b.md": b"# B"})
    run(world)
    world.commit({"a.md": b"# A2", "b.md": b"# B2"})
    for _ in range(2):
        assert run(world, ("b.md",)).exit_code == 1
    report = run(world, ("b.md",))
    assert (report.exit_code, uploads(world)) == (1, 0)
    assert report.documents.failed[0]["message"].endswith("the old version stays in the store")
    assert world.searchable("b.md") == [b"# B"]


def test_an_outage_is_tried_again_by_each_run(world: World) -> None:
    world.commit({"a.md": b"# A"})
    run(world)
    world.commit({"a.md": b"# A2", "b.md": b"# B"})
    for _ in range(3):
        assert run(world, ("a.md", "b.md")).exit_code == 1
        assert uploads(world) == 6
        assert (world.state.failed, world.state.unindexed) == ({}, {})
    assert (run(world).exit_code, uploads(world)) == (0, 2)
    assert world.audit() == set()
    world.settled()


def test_a_new_document_of_a_type_that_the_store_never_took_is_tried_by_two_runs(world: World) -> None:
    world.commit({"a.md": b"# A"})
    run(world)
    world.commit({"new.docx": b"PK odd"})
    assert [(run(world, ("new.docx",)).exit_code, uploads(world)) for _ in range(3)] == [(1, 3), (1, 3), (1, 0)]
