"""An address is shown without what is secret in it, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.network.address import NOT_SHOWN, in_addresses, origin_of, secrets_in, shown, web_address

LONG = "a1" * 30


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("https://host.test/v1", "https://host.test/v1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("localhost:8000/v1", "localhost:8000/v1"),
        ("host.test/v1", "host.test/v1"),
        ("ftp://user:hunter22@host/x", "ftp://host/x"),
        ("https://hunter22@host/x", "https://host/x"),
        ("https://user%40:hunter%32@host/x", "https://host/x"),
        ("https://host/x?private_token=hunter22#hunter22", "https://host/x"),
        ("https://host/x;key=hunter22", "https://host/x"),
        (f"https://host/{LONG}/v1", "https://host/…/v1"),
    ],
)
def test_an_address_is_shown_without_what_is_secret_in_it(address: str, text: str) -> None:
    assert shown(address) == text


@pytest.mark.parametrize(
    "address",
    [
        "user:hunter22@host/v1",
        "hunter22",
        "hunter22@host.test/v1",
        "https:/user:hunter22@host/v1",
        "https://user:hunter22/x@host/v1",
        "https://user:22/hunter@host/v1",
        "https://host:hunter22/v1",
        "https://host\\@hunter22/v1",
        "https://[hunter22",
        "https://host.test/https:%2F%2Fme:hunter22@inner",
        "host.test/?hunter22",
        " https://hunter22",
        "",
    ],
)
def test_text_that_cannot_be_read_as_an_address_is_not_shown(address: str) -> None:
    assert shown(address) == NOT_SHOWN


@given(st.text(max_size=40), st.text("abc.:/?#@\\[]%", max_size=12))
def test_whatever_an_address_is_it_is_shown_on_one_printable_line(start: str, end: str) -> None:
    for address in (start + end, f"https://{start}{end}", f"https://u:{start}@{end}"):
        assert shown(address).isprintable()
        secrets_in(address)
        origin_of(address)


@given(st.from_regex(r"[a-z0-9]{9,20}", fullmatch=True), st.sampled_from(["", "/v1", ":80/v1", "/a@b", "?x=1"]))
def test_no_password_is_shown_wherever_it_stands(password: str, rest: str) -> None:
    for address in (f"https://me:{password}@host.test{rest}", f"ftp://{password}@h{rest}", f"me:{password}@host{rest}"):
        assert password not in shown(address)
    for address in (f"https://h.test{rest.partition('?')[0]}?token={password}", f"https://h#{password}"):
        assert password not in shown(address)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("HTTPS://Host.Test:443/v1", "https://host.test"),
        ("http://host:80", "http://host"),
        ("http://host:443/x", "http://host:443"),
        ("http://me@host/x", "http://host"),
        ("ftp://host/x", None),
        ("host/x", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


def test_a_page_has_no_secret_in_its_address() -> None:
    assert web_address("https://me:hunter22@github.test") == "https://github.test"
    assert web_address("me:hunter22@github.test") is None


def test_the_secrets_of_an_address_are_its_password_and_what_looks_like_a_token() -> None:
    assert secrets_in("https://me:p%40ss@h/x?private_token=tok&api-version=2024-10-21") == ("p%40ss", "p@ss", "tok")
    assert secrets_in(f"https://{LONG}@h/") == (LONG,)
    assert secrets_in("me:hunter22@h/v1") == ("hunter22",)
    assert secrets_in("ssh://git@h/acme") == ()
    assert secrets_in(f"https://h/?id={LONG}#{'a'}=b") == (LONG,)
    assert in_addresses({"OPENAI_BASE_URL": "https://me:hunter22@h/v1", "HOME": "https://me:other@h"}) == ["hunter22"]
