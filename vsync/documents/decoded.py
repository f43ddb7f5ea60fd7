"""A text that was decoded, with the encoding of its bytes. Pure."""

from __future__ import annotations

from typing import NamedTuple

UTF_8 = "utf-8"


class Decoded(NamedTuple):
    """Text, and the encoding of its bytes. `utf-8`: the bytes are the text as it is, a byte order mark included."""

    text: str
    encoding: str


def strictly(data: bytes, codec: str) -> str | None:
    """The text of the bytes; None: they are no text in that encoding."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None
