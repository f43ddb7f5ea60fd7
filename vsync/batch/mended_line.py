"""What a line of results says that no strict reader of JSON takes: whose result it is, its status, and its error. Pure.

Servers write such lines: an emoji that a limit cut in two is half of a pair of escapes, and Python writes `NaN`. The result
itself is not touched: it is copied as it stands.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

_TOKEN = re.compile(
    rb'[ \t\r\n]*+(?:(?P<text>"(?:[^"\\]++|\\.)*+")|(?P<mark>[{}\[\]:,])|(?P<bare>[^ \t\r\n"{}\[\]:,]++))', re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4}|(.))", re.DOTALL)
_WANTED = {
    f'"{name}"'.encode() for name in ("custom_id", "response", "status_code", "body", "error", "code", "message")
}
_WORDS = {b"null": None, b"true": True, b"false": False}


class _Broken(Exception):
    """The line is no whole object."""


def mended(line: bytes) -> bytes | None:
    """The line as strict JSON, with what says whose result it is and whether it is good. None: it is no whole object.

    `line` is what `LongLine` leaves of a line, so its objects are few levels deep, and its lists are empty.
    """
    try:
        reader = _Reader(line)
        found = reader.whole()
        custom_id = _custom_id(found.get(b'"custom_id"'))
    except (_Broken, ValueError):
        return None
    response, error = found.get(b'"response"'), _plain(found.get(b'"error"', b"null"))
    about: dict[str, Any] = {"custom_id": custom_id, "error": error}
    if isinstance(response, dict):
        status, body = response.get(b'"status_code"', b"null"), response.get(b'"body"')
        inner = {"error": _plain(body.get(b'"error"', b"null"))} if isinstance(body, dict) else None
        about["response"] = {"status_code": _plain(status), "body": inner}
    return json.dumps(about).encode()


class _Reader:
    """Takes the wanted members of an object: names and values as they are spelled, objects as dictionaries."""

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._at = 0

    def whole(self) -> dict[bytes, Any]:
        if self._next() != b"{":
            raise _Broken
        found = self._members()
        if self._line[self._at :].strip():
            raise _Broken
        return found

    def _next(self) -> bytes:
        found = _TOKEN.match(self._line, self._at)
        if found is None:
            raise _Broken
        self._at = found.end()
        return found["text"] or found["mark"] or found["bare"]

    def _members(self) -> dict[bytes, Any]:
        found: dict[bytes, Any] = {}
        token = self._next()
        while token != b"}":
            name = token
            if not name.startswith(b'"') or self._next() != b":":
                raise _Broken
            value = self._value(self._next())
            if name in _WANTED:
                if name == b'"custom_id"' and found.get(name, value) != value:
                    raise _Broken
                found[name] = value
            token = self._next()
            if token == b",":
                token = self._next()
        return found

    def _value(self, token: bytes) -> Any:
        if token == b"{":
            return self._members()
        if token == b"[":
            if self._next() != b"]":
                raise _Broken
            return []
        if token in {b"}", b"]", b":", b","}:
            raise _Broken
        return token


def _custom_id(value: object) -> str:
    """Raises ValueError where it is no text, or one that no request file can have."""
    if not isinstance(value, bytes) or not value.startswith(b'"'):
        raise _Broken
    text = _text(value.decode())
    text.encode()
    return text


def _plain(value: Any) -> Any:
    """A value that strict JSON can hold. What is no number, such as NaN, becomes null."""
    if isinstance(value, dict):
        return {name.decode()[1:-1]: _plain(each) for name, each in value.items() if isinstance(each, bytes)}
    if not isinstance(value, bytes):
        return value
    if value.startswith(b'"'):
        return _text(value.decode("utf-8", "replace")).encode("utf-8", "replace").decode()
    if value in _WORDS:
        return _WORDS[value]
    try:
        number = float(value)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def _text(spelled: str) -> str:
    """The text behind its spelling. A backslash that escapes nothing stands for itself."""
    sound = _ESCAPE.sub(lambda found: f"\\\\{found[1]}" if found[1] else found[0], spelled)
    text: str = json.loads(sound, strict=False)
    return text
