"""Every way a run can end early: its exit code, its reason, and who must act.

    VsyncError
    ├── InputDamaged          1  documents    who made the input: records that cannot be read to their end
    ├── StoppedAtBadRecord    1  documents    who made the input: a bad record, at which the stream was to stop
    ├── ConfigurationError    2  config       the user: an option, an input, a pattern
    │   └── ConfigMistakes    2  config       who wrote the config: it lists each mistake
    ├── ManifestError         2  manifest     the user: an unreadable manifest, or one of another source or store
    ├── RepositoryError       2  git          the workflow's author: no repository, no commit, unknown revision
    ├── MissingCredentials    2  credentials  the user: no key given
    ├── StoreConflict         2  store        the user: a store of that name that is not ours, or several
    ├── UnknownName           2  store        the user: no store or File of that id or name
    ├── CredentialsRefused    3  credentials  the key's owner
    ├── PermissionDenied      3  permission   the key's owner: a missing scope
    ├── StoreGone             3  store        the user: deleted or expired
    ├── PublicationFailed     3  manifest     nobody: the store was changed, but the manifest could not be written
    ├── SealHeld              3  git          nobody: another run is at work
    ├── ApiUnavailable        3  api          nobody: unreachable, or refusing after every retry
    │   ├── HandshakeFailed   3  api          the machine's owner: a certificate that is not trusted, or no TLS at all
    │   ├── RedirectRefused   3  api          who set the address: the server redirects to another origin
    │   └── EndlessListing    3  api          who runs the server: a listing without an end
    ├── GatewayRefused        3  api          who runs the gateway, or the key's owner: a refusal that is not the API's own
    ├── GitUnavailable        3  git          nobody: a remote that does not answer
    ├── PushRefused           3  permission   the workflow's author: the token or a branch rule forbids the push
    ├── InternalError         3  api          us: a defect of vsync
    ├── LimitExceeded         4  limit        the reviewer: the plan is larger than the limit
    ├── PlanChanged           4  limit        the reviewer: the plan is not the one that was reviewed
    └── Interrupted     130/143  interrupted  nobody

The number is the exit code, and the word is the action's `failure-reason`. A module that calls a library translates the
library's errors into these. Only the two composition roots (action, command line) print them and exit. `message` says
what happened and why, `remedy` says what to do.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NamedTuple, Self

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_USAGE = 2
EXIT_LIMIT = 4


class ApiAnswer(NamedTuple):
    """What the API answered to a request that failed.

    `code` is the API's own word for the error, `request_id` is what it calls the request; both are empty where it names none.
    `wait_s` is how many seconds it asks to wait before the next try; None: it does not ask.
    """

    status: int
    code: str = ""
    request_id: str = ""
    wait_s: float | None = None


class VsyncError(Exception):
    """A run that cannot go on. Only its subclasses are raised: see the tree above.

    `answer` is the API's last answer; None: the error does not come from an answer.
    """

    exit_code = 3
    reason = "api"
    answer: ApiAnswer | None = None

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()

    def mapped(self, change: Callable[[str], str]) -> Self:
        """The same error, with `change` applied to its message and remedy."""
        # Not by the constructor: some subclasses take other arguments.
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.message, other.remedy = change(self.message), change(self.remedy)
        other.args = (other.message,)
        return other


class InputDamaged(VsyncError):
    exit_code = EXIT_INCOMPLETE
    reason = "documents"


class StoppedAtBadRecord(VsyncError):
    exit_code = EXIT_INCOMPLETE
    reason = "documents"


class ConfigurationError(VsyncError):
    exit_code = 2
    reason = "config"


class ConfigMistakes(ConfigurationError):
    """The mistakes in a config. The message has one line for each of them, and the remedy is a line as well."""

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.message, self.remedy]))


class ManifestError(VsyncError):
    exit_code = 2
    reason = "manifest"


class RepositoryError(VsyncError):
    exit_code = 2
    reason = "git"


class MissingCredentials(VsyncError):
    exit_code = 2
    reason = "credentials"


class StoreConflict(VsyncError):
    exit_code = 2
    reason = "store"


class UnknownName(VsyncError):
    exit_code = 2
    reason = "store"


class CredentialsRefused(VsyncError):
    reason = "credentials"


class PermissionDenied(VsyncError):
    reason = "permission"


class StoreGone(VsyncError):
    reason = "store"


class PublicationFailed(VsyncError):
    reason = "manifest"


class SealHeld(VsyncError):
    reason = "git"


class ApiUnavailable(VsyncError):
    reason = "api"


class HandshakeFailed(ApiUnavailable):
    """Another try fails as well."""


class RedirectRefused(ApiUnavailable):
    """The server redirects to another origin, and nothing is sent there."""


class EndlessListing(ApiUnavailable):
    """A listing has more pages or items than any store."""


class GatewayRefused(VsyncError):
    reason = "api"


class GitUnavailable(VsyncError):
    reason = "git"


class PushRefused(VsyncError):
    reason = "permission"


class InternalError(VsyncError):
    reason = "api"


class LimitExceeded(VsyncError):
    exit_code = 4
    reason = "limit"


class PlanChanged(VsyncError):
    exit_code = 4
    reason = "limit"


class Interrupted(VsyncError):
    reason = "interrupted"

    def __init__(self, signum: int, message: str = "", remedy: str = "") -> None:
        name = signal.Signals(signum).name
        super().__init__(message or f"Interrupted by {name}.", remedy or "Run again: the next run continues from here.")
        self.exit_code = 128 + signum


def worst_exit_code(codes: list[int]) -> int:
    """The exit code of a run with these codes: the first of 130/143, 2, 3, 4, 1 that is among them; else 0."""
    for code in (130, 143, 2, 3, 4, 1):
        if code in codes:
            return code
    return EXIT_OK
