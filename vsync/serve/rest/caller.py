"""Who calls: the key, organization and project in the headers of a call, and the server's own token. Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from vsync.auth.credentials import Credentials
from vsync.serve.rest.failure import Failure

KEY, AUTHORIZATION, TOKEN = "x-openai-api-key", "authorization", "x-vsync-token"
ORGANIZATION, PROJECT = "openai-organization", "openai-project"

_VALUE = re.compile(r"[!-~]{1,512}")
"""What a key or an id may hold: printable ASCII without blanks."""

_HOW_WITH_KEY = "Send your OpenAI API key in the header x-openai-api-key, or as Authorization: Bearer."
_HOW_WITH_BOTH = (
    "This server asks for its own token as well. Send it in the header x-vsync-token; or as Authorization: Bearer, when "
    "your OpenAI API key comes in x-openai-api-key."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The credentials of one call. `repr` does not show the key."""

    api_key: str = field(repr=False)
    organization: str | None = None
    project: str | None = None

    def credentials(self, base_url: str | None) -> Credentials:
        return Credentials(self.api_key, base_url, self.organization, self.project)


def caller_of(headers: Iterable[tuple[bytes, bytes]], token: str | None) -> Caller:
    """The caller of a call with these headers, whose names are in lower case.

    `token` is the server's own secret; None: it has none. Raises Failure: 401 without a key or with a wrong token, 400 for
    a header that is given twice or holds what no header of its kind holds.
    """
    given = _Headers(headers)
    bearer = _bearer(given.get(AUTHORIZATION))
    key = given.get(KEY)
    if token is not None:
        _check_token(given.get(TOKEN) or (bearer if key is not None else None), token)
    key = key if key is not None else bearer
    if key is None:
        raise Failure(401, "missing_api_key", f"There is no API key. {_HOW_WITH_KEY}")
    if not _VALUE.fullmatch(key):
        raise Failure(401, "invalid_api_key", "The API key is empty, too long, or holds a character that no key holds.")
    return Caller(key, given.id_in(ORGANIZATION), given.id_in(PROJECT))


def _check_token(given: str | None, token: str) -> None:
    if given is None:
        raise Failure(401, "missing_token", _HOW_WITH_BOTH)
    # Compared in a time that does not tell how much of it is right.
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode()):
        raise Failure(401, "wrong_token", f"The token is wrong: this server has another one. {_HOW_WITH_BOTH}")


def _bearer(header: str | None) -> str | None:
    """The credential in an `Authorization: Bearer` header."""
    scheme, _, value = (header or "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


class _Headers:
    """The headers that matter here. A header that is given twice is refused: vsync and a proxy might read different ones."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in headers:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())

    def get(self, name: str) -> str | None:
        """The value of a header; None when it is missing or empty."""
        values = self._values.get(name, [])
        if len(values) > 1:
            raise Failure(400, "duplicate_header", f"The header {name} is given twice. Send it once.", param=name)
        return values[0] or None if values else None

    def id_in(self, name: str) -> str | None:
        """An id in a header."""
        value = self.get(name)
        if value is not None and not _VALUE.fullmatch(value):
            message = (
                f"The header {name} holds a character that no id holds, or is too long. Correct it or leave it out."
            )
            raise Failure(400, "invalid_header", message, param=name)
        return value
