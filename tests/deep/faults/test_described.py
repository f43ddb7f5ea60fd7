"""A run that follows a changed config, broken at each of its requests: the next run brings the store to the same state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deep.seeds import places
from tests.support.wire import Fault, Sent, World, die, lose, once, refuse
from vsync.errors import VsyncError

BEFORE = b"""\
version: 1
attributes: {team: docs, area: "{1}"}
front-matter: [title, weight]
git: [changed]
content: {front-matter: strip}
rules:
  - match: docs/api/
    chunking: {size: 400, overlap: 100}
"""
AFTER = b"""\
version: 1
attributes: {team: docs, part: "{2}"}
front-matter: {title: name}
url: "{permalink}"
content: {comments: strip, heading: source}
rules:
  - match: docs/api/
    chunking: {size: 500, overlap: 100}
  - match: docs/plain.md
    content: {heading: false, comments: keep}
"""
FILES = {
    "docs/front.md": b"---\ntitle: First\nweight: 3\n---\n# A\n\nText.\n",
    "docs/plain.md": b"# Plain\n\nText.\n",
    "docs/api/b.md": b"# B\n\n<!-- to do -->\nText.\n",
    "docs/gone.md": b"# Gone\n",
    "docs/old.md": b"# Old\n\nMoves.\n",
}
CHANGES = {
    "docs/gone.md": None,
    "docs/old.md": None,
    "docs/new.md": b"# Old\n\nMoves.\n",
    "docs/latin.md": "# Große Straße\n\nÜbung für später, größer als früher.\n".encode("utf-16"),
}
Shown = dict[str, tuple[bytes, dict[str, Any], Any]]


def made(world: World) -> None:
    world.settings["source"] = "acme/docs"
    world.commit({".vsync.yml": BEFORE, **FILES})
    assert world.sync(force=True).exit_code == 0


@pytest.fixture
def changed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A synced world in which config and files were changed since."""
    world = once("described, and then otherwise", tmp_path_factory, made).copy(tmp_path / "world")
    world.commit({".vsync.yml": AFTER, **CHANGES})
    world.wire.calm()
    yield world
    world.wire.close()


def shown(world: World) -> Shown:
    """What the store holds of each document. The commit in attributes is that of the upload."""
    found: Shown = {}
    for entry in world.ours():
        assert entry.path not in found, f"{entry.path} is there twice"
        assert entry.status == "completed"
        attributes = {name: value for name, value in entry.attributes.items() if name != "owner"}
        found[entry.path] = (entry.content, attributes, entry.chunking)
    return found


def whole(changed: World) -> tuple[Shown, list[Sent]]:
    world = changed.copy(changed.folder.parent / "whole")
    world.wire.calm()
    report = world.sync(force=True)
    assert report.exit_code == 0, report
    found, sent = shown(world), list(world.wire.sent)
    world.wire.close()
    return found, sent


def converges(world: World, wanted: Shown, *, knows_uploads: bool) -> None:
    """One more run, and then there is nothing left to do. Without a record no Files are told from a stranger's."""
    world.wire.calm()
    assert world.sync(force=True).exit_code == 0
    assert shown(world) == wanted
    if knows_uploads:
        world.settled()
        assert world.uploaded().keys() == {entry.file_id for entry in world.entries()}
    world.wire.calm()
    again = world.sync()
    assert (again.exit_code, again.changed, world.wire.sent) == (0, False, [])
    assert world.sync(full=True).plan.is_empty


def broken(world: World, fault: Fault, number: int) -> None:
    world.wire.when(lambda sent: sent.number == number, fault)
    try:
        world.sync(force=True)
    except VsyncError as error:
        assert error.exit_code in {1, 3}, error  # noqa: PT017 - ruff does not see that a run without an error is as good


def forgets(world: World, what: str) -> None:
    if what == "manifest":
        world.forget_manifest()
    elif what == "seal":
        world.forget_seal()


@pytest.mark.parametrize(
    ("fault", "forgotten"),
    [
        (lose(), "nothing"),
        (lose(), "manifest"),
        (lose(), "seal"),
        (refuse(400, "bad", "invalid"), "nothing"),
        (refuse(401, "revoked", "invalid_api_key"), "nothing"),
    ],
    ids=["lost answer", "lost answer and manifest", "lost answer and seal", "400", "401"],
)
def test_a_run_that_breaks_anywhere_is_gone_on_with(
    changed: World, request: pytest.FixtureRequest, fault: Fault, forgotten: str
) -> None:
    wanted, sent = whole(changed)
    assert len(sent) > 12
    for number in places(len(sent), 3, request.node.name):
        world = changed.copy(changed.folder.parent / f"{number}")
        broken(world, fault, number)
        forgets(world, forgotten)
        converges(world, wanted, knows_uploads=forgotten == "nothing")
        world.wire.close()


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "unanswered"])
@pytest.mark.parametrize("forgotten", ["nothing", "manifest"])
def test_a_run_that_is_killed_anywhere_is_gone_on_with(
    changed: World, request: pytest.FixtureRequest, answered: bool, forgotten: str
) -> None:
    wanted, sent = whole(changed)
    for number in places(len(sent), 3, request.node.name):
        world = changed.copy(changed.folder.parent / f"{number}")

        def prepare(inner: World, number: int = number) -> None:
            inner.wire.when(lambda sent: sent.number == number, die(answered=answered))

        world.sync_and_die(prepare, force=True)
        forgets(world, forgotten)
        converges(world, wanted, knows_uploads=forgotten == "nothing")
        world.wire.close()
