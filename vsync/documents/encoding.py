"""Text in other encodings than UTF-8: which encoding it is, where that is sure. Pure.

A wrong guess would put unreadable text into a store without a word. A file whose encoding is not sure is named in the
report. So an encoding counts only when two agree that know nothing of each other:

| step | what it tells |
| --- | --- |
| strict UTF-8 | UTF-8 and ASCII |
| byte order marks, NULs | UTF-16 and UTF-32 |
| escape sequences | ISO-2022-JP |
| charset-normalizer | which of the other encodings the bytes can be. What a page declares comes first |
| `encoding_evidence` | whether the text fits a language then |

All encodings that both accept must give the same text. The answer depends on nothing but the bytes and the
library's version.
"""

from __future__ import annotations

import codecs

from vsync.documents.decoded import UTF_8, Decoded, strictly

__all__ = ["UTF_8", "Decoded", "decode", "looks_binary"]

MAX_BYTES = 32 * 1024 * 1024
"""Larger files are not decoded, unless they are UTF-8."""

_HEAD_BYTES = 256 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = bytes(set(range(32)) - {*b"\t\n\v\f\r\x1a\x1b"}) + b"\x7f"
_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@")


def decode(data: bytes) -> Decoded | None:
    """The text of these bytes. None: they are binary, or no encoding is sure. Text holds no NUL."""
    if any(escape in data for escape in _JAPANESE_ESCAPES):
        text = strictly(data, "iso2022_jp_2")
        if text is not None:
            from vsync.documents.encoding_guess import is_japanese  # late: most texts are UTF-8

            return Decoded(text, "iso-2022-jp") if is_japanese(text) else None
    text = strictly(data, UTF_8)
    if text is not None and "\0" not in text:
        return Decoded(text, UTF_8)
    if len(data) > MAX_BYTES:
        return None
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = strictly(data[len(mark) :], encoding)
            if text is not None and "\0" not in text:
                return Decoded(text, encoding[:-3])
    from vsync.documents.encoding_guess import of_bytes, without_mark

    if b"\0" in data:
        return without_mark(data)
    return None if _has_controls(data) else of_bytes(data)


def looks_binary(data: bytes) -> bool:
    """Whether bytes that `decode` does not know are no text in any encoding."""
    head = data[:_HEAD_BYTES]
    return b"\0" in head or 10 * len(head.translate(None, _CONTROL)) < 9.7 * len(head) or _has_controls(head)


def _has_controls(data: bytes) -> bool:
    return len(data.translate(None, _CONTROL)) != len(data)
