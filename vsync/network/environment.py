"""Whether the environment lets any connection be made. It is asked before a run takes its lock and makes a request."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from vsync.network.certificates import check_certificates
from vsync.network.proxies import check_proxies


def check_network(environ: Mapping[str, str]) -> None:
    """Raises ConfigurationError for a proxy or certificates that no connection can use."""
    check_proxies(environ, socks=importlib.util.find_spec("socksio") is not None)
    check_certificates(environ)
