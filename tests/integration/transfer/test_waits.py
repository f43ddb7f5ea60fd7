"""How long a sync waits before it asks whether its documents are indexed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gitrepo import Repo
from tests.support.transfers import POLL, Ran, Skipping, numbered
from tests.support.wire import World
from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.report.observer import Observer
from vsync.sync import run as sync
from vsync.sync.assemble import assemble
from vsync.sync.workspace import open_workspace


class Recording(Skipping):
    """Keeps the sleeps of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.slept.append(seconds)
        await super().sleep(seconds)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.make_store("docs")
    yield made
    made.wire.close()


def test_a_server_is_first_asked_after_a_moment(world: World) -> None:
    stop = Recording()
    ran = Ran(world, numbered(5), stop=stop, clock=stop.now)
    assert len(ran.confirmed) == 5
    assert stop.slept == [0.3]
    assert len(world.wire.of(POLL)) == 1


@pytest.mark.parametrize("count", [1, 5])
def test_a_sync_into_the_embedded_store_waits_for_nothing(repo: Repo, tmp_path: Path, count: int) -> None:
    repo.commit(dict(numbered(count)))
    settings = resolve({"repo": str(repo.root), "local": str(tmp_path / "store.db"), "source": "acme/docs"}, {})
    stop, workspace = Recording(), open_workspace(settings, Origin())
    report = sync.run(*assemble(settings, Credentials(), Origin(), workspace, Observer(), stop, dry_run=False))
    workspace.close()
    assert (len(report.documents.added), report.exit_code) == (count, 0)
    assert stop.slept == []
    looks = [number for what, number in report.requests.items() if what.startswith("GET /vector_stores/{id}/file")]
    assert looks == [1]
