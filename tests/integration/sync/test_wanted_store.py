"""The store that a config wants: how it is made, when it expires, and what becomes of an expired one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.wire import World, once
from vsync.errors import StoreGone

CONFIG = b"""\
version: 1
vector-store-name: acme-docs
description: All the docs
metadata: {team: docs}
expires-after-days: 30
"""


@pytest.fixture
def wanted(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A document in a store that the config describes, and no request on record."""
    made = once("a wanted store", tmp_path_factory, _a_wanted_store).copy(tmp_path / "world")
    yield made
    made.wire.close()


def _a_wanted_store(world: World) -> None:
    world.commit({".vsync.yml": CONFIG, "a.md": b"# A\n"})
    assert world.sync().exit_code == 0


def test_a_new_store_is_as_the_config_wants_it(wanted: World) -> None:
    store = wanted.ask("GET", f"/vector_stores/{wanted.store_id}")
    assert (store["name"], store["expires_after"]) == ("acme-docs", {"anchor": "last_active_at", "days": 30})
    assert store["metadata"]["team"] == "docs"
    assert store["metadata"]["vsync_target"] == "default"
    assert store["description"] == "All the docs"


def test_an_expiry_that_is_meant_is_no_warning(wanted: World) -> None:
    assert wanted.sync().warnings == ()
    assert wanted.plan().warnings == ()


def test_another_expiry_is_set_once(wanted: World) -> None:
    wanted.commit({".vsync.yml": CONFIG.replace(b"30", b"60")})
    wanted.wire.calm()
    assert wanted.sync().exit_code == 0
    assert wanted.ask("GET", f"/vector_stores/{wanted.store_id}")["expires_after"]["days"] == 60
    wanted.wire.calm()
    assert (wanted.sync().exit_code, wanted.wire.sent) == (0, [])


def test_a_store_of_somebody_else_keeps_its_expiry(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.settings["vector_store_id"] = world.make_store("everybody's")
    world.commit({".vsync.yml": b"version: 1\nexpires-after-days: 30\n", "a.md": b"# A\n"})
    assert world.sync().exit_code == 0
    assert world.ask("GET", f"/vector_stores/{world.store_id}")["expires_after"] is None
    world.wire.close()


def test_a_store_that_is_gone_is_made_again_where_it_was_to_expire(wanted: World) -> None:
    old = wanted.store_id
    wanted.ask("DELETE", f"/vector_stores/{old}")
    assert wanted.sync().exit_code == 0  # nothing to do: the store is not asked
    wanted.commit({"b.md": b"# B\n"})
    report = wanted.sync()
    assert (report.exit_code, report.documents.added) == (0, ("a.md", "b.md"))
    assert wanted.store_id != old
    assert any(f"The vector store {old} is gone." in warning for warning in report.warnings)
    assert {str(entry.attributes["path"]) for entry in wanted.entries()} == {"a.md", "b.md"}
    wanted.wire.calm()
    assert (wanted.sync().exit_code, wanted.wire.sent) == (0, [])


def test_a_store_that_is_gone_is_an_error_where_it_was_to_stay(wanted: World) -> None:
    wanted.commit({".vsync.yml": CONFIG.replace(b"expires-after-days: 30\n", b"")})
    assert wanted.sync().exit_code == 0
    wanted.ask("DELETE", f"/vector_stores/{wanted.store_id}")
    wanted.commit({"b.md": b"# B\n"})
    with pytest.raises(StoreGone):
        wanted.sync()
