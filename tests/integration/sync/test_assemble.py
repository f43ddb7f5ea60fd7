"""What a run is put together from: its rates, and the paths that are never documents."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.gitrepo import Repo
from tests.support.wire import World
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.state.journal import Journal
from vsync.sync.assemble import _journal
from vsync.sync.git_access import GitAccess
from vsync.sync.workspace import open_workspace

NO_LIMIT = 10**12


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.commit({"a.md": b"# A\n"})
    return made


def rates(world: World, **given: Any) -> tuple[int, int, int]:
    with world.opened(**given) as opened:
        found = opened.ports.rates
        return found.uploads.limit, found.writes("vs_1").limit, found.attached.limit


def test_the_rates_of_the_api_hold_unless_others_are_given(world: World) -> None:
    assert rates(world) == (1000, 300, 2000)
    assert rates(world, uploads_per_minute="3") == (3, 300, 2000)


def test_the_embedded_store_has_only_the_rates_that_are_given(world: World) -> None:
    assert min(rates(world, local="true")) > NO_LIMIT
    uploads, writes, attached = rates(world, local="true", uploads_per_minute="3")
    assert (uploads, min(writes, attached) > NO_LIMIT) == (3, True)
    uploads, writes, attached = rates(world, local="true", writes_per_minute="2")
    assert (writes, min(uploads, attached) > NO_LIMIT) == (2, True)


def test_the_files_of_the_embedded_store_are_reserved_where_they_lie_in_the_source(world: World) -> None:
    with world.opened(local=str(world.repo.root / "sub" / "x.db")) as opened:
        reserved = opened.target.rules.reserved
    names = ("", "-wal", "-shm", "-journal", ".manifest.json", ".seal/")
    assert set(reserved) == {f"sub/x.db{name}" for name in names}
    with world.opened(local=str(world.folder / "x.db"), manifest="m.json") as opened:
        assert opened.target.rules.reserved == ("m.json",)


def journal(repo: Repo, **given: str) -> Journal:
    settings = resolve({"repo": str(repo.root), **given}, {})
    home = {"XDG_STATE_HOME": str(repo.root.parent / "state")}
    with contextlib.closing(open_workspace(settings, Origin(), GitAccess(home))) as workspace:
        return _journal(settings, workspace, lambda _: None)


def test_a_journal_is_signed_for_its_folder_and_its_target(world: World, tmp_path: Path) -> None:
    here = journal(world.repo)
    signature = here.signer.sign(b"content")
    shutil.copytree(world.repo.root, tmp_path / "copy")
    others = [journal(Repo(tmp_path / "copy")), journal(world.repo, target="other")]
    assert signature
    assert journal(world.repo).signer.has_signed(b"content", signature)
    assert [other.signer.has_signed(b"content", signature) for other in others] == [False, False]


def test_a_home_in_the_repository_signs_nothing(world: World) -> None:
    settings = resolve({"repo": str(world.repo.root)}, {})
    with contextlib.closing(open_workspace(settings, Origin(), GitAccess({"HOME": str(world.repo.root)}))) as workspace:
        assert _journal(settings, workspace, lambda _: None).signer.sign(b"content") == ""
