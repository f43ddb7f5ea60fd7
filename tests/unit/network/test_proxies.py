"""A proxy that no connection can use is told with its variable, and never with its password."""

from __future__ import annotations

import contextlib

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vsync.errors import ConfigurationError
from vsync.network.proxies import check_proxies, passwords, proxies

PROXY = "http://proxy.test:3128"


def fault(**environ: str) -> ConfigurationError | None:
    try:
        check_proxies(environ, socks=False)
    except ConfigurationError as error:
        return error
    return None


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"])
@pytest.mark.parametrize(
    "address",
    ["http://", "http://h:99999", "http://h:many", "::::", "://h", "http://[::1", "http://a b:80", "\th", " ", "ftp://h",
     "socks4://h:1080", "socks5://h:1080", "http://:80", "http://h:0", "http://u:secret@:80", "http://\udcff:80"],
)  # fmt: skip
def test_a_proxy_that_cannot_be_used_is_told_with_its_variable(name: str, address: str) -> None:
    error = fault(**{name: address})
    assert error is not None
    assert f"The proxy in {name} " in error.message
    assert error.remedy
    assert "secret" not in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "address",
    [PROXY, "proxy.test:3128", "proxy.test", "https://proxy.test", "http://[::1]:80", "http://10.0.0.1:80/", "http://u:p%40ss@h:1",
     "http://u:p@ss@h:1", "HTTP://H:80", "http://bücher.test:80"],
)  # fmt: skip
def test_a_proxy_that_can_be_used_is_no_fault(address: str) -> None:
    assert fault(HTTPS_PROXY=address) is None


def test_with_its_package_a_socks_proxy_can_be_used() -> None:
    check_proxies({"ALL_PROXY": "socks5h://h:1080"}, socks=True)
    with pytest.raises(ConfigurationError, match="scheme"):
        check_proxies({"ALL_PROXY": "socks4://h:1080"}, socks=True)


def test_small_letters_come_first_and_an_empty_variable_names_no_proxy() -> None:
    assert proxies({"HTTPS_PROXY": "http://", "https_proxy": PROXY, "ALL_PROXY": ""}) == {"https_proxy": PROXY}
    assert fault(HTTPS_PROXY="http://", https_proxy="") is None


def test_where_no_host_has_a_proxy_none_can_be_wrong() -> None:
    assert fault(HTTPS_PROXY="http://", NO_PROXY="localhost, *") is None
    assert fault(HTTPS_PROXY="http://", NO_PROXY="*.test") is not None


def test_the_password_of_a_proxy_is_a_secret_as_it_is_written_and_decoded() -> None:
    assert set(passwords({"HTTPS_PROXY": "http://me:p%40ss@h:1", "ALL_PROXY": PROXY})) == {"p%40ss", "p@ss"}


@given(
    st.sampled_from(["HTTP_PROXY", "https_proxy", "ALL_PROXY"]),
    st.text(st.characters(exclude_characters="\0"), max_size=20),
)
@example("ALL_PROXY", "http://h:80/\u00f1")
@example("ALL_PROXY", "http://[v1.x]:80")
def test_what_is_no_fault_here_is_a_proxy_for_the_http_client(name: str, address: str) -> None:
    """Apart from text that only the client's own rules for addresses refuse: it says so itself."""
    if fault(**{name: address}) is not None or not address:
        return
    with contextlib.suppress(httpx2.InvalidURL):
        assert httpx2.Proxy(address if "://" in address else f"http://{address}").url.host
