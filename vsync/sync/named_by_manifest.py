"""Which stores and Files this repository's manifest names, for commands that delete stores and Files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from vsync.config.origin import Origin
from vsync.config.settings import DEFAULT_MANIFEST_BRANCH, NO_MANIFEST, Settings
from vsync.errors import ManifestError, VsyncError
from vsync.git.discovery import is_in_repository
from vsync.git.repository import Repository
from vsync.manage.protected import NOTHING, Protected, named_in
from vsync.state.manifest import Manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.store.embedded_file import EmbeddedFile
from vsync.sync.state_place import state_place
from vsync.sync.workspace import (
    LARGEST_MANIFEST,
    GitAccess,
    embedded_file_of,
    open_publication,
    open_workspace,
    refs_of_origin,
)
from vsync.system.regular_file import read_file


def has_source(settings: Settings) -> bool:
    """Whether there is a repository or a folder whose manifest could name anything. Raises RepositoryError."""
    return settings.folder is not None or is_in_repository(Path(settings.repo))


def named_by_manifest(
    settings: Settings, origin: Origin, access: GitAccess, note: Callable[[str], None] | None = None
) -> Protected:
    """The stores and documents of every target of the manifest. Where there is no manifest, there are none.

    Reads the manifest where `vsync status` finds it. Besides, it reads what this clone has fetched of the remote's manifest:
    the action may keep the manifest there. With `note` a clone that knows of no manifest asks the remote for one, and `note`
    gets a line where the remote does not answer. Raises ManifestError, RepositoryError, GitUnavailable and PushRefused.
    """
    if settings.manifest == NO_MANIFEST:
        return NOTHING
    embedded = embedded_file_of(settings, access.trusted)
    if not has_source(settings):
        return named_in(_in_file(settings, Path(settings.repo).resolve(), embedded)) if embedded else NOTHING
    if embedded is None and settings.folder is None and (settings.push or settings.commit):
        return named_in(_published(settings, origin, access))
    if settings.folder is not None:
        return named_in(_in_file(settings, Path(settings.folder).resolve(), embedded))
    with contextlib.closing(access.repository(Path(settings.repo))) as repository:
        manifests = list(_in_file(settings, repository.root, embedded))
        name = state_place(settings, repository.root, repository.root, embedded).name
        if embedded is None and not PurePosixPath(name).is_absolute():
            manifests += _fetched(settings, repository, name)
            if not manifests and note is not None and _is_on_remote(access, repository, note):
                manifests += _published(replace(settings, push=True), origin, access)
    return named_in(manifests)


def _fetched(settings: Settings, repository: Repository, name: str) -> Iterator[Manifest]:
    """The remote's manifest as this clone has fetched it last, if it has."""
    fetched = f"refs/remotes/origin/{settings.manifest_branch}"
    if not repository.has_file(fetched, name):
        return
    title = f"{name} on the branch {settings.manifest_branch}"
    content = repository.file_here(fetched, name, LARGEST_MANIFEST)
    if content is None:
        raise ManifestError(
            f"The manifest {title} of the remote origin is not in this clone.",
            "Give --push: then vsync reads the manifest from the remote.",
        )
    yield parse_manifest(content, title)


def _is_on_remote(access: GitAccess, repository: Repository, note: Callable[[str], None]) -> bool:
    """Whether the remote `origin` keeps a record of any target."""
    try:
        return bool(refs_of_origin(access, repository, ("refs/vsync/*", f"refs/heads/{DEFAULT_MANIFEST_BRANCH}")))
    except VsyncError as error:
        note(
            f"warning: Whether the remote origin keeps a manifest is not known, and nothing is spared for it: {error.message}"
        )
        return False


def _in_file(settings: Settings, root: Path, embedded: EmbeddedFile | None) -> Iterator[Manifest]:
    """The manifest that is a file of this machine, where there is one."""
    place = state_place(settings, root, root, embedded)
    if place.manifest is None or not place.manifest.exists():
        return
    try:
        content = read_file(place.manifest)
    except OSError as error:
        raise ManifestError(
            f"The manifest {place.name} cannot be read: {error.strerror}.", "Check the file and its folder."
        ) from error
    yield parse_manifest(content, place.name)


def _published(settings: Settings, origin: Origin, access: GitAccess) -> Iterator[Manifest]:
    """The manifest on its branch: of the remote, or with --commit of the clone."""
    with contextlib.closing(open_workspace(settings, origin, access)) as workspace:
        publication = open_publication(settings, workspace)
        content = publication.read().manifest
        if content is not None:
            yield parse_manifest(content, publication.title)
