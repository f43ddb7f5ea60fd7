"""The mistakes in a config, collected and told together. Pure.

A mistake is one line: `.vsync.yml:12:5: targets.docs.chunkng: unknown key. Did you mean chunking?`
Nothing that looks like a secret is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from vsync.documents.secret_formats import LOOKS_LIKE_TOKEN, MIN_RUN
from vsync.documents.secret_scan import Scanner
from vsync.errors import ConfigMistakes
from vsync.system.redaction import printable, redacted
from vsync.system.wording import count, shortened

MOST_SHOWN = 20
_MOST_CHARACTERS = 60
_MOST_SCANNED = 5_000
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")

KeyPath: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value. A number is the place in a list, counted from 1."""


class Mark(NamedTuple):
    """A place in the file. Line and column count from 1."""

    line: int
    column: int


START = Mark(1, 1)


class _Mistake(NamedTuple):
    mark: Mark
    keys: KeyPath
    says: str | Callable[[], str]


class Mistakes:
    """Collects the mistakes in one file. `path` is how messages call the file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: list[_Mistake] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, mark: Mark, keys: KeyPath, says: str | Callable[[], str]) -> None:
        """Notes a mistake. `says` may be a function, because a hostile file has thousands of mistakes and few are shown."""
        self._found.append(_Mistake(mark, keys, says))

    def error(self) -> ConfigMistakes:
        """The error that lists them in the order of the file."""
        found = sorted(self._found, key=lambda mistake: mistake.mark)
        lines = list(dict.fromkeys(self._line(mistake) for mistake in found[:MOST_SHOWN]))
        if len(found) > MOST_SHOWN:
            lines.append(f"{printable(self._path)}: {count(len(found) - MOST_SHOWN, 'more mistake')} not shown.")
        return ConfigMistakes("\n".join(lines), "docs/configuration.md describes the keys of the config.")

    def _line(self, mistake: _Mistake) -> str:
        says = mistake.says if isinstance(mistake.says, str) else mistake.says()
        keys = f"{shown_keys(mistake.keys)}: " if mistake.keys else ""
        return f"{printable(self._path)}:{mistake.mark.line}:{mistake.mark.column}: {keys}{printable(says)}"


def shown_keys(keys: KeyPath) -> str:
    """`targets.docs.rules[2].match`, `convert['.log']`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _WORD.fullmatch(key) and not hides_secret(key):
            text += f"{'.' if text else ''}{key}"
        else:
            text += f"[{shown_key(key)}]"
    return text


def shown_key(key: str) -> str:
    """A key as messages repeat it."""
    return "a key that looks like a secret" if hides_secret(key) else f"'{printable(shortened(key, _MOST_CHARACTERS))}'"


def shown_text(text: str) -> str:
    """A found text as messages repeat it."""
    if hides_secret(text):
        return "a text that looks like a secret"
    return f"'{printable(shortened(text, _MOST_CHARACTERS))}' (text)"


def hides_secret(text: str) -> bool:
    """Whether a text is not repeated, because it may be a secret. Also a token that is cut or misspelled counts."""
    beginning = text[:_MOST_SCANNED]
    run = re.search(rf"[A-Za-z0-9_-]{{{MIN_RUN}}}", beginning)
    return looks_secret(text) or (run is not None and LOOKS_LIKE_TOKEN().search(beginning) is not None)


def looks_secret(text: str) -> bool:
    """Whether a text holds what looks like a secret, or an address with a password."""
    beginning = text[:_MOST_SCANNED]
    if redacted(beginning, ()) != beginning:
        return True
    scanner = Scanner()
    scanner.feed(beginning)
    return bool(scanner.close())
