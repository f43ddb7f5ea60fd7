"""Which API a run speaks with, as one address that can be recorded and compared. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from vsync.auth.credentials import Credentials
from vsync.errors import ConfigurationError
from vsync.network.address import shown

OPENAI_API = "https://api.openai.com/v1"

EMBEDDED_API = "embedded"
"""What is recorded instead of an address when the documents are in the embedded store."""

_MOST_IN_LABEL = 63
"""How many characters a part of a host's name may have: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4"""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def base_url(credentials: Credentials) -> str:
    """The base URL of the API. Raises ConfigurationError when it cannot be the beginning of every request's address."""
    address = credentials.base_url or OPENAI_API
    fault = _fault(address)
    if fault is not None:
        raise ConfigurationError(
            f"The base URL ({shown(address)}) {fault}.",
            "Correct OPENAI_BASE_URL (in a workflow: the input openai-base-url). It looks like https://host/v1.",
        )
    return address


def _fault(address: str) -> str | None:
    """What is wrong with a base URL; None when nothing is."""
    if re.search(r"[\s\x00-\x1f\x7f\ud800-\udfff]", address):
        return "holds a blank or another character that no address holds"
    parts = _parts(address)
    if parts is None or not _is_host(parts[1]):
        return "is not an http(s) address"
    if "@" in urlsplit(address).netloc:
        return "holds a user or a password, which would be sent instead of the key"
    return "has a query or a fragment, behind which no path can stand" if re.search(r"[?#]", address) else None


def _is_host(host: str) -> bool:
    """Whether the HTTP client takes it for a host: an IP address, or a name in the form that DNS knows."""
    if ":" in host:
        return True
    try:
        return all(0 < len(label) <= _MOST_IN_LABEL for label in host.removesuffix(".").encode("idna").split(b"."))
    except UnicodeError:
        return False


def api_address(credentials: Credentials, *, embedded: bool) -> str | None:
    """The address of the API in the form that is recorded; None when neither an address nor credentials are given."""
    if embedded:
        return EMBEDDED_API
    if (credentials.base_url, credentials.api_key, credentials.identity) == (None, None, None):
        return None
    return normalised(base_url(credentials))


def normalised(address: str) -> str:
    """One form for all spellings of an address. What may be secret (user, password, query) is left out.

    Text that is no http(s) address stays as it is.
    """
    parts = _parts(address)
    if parts is None:
        return address
    scheme, host, port, path = parts
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}{'' if port in {None, _DEFAULT_PORTS[scheme]} else f':{port}'}{path.rstrip('/')}"


def _parts(address: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path of an http(s) address; None when the text is no such address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port, parts.path
