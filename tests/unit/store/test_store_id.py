"""An id is one part of a request's path, and nothing that could be more or less than that."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsync.errors import ConfigurationError
from vsync.store.store_id import check_store_id


@pytest.mark.parametrize("store_id", ["vs_abc123", "vs-1.2", "a=b+c,d~", "vs_:x", "9"])
def test_an_id_of_any_server_is_taken(store_id: str) -> None:
    check_store_id(store_id, "vector-store-id")


@pytest.mark.parametrize(
    "store_id",
    ["../x", "vs_/x", "vs_?x=1", "vs_#x", "vs_%2e", "a b", "a\nb", "ü", "..", ".", "a\\b", "v" * 257, "\udcff"],
)
def test_what_is_no_id_is_told_with_its_setting(store_id: str) -> None:
    with pytest.raises(ConfigurationError, match="vector-store-id is ") as error:
        check_store_id(store_id, "vector-store-id")
    assert len(error.value.message) < 250
    assert error.value.message.isprintable()


@given(st.text(min_size=1, max_size=12))
def test_what_is_taken_stays_one_part_of_an_address(store_id: str) -> None:
    try:
        check_store_id(store_id, "id")
    except ConfigurationError:
        return
    assert "/" not in store_id
    assert quote(store_id, safe="!$&'()*+,;=:@~\"<>[]^`{|}") == store_id
