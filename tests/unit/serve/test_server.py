"""The server's socket."""

from __future__ import annotations

import socket

import pytest

from vsync.serve.server import listening


def test_who_reads_the_address_may_connect_before_the_server_serves() -> None:
    with listening("127.0.0.1", 0) as (listener, url):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            assert listener.getsockname()[1] == port


def test_a_port_that_is_taken_is_an_error() -> None:
    with (
        listening("127.0.0.1", 0) as (listener, _),
        pytest.raises(OSError, match="in use"),
        listening("127.0.0.1", listener.getsockname()[1]),
    ):
        pytest.fail("two servers listen on one port")
