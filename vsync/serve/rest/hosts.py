"""Which names a caller may call this server by. Pure.

A web page can let its own name point to 127.0.0.1 (DNS rebinding). Then the browser takes this server for the page's
own, and the rules for other origins do not hold. The `Host` header still says the page's name, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from vsync.network.address import is_loopback

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(:[0-9]{1,5})?", re.IGNORECASE)


def host_name(header: str) -> str | None:
    """The name or address in a `Host` header, without its port; None when the header holds none."""
    found = _HOST.fullmatch(header.strip())
    return None if found is None else found[1].strip("[]").lower().rstrip(".")


def is_host_allowed(header: str, allowed: Collection[str], *, only_here: bool) -> bool:
    """Whether a call with this `Host` header is answered.

    `allowed` are the names of `--allow-host`. `only_here`: the server listens on an address of this machine alone.
    """
    if not only_here and not allowed:
        return True
    name = host_name(header)
    return name is not None and (is_loopback(name) or name in allowed)


def allowed_host(text: str) -> str:
    """A value of `--allow-host`. Raises ValueError when it is no name of a host."""
    name = host_name(text)
    if name is None or ":" in text.rpartition("]")[2]:
        raise ValueError("the name of a host without a port, such as vsync.example.com")
    return name


def allowed_origin(text: str) -> str:
    """A value of `--allow-origin`, as browsers write it. Raises ValueError when it is no origin."""
    found = re.fullmatch(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]{1,253})(:[0-9]{1,5})?/?", text, re.IGNORECASE)
    if found is None:
        raise ValueError(
            "one origin, such as https://app.example.com: scheme, host and perhaps a port, no path and no *"
        )
    scheme, host, port = found[1].lower(), found[2].lower(), found[3] or ""
    return f"{scheme}://{host}{'' if port == {'http': ':80', 'https': ':443'}[scheme] else port}"
