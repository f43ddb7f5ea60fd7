"""How a run reaches git: its repository, its remotes, and the branch that keeps something of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vsync.errors import ConfigurationError, RepositoryError
from vsync.git.deadlines import Deadlines
from vsync.git.refs import is_http, network_config
from vsync.git.remedies import OF_MANIFEST, Remedies
from vsync.git.remote import Remote
from vsync.git.repository import Repository
from vsync.git.token_host import GITHUB, address_for_token
from vsync.network.certificates import check_git, for_git
from vsync.network.environment import check_network


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


def trusting(access: GitAccess, repository: Repository) -> GitAccess:
    """The same access, with which git trusts the certificates that the other connections trust."""
    variables = for_git(access.environ)
    if not variables or repository.names_certificates():
        return access
    repository.trust(variables)
    return replace(access, environ={**access.environ, **variables})


def give_token(access: GitAccess, repository: Repository) -> None:
    """Lets git fetch with the token the blobs that a partial clone lacks, where they come from the server that it is for."""
    url = repository.promisor_url()
    if access.token is None or url is None or not is_http(url):
        return
    try:
        address = address_for_token(url, access.server)
    except ConfigurationError:
        return  # git uses the clone's own credentials there
    repository.reach_with(network_config(address, access.token, repository.configuration())[1])


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run keeps on a branch: its name in a sentence, the option that names the branch, and what to do without."""

    what: str
    option: str
    otherwise: str
    remedies: Remedies


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
