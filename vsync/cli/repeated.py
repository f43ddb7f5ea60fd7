"""The options of a command line that hold for the next command as well. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_FLAGS = {"--json", "--dry-run", "--exit-code", "--repair", "--rebuild", "--yes", "--verbose", "-v"}
_WITH_VALUE = {"--take-over", "--expect"}
"""What belongs to one command only, or to how it prints."""


def repeated(arguments: Sequence[str]) -> tuple[str, ...]:
    """The options behind the command's name, without those that are of this one command."""
    return tuple(_repeated(arguments[1:]))


def _repeated(words: Sequence[str]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        elif word not in _FLAGS and word.partition("=")[0] not in _WITH_VALUE:
            yield word
