"""The words of a query in a text, as a reader would mark them. Pure.

Words are compared without case, accents and English endings, about as the embedded store compares them. A store that
compares meanings finds texts that hold none of the words: then nothing is marked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_WORD = re.compile(r"\w[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e]*")
"""Letters and digits, with the marks of Latin, Hebrew, Arabic, the scripts of India, and Thai."""

_STOP_WORDS = frozenset(
    (
        "a about an and are as at be by can do does for from has have how i if in into is it its me my not of on or our "
        "shall should so than that the their them then there these they this to use was we what when where which who why "
        "will with would you your"
    ).split()
)
"""Words that nearly every English text holds. They are marked only where the query has no other words."""

_ENDINGS = (
    *("ations", "ation", "ments", "ment", "ings", "ing", "ions", "ion", "ers", "er"),
    *("ies", "ied", "ed", "es", "ly", "s", "e", "y"),
)
_SHORTEST_STEM = 3
_NO_BLANKS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of scripts that write words without blanks between them (Thai, Lao, Burmese, Khmer, Japanese, Chinese)."""


class Span(NamedTuple):
    """Where a word of the query stands in a text. `stem` is the same for all forms of the word."""

    start: int
    end: int
    stem: str


class Words:
    """The words of a query."""

    def __init__(self, query: str) -> None:
        words = [match[0] for match in _WORD.finditer(query)]
        telling = [word for word in words if word.casefold() not in _STOP_WORDS] or words
        self._stems = {_stem(word) for word in telling if not _NO_BLANKS.search(word)}
        inside = sorted({word for word in telling if _NO_BLANKS.search(word)}, key=len, reverse=True)
        self._inside = re.compile("|".join(map(re.escape, inside))) if inside else None

    def spans(self, text: str) -> Iterator[Span]:
        """Where the words stand, in the text's order."""
        for match in _WORD.finditer(text):
            stem = _stem(match[0])
            if stem in self._stems:
                yield Span(match.start(), match.end(), stem)
            elif self._inside is not None:
                for part in self._inside.finditer(text, match.start(), match.end()):
                    yield Span(part.start(), part.end(), part[0])


def _stem(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= _SHORTEST_STEM:
            plain = plain[: -len(ending)]
            break
    return plain[:-1] if len(plain) > _SHORTEST_STEM and plain[-1] == plain[-2] else plain
