"""The exchange of the job's identity token for a short-lived one of OpenAI's, as the SDK does it.

The SDK exchanges before the first request, again shortly before a token ends, and after a 401; in a thread, one at a
time, each time with a new subject token. It does not try again when the exchange answers 5xx
(https://github.com/openai/openai-python, `auth/_workload.py`). So here is what it is given, how often it may try, and
what its failures mean. The waiting is left to `api.ask`, where it can be stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vsync.auth.credentials import WorkloadIdentity
from vsync.auth.identity_token import claims
from vsync.errors import ApiUnavailable, CredentialsRefused, VsyncError
from vsync.system.redaction import one_line
from vsync.system.retry import Clock, backoff
from vsync.system.secrets import Secrets

if TYPE_CHECKING:
    import openai
    import openai.auth

MAX_TRIES = 5
"""In a row without a token. With the timeouts of both requests that is about a minute at most."""

REFRESH_BUFFER_S = 60.0
"""How long before its end a token is exchanged anew. OpenAI's lives no longer than GitHub's, five minutes; the SDK's
default of 20 minutes would come down to half of that."""

_PATH = "/oauth/token"
_PASSING = {408, 425, 429}


class NoTokenYet(Exception):
    """There is no token, and another try may bring one in `wait_s`. `final` is what it becomes when it does not."""

    def __init__(self, final: VsyncError, wait_s: float) -> None:
        super().__init__(str(final))
        self.final = final
        self.wait_s = wait_s


class Exchange:
    """One client's exchanges. Requests that run side by side share its tries: 16 uploads do not ask 16 times over."""

    def __init__(
        self,
        identity: WorkloadIdentity,
        subject_token: Callable[[], str],
        secrets: Secrets,
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        self._identity = identity
        self._subject_token = subject_token
        self._secrets = secrets
        self._clock = clock
        self._tries = 0
        self._next_at = 0.0
        self._failure: VsyncError = _unavailable("it has not answered yet")
        self._over = False
        self._claims: dict[str, str] = {}

    def for_sdk(self) -> openai.auth.WorkloadIdentity:
        """The argument `workload_identity` of the client."""
        return {
            "identity_provider_id": self._identity.provider_id,
            "service_account_id": self._identity.service_account_id,
            "provider": {"token_type": "jwt", "get_token": self._next_subject_token},
            "refresh_buffer_seconds": REFRESH_BUFFER_S,
        }

    def _next_subject_token(self) -> str:
        """Called by the SDK, in a thread of its own and never twice at once, when it is about to exchange."""
        if self._over:
            raise self._failure
        now = self._clock()
        if self._tries and now < self._next_at:
            raise self._not_yet()
        self._tries += 1
        self._next_at = now + backoff(self._tries - 1, first=1.0)
        try:
            token = self._subject_token()
        except ApiUnavailable as failure:
            raise self._failed(failure, passing=True) from None
        except VsyncError as failure:
            self._failed(failure, passing=False)
            raise
        self._claims = claims(token)
        return token

    def used(self, authorization: str) -> None:
        """A request leaves with this header, so the SDK has a token."""
        self._tries = 0
        self._secrets.add(authorization.removeprefix("Bearer ").strip())

    def explain(self, error: Exception) -> NoTokenYet | VsyncError | None:
        """What an error of a request says of the exchange; None when it is about something else."""
        import httpx2
        import openai

        if isinstance(error, NoTokenYet):
            return error
        if isinstance(error, openai.OAuthError):
            return self._failed(self._refused(error), passing=False)
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__
            if isinstance(cause, httpx2.RequestError) and cause.request.url.path == _PATH:
                return self._failed(_unavailable(f"{type(cause).__name__}: {self._line(str(cause))}"), passing=True)
            return None
        if type(error) is openai.OpenAIError or isinstance(error, RuntimeError):
            # The SDK has no types for these, only sentences, and all of them begin with the word.
            if not str(error).startswith("Token "):
                return None
            status = re.search(r"status (\d{3})", str(error))
            passing = status is None or int(status[1]) >= 500 or int(status[1]) in _PASSING
            return self._failed(_unavailable(self._line(str(error))), passing=passing)
        return None

    def _failed(self, failure: VsyncError, *, passing: bool) -> NoTokenYet | VsyncError:
        if self._over:
            return self._failure
        self._failure = failure
        if passing and self._tries < MAX_TRIES:
            return self._not_yet()
        self._over = True
        return failure

    def _not_yet(self) -> NoTokenYet:
        return NoTokenYet(self._failure, max(0.0, self._next_at - self._clock()))

    def _refused(self, error: openai.OAuthError) -> CredentialsRefused:
        said = ", ".join(f"{name} {value!r}" for name, value in self._claims.items())
        return CredentialsRefused(
            f"OpenAI does not exchange this job's identity token ({error.status_code} {self._line(_oauth_words(error))}).",
            "Check that identity-provider-id and service-account-id are right and belong together, that the provider "
            f"expects the audience {self._identity.audience!r} (identity-audience), and that all rows of the mapping fit "
            f"this job: repository, ref, workflow_ref, environment. {f'It is {said}. ' if said else ''}"
            "See docs/security.md.",
        )

    def _line(self, text: str) -> str:
        return one_line(text, self._secrets)


def _oauth_words(error: openai.OAuthError) -> str:
    """`invalid_grant: …`, in OAuth's form or in that of OpenAI's other errors."""
    body: dict[str, Any] = dict(error.body) if isinstance(error.body, dict) else {}
    error_field = body.get("error")
    if isinstance(error_field, dict):
        words = (error_field.get("code"), error_field.get("message"))
    else:
        words = (error_field, body.get("error_description"))
    return ": ".join(text for text in words if isinstance(text, str) and text.strip()) or "no reason given"


def _unavailable(words: str) -> ApiUnavailable:
    return ApiUnavailable(
        f"OpenAI's token exchange does not answer as it should ({words}).",
        "Run again later. Behind a proxy, check that auth.openai.com can be reached.",
    )
