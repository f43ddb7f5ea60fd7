"""The address of the API: one form for every spelling, and nothing secret in it."""

from __future__ import annotations

import pytest

from vsync.auth.api_address import EMBEDDED_API, OPENAI_API, api_address, base_url, normalised
from vsync.auth.credentials import Credentials, WorkloadIdentity
from vsync.errors import ConfigurationError


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("https://api.openai.com/v1", OPENAI_API),
        ("https://api.openai.com/v1/", OPENAI_API),
        ("HTTPS://API.OpenAI.com:443/v1//", OPENAI_API),
        ("http://gateway.test:80/v1", "http://gateway.test/v1"),
        ("http://gateway.test:443/v1", "http://gateway.test:443/v1"),
        ("http://gateway.test:8000/V1", "http://gateway.test:8000/V1"),
        ("https://me:secret@gateway.test/v1?key=secret#secret", "https://gateway.test/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://gateway.test", "http://gateway.test"),
        ("embedded", EMBEDDED_API),
        ("http://gateway.test:many/v1", "http://gateway.test:many/v1"),
    ],
)
def test_every_spelling_of_an_address_is_recorded_in_one_form(given: str, recorded: str) -> None:
    assert normalised(given) == recorded
    assert normalised(recorded) == recorded


@pytest.mark.parametrize(
    ("credentials", "address"),
    [
        (Credentials(), None),
        (Credentials(organization="org"), None),
        (Credentials(api_key="sk"), OPENAI_API),
        (Credentials(identity=WorkloadIdentity("idp", "sa")), OPENAI_API),
        (Credentials(base_url="http://gateway.test/v1/"), "http://gateway.test/v1"),
    ],
    ids=["nothing", "organization", "key", "keyless", "base URL"],
)
def test_without_an_address_and_credentials_it_is_not_known_which_api_is_meant(
    credentials: Credentials, address: str | None
) -> None:
    assert api_address(credentials, embedded=False) == address
    assert api_address(credentials, embedded=True) == EMBEDDED_API


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("https://host/v1?api-version=secret", "a query"),
        ("https://host/v1#secret", "a query or a fragment"),
        ("https://me:secret@host/v1", "a user or a password"),
        ("https://secret@host/v1", "a user or a password"),
        ("https://ho st/v1", "a blank"),
        ("https://host/v1 x", "a blank"),
        ("https://host\udcff/v1", "a blank or another character"),
        ("https://a..b/v1", "not an http"),
        (f"https://{'a' * 64}.com/v1", "not an http"),
        ("https:///v1", "not an http"),
        ("host/v1", "not an http"),
        ("localhost:8000/v1", "not an http"),
        ("https://host:99999/v1", "not an http"),
    ],
)
def test_an_address_that_no_request_can_begin_with_is_told(wrong: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as error:
        base_url(Credentials(base_url=wrong))
    assert "secret" not in str(error.value)
    assert "OPENAI_BASE_URL" in error.value.remedy


@pytest.mark.parametrize(
    "address",
    [
        "https://host/v1",
        "http://127.0.0.1:8000",
        "http://[::1]:8000/v1",
        "http://my_gateway/v1",
        "https://bücher.test/v1",
    ],
)
def test_an_address_of_a_server_is_taken_as_it_is(address: str) -> None:
    assert base_url(Credentials(base_url=address)) == address


@pytest.mark.parametrize(
    "wrong", ["ftp://me:secret@host/v1?key=secret", "//me:secret@host", "http://", "http://host:x"]
)
def test_an_address_that_is_none_is_told_without_what_is_secret(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="not an http") as error:
        base_url(Credentials(base_url=wrong))
    assert "secret" not in str(error.value)
    assert "OPENAI_BASE_URL" in error.value.remedy
