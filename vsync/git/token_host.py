"""Which host a token may go to. Pure.

A token is for the GitHub server that the environment names, and goes nowhere else: not to the host that `origin`
happens to name, and not over a connection that others can read.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit, urlunsplit

from vsync.errors import ConfigurationError
from vsync.network.address import is_loopback

GITHUB = "https://github.com"
"""The server where the environment names none."""

_PORTS = {"https": 443, "http": 80}
_WITHOUT = (
    "give no token (in a workflow `github-token: ''`, else unset VSYNC_GITHUB_TOKEN), and git uses the credentials of the "
    "clone and of your own configuration"
)


class _Server(NamedTuple):
    scheme: str
    host: str
    port: int | None


def address_for_token(url: str, server: str) -> str:
    """The address to use with a token: the server's, with the path of the remote. `server` is GITHUB_SERVER_URL.

    Raises ConfigurationError when the remote is on another server.
    """
    here, there = _server(server), _server(url)
    if here is None:
        raise ConfigurationError(
            "GITHUB_SERVER_URL is not the address of a server, so no host is known that the token may go to.",
            f"Set it to an address like {GITHUB}, or {_WITHOUT}.",
        )
    if there != here:
        raise ConfigurationError(
            f"The remote `origin` is on {_shown(there)}, but the token is for {_shown(here)}, and goes to no other server.",
            "Correct the remote (`git remote set-url origin ADDRESS`, or --push for the address that is pushed to); or "
            f"{_WITHOUT}. A token of another GitHub server needs GITHUB_SERVER_URL, the address of that server.",
        )
    if here.scheme != "https" and not is_loopback(here.host):
        raise ConfigurationError(
            f"The remote `origin` is on {_shown(here)}, and a token goes to no server without https.",
            f"Use an https address for the remote and in GITHUB_SERVER_URL; or {_WITHOUT}.",
        )
    # Built from the server's own address: no other program can read another host in it.
    base, parts = urlsplit(server.strip()), urlsplit(url)
    return urlunsplit(SplitResult(here.scheme, base.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def _server(url: str) -> _Server | None:
    """Scheme, host and port of an address of HTTP; None for any other, and for one that is not understood."""
    try:
        parts = urlsplit(url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in _PORTS or not host or "\\" in parts.netloc:
        return None
    return _Server(scheme, host, port or _PORTS[scheme])


def _shown(server: _Server | None) -> str:
    if server is None:
        return "an address that is not understood"
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{server.scheme}://{host}" + ("" if server.port == _PORTS[server.scheme] else f":{server.port}")
