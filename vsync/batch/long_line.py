"""What remains of a line of JSON that is too long for the memory: its members of the first levels, without long texts. Pure.

A result may hold an image or a long list of numbers. What is asked of it (its custom_id, its status, its error) is short.
Only texts and brackets are looked at: numbers may be `NaN`, bytes need not be UTF-8, and lists may be nested without end.
"""

from __future__ import annotations

import re

_IN_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
"""Up to the end of a text, or to the end of a piece."""
_MARK = re.compile(rb'["{}\[\]]')
_TEXT = rb'"(?:[^"\\]++|\\.)*+"'
_INSIDE = rb'(?:[^"{}\[\]]++|' + _TEXT + rb")*+"
for _ in range(4):
    _INSIDE = rb'(?:[^"{}\[\]]++|' + _TEXT + rb"|[{\[]" + _INSIDE + rb"[}\]])*+"
_WHOLE = re.compile(_INSIDE, re.DOTALL)
"""Whole values in what is not kept, with up to four lists or objects in each other: to step through them would take long."""
_DEEPEST = 4
"""`response.body.error.code` stands in four objects. Lists hold nothing that is asked for."""
_WINDOW = 1_024
_MOST_TEXT = 1024 * 1024
_MOST_KEPT = 8 * 1024 * 1024


class LongLine:
    """Takes a line piece by piece, and keeps the objects of the first four levels. Texts above 1 MiB and lists become empty."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._rest = b""
        """A backslash at the end of a piece: it belongs to the next byte."""
        self._text_from: int | None = None
        """Where the current text begins in what is kept. None: this is no text."""
        self._text_is_long = False
        self._depth = 0
        self._dropped = 0
        """How many lists and objects are open from the first one on that is not kept."""
        self._readable = True

    def add(self, piece: bytes) -> None:
        """Takes the next piece of the line."""
        if not self._readable:
            return
        piece, self._rest = self._rest + piece, b""
        at = 0
        while at < len(piece):
            at = self._after_text(piece, at) if self._text_from is not None else self._after_mark(piece, at)
        self._readable = len(self._kept) <= _MOST_KEPT

    def end(self) -> bytes | None:
        """What remains of the line. None: too much remains."""
        return bytes(self._kept) if self._readable else None

    def _after_text(self, piece: bytes, at: int) -> int:
        found = _IN_TEXT.match(piece, at)
        end = found.end() if found else at
        if not self._text_is_long:
            self._keep(piece[at:end])
        if self._text_from is not None and len(self._kept) - self._text_from > _MOST_TEXT:
            # Its beginning must not stay: of a custom_id it would be another one.
            del self._kept[self._text_from :]
            self._text_is_long = True
        if end == len(piece):
            return end
        if piece[end:] == b"\\":
            self._rest = b"\\"
            return len(piece)
        self._text_from, self._text_is_long = None, False
        self._keep(b'"')
        return end + 1

    def _after_mark(self, piece: bytes, at: int) -> int:
        if self._dropped:
            if whole := _WHOLE.match(piece, at):
                at = whole.end()
            at = self._after_deep_marks(piece, at)
        found = _MARK.search(piece, at)
        if found is None:
            self._keep(piece[at:])
            return len(piece)
        self._keep(piece[at : found.start()])
        mark = found[0]
        if mark == b'"':
            self._keep(mark)
            self._text_from = len(self._kept)
        elif mark in b"{[":
            self._open(mark)
        else:
            self._close(mark)
        return found.end()

    def _after_deep_marks(self, piece: bytes, at: int) -> int:
        """Skips some marks up to the next text, where they close fewer lists and objects than are open."""
        most = min(len(piece), at + _WINDOW)
        quote = piece.find(b'"', at, most)
        end = most if quote < 0 else quote
        closing = piece.count(b"}", at, end) + piece.count(b"]", at, end)
        if closing >= self._dropped:
            return at
        self._dropped += piece.count(b"{", at, end) + piece.count(b"[", at, end) - closing
        return end

    def _open(self, mark: bytes) -> None:
        self._keep(mark)
        if self._dropped or mark == b"[" or self._depth == _DEEPEST:
            self._dropped += 1
        else:
            self._depth += 1

    def _close(self, mark: bytes) -> None:
        if self._dropped:
            self._dropped -= 1
        else:
            self._depth -= 1
        self._keep(mark)

    def _keep(self, text: bytes) -> None:
        if not self._dropped:
            self._kept += text
