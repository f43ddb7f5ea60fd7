"""The token source as far as it asks nobody; its requests are in tests/deep/keyless/test_keyless.py."""

from __future__ import annotations

import pytest

from vsync.auth.identity_token import token_source
from vsync.errors import ConfigurationError, CredentialsRefused, MissingCredentials

URL, BEARER = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


@pytest.mark.parametrize("environ", [{}, {URL: "https://x.example"}, {BEARER: "b"}, {URL: "", BEARER: "b"}])
def test_without_the_permission_it_is_missing_and_says_which_one(environ: dict[str, str]) -> None:
    source = token_source(environ, "aud")
    assert source.missing is not None
    assert source.missing.exit_code == 2
    assert "id-token: write" in source.missing.remedy
    assert "forks" in source.missing.remedy
    with pytest.raises(MissingCredentials):
        source()


def test_nothing_is_missing_with_it() -> None:
    assert token_source({URL: "https://x.example", BEARER: "b"}, "aud").missing is None


def test_its_bearer_does_not_print() -> None:
    assert "secret-bearer" not in repr(token_source({URL: "https://x.example", BEARER: "secret-bearer"}, "aud"))


@pytest.mark.parametrize(
    "url", ["x.example/token", "file:///etc/passwd", "ftp://x.example", "https://[broken", "https://\N{SNOWMAN}.test"]
)
def test_an_address_that_is_none_is_refused_plainly(url: str) -> None:
    with pytest.raises(CredentialsRefused, match="ACTIONS_ID_TOKEN_REQUEST_URL"):
        token_source({URL: url, BEARER: "b"}, "aud")()


@pytest.mark.parametrize("bearer", ["b\u00fc", "two\nlines", "two words"])
def test_a_bearer_that_no_header_can_carry_is_told_and_not_shown(bearer: str) -> None:
    with pytest.raises(ConfigurationError, match=BEARER) as error:
        token_source({URL: "https://x.example", BEARER: bearer}, "aud")()
    assert bearer not in str(error.value)
