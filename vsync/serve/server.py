"""Serves the embedded store to other programs. Needs the extra `serve`; everything else works without it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsync.embedded import EmbeddedStore


def run(store: EmbeddedStore, host: str, port: int, log: Callable[[str], None], *, api_key: str | None = None) -> None:
    """Serves until interrupted. `log` gets the address; port 0 takes a free one."""
    try:
        import uvicorn

        from vsync.serve.app import create_app
    except ImportError as error:
        raise ImportError("vsync serve needs the extra `serve`; in a clone of vsync: pip install '.[serve]'") from error
    # How a program logs is its own affair: uvicorn would configure it for the whole process.
    config = uvicorn.Config(create_app(store, api_key), log_config=None, access_log=False, lifespan="off")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol named, asyncio leaves Nagle's algorithm on, which costs each request 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        shown = f"[{host}]" if ":" in host else host
        log(f"Listening on http://{shown}:{listener.getsockname()[1]}/v1")
        uvicorn.Server(config).run(sockets=[listener])
