"""A call that is refused or failed, and how its answer looks. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from vsync.errors import ApiAnswer
from vsync.system.redaction import redacted

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    502: "upstream_error",
    503: "unavailable_error",
}


class Failure(Exception):
    """Ends a call with an error.

    | attribute | meaning |
    | --- | --- |
    | `status` | the HTTP status |
    | `code` | a word for programs |
    | `message` | what happened and what to do, for people |
    | `param` | the field or parameter that is wrong; None: no single one is |
    | `upstream` | the answer of the API behind vsync; None: there was none |
    | `retry_after` | after how many seconds the caller may try again; None: another try does not help |
    | `headers` | more headers of the answer |
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        upstream: ApiAnswer | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.upstream = upstream
        self.retry_after = retry_after
        self.headers = dict(headers or {})

    def body(self, request_id: str, secrets: Iterable[str] = ()) -> dict[str, Any]:
        """The answer's body. A message may repeat an id of the call, and somebody may have put a key in its place."""
        message = redacted(self.message, secrets)
        error: dict[str, Any] = {"message": message, "type": error_type(self.status), "code": self.code}
        if self.param is not None:
            error["param"] = self.param
        if self.upstream is not None:
            error["upstream"] = {
                "status": self.upstream.status,
                "code": self.upstream.code,
                "request_id": self.upstream.request_id,
            }
        return {"error": error, "request_id": request_id}

    def all_headers(self) -> dict[str, str]:
        """The headers of the answer, with those that its status asks for."""
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["retry-after"] = str(max(1, math.ceil(self.retry_after)))
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        return headers


def error_type(status: int) -> str:
    """The kind of error that a status stands for, in OpenAI's words where it has one."""
    return _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")


def unknown_path(meant: str | None = None) -> Failure:
    """The failure of a call of a path that there is not. `meant` is the path, as the description writes it, that is meant."""
    advice = "/docs lists the calls of this server." if meant is None else f"Use {meant}, without a slash at the end."
    return Failure(404, "unknown_path", f"There is no such path. {advice}")


def defect() -> Failure:
    """The failure of a call that met a defect of the server."""
    return Failure(
        500, "internal_error", "The server failed to answer this call. Its log says more under this request id."
    )
