"""Which redirections are followed. Pure.

Documents, keys and ids go to the origin that the user has set, and to no other. Only a redirection within that origin is
followed (a server that wants `/v1/files/` for `/v1/files`), and only one that keeps the method of the request.
"""

from __future__ import annotations

from vsync.network.address import origin_of
from vsync.network.trust import Fault

_CHANGES_METHOD = {301, 302, 303}
"""After these a client repeats a POST or a DELETE as a GET."""


class RedirectNotFollowed(Exception):
    """A server redirects a request, and the request is not sent there."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def to_another_origin(asked: str, wanted: str, setting: str) -> Fault:
    """The fault of a redirection to another origin. `setting` is what the user changes to use the other address."""
    here, there = origin_of(asked) or "The server", origin_of(wanted)
    where = there if there is not None else "an address that cannot be read"
    return Fault(
        f"{here} redirects a request to another origin, {where}. vsync does not follow it, and has sent nothing there.",
        f"If that is the right address, and you trust it, set {setting} to it, with the path that the old address has. Else "
        "ask who runs the server.",
    )


def to_another_method(method: str, status: int, asked: str, setting: str) -> Fault | None:
    """The fault of a redirection after which the request would be another one; None when it stays the same."""
    if status not in _CHANGES_METHOD or method in {"GET", "HEAD"}:
        return None
    return Fault(
        f"{origin_of(asked)} redirects a {method} request with the status {status}. vsync does not follow it: repeated as a "
        "GET, the request would do nothing.",
        f"Check that {setting} is the exact address of the API, which usually ends in /v1. A server that redirects such "
        "requests must answer with 307 or 308.",
    )
