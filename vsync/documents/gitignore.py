"""The user's gitignore patterns: compiled and matched. Pure.

`pattern_mistakes` says which patterns are refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vsync.documents.pattern_mistakes import mistake, not_usable
from vsync.errors import ConfigurationError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Match(NamedTuple):
    """What a set of patterns says of a path: whether it matches, and the pattern that decided."""

    matches: bool
    pattern: str = ""


NO_MATCH = Match(False)


class Patterns:
    """Gitignore patterns of one setting, compiled. The last pattern that matches decides."""

    def __init__(self, setting: str, lines: Iterable[str]) -> None:
        self.lines = tuple(pattern_of(line) for line in lines)
        for line in self.lines:
            _check(setting, line)
        self._spec = _compiled(self.lines)

    def match(self, path: str) -> Match:
        found = self._spec.check_file(path)
        if found.index is None:
            return NO_MATCH
        return Match(bool(found.include), self.lines[found.index])

    def matches(self, path: str) -> bool:
        return self._spec.match_file(path)


def pattern_of(line: str) -> str:
    """The pattern on a line. Blanks before a pattern come from the indentation around it, and are not part of it.

    A name that begins with a blank is written with a backslash before the blank.
    """
    return line.lstrip()


def matcher(setting: str, lines: Iterable[str]) -> Callable[[str], bool]:
    """A function: whether a path matches these patterns. Messages call them by the setting."""
    return Patterns(setting, lines).matches


def single(line: str) -> Callable[[str], bool]:
    """A function: whether a path matches what this pattern names. A pattern that takes paths back names them too."""
    body = line.removeprefix("!")
    matches, literal = _compiled([body]).match_file, _literal(body)
    # Most patterns are tried on most paths in vain. Looking for a text is forty times as fast as the regular expression.
    return lambda path: literal in path and matches(path)


def _literal(body: str) -> str:
    """A text that stands in every path that the pattern matches."""
    return "" if "[" in body else max(re.split(r"\\.|[*?/\\]", body.rstrip()), key=len)


def _check(setting: str, line: str) -> None:
    """Raises ConfigurationError for a pattern that is none, or that cannot be meant as it is written."""
    wrong = mistake(line)
    if wrong is not None:
        raise not_usable(setting, line, wrong)
    try:
        _compiled([line])
    except (ValueError, re.error) as error:
        raise ConfigurationError(
            f"The {setting} pattern '{line}' is not a gitignore pattern: {error}",
            "See https://git-scm.com/docs/gitignore#_pattern_format.",
        ) from error


def _compiled(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # many runs have no patterns

    with warnings.catch_warnings():
        # pathspec makes regular expressions. Python warns that a later version may read sets such as "[[a]" differently.
        warnings.simplefilter("ignore", FutureWarning)
        return GitIgnoreSpec.from_lines(lines)


# --- What a pattern names -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a pattern between its slashes. `anchored`: they count from the top folder."""

    parts: tuple[str, ...]
    anchored: bool

    @property
    def fixed(self) -> tuple[str, ...]:
        """The names without wildcards that the pattern begins with."""
        names = []
        for part in self.parts:
            if not is_fixed(part):
                break
            names.append(unescaped(part))
        return tuple(names)


def parts_of(line: str) -> Parts:
    body = line.removeprefix("!")
    return Parts(tuple(part for part in body.split("/") if part), "/" in body.rstrip("/"))


def is_fixed(part: str) -> bool:
    """Whether that part of a pattern has no wildcard."""
    return re.search(r"[*?\[]", re.sub(r"\\.", "", part)) is None


def unescaped(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part)
