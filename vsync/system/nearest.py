"""The known name that somebody probably meant, for messages about a name that nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_LEAST = 0.6
"""How much two names must have in common, from 0 to 1. Below that a suggestion would only confuse."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, whatever its case; None when none is like it.

    Of equally like names the first in alphabetical order is taken.
    """
    likeness = SequenceMatcher(b=name.casefold(), autojunk=False)
    best, most = None, _LEAST
    for candidate in sorted(known, reverse=True):
        likeness.set_seq1(candidate.casefold())
        if likeness.real_quick_ratio() >= most and likeness.quick_ratio() >= most and likeness.ratio() >= most:
            best, most = candidate, likeness.ratio()
    return best
