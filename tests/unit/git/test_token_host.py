"""Which host a token may go to: the server that the environment names, over https, and no other."""

from __future__ import annotations

import pytest

from vsync.errors import ConfigurationError
from vsync.git.token_host import GITHUB, address_for_token
from vsync.network.address import is_loopback


@pytest.mark.parametrize(
    ("url", "server", "used"),
    [
        ("https://github.com/acme/docs", GITHUB, "https://github.com/acme/docs"),
        ("https://github.com/acme/docs.git", "https://github.com/", "https://github.com/acme/docs.git"),
        ("https://someone:password@github.com/acme/docs", GITHUB, "https://github.com/acme/docs"),
        ("https://GitHub.com:443/acme/docs", GITHUB, "https://github.com/acme/docs"),
        ("https://ghe.test:8443/a/b", "https://GHE.test:8443", "https://GHE.test:8443/a/b"),
        ("http://127.0.0.1:3000/a/b", "http://127.0.0.1:3000", "http://127.0.0.1:3000/a/b"),
        ("http://[::1]:3000/a/b", "http://[::1]:3000", "http://[::1]:3000/a/b"),
        ("http://localhost/a/b", "http://localhost:80", "http://localhost:80/a/b"),
    ],
)
def test_the_servers_own_address_is_used(url: str, server: str, used: str) -> None:
    assert address_for_token(url, server) == used


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.test/acme/docs",
        "https://github.com.evil.test/acme/docs",
        "https://github.com@evil.test/acme/docs",
        "https://github.com:password@evil.test/acme/docs",
        "https://evil.test\\@github.com/acme/docs",
        "https://github.com\\@evil.test/acme/docs",
        "https://github.com:8443/acme/docs",
        "https://github.com./acme/docs",
        "https://www.github.com/acme/docs",
        "https://g\u0131thub.com/acme/docs",
        "http://github.com/acme/docs",
        "ftp://github.com/acme/docs",
        "https:///acme/docs",
        "https://[::1/acme",
        "https://github.com:port/acme",
    ],
)
def test_a_token_goes_to_no_other_server(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"the token is for https://github\.com, and goes to no other"
    ) as error:
        address_for_token(url, GITHUB)
    assert "git remote set-url origin" in error.value.remedy
    assert "github-token: ''" in error.value.remedy
    assert "VSYNC_GITHUB_TOKEN" in error.value.remedy
    assert "GITHUB_SERVER_URL" in error.value.remedy
    assert "password" not in error.value.message
    assert error.value.exit_code == 2


@pytest.mark.parametrize("host", ["ghe.test", "10.0.0.1", "127.0.0.1.evil.test", "localhost.evil.test"])
def test_a_token_goes_nowhere_without_https_but_to_this_machine(host: str) -> None:
    with pytest.raises(ConfigurationError, match="without https"):
        address_for_token(f"http://{host}/acme/docs", f"http://{host}")


@pytest.mark.parametrize("server", ["nonsense", "ssh://github.com", "https://", "a\udcff/b", "https://[", "file:///x"])
def test_a_server_that_is_none_gets_no_token(server: str) -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_SERVER_URL is not the address of a server"):
        address_for_token("https://github.com/acme/docs", server)


def test_this_machine_is_told_apart() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"]))
    assert not any(map(is_loopback, ["0.0.0.0", "10.0.0.1", "", "localhost.example.test", "127.0.0.1.example.test"]))
