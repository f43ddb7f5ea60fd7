"""Why a request to GitHub's API got no answer, in words for users."""

from __future__ import annotations

from typing import NamedTuple

from vsync.network.trust import handshake_fault


class Unreachable(NamedTuple):
    """A sentence, what to do, and whether another try may succeed."""

    message: str
    remedy: str
    may_pass: bool


def unreachable(doing: str, error: OSError, host: str) -> Unreachable:
    """The meaning of an error that requests raised. Its own text is not shown whole: it may hold a proxy's password."""
    import requests

    if not isinstance(error, requests.RequestException):
        # requests raises this before it connects, when it cannot find the certificates.
        return Unreachable(
            f"The certificates to trust cannot be read, so GitHub was not asked to {doing}.",
            "Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, or without these SSL_CERT_FILE: a file in PEM format.",
            may_pass=False,
        )
    if isinstance(error, requests.exceptions.SSLError):
        fault = handshake_fault(str(error), host)
        if fault is not None:
            return Unreachable(f"GitHub could not be reached to {doing}. {fault.message}", fault.remedy, may_pass=False)
    message = f"GitHub could not be reached to {doing} ({type(error).__name__})."
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Unreachable(message, "Check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY.", may_pass=False)
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(message, "Check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY.", may_pass=True)
    return Unreachable(message, "Run the job again.", may_pass=True)
