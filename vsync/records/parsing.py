"""A line of the input as a JSON object. Pure."""

from __future__ import annotations

import json
from typing import NoReturn

from vsync.records.change import BadRecord, Json
from vsync.records.exact import parse_number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=parse_number)
_decode, _decode_start = _decoder.decode, _decoder.raw_decode


def parse_json(text: str) -> Json:
    """The value that the text spells. Raises ValueError, and only that, where it is not JSON."""
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(_why(error)) from None


def parse_object(raw: bytes) -> dict[str, Json]:
    """The JSON object that stands on a line. Raises BadRecord."""
    try:
        text = raw.decode()
        value, end = _decode_start(text)
        if end != len(text):
            value = _decode(text)
    except (ValueError, RecursionError):
        value = _decoded_slowly(raw)
    if type(value) is not dict:
        raise BadRecord("not-a-record", f"The line is {kind(value)}. A record is a JSON object.")
    return value


def _decoded_slowly(raw: bytes) -> Json:
    """Takes white space before the object too, and finds out what is wrong."""
    try:
        return _decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise BadRecord("not-json", f"The line is not JSON: {_why(error)}.") from None


def kind(value: Json) -> str:
    """What a JSON value is, in a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a number"


def shown(value: Json) -> str:
    """A value where a word is expected, in a sentence."""
    return repr(value[:60]) if isinstance(value, str) else kind(value)


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"the byte at {error.start} is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return "it has a number with too many digits" if "digits" in str(error) else str(error)
