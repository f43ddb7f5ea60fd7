"""Writes values as YAML that stays on one line, whatever is in them. Pure.

A name from a repository can hold anything. Written as here, it cannot end its line, nor begin a key or a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"\.?[A-Za-z/][A-Za-z0-9_./+-]*(?:/\*[A-Za-z0-9_./*+-]*)?")
_WORDS = frozenset("y n yes no on off true false null none".split())
"""Plain words that YAML reads as something else than text."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(text: str) -> str:
    """The text as a YAML value: as it is where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def sequence(values: Iterable[str]) -> str:
    """Texts as a YAML list on one line."""
    return f"[{', '.join(map(scalar, values))}]"


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
