"""The identity token of a workflow's job: asked of GitHub, which signs who the job is.

GitHub's side: https://docs.github.com/en/actions/reference/security/oidc. The request is our own and not
actions-toolkit's `OidcClient`, which has no timeout, quotes an audience's slashes not at all, and puts the whole answer
of a refusal into its message. One call is one request: how often it is tried is decided where the waits can be stopped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from vsync.errors import ApiUnavailable, CredentialsRefused, MissingCredentials, VsyncError
from vsync.system.redaction import one_line

if TYPE_CHECKING:
    import httpx2

CLAIMS = ("repository", "ref", "workflow_ref", "environment")
"""What a mapping on OpenAI's side is usually about."""

_TIMEOUT_S = 5.0
_PASSING = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Gives a new token at each call. GitHub's live five minutes, so none is ever kept."""

    url: str | None
    bearer: str | None = field(repr=False)
    audience: str
    found: Callable[[str], None] = field(repr=False)

    @property
    def missing(self) -> MissingCredentials | None:
        """Why no token can be asked for: the runner tells a job where to ask only with the permission."""
        if self.url and self.bearer:
            return None
        return MissingCredentials(
            "Keyless access needs the job's identity token, and this job may not ask for one.",
            "Give the job `permissions: id-token: write` (and name there whatever else it needs, such as contents). "
            "Pull requests from forks never get it. Outside of GitHub's workflows use OPENAI_API_KEY.",
        )

    def __call__(self) -> str:
        """A new token. Raises ApiUnavailable for what may pass, and any other VsyncError for what will not."""
        if self.missing is not None:
            raise self.missing
        assert self.url is not None
        assert self.bearer is not None
        self.found(self.bearer)
        url = _request_url(self.url, self.audience)
        import httpx2

        try:
            # Redirects are not followed: the bearer is for this address alone.
            with httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                response = client.get(
                    url,
                    headers={"Authorization": f"Bearer {self.bearer}", "Accept": "application/json"},
                )
        except httpx2.HTTPError as error:
            raise _unavailable(f"{type(error).__name__}: {one_line(str(error), (self.bearer,))}") from error
        return self._taken(response)

    def _taken(self, response: httpx2.Response) -> str:
        words = f"{response.status_code} {one_line(response.text, (self.bearer,), 200)}".strip()
        if response.status_code >= 500 or response.status_code in _PASSING:
            raise _unavailable(words)
        if not response.is_success:
            raise _refused(words)
        try:
            value = response.json()["value"]
        except (ValueError, KeyError, TypeError):
            value = None
        if not isinstance(value, str) or not value.strip():
            # The answer is not quoted: whatever is wrong with it, it may hold a token.
            raise _unavailable("its answer holds no token")
        self.found(value)
        return value


def token_source(
    environ: Mapping[str, str], audience: str, found: Callable[[str], None] = lambda _: None
) -> TokenSource:
    """Where this job gets its tokens for that audience. `found` hears of each one before anybody else does.

    Asks for nothing yet.
    """
    bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "").strip() or None
    return TokenSource(environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "").strip() or None, bearer, audience, found)


def _request_url(url: str, audience: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _refused("ACTIONS_ID_TOKEN_REQUEST_URL is not an http(s) address")
    return f"{url}{'&' if parts.query else '?'}audience={quote(audience, safe='')}"


def claims(token: str) -> dict[str, str]:
    """What a token says of its job, of `CLAIMS`; nothing for what is no such token. Not verified: for messages only."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {name: str(said[name]) for name in CLAIMS if said.get(name)}
    except (IndexError, ValueError, AttributeError):
        return {}


def _refused(words: str) -> VsyncError:
    return CredentialsRefused(
        f"GitHub does not give this job an identity token ({words}).",
        "Check that the job has `permissions: id-token: write`; a job that runs for many hours loses the right to ask.",
    )


def _unavailable(words: str) -> ApiUnavailable:
    return ApiUnavailable(
        f"GitHub's endpoint for identity tokens does not answer as it should ({words}).",
        "Run again later. On a runner of your own, check that the host of ACTIONS_ID_TOKEN_REQUEST_URL can be reached.",
    )
