"""The errors of one request: the API refused it, or its answer was lost."""

from __future__ import annotations

import re

from vsync.errors import ApiUnavailable, VsyncError

_CODE = re.compile(r"(?!sk-)[A-Za-z0-9_.-]{1,64}")


class Refused(Exception):
    """The API refused one request for its content. The error is about that request, not about the run.

    `by_api` is False when the answer did not come from the API: a proxy's error page says nothing about the request.
    """

    def __init__(self, status: int, code: str, message: str, *, by_api: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.code = code if _CODE.fullmatch(code) else f"http_{status}"
        self.by_api = by_api
        self.message = message


class AnswerLost(Exception):
    """A request that makes something was sent. Whether the server did it is not known.

    | attribute | meaning |
    | --- | --- |
    | `cause` | the error to raise when the request is not sent again |
    | `wait_s` | how many seconds the server asks to wait before the next try; None: it does not ask |
    | `again` | whether another try may succeed |
    """

    def __init__(self, cause: VsyncError | Refused, wait_s: float | None = None, *, again: bool = True) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.wait_s = wait_s
        self.again = again

    @property
    def error(self) -> VsyncError:
        """The cause as an error that ends the run."""
        if isinstance(self.cause, VsyncError):
            return self.cause
        return ApiUnavailable(f"{self.cause.message}", "Run again later: it continues from here.")


def unexpected_refusal(what: str, error: Refused) -> ApiUnavailable:
    """The error that ends the run when the API refuses a request that it should never refuse."""
    remedy = (
        "An address usually ends in /v1: check OPENAI_BASE_URL." if error.status in {404, 405} else "Run again later."
    )
    return ApiUnavailable(
        f"{what[0].upper()}{what[1:]} was refused ({error.status} {error.code}): {error.message}.", remedy
    )
