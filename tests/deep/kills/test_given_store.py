"""A run into a store that vsync did not make is killed at each of its requests. There no signature proves a replaced File."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deep.seeds import moments
from tests.support.shared import Shared
from tests.support.wire import die
from vsync.state import remote as remote_module

_MOST_REQUESTS = 30


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(remote_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("vsync.state.remote._GRACE_S", 0.0)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Shared]:
    """Two documents change and one goes, and the run for that has still to come."""
    world = Shared(tmp_path / "begun")
    world.settings["vector_store_id"] = world.make_store("given")
    world.commit({"a.md": b"# A\n", "b.md": b"# B\n", "c.md": b"# C\n", "d.md": b"# D\n"})
    assert world.sync().exit_code == 0
    world.commit({"a.md": b"# A2\n", "b.md": b"# B2\n", "c.md": None})
    world.wire.calm()
    yield world
    world.wire.close()


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("machine", ["the same", "another"])
def test_whatever_a_killed_run_leaves_is_deleted_or_named(
    begun: Shared, tmp_path: Path, machine: str, answered: bool
) -> None:
    died = 0
    for number in moments(3, f"{machine}, {answered}"):
        assert number < _MOST_REQUESTS
        world = begun.copy(tmp_path / f"{number}")
        assert isinstance(world, Shared)
        clone = world.clone()

        def at_that_request(there: Shared, number: int = number) -> None:
            there.wire.when(lambda sent: sent.number == number, die(answered=answered))

        if not world.sync_and_die(at_that_request, clone=clone):  # type: ignore[arg-type]  # mypy: the fault takes a Shared, which every world of this test is
            world.wire.close()
            break
        died += 1
        world.wire.calm()
        then: dict[str, Any] = {"clone": clone} if machine == "the same" else {}
        report = world.sync(is_dead=True, **then)
        assert (report.exit_code, report.error) == (0, None), number
        left, named = world.audit(), {item["file_id"] for item in report.to_json()["leftovers"]}
        assert left <= named, number
        assert machine == "another" or not left, number
        world.settled()
        world.wire.calm()
        assert (world.sync().changed, world.wire.sent) == (False, []), number
        world.wire.close()
    assert died > 3
