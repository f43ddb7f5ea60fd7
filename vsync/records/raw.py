"""What a string in a record's key or payload means: the text itself, or bytes in base64. Pure.

Conduit writes raw data as base64, and with one of its options as text. Nothing in the record tells which.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from vsync.records.likeness import is_rather_text

RawMode: TypeAlias = Literal["auto", "base64", "text"]

RAW_MODES: tuple[RawMode, ...] = get_args(RawMode)

Decode: TypeAlias = Callable[[str], str | bytes]
"""The text that a string means, or the bytes that are no text. Raises ValueError for a string that is not base64."""

CERTAIN = 64
"""A text this long that happens to be canonical base64 is base64."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LIKE_A_KEY = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9 _.:/@-]*[A-Za-z0-9_])?")


def decoder(mode: RawMode) -> Decode:
    """How strings are decoded: each by itself, so that equal strings always mean the same."""
    return {"auto": decode_auto, "base64": decode_base64, "text": decode_text}[mode]


def decode_text(string: str) -> str:
    return string


def decode_base64(string: str) -> str | bytes:
    """Raises ValueError for a string that is not canonical base64."""
    found = _bytes(string)
    if found is None:
        raise ValueError("it is not base64")
    try:
        return found.decode()
    except UnicodeDecodeError:
        return found


def decode_auto(string: str) -> str | bytes:
    """Base64 where the string is canonical base64 of a text, else the string itself.

    | string | meaning |
    | --- | --- |
    | not canonical base64, or digits alone | the text itself |
    | base64 of a text | the text in it |
    | base64 of other bytes, padded or at least 64 characters long | these bytes |
    | base64 of other bytes, short and without padding | the text itself |

    Short words and ids are canonical base64 by chance (`file`, `MENU`, `5525d006`): `is_rather_text` tells them.
    """
    length = len(string)
    if length & 3 or not length or string.isdigit():
        return string
    found = _bytes(string)
    if found is None:
        return string
    certain = length >= CERTAIN or string[-1] == "="
    try:
        text = found.decode()
    except UnicodeDecodeError:
        return found if certain else string
    if length >= CERTAIN:
        return found if b"\0" in found else text
    like_a_key = _LIKE_A_KEY.fullmatch(text) is not None
    if not like_a_key and _CONTROL.search(text):
        return found if certain else string
    return text if certain or not is_rather_text(string, text, like_a_key=like_a_key) else string


def _bytes(string: str) -> bytes | None:
    """The bytes of canonical base64; None for other strings."""
    try:
        found = a2b_base64(string, strict_mode=True)
    except ValueError:
        return None
    # The last group may hold bits that mean nothing. An encoder leaves them 0.
    if string[-1:] == "=" and b2a_base64(found[-(len(found) % 3) :], newline=False).decode() != string[-4:]:
        return None
    return found
