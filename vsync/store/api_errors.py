"""The errors of one request: the API refused it, or its answer was lost."""

from __future__ import annotations

import re

from vsync.errors import ApiAnswer, ApiUnavailable, GatewayRefused, VsyncError

BY_GATEWAY = "refused-by-gateway"
"""The code of a refusal that is not the API's own. Something before the API gave it: a gateway, a proxy, a firewall."""

CANNOT_TELL = "vsync cannot tell whether the cause is the key, the gateway or the network."
ASK_THE_GATEWAY = (
    "Check the key and OPENAI_BASE_URL. Ask who runs the gateway, proxy or firewall: its log names the rule. Then run "
    "again."
)

_CODE = re.compile(r"(?!sk-)[A-Za-z0-9_.-]{1,64}")


class Refused(Exception):
    """The API refused one request for its content. The error is about that request, not about the run.

    `by_api` is False when the answer did not come from the API: a proxy's error page says nothing about the object of the
    request. `by_gateway`: something before the API refused the request. `answer` is the answer itself; None: there was none.
    """

    answer: ApiAnswer | None = None

    def __init__(self, status: int, code: str, message: str, *, by_api: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.code = code if _CODE.fullmatch(code) else f"http_{status}"
        self.by_api = by_api
        self.message = message

    @property
    def by_gateway(self) -> bool:
        return self.code == BY_GATEWAY


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
        return answered(ApiUnavailable(f"{self.cause.message}", "Run again later: it continues from here."), self.cause)


def answered(error: VsyncError, cause: VsyncError | Refused) -> VsyncError:
    """The error, with the API's answer that its cause has."""
    error.answer = cause.answer
    return error


def unexpected_refusal(what: str, error: Refused) -> VsyncError:
    """The error that ends the run when a request is refused that the API should never refuse."""
    wrong_address = error.status in {404, 405}
    if error.by_gateway and not wrong_address:
        return gateway_refused(what, error)
    code = "" if error.by_gateway else f" ({error.status} {error.code})"
    refused = ApiUnavailable(
        f"{what[0].upper()}{what[1:]} was refused{code}: {error.message.rstrip('.')}.",
        "An address usually ends in /v1: check OPENAI_BASE_URL." if wrong_address else "Run again later.",
    )
    return answered(refused, error)


def gateway_refused(what: str, error: Refused) -> VsyncError:
    """The error that ends the run when something before the API refuses a request that carries no document."""
    return answered(
        GatewayRefused(f"{what[0].upper()}{what[1:]} was refused: {error.message}. {CANNOT_TELL}", ASK_THE_GATEWAY),
        error,
    )
