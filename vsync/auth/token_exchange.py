"""The exchange of the job's identity token for a short-lived token of OpenAI. The SDK makes the request.

The SDK exchanges before the first request, shortly before a token ends, and after a 401; in a thread, one exchange at a time,
each with a new identity token. It does not try again after a 5xx (https://github.com/openai/openai-python,
`auth/_workload.py`). This module gives the SDK its tokens, limits the tries, and translates failures. `Api.ask` waits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vsync.auth.credentials import WorkloadIdentity
from vsync.auth.identity_token import claims
from vsync.errors import ApiUnavailable, CredentialsRefused, HandshakeFailed, VsyncError
from vsync.network.trust import handshake_fault
from vsync.system.redaction import one_line
from vsync.system.retry import Clock, backoff
from vsync.system.secrets import Secrets

if TYPE_CHECKING:
    import openai
    import openai.auth

MAX_TRIES = 5
"""How many exchanges in a row may fail. With the timeouts of both requests they take about a minute at most."""

REFRESH_BUFFER_S = 60.0
"""How long before its end a token is replaced. OpenAI's token lives as long as GitHub's, five minutes. The SDK's default of 20
minutes would replace it after half of that time."""

_PATH = "/oauth/token"
_MAY_PASS = {408, 425, 429}


class NoTokenYet(Exception):
    """There is no token yet. Another try in `wait_s` seconds may bring one; `final` is the error when it does not."""

    def __init__(self, final: VsyncError, wait_s: float) -> None:
        super().__init__(str(final))
        self.final = final
        self.wait_s = wait_s


class Exchange:
    """The exchanges of one client. Concurrent requests share its tries: 16 uploads do not ask 16 times as often."""

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
        self._ended = False
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
        """A new identity token. The SDK calls this before each exchange, in a thread, and never twice at the same time."""
        # The request whose try was the last reports its failure in the event loop; another thread may be here before that.
        self._ended = self._ended or self._tries >= MAX_TRIES
        if self._ended:
            raise self._failure
        now = self._clock()
        if self._tries and now < self._next_at:
            raise self._not_yet()
        self._tries += 1
        self._next_at = now + backoff(self._tries - 1, first=1.0)
        try:
            token = self._subject_token()
        except ApiUnavailable as failure:
            raise self._failed(failure, may_pass=not isinstance(failure, HandshakeFailed)) from None
        except VsyncError as failure:
            self._failed(failure, may_pass=False)
            raise
        self._claims = claims(token)
        return token

    def used(self, authorization: str) -> None:
        """A request is sent with this header, so the SDK has a token."""
        self._tries = 0
        self._secrets.add(authorization.removeprefix("Bearer ").strip())

    def explain(self, error: Exception) -> NoTokenYet | VsyncError | None:
        """The failure of the exchange that an error of a request shows; None when the error is not about the exchange."""
        import httpx2
        import openai

        if isinstance(error, NoTokenYet):
            return error
        if isinstance(error, openai.OAuthError):
            return self._failed(self._refused(error), may_pass=False)
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__
            if isinstance(cause, httpx2.RequestError) and cause.request.url.path == _PATH:
                words = self._line(str(cause))
                fault = handshake_fault(words, cause.request.url.host)
                if fault is not None:
                    return self._failed(HandshakeFailed(*fault), may_pass=False)
                return self._failed(_unavailable(f"{type(cause).__name__}: {words}"), may_pass=True)
            return None
        if type(error) is openai.OpenAIError or isinstance(error, RuntimeError):
            # The SDK has no error types for these failures, only sentences. All of them begin with this word.
            if not str(error).startswith("Token "):
                return None
            status = re.search(r"status (\d{3})", str(error))
            may_pass = status is None or int(status[1]) >= 500 or int(status[1]) in _MAY_PASS
            return self._failed(_unavailable(self._line(str(error))), may_pass=may_pass)
        return None

    def _failed(self, failure: VsyncError, *, may_pass: bool) -> NoTokenYet | VsyncError:
        if self._ended:
            return self._failure
        self._failure = failure
        if may_pass and self._tries < MAX_TRIES:
            return self._not_yet()
        self._ended = True
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
    """The code and message of an OAuth error (`invalid_grant: …`), in OAuth's form or in the form of OpenAI's other errors."""
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
