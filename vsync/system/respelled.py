"""Finds a secret that a text spells in another way: escaped character by character, as separated bytes, or on several lines.

A pattern for all these spellings would be huge. So the text is read as a program would read it, and each place in what was
read leads back to its place in the text. The time is bounded: each reading passes over the text once. Pure.
"""

from __future__ import annotations

import base64
import functools
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_ESCAPED = re.compile(
    r"%(?P<percent>[0-9A-Fa-f]{2})|&#(?P<number>[0-9]{1,8});?|&#[xX](?P<hex>[0-9A-Fa-f]{1,8});?"
    r"|(?P<named>&(?:amp|lt|gt|quot|apos|sol|plus|equals|colon|lowbar|newline);)"
    r"|\\{1,4}(?:u(?P<unit>[0-9A-Fa-f]{4})|u\{(?P<point>[0-9A-Fa-f]{1,6})\}|U(?P<long>[0-9A-Fa-f]{8})|x(?P<byte>[0-9A-Fa-f]{2})"
    r"|(?P<octal>[0-3][0-7]{2})|(?P<break>[rnt])|(?P<itself>[/\"'\\]))"
)
_BETWEEN_BYTES = re.compile(r"0[xX]|[\s:,;._-]+")
_BETWEEN_DIGITS = re.compile(r"\s+")
_FOR_ADDRESSES = str.maketrans("-_", "+/")
_SMALL = str.maketrans("ABCDEF", "abcdef")
"""Not `str.lower`: it makes two characters of some, and then places no longer fit."""


class _Found(NamedTuple):
    """Where an escape or a separator stands in what was read and in the text."""

    at: int
    until: int
    start: int
    end: int


class _Reading(NamedTuple):
    """What was read of a text, and what stands in the text for other characters."""

    text: str
    found: list[_Found]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of what was read stands in the text."""
        first, last = self._at(start), self._at(end - 1)
        return first[0], last[1]

    def _at(self, position: int) -> tuple[int, int]:
        index = bisect_right(self.found, position, key=lambda found: found.at) - 1
        if index < 0:
            return position, position + 1
        before = self.found[index]
        if position < before.until:
            return before.start, before.end
        moved = before.end + position - before.until
        return moved, moved + 1


class _Spelled(NamedTuple):
    whole: frozenset[str]
    digits: frozenset[str]
    base64: frozenset[str]


def without_respelled(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets where it spells them in another way."""
    spelled = [_spelled(secret) for secret in dict.fromkeys(secrets)]
    if not spelled:
        return text
    read = _read(text, _ESCAPED, _unescaped) if re.search(r"[%&\\]", text) else _Reading(text, [])
    places = [read.place(*place) for place in _places(read.text, {form for each in spelled for form in each.whole})]
    bytewise = {form for each in spelled for form in each.digits}
    places += [read.place(*place) for place in _joined(read.text, _BETWEEN_BYTES, _small, bytewise)]
    wrapped = {form for each in spelled for form in each.base64}
    places += [read.place(*place) for place in _joined(read.text, _BETWEEN_DIGITS, _standard, wrapped)]
    return _cut(text, places)


@functools.lru_cache(maxsize=128)
def _spelled(secret: str) -> _Spelled:
    """What to look for in each reading. The bytes of an escaped character may stand for it one by one."""
    data = secret.encode("utf-8", "surrogatepass")
    return _Spelled(
        frozenset({secret, data.decode("latin-1")}), frozenset({data.hex()}), frozenset(base64_inside(data))
    )


def forget_spelled() -> None:
    """Forgets the secrets that it has seen last, which it remembers to be quick."""
    _spelled.cache_clear()


def base64_inside(data: bytes) -> Iterator[str]:
    """The data in base64 at each place that it may have in longer data."""
    for before in range(3):
        # A digit that also holds bits of the data before or behind it differs from text to text, and is left out.
        skipped, kept = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
        yield base64.b64encode(b"\0" * before + data).decode("ascii")[skipped:kept]


def _joined(
    text: str, between: re.Pattern[str], alike: Callable[[str], str], forms: Iterable[str]
) -> Iterator[tuple[int, int]]:
    """Where the forms stand in a text, whatever stands between their digits."""
    whole = alike(between.sub("", text))
    present = [form for form in forms if form in whole]
    if present:
        read = _read(text, between, lambda _: "")
        for place in _places(whole, present):
            yield read.place(*place)


def _small(digits: str) -> str:
    return digits.translate(_SMALL)


def _standard(digits: str) -> str:
    return digits.translate(_FOR_ADDRESSES)


def _places(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int]]:
    for form in forms:
        start = text.find(form)
        while start >= 0:
            yield start, start + len(form)
            start = text.find(form, start + len(form))


def _read(text: str, pattern: re.Pattern[str], meant: Callable[[re.Match[str]], str]) -> _Reading:
    parts: list[str] = []
    found: list[_Found] = []
    length = end = 0
    for match in pattern.finditer(text):
        plain, new = text[end : match.start()], meant(match)
        at = length + len(plain)
        length, end = at + len(new), match.end()
        parts += (plain, new)
        found.append(_Found(at, length, match.start(), end))
    return _Reading("".join([*parts, text[end:]]), found)


def _unescaped(match: re.Match[str]) -> str:
    """The character for which an escape stands."""
    kind = match.lastgroup or ""
    value = match[kind]
    if kind == "named":
        return html.unescape(value)
    if kind == "break":
        return "\n"
    if kind == "itself":
        return value
    code = int(value, {"number": 10, "octal": 8}.get(kind, 16))
    return chr(code) if code <= 0x10FFFF else match[0]


def _cut(text: str, places: list[tuple[int, int]]) -> str:
    """The text with `***` in these places. Places that overlap become one."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(places):
        if start >= done:
            parts += (text[done:start], "***")
        done = max(done, end)
    return "".join([*parts, text[done:]])
