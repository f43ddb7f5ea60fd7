"""A world whose state stands on a git remote, from which every run makes a clone of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.gitrepo import Repo
from tests.support.wire import QuickStop, World, at_any_place
from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.config.settings import resolve
from vsync.report.observer import Observer
from vsync.state.manifest import Manifest, blob_id, content_id
from vsync.state.manifest_parser import parse_manifest
from vsync.state.seal import Seal, parse_seal, trust
from vsync.store.client import connect
from vsync.sync.assemble import Assembled, assemble
from vsync.sync.git_access import GitAccess
from vsync.sync.workspace import open_workspace
from vsync.system.stop import Stop

BRANCH, SEAL = "refs/heads/vsync-manifest", "refs/vsync/default"


class Shared(World):
    """A world whose repository is pushed to a remote, from which every run makes a clone of its own."""

    def __post_init__(self) -> None:
        super().__post_init__()
        root = self.folder / "remote.git"
        self.bare = Repo(root) if root.exists() else Repo.make(root, "--bare")

    def commit(self, files: Any) -> str:
        head = super().commit(files)
        self.push()
        return head

    def push(self) -> None:
        self.repo.give(self.bare)

    def clone(self, *options: str) -> Repo:
        return self.bare.clone(Path(tempfile.mkdtemp(prefix="clone ", dir=self.folder)), *options)

    @contextlib.contextmanager
    def opened(
        self,
        *,
        stop: Stop | None = None,
        origin: Origin | None = None,
        observer: Observer | None = None,
        clone: Repo | None = None,
        is_dead: bool = False,
        **given: Any,
    ) -> Iterator[Assembled]:
        root = (clone or self.clone()).root
        named = {"repo": str(root), "source": self.source, "push": True, **self.settings, **given}
        dry_run = bool(named.pop("dry_run", False))
        settings = resolve({name.replace("_", "-"): value for name, value in named.items()}, {})
        place = open_workspace(settings, origin or Origin(), GitAccess(os.environ, is_dead=lambda _: is_dead))
        place = dataclasses.replace(place, state_home=self.folder / "state")
        if place.remote is not None:
            place.remote._pause = lambda _: None
        stop = stop or QuickStop()
        with contextlib.closing(place):
            made = assemble(
                settings, self.credentials, origin or Origin(), place, observer or Observer(), stop, dry_run=dry_run
            )
            at_any_place(made)
            connection = lambda: connect(Credentials(), transport=self.wire, sleep=stop.pause)  # noqa: E731 - one expression, used once
            yield made._replace(ports=dataclasses.replace(made.ports, connect=connection))

    # What the remote holds

    def refs(self) -> dict[str, str]:
        lines = self.bare.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        found = dict(line.split() for line in lines)
        del found["refs/heads/main"]
        return found

    @property
    def manifest_bytes(self) -> bytes | None:
        return self.bare.show(BRANCH, ".vsync/manifest.json") if BRANCH in self.refs() else None

    @property
    def manifest(self) -> Manifest | None:
        content = self.manifest_bytes
        return None if content is None else parse_manifest(content, "the manifest")

    @property
    def seal(self) -> Seal | None:
        return parse_seal(self.bare.show(SEAL, "seal.json")) if SEAL in self.refs() else None

    def settled(self) -> None:
        state, seal, manifest = self.state, self.seal, self.manifest_bytes
        assert manifest is not None
        assert {path: entry.file_id for path, entry in state.files.items()} == {
            entry.path: entry.file_id for entry in self.ours()
        }
        assert state.commit == self.bare.git("rev-parse", "main")
        assert not set(state.pending_delete) & self.uploaded().keys()
        assert seal is not None
        assert seal.state == "closed"
        assert trust(blob_id(manifest), seal, content_id(parse_manifest(manifest, "m"), "default")) == "sealed"
        assert self.refs().keys() == {BRANCH, SEAL}
