"""Searches a text of any size for secrets. Pure.

The search is fast where there is nothing to find. A token is a long run of few characters, and text rarely has such a
run. Only around a run that begins like a token are the formats tried, and their detectors imported.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from vsync.documents.patterns import lazily
from vsync.documents.secret_formats import (
    LOOKS_LIKE_TOKEN,
    MIN_RUN,
    PRIVATE_KEY,
    PRIVATE_KEY_WORDS,
    formats,
    has_key_body,
)

MAX_FINDINGS = 5
"""The search of one file ends after so many findings."""

_PIECE = 256 * 1024
_OVERLAP = 4096
_BEFORE, _BEHIND = 64, 2560
_MAX_CANDIDATES = 5_000
"""The search of one file ends after so many candidates: such a file is made to keep the search busy."""


class Finding(NamedTuple):
    """The kind of a secret and its line, counted from 1. Never any part of the secret.

    In a file that is converted, `part` names the part of the file that the line comes from.
    """

    kind: str
    line: int
    part: str = ""

    def __str__(self) -> str:
        return f"{self.kind} in {self.part or f'line {self.line}'}"


class Scanner:
    """Searches one text that comes in pieces of any size, in bounded memory. A secret may lie across two pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._lines = 0
        self._at_start = True
        self._found: dict[Finding, None] = {}
        self._candidates = 0

    def feed(self, text: str) -> None:
        if self._ended:
            return
        self._held += text
        if len(self._held) >= _PIECE:
            self._search(final=False)
            done = len(self._held) - _OVERLAP
            self._lines += self._held.count("\n", 0, done)
            self._held = self._held[done:]
            self._at_start = False

    def close(self) -> tuple[Finding, ...]:
        """The findings. Call it after the last piece."""
        if not self._ended:
            self._search(final=True)
        self._held = ""
        return tuple(sorted(self._found, key=lambda finding: finding.line)[:MAX_FINDINGS])

    @property
    def _ended(self) -> bool:
        return len(self._found) >= MAX_FINDINGS or self._candidates >= _MAX_CANDIDATES

    def _search(self, *, final: bool) -> None:
        """Searches the held text. A candidate at its border is searched again together with the next piece."""
        text = self._held
        first, last = (0 if self._at_start else 1), (len(text) if final else len(text) - 1)
        for kind, start, end in _candidates(text):
            self._candidates += 1
            if kind is not None and first <= start and end <= last:
                self._found[Finding(kind, self._lines + text.count("\n", 0, start) + 1)] = None
            if self._ended:
                return


def _candidates(text: str) -> Iterator[tuple[str | None, int, int]]:
    """What looks like a secret: kind, start and end. The kind is None when it is no secret after all."""
    if any(word in text for word in PRIVATE_KEY_WORDS):
        for match in PRIVATE_KEY().finditer(text):
            real = has_key_body(text[match.end() : match.end() + _BEHIND])
            yield "private key" if real else None, match.start(), min(match.end() + _BEHIND, len(text))
    for start, end in _suspect(text):
        # `\n` in a program's literal ends a word. Two spaces replace it, so that positions stay the same.
        part = _ESCAPED().sub("  ", text[start:end])
        for form in formats():
            if form.may_be_in(part):
                for match in itertools.chain.from_iterable(pattern.finditer(part) for pattern in form.patterns):
                    at = start + match.start()
                    real = match[0].startswith(form.prefixes) and _stands_alone(text, at) and form.check(match[0])
                    yield form.kind if real else None, at, start + match.end()


_ESCAPED = lazily(r"\\[nrt]")


def _stands_alone(text: str, start: int) -> bool:
    """Whether a word begins there. It may follow the `\\n` of a program's literal."""
    before = text[max(0, start - 2) : start]
    return not re.search(r"[A-Za-z0-9_]\Z", before) or bool(_ESCAPED().fullmatch(before))


_IN_TOKEN = bytes(
    ord("a") if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_-") else ord(" ") for code in range(256)
)


def _suspect(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text that may hold a token. No two parts overlap.

    Every format has a run of `MIN_RUN` letters, digits, dashes and underscores. To find such runs costs a tenth of
    looking for the beginnings of all formats.
    """
    shape = text.encode("ascii", "replace").translate(_IN_TOKEN)
    run = b"a" * MIN_RUN
    region: tuple[int, int] | None = None
    position = shape.find(run)
    while position >= 0:
        end = shape.find(b" ", position + MIN_RUN)
        end = len(text) if end < 0 else end
        if LOOKS_LIKE_TOKEN().search(text, max(0, position - _BEFORE), end + _BEFORE):
            start, stop = max(0, position - 2 * _BEFORE), end + _BEFORE * 2
            if region is not None and start <= region[1]:
                start = region[0]
            elif region is not None:
                yield region
            region = (start, stop)
        position = shape.find(run, end)
    if region is not None:
        yield region
