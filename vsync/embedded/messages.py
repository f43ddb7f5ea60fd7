"""Requests, responses and errors as plain values.

The API is a function from a request to a response. So the in-process transport and the HTTP server can share it, and
it needs neither httpx2 nor FastAPI.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

PIECE_BYTES = 1024 * 1024
"""Larger bodies are spooled to disk, and stored in pieces of this size."""

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_BODY_BYTES = MAX_FILE_BYTES + PIECE_BYTES
MAX_JSON_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """The path as it was sent: percent-encoded, without the query."""
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """The names are in lower case."""
    body: Iterable[bytes] = ()


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes | Iterator[bytes]

    @classmethod
    def of_json(cls, value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        body = json.dumps(value).encode()
        described = {"content-type": "application/json", "content-length": str(len(body))}
        return cls(status, described | dict(headers or {}), body)


class ApiError(Exception):
    """A refusal, in the format of the OpenAI API."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return Response.of_json({"error": error}, self.status, self.headers)


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(400, message, param=param, code=code)


def not_found(message: str) -> ApiError:
    return ApiError(404, message, code="not_found")


def too_large(message: str) -> ApiError:
    return ApiError(413, message, code="file_too_large")
