"""The runs that faults are put into. In each of them other people's Files look like ours."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.deep.product import Hurried
from tests.support.shared import SEAL, Shared
from tests.support.wire import die
from vsync.auth.credentials import Credentials
from vsync.documents.document import upload_filename
from vsync.report.report import Report
from vsync.state import remote

KEY = "sk-proj-faults-0123456789abcdefgh"
OLD = {
    "a.md": b"# A\n",
    "b.md": b"# B is longer\n",
    "docs/c.md": b"# C is longer than B\n",
    "docs/d.md": b"# D is the longest of all\n",
}
_AN_HOUR_S = 3600


class Surrounded(Hurried):
    """A world with another store in it, and other people's Files."""

    key = KEY

    def __post_init__(self) -> None:
        super().__post_init__()
        self.taken_away: dict[str, str] = {}
        """Entries that somebody took out of the store: the ids of their Files by path."""

    @property
    def own_stores(self) -> list[str]:
        """The stores that vsync made or was given, without expired ones."""
        return [store["id"] for store in self._own() if store["status"] != "expired"]

    @property
    def expired_stores(self) -> list[str]:
        return [store["id"] for store in self._own() if store["status"] == "expired"]

    def _own(self) -> list[Any]:
        given = self.settings.get("vector_store_id")
        return [store for store in self.stores() if store["id"] == given or "vsync_owner" in (store["metadata"] or {})]

    @property
    def store_id(self) -> str:
        (found,) = self.own_stores
        return found


class Machines(Surrounded, Shared):
    """The state is on a git remote. Each run has a machine of its own, with nothing but a fresh clone."""

    def sync(self, **given: Any) -> Report:
        return super().sync(is_dead=True, **given)


@dataclass(frozen=True)
class Scenario:
    """`begin` prepares a world for the run. `uploads` and `entries_gone` say what the run has to do.

    The run also detaches and deletes Files that the manifest records and the list of the store lacks: the list may be stale.
    """

    name: str
    begin: Callable[[Surrounded], None]
    uploads: int
    entries_gone: int = 0


def _first(world: Surrounded) -> None:
    world.commit(dict(OLD))
    surround(world, OLD)


def _into_a_store(world: Surrounded) -> None:
    """A first sync into an existing store that has other people's entries."""
    world.commit(dict(OLD))
    world.settings["vector_store_id"] = world.make_store("everybody's")
    surround(world, OLD)


def _synced(world: Surrounded) -> None:
    world.commit(dict(OLD))
    assert world.sync().exit_code == 0


def _then(changes: Mapping[str, bytes | None]) -> Callable[[Surrounded], None]:
    def begin(world: Surrounded) -> None:
        _synced(world)
        world.commit(changes)
        surround(world, {**OLD, **{path: content for path, content in changes.items() if content is not None}})

    return begin


def _after_a_death(world: Surrounded) -> None:
    """A run died after it had attached its Files, and then somebody deleted two entries."""
    _synced(world)
    world.commit({"a.md": b"# A as it is now\n", "new.md": b"# New\n"})
    surround(world, {**OLD, "a.md": b"# A as it is now\n"})
    given = {"clone": world.clone()} if isinstance(world, Machines) else {}
    assert world.sync_and_die(
        lambda world: world.wire.when("GET /vector_stores/*/file_batches/*", die(answered=True)), **given
    )
    world.wire.calm()
    if isinstance(world, Machines):
        _long_ago(world)
    _take_away(world, "b.md", "docs/c.md")


def _long_ago(world: Machines) -> None:
    """Makes the seal years old, so that nobody waits for its holder."""
    commit = world.bare.git("commit-tree", f"{SEAL}^{{tree}}", "-m", "vsync seal")
    world.bare.git("update-ref", SEAL, commit)


def _repair(world: Surrounded) -> None:
    """A sync ended well. Then somebody deleted two entries and doubled a third. The run is `vsync verify --repair`."""
    _synced(world)
    surround(world, OLD)
    _take_away(world, "b.md", "docs/c.md")
    entry = world.entry("a.md")
    attributes = {name: str(value) for name, value in entry.attributes.items()}
    twin = world.upload("a.md", OLD["a.md"])
    world.ask("POST", f"/vector_stores/{world.store_id}/files", {"file_id": twin, "attributes": attributes})
    world.repairs = True


def _take_away(world: Surrounded, *paths: str) -> None:
    for path in paths:
        file_id = world.taken_away[path] = world.entry(path).file_id
        world.ask("DELETE", f"/vector_stores/{world.store_id}/files/{file_id}")
        world.ask("DELETE", f"/files/{file_id}")


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("first", _first, uploads=4),
        Scenario("into a store", _into_a_store, uploads=4),
        Scenario(
            "update",
            _then({"a.md": b"# A as it is now\n", "b.md": b"# B as it is now\n", "new.md": b"# New\n"}),
            uploads=3,
            entries_gone=2,
        ),
        Scenario("rename", _then({"a.md": None, "moved.md": OLD["a.md"]}), uploads=1, entries_gone=1),
        Scenario("removal", _then({"a.md": None, "docs/c.md": None}), uploads=0, entries_gone=2),
        Scenario(
            "all at once",
            _then({"a.md": b"# A as it is now\n", "b.md": None, "moved.md": OLD["b.md"], "docs/c.md": None, "new.md": b"# N\n"}),
            uploads=3,
            entries_gone=3,
        ),
        Scenario("after a death", _after_a_death, uploads=2, entries_gone=3),
        Scenario("repair", _repair, uploads=2, entries_gone=3),
    )
}  # fmt: skip


def surround(world: Surrounded, documents: Mapping[str, bytes]) -> None:
    """Adds other people's Files with the names and sizes of documents: in their store, in our stores, and in no store."""
    world.wire.clock = lambda: time.time() - _AN_HOUR_S
    theirs = world.make_store("somebody's")
    ours = world.own_stores
    for path, content in documents.items():
        same_size = b"x" * len(content)
        name = upload_filename(path)
        world.strangers[world.upload(name, same_size)] = ""
        _attach(world, theirs, world.upload(name, same_size), {"path": path})
        for store in ours:
            _attach(world, store, world.upload(name, same_size), {"path": path})
            foreign = {"path": path, "owner": "somebody", "target": "default", "source": "acme/other"}
            _attach(world, store, world.upload(name, same_size), foreign)
    world.wire.clock = time.time
    world.wire.calm()


def _attach(world: Surrounded, store: str, file_id: str, attributes: Mapping[str, str]) -> None:
    world.ask("POST", f"/vector_stores/{store}/files", {"file_id": file_id, "attributes": attributes})
    world.strangers[file_id] = store


_made: dict[tuple[str, type[Surrounded], int], Surrounded] = {}


@contextlib.contextmanager
def ready(name: str, kind: type[Surrounded] = Surrounded) -> Iterator[Surrounded]:
    """A world that is prepared for the scenario's run. It is made once in a process, and copied each time."""
    key = (name, kind, os.getpid())  # a forked process has a port of its own
    if key not in _made:
        folder = Path(tempfile.mkdtemp(prefix="faults-", dir=_scratch()))
        address = f"http://127.0.0.1:{api_port()}/v1"
        made = kind(folder / "made", credentials=Credentials(KEY, address))
        SCENARIOS[name].begin(made)
        _made[key] = made
    with tempfile.TemporaryDirectory(prefix="fault-", dir=_scratch(), ignore_cleanup_errors=True) as folder_name:
        world = _made[key].copy(Path(folder_name) / "world")
        assert isinstance(world, Surrounded)
        world.repairs, world.taken_away = _made[key].repairs, dict(_made[key].taken_away)
        try:
            yield world
        finally:
            world.wire.close()


def api_port() -> int:
    """The port on which a world's store is served. It stays the same: a manifest records the address of its API."""
    return int(_reserved(os.getpid()).getsockname()[1])


@functools.cache
def _reserved(process: int) -> socket.socket:
    """A socket that keeps a port for this process. It does not listen, so every connection goes to the server on the port."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


_scratches: list[tempfile.TemporaryDirectory[str]] = []


def _scratch() -> str:
    """A folder of this process. It is removed when the process ends."""
    if not _scratches:
        _scratches.append(tempfile.TemporaryDirectory(prefix="vsync-faults-", ignore_cleanup_errors=True))
    return _scratches[0].name


def forget() -> None:
    """Removes the worlds that were made once."""
    for world in _made.values():
        world.wire.close()
    _made.clear()
    _reserved(os.getpid()).close()
    _reserved.cache_clear()
    for scratch in _scratches:
        scratch.cleanup()
    _scratches.clear()


@contextlib.contextmanager
def in_a_hurry() -> Iterator[None]:
    """Nothing is synced to the disk and nothing is waited for: no machine dies here, and a dead run died long ago."""
    with (
        mock.patch.object(os, "fsync"),
        mock.patch.object(remote, "LOOK_EVERY_S", 0.05),
        mock.patch.object(remote, "_GRACE_S", 0.0),
    ):
        yield
