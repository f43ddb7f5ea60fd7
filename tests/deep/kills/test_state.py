"""Kills that the fault matrix lacks: while a run writes its state, on a machine that forgets everything, and at a push."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.recovery.test_recovery import (
    at_request,
    first_sync,
    forget_everything,
    same_as_before,
    unknown_files,
    update,
)
from tests.integration.recovery.test_recovery import no_waiting_for_the_disk as no_waiting_for_the_disk
from tests.integration.recovery.test_recovery import world as world
from tests.support.wire import World
from vsync.state import local
from vsync.system.atomic_write import write_durably

A, B, C, D = b"# A\n", b"# B\n", b"# C\n", b"# D\n"


def nothing(_: World) -> None:
    pass


@dataclass
class Death:
    """A world whose last run died. `lost` are Files that no store lists and nothing names any more."""

    world: World
    place: str
    lost: set[str]


def deaths(
    world: World, afterwards: Callable[[World], None], moments: Sequence[bool] = (False, True)
) -> Iterator[Death]:
    """Copies of a world in which the next run died: at each of its requests, before and after the server had done it."""
    number = 0
    while True:
        number += 1
        for answered in moments:
            copy = world.copy(world.folder.parent / f"died-{number}-{answered}")
            try:
                if not copy.sync_and_die(at_request(number, answered=answered)):
                    return
                place = f"{'after' if answered else 'before'} the server did what request {number} asks"
                check_searchable(world, copy, place)
                afterwards(copy)
                yield Death(copy, place, unknown_files(copy))
            finally:
                copy.wire.close()


def check_searchable(before: World, after: World, place: str) -> None:
    """No document that was there and is still wanted has gone meanwhile, or turned into something else."""
    for path, old in before.synced.items():
        if path in after.files:
            found = after.searchable(path)
            assert found, (place, path)
            assert set(found) <= {old, after.files[path]}, (place, path)


def rename_and_removal(world: World) -> None:
    first_sync(world)
    world.sync()
    world.plant(path="a.md")
    world.wire.calm()
    world.commit({"a.md": None, "docs/c.md": None, "docs/moved.md": C})


@pytest.mark.parametrize("begin", [first_sync, update, rename_and_removal])
def test_a_killed_run_is_made_up_for_by_another_machine_that_knows_nothing(
    world: World, begin: Callable[[World], None]
) -> None:
    begin(world)
    places = 0
    for death in deaths(world, forget_everything, moments=[True]):
        places += 1
        report = death.world.sync()
        assert (report.exit_code, report.error, report.documents.failed) == (0, None, ()), death.place
        assert death.world.audit() <= death.lost, death.place
        death.world.settled()
        same_as_before(death.world)
    assert places >= 6


@pytest.mark.parametrize("begin", [first_sync, update])
def test_a_run_that_is_killed_while_it_writes_its_state_is_made_up_for(
    world: World, begin: Callable[[World], None]
) -> None:
    begin(world)
    writes = 0
    while True:
        writes += 1
        other = world.copy(world.folder.parent / f"write-{writes}")
        if not other.sync_and_die(lambda _, number=writes: _die_at_write(number)):  # type: ignore[misc]  # mypy: a lambda with a default has no type; the default binds the loop's value
            other.wire.close()
            break
        report = other.sync()
        assert (report.exit_code, report.error) == (0, None), writes
        assert other.audit() == set(), writes
        other.settled()
        same_as_before(other)
        other.wire.close()
    assert writes > 4


def _die_at_write(number: int) -> None:
    """In a process that dies: every file is written by `write_durably`."""
    count = 0

    def write(path: Path, content: bytes) -> None:
        nonlocal count
        count += 1
        write_durably(path, content)
        if count == number:
            os._exit(137)

    setattr(local, "write_durably", write)  # noqa: B010 - mypy refuses a plain assignment to an imported function
