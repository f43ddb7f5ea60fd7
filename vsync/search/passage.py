"""Where a found text stands in its document. Pure."""

from __future__ import annotations

import codecs
import re

_NEAR = 100
"""Characters around a word by which its place is found when the store has changed the blanks of the text."""

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(data: bytes) -> str:
    """The text of a document."""
    return data.decode("utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig", "replace")


def line_in(document: str, found: str, at: int) -> int | None:
    """The line (counted from 1) in which the character `at` of a found text stands. None: the place is not certain."""
    start = _only(document, found)
    if start is not None:
        return document.count("\n", 0, start + at) + 1
    before, after = found[max(0, at - _NEAR) : at].split()[1:], found[at : at + _NEAR].split()[:-1]
    if not after:
        return None
    pattern = r"\s+".join(
        [re.escape(word) for word in before] + [f"({re.escape(after[0])})"] + list(map(re.escape, after[1:]))
    )
    matches = re.finditer(pattern, document)
    first, second = next(matches, None), next(matches, None)
    if first is None or second is not None:
        return None
    return document.count("\n", 0, first.start(1)) + 1


def _only(document: str, found: str) -> int | None:
    """Where the text stands in the document; None where it stands nowhere, or more than once."""
    if not found.strip():
        return None
    start = document.find(found)
    return start if start >= 0 and document.find(found, start + 1) < 0 else None
