"""The identity token of a workflow's job: GitHub signs which repository, branch and workflow the job belongs to.

GitHub's documentation: https://docs.github.com/en/actions/reference/security/oidc. One call makes one request; the caller
decides about retries. actions-toolkit's `OidcClient` is not used: it has no timeout, does not quote the slashes of an audience,
and puts the whole answer of a refusal into its message.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from vsync.auth.credentials import check_header
from vsync.errors import ApiUnavailable, CredentialsRefused, HandshakeFailed, MissingCredentials, VsyncError
from vsync.network.address import origin_of
from vsync.network.trust import handshake_fault
from vsync.system.redaction import one_line

if TYPE_CHECKING:
    import httpx2

CLAIMS = ("repository", "ref", "workflow_ref", "environment")
"""The claims that a mapping on OpenAI's side usually checks."""

_NO_ADDRESS = "ACTIONS_ID_TOKEN_REQUEST_URL is not an http(s) address"

_TIMEOUT_S = 5.0
_MAY_PASS = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Returns a new token at each call. A token of GitHub is valid for five minutes, so no token is kept."""

    url: str | None
    bearer: str | None = field(repr=False)
    audience: str
    hide: Callable[[str], None] = field(repr=False)

    @property
    def missing(self) -> MissingCredentials | None:
        """Why this job cannot ask for a token; None when it can. Only a job with the permission is told where to ask."""
        if self.url and self.bearer:
            return None
        return MissingCredentials(
            "Keyless access needs the job's identity token, and this job may not ask for that token.",
            "Give the job `permissions: id-token: write` (and name there whatever else it needs, such as contents). "
            "Pull requests from forks never get this permission. Outside of GitHub's workflows use OPENAI_API_KEY.",
        )

    def __call__(self) -> str:
        """A new token. Raises ApiUnavailable when another try may succeed, and another VsyncError when it will not."""
        if self.missing is not None:
            raise self.missing
        assert self.url is not None
        assert self.bearer is not None
        self.hide(self.bearer)
        check_header("ACTIONS_ID_TOKEN_REQUEST_TOKEN", self.bearer)
        url = _request_url(self.url, self.audience)
        import httpx2

        try:
            # Redirects are not followed: no other address may see the bearer.
            with httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                response = client.get(
                    url,
                    headers={"Authorization": f"Bearer {self.bearer}", "Accept": "application/json"},
                )
        except httpx2.InvalidURL as error:
            raise _refused(_NO_ADDRESS) from error
        except httpx2.HTTPError as error:
            words = one_line(str(error), (self.bearer,))
            fault = handshake_fault(words, urlsplit(url).hostname or "")
            if fault is not None:
                raise HandshakeFailed(*fault) from error
            raise _unavailable(f"{type(error).__name__}: {words}") from error
        return self._token_of(response)

    def _token_of(self, response: httpx2.Response) -> str:
        words = f"{response.status_code} {one_line(response.text, (self.bearer,), 200)}".strip()
        if response.has_redirect_location:
            wanted = urljoin(str(response.url), response.headers["location"])
            raise _redirected(response.status_code, str(response.url), wanted)
        if response.status_code >= 500 or response.status_code in _MAY_PASS:
            raise _unavailable(words)
        if not response.is_success:
            raise _refused(words)
        try:
            value = response.json()["value"]
        except (ValueError, KeyError, TypeError):
            value = None
        if not isinstance(value, str) or not value.strip():
            # The answer is not quoted: it may hold a token.
            raise _unavailable("its answer holds no token")
        self.hide(value)
        return value


def token_source(
    environ: Mapping[str, str], audience: str, hide: Callable[[str], None] = lambda _: None
) -> TokenSource:
    """The source of this job's tokens for that audience. No request is made yet.

    `hide` is called with each secret (the bearer, every token) before the secret is used.
    """
    bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "").strip() or None
    return TokenSource(environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "").strip() or None, bearer, audience, hide)


def _request_url(url: str, audience: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _refused(_NO_ADDRESS)
    return f"{url}{'&' if parts.query else '?'}audience={quote(audience, safe='')}"


def claims(token: str) -> dict[str, str]:
    """The `CLAIMS` in a token, empty when it cannot be read. The signature is not checked: for messages only."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {name: str(said[name]) for name in CLAIMS if said.get(name)}
    except (IndexError, ValueError, AttributeError):
        return {}


def _refused(words: str) -> VsyncError:
    return CredentialsRefused(
        f"GitHub does not give this job an identity token ({words}).",
        "Check that the job has `permissions: id-token: write`. A job that runs for many hours loses the right to ask.",
    )


def _redirected(status: int, asked: str, wanted: str) -> VsyncError:
    return CredentialsRefused(
        f"GitHub does not give this job an identity token: its endpoint ({origin_of(asked)}) redirects to "
        f"{origin_of(wanted) or 'no address of HTTP'} ({status}). vsync does not follow it: the job's right to ask goes nowhere "
        "else.",
        "Check ACTIONS_ID_TOKEN_REQUEST_URL, and any proxy on the way.",
    )


def _unavailable(words: str) -> ApiUnavailable:
    return ApiUnavailable(
        f"GitHub's endpoint for identity tokens does not answer as it should ({words}).",
        "Run again later. On a runner of your own, check that the host of ACTIONS_ID_TOKEN_REQUEST_URL can be reached.",
    )
