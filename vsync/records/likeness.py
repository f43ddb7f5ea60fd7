"""Is a short string a text, or the base64 of a text? Pure. Both may be; these are guesses by what people write."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SHORT: Final = 12
"""Longer strings are hardly ever base64 by chance."""

_WORD: Final = re.compile(r"(?:[A-Za-z][a-z]*|[A-Z]+)[0-9]*")
_PROSE: Final = re.compile(r"[\"'(]?[A-Za-z0-9]+(?:[ '=,_.:/@-] ?[A-Za-z0-9]+)*[.!?,;:\"')]*")
_CHANGE: Final = re.compile(r"(?<=[a-z])[^a-z]|(?<=[A-Z])[^A-Za-z]|(?<=[A-Z][A-Z])[a-z]|(?<=[^A-Za-z])[A-Za-z]")
"""Where a text goes on in another kind of character. A capital begins a word."""

_FEW: Final = 6
_RARE: Final = re.compile("[\u0180-\u02ff]")
"""Letters that only few languages write."""

_LETTER: Final = re.compile("[A-Za-z]")
_VOWEL: Final = re.compile("[aeiouAEIOU]")


def is_rather_text(string: str, decoded: str, *, like_a_key: bool) -> bool:
    """Whether the string is rather a text than the base64 of the `decoded` text.

    | the string | the decoded text | then the string is |
    | --- | --- | --- |
    | a word that can be spoken, or a letter with a number (`MENU`, `a014`) | like a key, and as simple | base64 |
    | the same | less simple, or it cannot be spoken | text |
    | any other | like a key | base64 |
    | a word | not like a key | text |
    | another short one (`5525d006`) | prose, JSON, words of one script | base64 |
    | another short one | anything else | text |
    """
    is_word = _WORD.fullmatch(string) is not None
    if like_a_key:
        return is_word and _can_be_spoken(string) and _is_odder(decoded, string)
    return is_word or (len(string) <= _SHORT and not _reads_well(decoded))


def _can_be_spoken(word: str) -> bool:
    return _VOWEL.search(word) is not None or word[1:].isdigit()


def _cannot_be_spoken(word: str) -> bool:
    return len(_LETTER.findall(word)) > 1 and not _VOWEL.search(word) and "y" not in word.lower()


def _is_odder(one: str, other: str) -> bool:
    changes, others = len(_CHANGE.findall(one)), len(_CHANGE.findall(other))
    if changes != others:
        return changes > others
    return _cannot_be_spoken(one)


def _reads_well(text: str) -> bool:
    if text.isascii():
        return _PROSE.fullmatch(text) is not None or text[0] + text[-1] in {"{}", "[]"}
    letters = text.replace(" ", "")
    if len(text.encode()) < _FEW or not letters.isalpha() or _RARE.search(letters):
        return False
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
    return len(scripts) == 1 or scripts <= {"CJK", "HIRAGANA", "KATAKANA"}
