"""The secrets of a run: the keys that it was given, and the tokens that it gets while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping


class Secrets:
    """The known secrets. `added` is called for each new secret, at once and in the thread that adds it."""

    def __init__(self, *known: str | None, added: Callable[[str], None] = lambda _: None) -> None:
        self._known: tuple[str, ...] = tuple(secret for secret in known if secret)
        self._added = added

    def add(self, secret: str | None) -> None:
        if secret and secret not in self._known:
            self._known = (*self._known, secret)
            self._added(secret)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)


_KEPT = "OPENAI_LOG"
"""The SDK reads this variable."""
_SECRET_PREFIXES = ("INPUT_", "OPENAI_", "ACTIONS_ID_TOKEN_", "VSYNC_GITHUB_TOKEN", "VSYNC_TOKEN")


def taken_from(environ: MutableMapping[str, str]) -> dict[str, str]:
    """A copy of the environment. Secrets are removed from the original, so that no started program inherits them."""
    copy = dict(environ)
    for name in copy:
        if name.startswith(_SECRET_PREFIXES) and name != _KEPT:
            del environ[name]
    return copy
