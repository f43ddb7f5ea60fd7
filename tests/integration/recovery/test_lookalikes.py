"""Files of runs whose record is gone: they are named by sync and verify, and never deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.wire import World, die
from vsync.report.report import Report
from vsync.verify.options import VerifyOptions
from vsync.verify.run import run as verify

DOCUMENTS = {f"docs/{number}.md": f"# document {number}\n".encode() for number in range(5)}


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world")
    yield made
    made.wire.close()


def killed_at_upload(world: World, number: int) -> None:
    """A run that is killed when it uploads, on a machine that is gone then."""

    def prepare(dying: World) -> None:
        dying.wire.when("POST /files", die(answered=True), skip=number - 1)

    assert world.sync_and_die(prepare, concurrency="1")
    another_clone(world)


def another_clone(world: World) -> None:
    world.forget_manifest()
    world.forget_seal()
    world.wire.calm()


def unattached(world: World) -> set[str]:
    listed = {entry["id"] for store in world.stores() for entry in world.pages(f"/vector_stores/{store['id']}/files")}
    return world.uploaded().keys() - listed


def named(report: Report) -> set[str]:
    assert {item["verdict"] for item in report.to_json()["leftovers"]} <= {"listed"}
    return {item["file_id"] for item in report.to_json()["leftovers"]}


def verified(world: World, **options: Any) -> Report:
    with world.opened() as opened:
        return verify(*opened, VerifyOptions(**options))


@pytest.mark.parametrize("given", [{}, {"manifest": "none"}], ids=["another clone", "no manifest"])
def test_the_uploads_of_a_killed_run_whose_record_is_gone_are_named(world: World, given: dict[str, Any]) -> None:
    world.commit(DOCUMENTS)
    killed_at_upload(world, 3)
    left = unattached(world)
    assert len(left) == 3
    report = world.sync(**given)
    assert report.exit_code == 0
    assert named(report) == left == unattached(world)
    assert all(any(file_id in warning for warning in report.warnings) for file_id in left)


def test_verify_names_them_too(world: World) -> None:
    world.commit(DOCUMENTS)
    killed_at_upload(world, 3)
    assert world.sync().exit_code == 0
    report = verified(world)
    assert (report.exit_code, named(report)) == (0, unattached(world))
    another_clone(world)
    assert named(verified(world, rebuild=True)) == unattached(world)


def test_a_run_without_a_manifest_that_is_killed_between_detach_and_delete_leaves_files_that_are_named(
    world: World,
) -> None:
    given: dict[str, Any] = {"manifest": "none"}
    world.commit(DOCUMENTS)
    assert world.sync(**given).exit_code == 0
    world.commit({path: content.replace(b"document", b"Document") for path, content in DOCUMENTS.items()})
    assert world.sync_and_die(lambda dying: dying.wire.when("DELETE /files/*", die(answered=False)), **given)
    left = unattached(world)
    assert left
    another_clone(world)  # on the same machine the journal would prove them
    report = world.sync(**given)
    assert report.exit_code == 0
    assert named(report) == left
    assert world.audit() == left


def test_files_that_a_store_lists_or_of_another_size_or_name_are_not_named(world: World) -> None:
    world.commit(DOCUMENTS)
    killed_at_upload(world, 1)
    left = unattached(world)
    other = world.make_store("somebody's")
    same = world.upload("docs/0.md", DOCUMENTS["docs/0.md"])
    world.ask("POST", f"/vector_stores/{other}/files", {"file_id": same})
    world.upload("docs/0.md", b"longer than the document")
    world.upload("elsewhere/0.md", DOCUMENTS["docs/0.md"])
    assert named(world.sync()) == left


def test_a_run_with_a_manifest_and_a_closed_seal_asks_for_no_files(world: World) -> None:
    world.commit(DOCUMENTS)
    assert world.sync().exit_code == 0
    world.upload("docs/0.md", DOCUMENTS["docs/0.md"])
    world.wire.calm()
    world.commit({"docs/1.md": b"# changed\n"})
    report = world.sync()
    assert (report.exit_code, named(report)) == (0, set())
    assert not world.wire.of("GET /files")


def test_files_are_listed_once_and_stores_only_where_there_is_something_to_ask(world: World) -> None:
    world.commit(DOCUMENTS)
    assert world.sync().exit_code == 0
    another_clone(world)
    assert world.sync().requests["GET /vector_stores"] == 1
    assert len(world.wire.of("GET /files")) == 1
