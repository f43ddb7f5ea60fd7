"""Several targets of one repository share a manifest and an owner, and nothing else."""

from __future__ import annotations

import pytest

from tests.support.command_line import World
from tests.support.command_line import world as world

pytestmark = pytest.mark.usefixtures("kept_signal_handlers")

PAGES = {f"docs/{number}.md": f"# {number}\n".encode() for number in range(12)}


def test_a_targets_run_does_not_make_another_ones_manifest_doubtful(world: World) -> None:
    world.repo.commit(PAGES)
    for target in ("staging", "production"):
        world.sync("--target", target)
    world.repo.commit({"docs/new.md": b"# New\n"})
    assert world.sync("--target", "staging")["added"] == ["docs/new.md"]
    changed = world.sync("--target", "production")
    assert changed["added"] == ["docs/new.md"]
    assert changed["warnings"] == []
    assert "GET /vector_stores/{id}/files" not in changed["requests"]


def test_each_target_has_a_store_of_its_own_name(world: World) -> None:
    world.repo.commit(PAGES)
    stores = {world.sync("--target", target)["vector_store_id"] for target in ("default", "staging")}
    assert len(stores) == 2
