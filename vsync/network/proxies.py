"""The proxies that the environment names, and what is wrong with them. Pure.

The HTTP client, git and GitHub's client read the same variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in
capitals or in small letters. Small letters come first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from vsync.errors import ConfigurationError
from vsync.network.address import secrets_in, shown

_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_SOCKS = {"socks5", "socks5h"}
_FORM = "Give an address like http://proxy.example.com:3128, or unset the variable."


def check_proxies(environ: Mapping[str, str], *, socks: bool) -> None:
    """Raises ConfigurationError for the first proxy that no connection can use. `socks`: the package for SOCKS is installed."""
    if "*" in _value(environ, "NO_PROXY").replace(" ", "").split(","):
        return  # then no proxy is used, and entries that cannot be read are ignored
    for name, address in proxies(environ).items():
        fault = _fault(address, socks=socks)
        if fault is not None:
            what, remedy = fault
            raise ConfigurationError(f"The proxy in {name} ({shown(address)}) {what}.", remedy)


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxies by the names of their variables. An empty variable names none."""
    found = {_spelling(environ, name): _value(environ, name) for name in _NAMES}
    return {name: value for name, value in found.items() if value}


def passwords(environ: Mapping[str, str]) -> list[str]:
    """What is secret in the addresses of proxies."""
    return [word for address in proxies(environ).values() for word in secrets_in(address)]


def _value(environ: Mapping[str, str], name: str) -> str:
    return environ.get(_spelling(environ, name), "")


def _spelling(environ: Mapping[str, str], name: str) -> str:
    return name.lower() if name.lower() in environ else name


def _fault(address: str, *, socks: bool) -> tuple[str, str] | None:
    """What is wrong with a proxy's address, and what to do; None when nothing is."""
    if re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", address):
        return "holds a blank or a character that no address holds", _FORM
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port
    except ValueError:
        return "is not an address with a host and a port", _FORM
    if parts.scheme not in {"http", "https", *_SOCKS}:
        return "has a scheme that is not supported", "Use http:// or https:// (for SOCKS: socks5:// or socks5h://)."
    if not parts.hostname or port == 0:
        return "is not an address with a host and a port", _FORM
    if parts.scheme in _SOCKS and not socks:
        return "needs the Python package socksio, which is not installed", (
            "Install it (`pip install socksio`), or use an HTTP proxy: the action's container has no such package."
        )
    return None
