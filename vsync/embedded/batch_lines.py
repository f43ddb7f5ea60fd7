"""The requests of a batch: the lines of its input File, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_LINE_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class BatchRequest:
    custom_id: str
    body: dict[str, Any]
    size: int
    """The bytes of its line."""


@dataclass(frozen=True)
class LineFault:
    """Why a line is no request. The codes are the API's."""

    code: str
    message: str
    param: str | None = None


def lines(pieces: Iterable[bytes], limit: int = MAX_LINE_BYTES) -> Iterator[bytes | None]:
    """The lines of a File without their ends. None stands for a line with more bytes than the limit.

    The last line need not end with a line break. No more than one line and one piece is in memory.
    """
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            held.append(piece[start:end])
            size += end - start
            yield b"".join(held) if size <= limit else None
            held.clear()
            size, start = 0, end + 1
        held.append(piece[start:])
        size += len(piece) - start
        if size > limit:
            held.clear()
    if size:
        yield b"".join(held) if size <= limit else None


def read_line(line: bytes | None, endpoint: str) -> BatchRequest | LineFault:
    """One line as the request that it is, for a batch of that endpoint."""
    if line is None:
        return LineFault("line_too_long", f"This line is longer than {MAX_LINE_BYTES} bytes.")
    if not line.strip():
        return LineFault("invalid_json_line", "This line is empty. Each line must be a request.")
    try:
        value = json.loads(line.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return LineFault("invalid_json_line", "This line is not parseable as valid JSON.")
    if not isinstance(value, dict):
        return LineFault("invalid_json_line", "This line is not a JSON object.")
    for name in ("custom_id", "method", "url", "body"):
        if value.get(name) in (None, ""):
            return LineFault("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
    custom_id, body = value["custom_id"], value["body"]
    if not isinstance(custom_id, str):
        return LineFault("invalid_type", "Invalid type for 'custom_id': expected a string.", "custom_id")
    if value["method"] != "POST":
        return LineFault("invalid_method", "Invalid method for this request: only POST is supported.", "method")
    if value["url"] != endpoint:
        message = f"The URL of this request does not match the endpoint of the batch, {endpoint}."
        return LineFault("url_mismatch", message, "url")
    if not isinstance(body, dict):
        return LineFault("invalid_type", "Invalid type for 'body': expected an object.", "body")
    return BatchRequest(custom_id, body, len(line))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
