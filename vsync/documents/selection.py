"""Which paths are documents, by the user's rules and by path and mode alone. Pure.

Two questions are asked, in this order and never mixed. The first is here, the second partly here and in `inspection`.

| question | who decides |
| --- | --- |
| Is the path *selected*? | the rules of the user |
| Can the file at that path be a document? | its mode, its kind and its bytes |

A path that is selected and cannot be a document is *skipped*, with one of the reasons below. The report lists it,
because a reader would otherwise miss it in the store.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from vsync.documents.filetypes import DOCUMENTATION_EXTENSIONS, extension_of, file_type
from vsync.documents.secret_formats import is_secret_name
from vsync.errors import ConfigurationError
from vsync.git.changes import SUBMODULE, SYMLINK, decodable, show_path

SkipReason = Literal[
    "empty",
    "too-large",
    "unsupported-type",
    "not-text",
    "not-notebook",
    "undecodable-name",
    "symlink",
    "submodule",
    "lfs-pointer",
    "secret",
]


@dataclass(frozen=True, slots=True)
class Rules:
    """The user's gitignore patterns.

    Files of `allow_secrets` are uploaded although they seem to hold secrets. `reserved` are vsync's own files inside
    the repository; a folder of such files ends in a slash.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow_secrets: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about one path. `path` is set when it is selected, `skipped` when it cannot be a document."""

    path: str | None = None
    skipped: SkipReason | None = None


NOT_SELECTED = Verdict()


class Selector:
    """The compiled rules."""

    def __init__(self, rules: Rules) -> None:
        self._reserved = frozenset(rules.reserved)
        self._reserved_folders = tuple(path for path in rules.reserved if path.endswith("/"))
        self._include = _compile("include", rules.include) if rules.include else None
        self._exclude = _compile("exclude", rules.exclude) if rules.exclude else None
        self._allowed = _compile("allow-secrets", rules.allow_secrets) if rules.allow_secrets else None

    def decide(self, path: bytes, mode: str) -> Verdict:
        text = path.decode("utf-8", "surrogateescape")
        if _never(text) or self._is_reserved(text) or not self._selected(text, mode):
            return NOT_SELECTED
        if not decodable(path):
            return Verdict(show_path(path), "undecodable-name")
        if mode == SYMLINK:
            return Verdict(text, "symlink")
        if mode == SUBMODULE:
            return Verdict(text, "submodule")
        if is_secret_name(text) and not self.allows_secrets(text):
            return Verdict(text, "secret")
        if file_type(text) is None:
            return Verdict(text, "unsupported-type")
        return Verdict(text)

    def why_not(self, path: str, mode: str) -> str | None:
        """Why the path is not selected, in a few words; None when it is selected."""
        if _never(path) or self._is_reserved(path):
            return "a file of git, GitHub or vsync"
        if self._selected(path, mode):
            return None
        if self._include is None and self._exclude is None:
            return f"not documentation ({extension_of(path) or 'no extension'})"
        return "not included, or excluded by a pattern"

    def allows_secrets(self, path: str) -> bool:
        """Whether the user allows the file to be uploaded although it seems to hold secrets."""
        return self._allowed is not None and self._allowed.match_file(path)

    def _is_reserved(self, text: str) -> bool:
        return text in self._reserved or text.startswith(self._reserved_folders)

    def _selected(self, text: str, mode: str) -> bool:
        # A submodule is a folder, so patterns of folders match it. It is listed where its files could be documents.
        candidates = (text, f"{text}/") if mode == SUBMODULE else (text,)
        if self._exclude is not None and any(self._exclude.match_file(name) for name in candidates):
            return False
        if self._include is not None:
            return any(self._include.match_file(name) for name in candidates)
        return mode == SUBMODULE or extension_of(text) in DOCUMENTATION_EXTENSIONS


def _never(path: str) -> bool:
    """Whether the path is a file of git, GitHub or vsync. Such files are never documents, even when included."""
    return any(part.startswith(".git") or part in {".vsync", ".vsync.yml"} for part in path.split("/"))


class _Spec:
    """A set of gitignore patterns. pathspec is imported only here, because many runs have no patterns."""

    def __init__(self, lines: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec

        with warnings.catch_warnings():
            # pathspec makes regular expressions. Python warns that a later version may read sets such as "[[a]" differently.
            warnings.simplefilter("ignore", FutureWarning)
            self._spec = GitIgnoreSpec.from_lines(lines)

    def match_file(self, path: str) -> bool:
        return self._spec.match_file(path)


def _compile(name: str, patterns: Iterable[str]) -> _Spec:
    lines = list(patterns)
    for line in lines:
        try:
            _Spec([line])
        except (ValueError, re.error) as error:
            raise ConfigurationError(
                f"The {name} pattern {line!r} is not a gitignore pattern: {error}",
                "See https://git-scm.com/docs/gitignore#_pattern_format.",
            ) from error
    return _Spec(lines)


def matcher(name: str, patterns: Iterable[str]) -> Callable[[str], bool]:
    """A function: whether a path matches these gitignore patterns. `name` is how messages call them."""
    return _compile(name, patterns).match_file
