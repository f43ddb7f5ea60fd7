"""The piece of a found text that is shown: where most of the query's words stand. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from vsync.search.words import Span, Words

_LENGTH = 240
"""Characters of an excerpt, without its marks."""

_BEFORE = 60
"""Characters before the first word that is marked, for the reader to see the sentence."""


class Piece(NamedTuple):
    text: str
    marked: bool = False


class Excerpt(NamedTuple):
    """`at` is where the first marked word stands in the whole text; without marked words, where the text begins."""

    pieces: tuple[Piece, ...]
    at: int

    @property
    def plain(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def excerpt(text: str, words: Words) -> Excerpt:
    """The excerpt of a text. Line breaks and runs of blanks become one blank."""
    chosen = _densest(list(words.spans(text)))
    first = chosen[0].start if chosen else len(text) - len(text.lstrip())
    start = _after_blank(text, max(0, first - _BEFORE), first) if chosen else first
    end = _before_blank(text, start + _LENGTH, chosen[-1].end if chosen else start)
    pieces: list[Piece] = []
    at = start
    for span in chosen:
        pieces += [Piece(text[at : span.start]), Piece(text[span.start : span.end], marked=True)]
        at = span.end
    pieces.append(Piece(text[at:end]))
    return Excerpt(_tidy(pieces, cut_before=bool(text[:start].strip()), cut_after=bool(text[end:].strip())), first)


def _densest(spans: Sequence[Span]) -> Sequence[Span]:
    """The run of words, short enough for an excerpt, that holds most of the query: different words count more than all."""
    window: deque[Span] = deque()
    seen: Counter[str] = Counter()
    best: tuple[Span, ...] = ()
    most = (0, 0)
    for span in spans:
        window.append(span)
        seen[span.stem] += 1
        while window[-1].end - window[0].start > _LENGTH - _BEFORE and len(window) > 1:
            seen[window.popleft().stem] -= 1
        worth = (sum(number > 0 for number in seen.values()), len(window))
        if worth > most:
            best, most = tuple(window), worth
    return best


def _after_blank(text: str, start: int, latest: int) -> int:
    """The begin of the first word from `start` on; `start` where there is none before `latest`."""
    if start == 0 or text[start - 1].isspace():
        return start
    return next((at + 1 for at in range(start, latest) if text[at].isspace()), start)


def _before_blank(text: str, end: int, earliest: int) -> int:
    """The end of the last word up to `end`; `end` where there is none after `earliest`."""
    end = max(end, earliest)
    if end >= len(text):
        return len(text)
    return next((at for at in range(end, earliest, -1) if text[at].isspace()), end)


def _tidy(pieces: Sequence[Piece], *, cut_before: bool, cut_after: bool) -> tuple[Piece, ...]:
    """The pieces with single blanks, without blanks at both ends, and with a sign where the text goes on."""
    tidy: list[Piece] = []
    for text, marked in pieces:
        inner = " ".join(text.split())
        before, after = (" " if text and text[end].isspace() else "" for end in (0, -1))
        tidy.append(Piece(f"{before}{inner}{after}" if inner else before, marked))
    if tidy:
        tidy[0] = tidy[0]._replace(text=tidy[0].text.lstrip())
        tidy[-1] = tidy[-1]._replace(text=tidy[-1].text.rstrip())
    sign = Piece("…")
    return tuple(piece for piece in (*[sign] * cut_before, *tidy, *[sign] * cut_after) if piece.text)
