"""Opens the workspace a run works in: source, manifest, seal and remote."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from vsync.config.origin import Origin
from vsync.config.settings import DEFAULT_MANIFEST_BRANCH, NO_MANIFEST, Settings
from vsync.config.targets import Target
from vsync.errors import ConfigurationError, GitUnavailable, ManifestError, PushRefused, RepositoryError
from vsync.git.changes import show_path
from vsync.git.deadlines import Deadlines
from vsync.git.discovery import checked_top
from vsync.git.refs import is_http, network_config
from vsync.git.remedies import OF_MANIFEST, Remedies
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.git.token_host import GITHUB, address_for_token
from vsync.network.certificates import check_git, for_git
from vsync.network.environment import check_network
from vsync.source.base import Source
from vsync.source.folder import FolderSource
from vsync.source.git import GitSource
from vsync.source.submodules import Submodules
from vsync.source.widened import widened
from vsync.state.identity import SourceIdentity, identify, web_page
from vsync.state.journal_key import state_home
from vsync.state.local import LocalPublication
from vsync.state.manifest_parser import may_name_target
from vsync.state.publication import Publication
from vsync.state.remote import RemotePublication
from vsync.store.embedded_file import EmbeddedFile, embedded_file
from vsync.sync.state_place import StatePlace, state_place

LARGEST_MANIFEST = 100_000_000
"""No larger manifest is read only to find out whether it has a target."""

_ORIGIN_ANSWERS_WITHIN_S = 20.0
"""A run that keeps its state on this machine asks the remote one question, and can do without the answer."""


@dataclass(frozen=True, slots=True)
class GitAccess:
    """How git reaches a remote.

    | field | meaning |
    | --- | --- |
    | `environ` | the environment of the process |
    | `token` | a token for the remote; None: git uses its own credentials |
    | `optional` | where there is no remote, the manifest may be a file |
    | `is_dead` | whether a run is known to have ended |
    | `found` | takes every secret that is found, so that it is never shown |
    | `stopped` | for how many seconds the run has been told to stop |
    | `trusted` | a folder whose repositories may belong to another user: the workspace of a job |
    | `deadlines` | how long git may take |
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)
    optional: bool = False
    is_dead: Callable[[str], bool] = lambda run: False
    found: Callable[[str], None] = lambda secret: None
    stopped: Callable[[], float | None] = lambda: None
    trusted: Path | None = None
    deadlines: Deadlines | None = None

    def repository(self, path: Path) -> Repository:
        """The repository that holds a folder."""
        return Repository(path, trusted=self.trusted, deadlines=self.deadlines)

    @property
    def server(self) -> str:
        """The server that the token is for."""
        return self.environ.get("GITHUB_SERVER_URL", "").strip() or GITHUB

    def remote(
        self,
        repository: Repository,
        url: str,
        *,
        once_within_s: float | None = None,
        remedies: Remedies = OF_MANIFEST,
    ) -> Remote:
        """The remote at an address, as this run reaches it from that repository. Its secrets go to `found`.

        Raises ConfigurationError when the token is for another server.
        """
        if self.token is not None and is_http(url):
            url = address_for_token(url, self.server)
        remote = Remote(
            url,
            self.token,
            self.environ,
            repository.configuration(),
            users=repository.users_here,
            object_format=repository.object_format(),
            clone=repository.holds(url),
            stopped=self.stopped,
            once_within_s=once_within_s,
            deadlines=self.deadlines,
            remedies=remedies,
        )
        for secret in remote.secrets:
            self.found(secret)
        return remote


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
        _give_token(access, repository)
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


def _give_token(access: GitAccess, repository: Repository) -> None:
    """Lets git fetch with the token the blobs that a partial clone lacks, where they come from the server that it is for."""
    url = repository.promisor_url()
    if access.token is None or url is None or not is_http(url):
        return
    try:
        address = address_for_token(url, access.server)
    except ConfigurationError:
        return  # git uses the clone's own credentials there
    repository.reach_with(network_config(address, access.token, repository.configuration())[1])


def trusting(access: GitAccess, repository: Repository) -> GitAccess:
    """The same access, with which git trusts the certificates that the other connections trust."""
    variables = for_git(access.environ)
    if not variables or repository.names_certificates():
        return access
    repository.trust(variables)
    return replace(access, environ={**access.environ, **variables})


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


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run keeps on a branch: its name in a sentence, the option that names the branch, and what to do without."""

    what: str
    option: str
    otherwise: str
    remedies: Remedies


_MANIFEST = Kept(
    "the manifest",
    "--manifest-branch (input manifest-branch)",
    "Add one, or keep the manifest as a file (without --push; in a workflow: `commit: false`).",
    OF_MANIFEST,
)


def open_remote(access: GitAccess, repository: Repository, branch: str, kept: Kept, *, push: bool) -> Remote:
    """The repository's remote `origin`; without `push` the repository itself, whose branch must not be checked out.

    Raises ConfigurationError, and RepositoryError where there is no such remote.
    """
    if not push:
        if branch in repository.checked_out():
            raise ConfigurationError(
                f"The branch {branch} is checked out, so --commit does not change it.",
                f"Give another {kept.option}, or let the remote keep {kept.what} with --push (input commit).",
            )
        there = repository.git_dir.stat()
        return Remote(
            str(repository.git_dir),
            None,
            access.environ,
            object_format=repository.object_format(),
            clone=True,
            owner=(there.st_uid, there.st_gid),
            stopped=access.stopped,
            deadlines=access.deadlines,
            remedies=kept.remedies,
        )
    url = repository.push_url()
    if url is None:
        raise RepositoryError(f"The repository has no remote `origin` that could keep {kept.what}.", kept.otherwise)
    if is_http(url):
        check_network(access.environ)
        check_git(access.environ)
    return access.remote(repository, url, remedies=kept.remedies)


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


def open_publication(
    settings: Settings, workspace: Workspace, log: Callable[[str], None] = lambda text: None
) -> Publication:
    """The manifest and seal of the target."""
    place = place_of(settings, workspace)
    name = place.name
    if workspace.remote is not None:
        if place.manifest is None or not place.manifest.is_relative_to(workspace.root):
            raise ManifestError(
                f"The manifest {name} is no path in the repository.",
                "Give a path relative to its top folder: it names a file on the manifest's branch.",
            )
        _check_names(settings.target.name, name)
        return RemotePublication(
            workspace.remote,
            name,
            settings.manifest_branch,
            settings.target.name,
            shared=settings.manifest_branch != DEFAULT_MANIFEST_BRANCH,
            is_dead=workspace.is_dead,
            log=log,
        )
    return LocalPublication(
        place.manifest, place.seal_folder, settings.target.name, name, key=place.key, stopped=workspace.stopped
    )


def unread_manifest(settings: Settings, workspace: Workspace) -> str | None:
    """The branch of the remote `origin` whose manifest has the target, where the manifest here is a file that does not exist.

    Asks no remote: a clone of all branches has the remote's branch.
    """
    repository, place = workspace.repository, place_of(settings, workspace)
    kept_elsewhere = workspace.remote is not None or workspace.embedded is not None
    if repository is None or kept_elsewhere or place.manifest is None or place.manifest.exists():
        return None
    branch = settings.manifest_branch
    fetched = f"refs/remotes/origin/{branch}"
    if not repository.has_file(fetched, place.name):
        return None
    manifest = repository.file_here(fetched, place.name, LARGEST_MANIFEST)
    return branch if manifest is None or may_name_target(manifest, settings.target.name) else None


def place_of(settings: Settings, workspace: Workspace) -> StatePlace:
    """Where this machine keeps the target's state. Raises ManifestError."""
    return state_place(settings, workspace.root, workspace.seal_folder, workspace.embedded)


def embedded_file_of(settings: Settings, trusted: Path | None = None) -> EmbeddedFile | None:
    """The embedded store's file for commands that need neither a commit nor a repository. None: another store is meant.

    `trusted` is a folder whose repositories may belong to another user.
    """
    if settings.local is None:
        return None
    if settings.folder is not None:
        return embedded_file(settings.local, Path(settings.folder).resolve())
    return embedded_file(settings.local, checked_top(Path(settings.repo), trusted))


def _check_names(target: str, manifest: str) -> None:
    """Refuses names that git takes for no ref and no file: https://git-scm.com/docs/git-check-ref-format."""
    if ".." in target or target.endswith((".lock", ".")):
        raise ConfigurationError(
            f"The target name {target!r} cannot be part of a ref's name, and the seal is the ref refs/vsync/<target>.",
            "Use a name without two dots in a row that does not end in a dot or in .lock.",
        )
    if ".git" in manifest.lower().split("/"):
        raise ManifestError(f"git takes no file {manifest} into a commit.", "Give another --manifest (input manifest).")
