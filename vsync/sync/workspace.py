"""Opens the workspace a run works in: its source, and the remote or folder that keeps its state."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from vsync.config.origin import Origin
from vsync.config.settings import NO_MANIFEST, Settings
from vsync.config.targets import Target
from vsync.errors import GitUnavailable, PushRefused, RepositoryError
from vsync.git.changes import show_path
from vsync.git.remedies import OF_MANIFEST
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.source.base import Source
from vsync.source.folder import FolderSource
from vsync.source.git import GitSource
from vsync.source.submodules import Submodules
from vsync.source.widened import widened
from vsync.state.identity import SourceIdentity, identify, web_page
from vsync.state.journal_key import state_home
from vsync.store.embedded_file import EmbeddedFile, embedded_file
from vsync.sync.git_access import GitAccess, Kept, give_token, open_remote, trusting

_ORIGIN_ANSWERS_WITHIN_S = 20.0
"""A run that keeps its state on this machine asks the remote one question, and can do without the answer."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where documents come from, and where their state is kept.

    `state_home` is where programs of this user keep their state; None: it is not known.
    `remote` is None when the state is kept in files. `seal_folder` is where a seal that is a file is kept. `embedded` is
    the embedded store's file; None: the run uses another store. `origin_refs` asks the remote `origin` which of these refs
    it has; it raises when the remote does not answer. `page` is where a person can look at the repository.
    `open_at` opens another repository, with the same trust as this one.
    """

    source: Source
    root: Path
    seal_folder: Path
    identity: SourceIdentity
    repository: Repository | None = None
    remote: Remote | None = None
    embedded: EmbeddedFile | None = None
    is_dead: Callable[[str], bool] = lambda run: False
    stopped: Callable[[], float | None] = lambda: None
    warnings: tuple[str, ...] = ()
    state_home: Path | None = None
    page: str | None = None
    others: list[Source] = field(default_factory=list)
    origin_refs: Callable[[Collection[str]], Collection[str]] = lambda names: ()
    open_at: Callable[[Path], Repository] = Repository

    def at(self, commit: str) -> Source | None:
        """The source at another commit. A commit that the clone lacks is fetched beside it; None where that fails."""
        if self.repository is None:
            return None
        reader = self.repository
        try:
            if not reader.has_commit(commit):
                if self.remote is None:
                    return None
                self.remote.fetch(commit, blobs=False)
                objects = reader.common_dir / "objects"
                reader = Repository.of_scratch(self.remote.folder, objects, self.remote.environment)
        except (GitUnavailable, PushRefused, RepositoryError):
            return None
        self.others.append(GitSource(reader, commit))
        return self.others[-1]

    def reaching(self, source: Source, target: Target) -> Source:
        """The source with the files of its submodules and behind its links, as far as the target asks for them."""
        submodules = None
        if target.submodules and self.repository is not None:
            submodules = Submodules(self.repository, self.open_at)
        reached = widened(source, symlinks=target.symlinks, submodules=submodules)
        if reached is not source:
            self.others.append(reached)
        return reached

    def close(self) -> None:
        for source in (*self.others, self.source):
            source.close()
        if self.remote is not None:
            self.remote.close()


def open_workspace(settings: Settings, origin: Origin, access: GitAccess | None = None) -> Workspace:
    """Opens the source, and finds where manifest and seal are kept. Raises RepositoryError and ConfigurationError."""
    access = access or GitAccess()
    opened = _open_source(settings, origin, access)
    workspace = replace(opened, stopped=access.stopped, state_home=state_home(access.environ))
    repository = workspace.repository
    if repository is not None:
        access = trusting(access, repository)
        give_token(access, repository)
        page = origin.page or web_page(repository.origin_url())
        workspace = replace(workspace, page=page, origin_refs=partial(_origin_refs, access, repository))
    if settings.local is not None:
        return _beside_embedded_store(settings, workspace)
    if settings.manifest == NO_MANIFEST or not (settings.push or settings.commit):
        return workspace
    try:
        reader = repository or access.repository(Path(settings.repo))
        remote = open_remote(access, reader, settings.manifest_branch, _MANIFEST, push=settings.push)
    except RepositoryError as error:
        if not access.optional:
            raise
        return replace(
            workspace, warnings=(*workspace.warnings, f"{error.message} It is kept as a file in the workspace.")
        )
    return replace(workspace, remote=remote, is_dead=access.is_dead)


def _origin_refs(access: GitAccess, repository: Repository, names: Collection[str]) -> Collection[str]:
    """Those of the refs that the remote `origin` has: none where there is no such remote. Raises VsyncError."""
    url = repository.push_url()
    if url is None:
        return ()
    with contextlib.closing(access.remote(repository, url, once_within_s=_ORIGIN_ANSWERS_WITHIN_S)) as remote:
        return remote.refs(*names).keys()


def _beside_embedded_store(settings: Settings, workspace: Workspace) -> Workspace:
    """The workspace of a run on the embedded store: its manifest stays on this machine."""
    warnings = workspace.warnings
    if settings.manifest != NO_MANIFEST and (settings.commit or settings.push):
        warnings = (*warnings, _NOT_COMMITTED)
    return replace(workspace, embedded=embedded_file(settings.local or "", workspace.root), warnings=warnings)


_NOT_COMMITTED = (
    "The manifest of the embedded store is neither committed nor pushed, although --commit or --push (input commit) is given: "
    "the embedded store exists only on this machine."
)


_MANIFEST = Kept(
    "the manifest",
    "--manifest-branch (input manifest-branch)",
    "Add one, or keep the manifest as a file (without --push; in a workflow: `commit: false`).",
    OF_MANIFEST,
)


def _open_source(settings: Settings, origin: Origin, access: GitAccess) -> Workspace:
    if settings.folder is not None:
        folder = FolderSource(Path(settings.folder))
        root = Path(settings.folder).resolve()
        name = show_path(os.fsencode(root.name))
        identity = identify(settings.target.source, origin.repository, origin.repository_id, None, name)
        return Workspace(folder, root, root / ".vsync", identity)
    repository = access.repository(Path(settings.repo))
    head = repository.resolve(settings.head or "HEAD")
    identity = identify(
        settings.target.source,
        origin.repository,
        origin.repository_id,
        repository.origin_url(),
        show_path(os.fsencode(repository.root.name)).removesuffix(".git"),
    )
    source = GitSource(repository, head)
    return Workspace(
        source, repository.root, repository.common_dir / "vsync", identity, repository, open_at=access.repository
    )
