"""A run that uploads documents again dies at any of its requests: the next run keeps one entry of each document."""

from __future__ import annotations

import pytest

from tests.deep.seeds import places
from tests.integration.sync.test_reindex import world as world
from tests.support.wire import World, die


@pytest.mark.parametrize("again", [None, "*"], ids=["plain", "again"])
@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_death_at_any_request_leaves_one_entry_of_each_document(
    world: World, answered: bool, again: str | None
) -> None:
    world.commit({"a.md": b"# A is longer\n"})
    whole = world.copy(world.folder.parent / f"{world.folder.name}-whole")
    assert whole.sync(reindex="*").exit_code == 0
    requests = len(whole.wire.sent)
    whole.wire.close()
    assert requests > 8
    for number in places(requests, 2, f"{again}, {answered}"):
        dying = world.copy(world.folder.parent / f"{world.folder.name}-{number}")

        def prepare(dying: World, number: int = number) -> None:
            dying.wire.when(lambda sent: sent.number == number, die(answered=answered))

        dying.sync_and_die(prepare, reindex="*", concurrency="1")
        assert all(dying.searchable(path) for path in dying.files)
        assert dying.sync(reindex=again).exit_code == 0
        assert dying.audit() == set()
        dying.settled()
        dying.wire.calm()
        assert not dying.sync().changed
        assert dying.wire.sent == []
        dying.wire.close()
