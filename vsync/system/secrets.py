"""What must never be shown: the key a run was given, and the tokens that it gets on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping


class Secrets:
    """Grows as tokens come; `told` hears of each that is added, at once and in whatever thread it came."""

    def __init__(self, *known: str | None, told: Callable[[str], None] = lambda _: None) -> None:
        self._known: tuple[str, ...] = tuple(secret for secret in known if secret)
        self._told = told

    def add(self, secret: str | None) -> None:
        if secret and secret not in self._known:
            self._known = (*self._known, secret)
            self._told(secret)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)


_OF_USE_TO_THE_SDK = "OPENAI_LOG"
_OF_NO_USE_TO_OTHERS = ("INPUT_", "OPENAI_", "ACTIONS_ID_TOKEN_", "VSYNC_GITHUB_TOKEN")


def taken_from(environ: MutableMapping[str, str]) -> dict[str, str]:
    """The environment as it is; secrets are removed from it, so that no program that is started inherits them."""
    copy = dict(environ)
    for name in copy:
        if name.startswith(_OF_NO_USE_TO_OTHERS) and name != _OF_USE_TO_THE_SDK:
            del environ[name]
    return copy
