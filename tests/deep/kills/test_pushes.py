"""Kills at each push of a run whose state stands on a remote: a fresh clone finishes what the run began."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.integration.sync.test_sync_remote import A, B, converges
from tests.integration.sync.test_sync_remote import no_grace_time as no_grace_time
from tests.integration.sync.test_sync_remote import quick as quick
from tests.integration.sync.test_sync_remote import synced as synced
from tests.integration.sync.test_sync_remote import world as world
from tests.support.shared import Shared
from vsync.git.remote import Remote


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_that_was_killed_at_a_push_is_finished_by_a_fresh_clone(synced: Shared, number: int, after: bool) -> None:
    """The pushes: take the seal, publish, close the seal."""
    synced.commit({"a.md": b"# A2\n", "new.md": b"# new\n", "docs/c.md": None})
    assert synced.sync_and_die(lambda _: _die_at_push(number, after))
    converges(synced)
    assert synced.audit() == set()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_first_run_that_was_killed_at_a_push_is_finished_by_a_fresh_clone(
    world: Shared, number: int, after: bool
) -> None:
    """The pushes: take the seal, claim the owner, publish and close."""
    world.commit({"a.md": A, "b.md": B})
    assert world.sync_and_die(lambda _: _die_at_push(number, after))
    converges(world)
    assert world.audit() == set()


def _die_at_push(number: int, after: bool) -> None:
    real, count = Remote._push, [0]

    def push(remote: Remote, updates: Any) -> tuple[int, str]:
        count[0] += 1
        if count[0] == number and not after:
            os._exit(137)
        done = real(remote, updates)
        if count[0] == number:
            os._exit(137)
        return done

    setattr(Remote, "_push", push)  # noqa: B010 - mypy refuses a plain assignment to a method
