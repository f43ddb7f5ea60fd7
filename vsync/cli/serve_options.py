"""What the options of `vsync serve` say, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from vsync.auth.credentials import check_header
from vsync.cli.context import Context
from vsync.errors import ConfigurationError
from vsync.network.address import is_loopback

if TYPE_CHECKING:
    from vsync.serve.rest.app import Access
    from vsync.serve.rest.limits import Limits

T = TypeVar("T")

_MIN_TOKEN_CHARACTERS = 16
"""A server answers more than a thousand guesses in a second."""


def token_of(context: Context, given: str | None) -> str | None:
    token = (given or "").strip() or None
    context.secrets.add(token)
    check_header("The token (--token, VSYNC_TOKEN)", token or "")
    if token is not None and len(token) < _MIN_TOKEN_CHARACTERS:
        raise ConfigurationError(
            f"The token (--token, VSYNC_TOKEN) has fewer than {_MIN_TOKEN_CHARACTERS} characters: it can be guessed.",
            f"Use {_MIN_TOKEN_CHARACTERS} random characters or more.",
        )
    return token


def limits_of(own: dict[str, Any]) -> Limits:
    from vsync.serve.rest.limits import Limits

    return Limits(
        max_body=_each("--max-body", (own["max_body"],), _bytes)[0],
        max_ids=own["max_ids"],
        max_calls=own["max_calls"],
        calls_per_minute=own["calls_per_minute"],
    )


def access_of(own: dict[str, Any], token: str | None, host: str) -> Access:
    from vsync.serve.rest.app import Access
    from vsync.serve.rest.hosts import allowed_host, allowed_origin

    return Access(
        token=token,
        origins=frozenset(_each("--allow-origin", own["allow_origin"], allowed_origin)),
        hosts=frozenset(_each("--allow-host", own["allow_host"], allowed_host)),
        only_here=is_loopback(host),
    )


def _each(option: str, given: Sequence[str], parse: Callable[[str], T]) -> list[T]:
    found: list[T] = []
    for text in given:
        try:
            found.append(parse(text.strip()))
        except ValueError as error:
            raise ConfigurationError(
                f"{option} is {text!r}, but must be {error}.", "Correct it and run again."
            ) from None
    return found


def _bytes(text: str) -> int:
    from vsync.manage.sizes import bytes_of

    number = bytes_of(text)
    if number < 1:
        raise ValueError("a size from 1 on, such as 500KB or 4MB")
    return number
