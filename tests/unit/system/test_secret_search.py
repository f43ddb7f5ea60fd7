from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.system.secret_search import SecretSearch, needles

SECRET = "ghs_abc/def+äöü"


def holds(content: bytes, *secrets: str, piece: int = 1_000) -> bool:
    search = SecretSearch(needles(secrets))
    for start in range(0, len(content), piece):
        search.add(content[start : start + piece])
    return search.found


@pytest.mark.parametrize(
    "content",
    [
        SECRET.encode(),
        b"before " + SECRET.encode() + b" after",
        json.dumps(SECRET).encode(),
        json.dumps(SECRET).replace("/", "\\/").encode(),
        base64.b64encode(b"user:" + SECRET.encode()),
        SECRET.encode().hex().encode(),
    ],
)
def test_a_secret_is_found_in_each_of_its_forms(content: bytes) -> None:
    assert holds(content, "another-secret", SECRET)
    assert not holds(content, "another-secret")


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(1, 50))
def test_law_the_cuts_between_pieces_hide_nothing(before: bytes, after: bytes, piece: int) -> None:
    assert holds(before + b"ghs_0123456789" + after, "ghs_0123456789", piece=piece)


def test_without_secrets_nothing_is_found() -> None:
    assert not holds(b"anything")
    assert not SecretSearch(needles([])).found


def test_what_may_stand_there_by_chance_is_no_secret() -> None:
    assert needles(["", "abc", "secret"]) == ()
