"""Which stores and Files this repository's manifest names, for commands that delete stores and Files."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from vsync.config.origin import Origin
from vsync.config.settings import DEFAULT_MANIFEST_BRANCH, NO_MANIFEST, Settings
from vsync.errors import ConfigurationError, GitUnavailable, ManifestError, PushRefused, RepositoryError
from vsync.git.discovery import is_in_repository
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.manage.protected import NOTHING, Protected, named_in
from vsync.state.manifest import Manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.store.embedded_file import EmbeddedFile
from vsync.sync.embedded_place import embedded_file_of
from vsync.sync.git_access import GitAccess
from vsync.sync.state_place import state_place
from vsync.sync.target_state import LARGEST_MANIFEST, open_publication, place_of
from vsync.sync.workspace import Workspace, open_workspace
from vsync.system.regular_file import read_file

_MOST_FILES = 1_000
_MOST_REFS = 50
"""So many branches are looked at for a manifest."""


def has_source(settings: Settings) -> bool:
    """Whether there is a repository or a folder whose manifest could name anything. Raises RepositoryError."""
    return settings.folder is not None or is_in_repository(Path(settings.repo))


def named_by_manifest(
    settings: Settings, origin: Origin, access: GitAccess, doubt: Callable[[str], None] | None = None
) -> Protected:
    """The stores and documents of every target of the manifest. Where there is no manifest, there are none.

    | where | what is read |
    | --- | --- |
    | with --push or --commit | the manifest on its branch, of the remote or of the clone, and what follows |
    | a clone | the file in its working trees; the manifest's branch, here and as far as it is fetched; other branches |
    | the remote `origin` | the manifest on its branch, where no file here is the manifest and `doubt` is given |
    | a folder, and the embedded store | the file that is kept there |

    `doubt` is told when the remote does not answer: then only what this machine knows is protected. None: nobody asks the
    remote. Raises ManifestError, RepositoryError, GitUnavailable and PushRefused.
    """
    if settings.manifest == NO_MANIFEST:
        return NOTHING
    embedded = embedded_file_of(settings, access.trusted)
    if settings.folder is not None:
        return named_in(_in_file(settings, Path(settings.folder).resolve(), embedded))
    if not has_source(settings):
        return named_in(_in_file(settings, Path(settings.repo).resolve(), embedded))
    with contextlib.closing(access.repository(Path(settings.repo))) as repository:
        manifests = list(_in_file(settings, repository.root, embedded))
        name = state_place(settings, repository.root, repository.root, embedded).name
        if embedded is not None:
            return named_in(manifests)
        asks = doubt is not None and not PurePosixPath(name).is_absolute() and bool(repository.refs("refs", most=1))
        is_file = bool(manifests)
        if not PurePosixPath(name).is_absolute():
            fetched = list(_on_its_branch(settings, repository, name))
            is_file = is_file and not fetched
            manifests += [*fetched, *_elsewhere(settings, repository, name)]
    if settings.push or settings.commit:
        manifests += _published(settings, origin, access)
    elif doubt is not None and asks and not is_file:
        manifests += _of_origin(settings, origin, access, doubt)
    return named_in(manifests)


def _others(branch: str, reader: Repository, commit: str, name: str) -> Iterator[Manifest]:
    """The other manifests on vsync's own branch: each job of a repository may have a manifest of its own there."""
    if branch != DEFAULT_MANIFEST_BRANCH:
        return
    for entry in itertools.islice(reader.tree(commit), _MOST_FILES):
        path = os.fsdecode(entry.path)
        if path != name and path.endswith(".json"):
            content = reader.file_here(commit, path, LARGEST_MANIFEST)
            with contextlib.suppress(ManifestError):  # it may be another file
                yield from [parse_manifest(content, path)] if content is not None else []


def _on_its_branch(settings: Settings, repository: Repository, name: str) -> Iterator[Manifest]:
    """The manifests on the manifest's branch: of this clone, and of its remotes as far as they are fetched."""
    branch = settings.manifest_branch
    for ref in repository.refs(f"refs/heads/{branch}", f"refs/remotes/*/{branch}", most=_MOST_REFS):
        yield from _others(branch, repository, ref, name)
        if not repository.has_file(ref, name):
            continue
        title = f"{name} on {ref}"
        content = repository.file_here(ref, name, LARGEST_MANIFEST)
        if content is None:
            raise ManifestError(
                f"The manifest {title} is not in this clone.",
                "Give --push: then vsync reads the manifest from the remote.",
            )
        yield parse_manifest(content, title)


def _elsewhere(settings: Settings, repository: Repository, name: str) -> Iterator[Manifest]:
    """What the newest branches and the other working trees have as the manifest. What cannot be read there is none."""
    seen: set[str] = set()
    # A partial clone may have to fetch the tree of each branch.
    most = _MOST_REFS if repository.promisor_url() is None else 1
    defaults = repository.refs("refs/remotes/*/HEAD", most=_MOST_REFS)
    for ref in ("HEAD", *defaults, *repository.refs("refs/heads", "refs/remotes", most=most)):
        if not repository.has_file(ref, name):
            continue
        blobs = {entry.blob for entry in repository.find(ref, [os.fsencode(name)])}
        content = repository.file_here(ref, name, LARGEST_MANIFEST) if blobs - seen else None
        seen |= blobs
        if content is not None:
            with contextlib.suppress(ManifestError):
                yield parse_manifest(content, f"{name} on {ref}")
    for root in repository.working_trees():
        if root != repository.root:
            with contextlib.suppress(ManifestError):
                yield from _in_file(settings, root, None)


def _of_origin(
    settings: Settings, origin: Origin, access: GitAccess, doubt: Callable[[str], None]
) -> Iterator[Manifest]:
    """The manifest on its branch of the remote `origin`, where there is one."""
    pushed = replace(settings, push=True, commit=True)
    try:
        with contextlib.closing(open_workspace(pushed, origin, replace(access, optional=True))) as workspace:
            if workspace.remote is None or not workspace.origin_refs([f"refs/heads/{settings.manifest_branch}"]):
                return
        yield from _published(pushed, origin, access)
    except (GitUnavailable, PushRefused, RepositoryError, ConfigurationError) as error:
        doubt(
            f"warning: Whether the remote origin keeps a manifest is not known, so only what this clone knows of it is spared: "
            f"{error.message}"
        )


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
    """The manifests on their branch: of the remote, or with --commit of the clone."""
    with contextlib.closing(open_workspace(settings, origin, access)) as workspace:
        publication = open_publication(settings, workspace)
        content = publication.read().manifest
        if content is not None:
            yield parse_manifest(content, publication.title)
        if workspace.remote is not None and settings.manifest_branch == DEFAULT_MANIFEST_BRANCH:
            yield from _others_published(settings, workspace, workspace.remote)


def _others_published(settings: Settings, workspace: Workspace, remote: Remote) -> Iterator[Manifest]:
    ref = f"refs/heads/{settings.manifest_branch}"
    commit = remote.refs(ref).get(ref)
    if commit is not None:
        remote.fetch(commit)
        reader = Repository.of_scratch(remote.folder, remote.folder / "objects", remote.environment)
        yield from _others(settings.manifest_branch, reader, commit, place_of(settings, workspace).name)
