"""How an address is shown, and what is secret in it. Pure.

An address may hold a password (`https://user:password@host`), a token (`?private_token=…`), or be no address at all because
somebody put a key in its place. So every message shows an address through `shown`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from vsync.system.redaction import SECRET_NAME, printable

NOT_SHOWN = "not shown, since it may hold a password"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_HOST = re.compile(r"[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}(%[\w.%-]{1,40})?\]")
_BARE = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+)(:[0-9]{1,5})?(/[\w./~-]*)?", re.ASCII)
"""A host without a scheme in front. A word without a dot may as well be a key."""
_LONG = re.compile(r"[^/]{41,}")
"""A part of a path that is this long may be a token."""
_MOST_CHARACTERS = 200
_MIN_TOKEN_CHARACTERS = 16
_DEFAULT_PORTS = {"http": 80, "https": 443}


class _Parts(NamedTuple):
    scheme: str
    user: str
    host: str
    port: int | None
    path: str
    query: str
    fragment: str


def shown(address: str) -> str:
    """The address without user, password, query, fragment, and long parts of its path. Text that is no address is not shown."""
    parts = _parts(address)
    if parts is None:
        bare = _BARE.fullmatch(address) is not None and len(address) <= _MOST_CHARACTERS
        return _LONG.sub("…", address) if bare else NOT_SHOWN
    path = parts.path.partition(";")[0]
    if not _HOST.fullmatch(parts.host) or re.search(r"[:\\\s]", unquote(path)):
        return NOT_SHOWN
    if "@" in unquote(path) and not re.search(r"[.:]|localhost", parts.host):
        return NOT_SHOWN  # the password of a user may hold a slash
    port = "" if parts.port is None else f":{parts.port}"
    return printable(f"{parts.scheme}://{parts.host}{port}{_LONG.sub('…', path)}")[:_MOST_CHARACTERS]


def origin_of(address: str) -> str | None:
    """Scheme, host and port: what a browser calls the origin. None: the text is no address of HTTP."""
    parts = _parts(address)
    if parts is None or parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(parts.host):
        return None
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{parts.host.lower()}{port}"


def web_address(address: str) -> str | None:
    """The address of a web page without what may be secret in it. None: the text is no address of HTTP."""
    written = shown(address)
    return written if origin_of(address) is not None and written != NOT_SHOWN else None


def is_on_this_machine(address: str) -> bool:
    """Whether a web address is one of this machine."""
    try:
        return is_loopback(urlsplit(address.strip()).hostname or "")
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def secrets_in(address: str) -> tuple[str, ...]:
    """What must be hidden: the password, as written and decoded, and fields of the query that may be tokens.

    A field may be a token if its name says so, or if its value is long. A long user name without a password is a token
    (`https://TOKEN@host/…`). The address may lack its scheme.
    """
    rest = re.split(r"[\s?#]", address.partition("://")[2] or address, maxsplit=1)[0]
    name, _, password = rest.rpartition("@")[0].partition(":")
    password = password or (name if len(name) >= _MIN_TOKEN_CHARACTERS else "")
    fields = [field for part in re.split(r"[?#]", address)[1:] for field in parse_qsl(part)]
    values = [value for key, value in fields if SECRET_NAME.search(key) or len(value) >= _MIN_TOKEN_CHARACTERS]
    return tuple(dict.fromkeys(word for word in (password, unquote(password), *values) if word))


_VARIABLES = ("OPENAI_BASE_URL", "GITHUB_SERVER_URL", "GITHUB_API_URL")


def in_addresses(environ: Mapping[str, str]) -> list[str]:
    """What is secret in the addresses that the environment names. Proxies have a function of their own."""
    return [word for name in _VARIABLES for word in secrets_in(environ.get(name, "").strip())]


def _parts(address: str) -> _Parts | None:
    """The parts of an address with a scheme and a host; None when the text is none, or cannot be read."""
    scheme, marker, _ = address.partition("://")
    if not marker or not _SCHEME.fullmatch(scheme) or re.search(r"[\s\x00-\x1f\x7f\\\ud800-\udfff]", address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    user, _, host = parts.netloc.rpartition("@")
    bare = re.sub(r":[0-9]*\Z", "", host)
    return _Parts(parts.scheme, user, bare, port, parts.path, parts.query, parts.fragment)
