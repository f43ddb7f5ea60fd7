"""Which API a run speaks with, as one address that can be recorded and compared. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from vsync.auth.credentials import Credentials
from vsync.errors import ConfigurationError

OPENAI_API = "https://api.openai.com/v1"

EMBEDDED_API = "embedded"
"""What is recorded instead of an address when the documents are in the embedded store."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def base_url(credentials: Credentials) -> str:
    """The base URL of the API. Raises ConfigurationError when it is not an http(s) address."""
    address = credentials.base_url or OPENAI_API
    if _parts(address) is None:
        raise ConfigurationError(
            f"The base URL {_without_secrets(address)!r} is not an http(s) address.",
            "Correct OPENAI_BASE_URL (in a workflow: the input openai-base-url).",
        )
    return address


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
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{'' if port in {None, _DEFAULT_PORTS[scheme]} else f':{port}'}{path.rstrip('/')}"


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


def _without_secrets(address: str) -> str:
    return re.sub(r"(?<=//)[^/]*@", "", address).partition("?")[0]
