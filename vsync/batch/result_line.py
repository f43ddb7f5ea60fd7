"""One line of an output or error File: whose result it is, whether it is a good one, and what went wrong. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from vsync.system.redaction import redacted

NO_RESULT = "no_result"
"""The code of the line that stands in a results file for a request without any result."""
UNREADABLE = "unreadable"
"""The code of a result that names its request, but has neither a status nor an error that can be read."""

_NULL = msgspec.Raw(b"null")
_NOT_IN_A_CODE = re.compile(r"[^A-Za-z0-9_.-]")
_THREE_DIGITS = re.compile(r"[0-9]{3}")
_MOST_CODE = 64
MOST_MESSAGE = 500
"""Characters of a message that are shown. It has four times as many here, so that a secret in it is still whole."""


class ResultLine(NamedTuple):
    """A result. `ok`: its status is 2xx and it has no error. `code` and `message` are of a failure; `status_code` 0: none is given.

    | failure | `code` |
    | --- | --- |
    | an `error` of the line, such as an expired batch | its code |
    | an error in the body of the response | its code, else `http_` and the status |
    """

    custom_id: str
    ok: bool
    status_code: int
    code: str = ""
    message: str = ""


class _Line(msgspec.Struct):
    custom_id: str
    response: msgspec.Raw = _NULL
    error: msgspec.Raw = _NULL


class _Response(msgspec.Struct):
    status_code: int | float | str | None = None
    body: msgspec.Raw = _NULL


class _Body(msgspec.Struct):
    error: msgspec.Raw = _NULL


class _Error(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None


_line = msgspec.json.Decoder(_Line)
_response = msgspec.json.Decoder(_Response)
_body = msgspec.json.Decoder(_Body)
_error = msgspec.json.Decoder(_Error | str)


def parse_result(line: bytes) -> ResultLine | None:
    """The result in a line. None: the line is not strict JSON, or names no request. `result_file` reads such lines too.

    The body is checked, but never built: most of a result is an answer that only its reader needs.
    """
    if not _is_utf8(line):
        return None
    try:
        found = _line.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not found.custom_id:
        return None
    status, in_body = _status_of(found.response)
    given = found.error if _is_there(found.error) else in_body
    good = 200 <= status < 300
    if good and not _is_there(given):
        return ResultLine(found.custom_id, ok=True, status_code=status)
    code, message = _failure_of(given)
    code = code or (f"http_{status}" if status and not good else UNREADABLE)
    return ResultLine(found.custom_id, ok=False, status_code=status, code=code, message=message)


def _is_utf8(line: bytes) -> bool:
    """msgspec does not look at the bytes of a text that it skips."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_there(value: msgspec.Raw) -> bool:
    """Whether an error says anything. Some servers write an empty one beside a good answer."""
    return bytes(value).strip() not in {b"null", b"", b"{}", b'""', b"false"}


def _status_of(response: msgspec.Raw) -> tuple[int, msgspec.Raw]:
    """The status of a response, and the error in its body: a response of status 200 may say that it failed."""
    if not _is_object(response):
        return 0, _NULL
    try:
        found = _response.decode(response)
    except (msgspec.DecodeError, RecursionError):
        return 0, _NULL
    status = _number(found.status_code)
    if not _is_object(found.body):
        return status, _NULL
    return status, _body.decode(found.body).error


def _number(status: float | str | None) -> int:
    """A status as a number; 0: it is none. Some servers give a text, or 200.0."""
    if isinstance(status, str):
        status = int(status) if _THREE_DIGITS.fullmatch(status) else None
    if status is None or not 100 <= status <= 999 or status != int(status):
        return 0
    return int(status)


def _is_object(value: msgspec.Raw) -> bool:
    return bytes(memoryview(value)[:64]).lstrip()[:1] == b"{"


def _failure_of(error: msgspec.Raw) -> tuple[str, str]:
    """The code and the message of an error. Some servers give a text, and some give a number as code."""
    if not _is_there(error):
        return "", ""
    try:
        found = _error.decode(error)
    except (msgspec.DecodeError, RecursionError):
        return "", ""
    if isinstance(found, str):
        return "", _message(found)
    code = _NOT_IN_A_CODE.sub("", redacted("" if found.code is None else str(found.code), ()))[:_MOST_CODE]
    return code, _message(found.message or "")


def _message(text: str) -> str:
    """The beginning of a message, on one line."""
    return redacted(" ".join(text[: 4 * MOST_MESSAGE].split()), ())
