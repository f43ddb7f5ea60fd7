"""Keys and ids that no request can carry, or that carry what was not meant, are refused before a request."""

from __future__ import annotations

import pytest

from vsync.auth.credentials import check_header
from vsync.errors import ConfigurationError


@pytest.mark.parametrize("value", ["sk-proj-0123", "org-1", "'sk", 'sk"'])
def test_a_key_that_a_header_can_carry_is_taken(value: str) -> None:
    check_header("OPENAI_API_KEY", value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("sk one", "a blank"),
        ("sk-ü", "not ASCII"),
        ("sk\none", "a line break"),
        ('"sk-0123"', "quotes around it"),
        ("'sk-0123'", "quotes around it"),
    ],
)
def test_another_key_is_refused_and_not_shown(value: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as error:
        check_header("OPENAI_API_KEY", value)
    assert value not in str(error.value)
