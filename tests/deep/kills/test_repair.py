"""A repair that breaks at any of its writes: the next repair goes on with it."""

from __future__ import annotations

import pytest

from tests.integration.verify.test_verify import copy_entry, detach, rechunk, set_attributes, verify
from tests.integration.verify.test_verify import world as world
from tests.support.wire import Fault, World, lose, refuse


def break_much(world: World) -> None:
    detach(world, "docs/a.md")
    set_attributes(world, {"x": "y"}, "docs/b.md")
    rechunk(world, "docs/c.md")
    copy_entry(world, "docs/d.md")
    copy_entry(world, "docs/e.md", path="docs/nowhere.md")
    world.plant()
    world.wire.calm()


@pytest.mark.parametrize("fault", [lose(), refuse(401, "revoked", "invalid_api_key")], ids=["lost", "refused"])
def test_a_repair_that_breaks_at_any_write_is_gone_on_with(world: World, fault: Fault) -> None:
    break_much(world)
    whole = world.copy(world.folder.parent / "whole")
    assert verify(whole, repair=True).exit_code == 0
    written = [sent.number for sent in whole.wire.sent if sent.method != "GET"]
    assert len(written) > 8
    for number in written:
        broken = world.copy(world.folder.parent / f"broken-{number}")
        broken.wire.when(lambda sent, number=number: sent.number == number, fault)  # type: ignore[misc]  # mypy: a lambda with a default has no type; the default binds the loop's value
        verify(broken, repair=True)
        broken.wire.calm()
        assert verify(broken, repair=True).exit_code == 0
        assert broken.audit() == set()
        broken.settled()
        broken.wire.close()
