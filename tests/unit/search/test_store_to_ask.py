"""Which store a search asks where no manifest names one."""

from __future__ import annotations

from typing import Any

import pytest

from vsync.config.targets import Target
from vsync.errors import StoreConflict, UnknownName
from vsync.search.store_to_ask import choose
from vsync.store.entries import METADATA_SOURCE, METADATA_TARGET, StoreInfo


def store(number: int, name: str, source: str = "kb", target: str = "records", status: str = "completed") -> StoreInfo:
    made = {METADATA_SOURCE: source, METADATA_TARGET: target}
    return StoreInfo(f"vs_{number}", name, status, 1, 1, number, made)


PAGES = store(1, "kb (records)")
DOCS = store(2, "acme/docs", "acme/docs", "default")
BOTH = [PAGES, DOCS]


def chosen(stores: list[StoreInfo], **given: Any) -> str:
    return choose(stores, Target(**given), "--local").id


def test_the_only_store_needs_no_name() -> None:
    assert chosen([PAGES]) == "vs_1"
    assert chosen([PAGES, store(3, "old", status="expired")]) == "vs_1"


def test_of_several_stores_a_name_a_target_or_a_source_says_which_is_meant() -> None:
    assert chosen(BOTH, vector_store_name="acme/docs") == "vs_2"
    assert chosen(BOTH, name="records") == "vs_1"
    assert chosen(BOTH, source="acme/docs") == "vs_2"
    twins = [PAGES, store(3, "kb (records)", "other")]
    assert chosen(twins, vector_store_name="kb (records)", source="other") == "vs_3"


def test_a_name_that_one_store_has_is_enough_whatever_the_target_is() -> None:
    assert chosen(BOTH, vector_store_name="kb (records)", name="code") == "vs_1"


def test_without_a_name_the_store_of_another_target_is_never_taken() -> None:
    with pytest.raises(StoreConflict, match=r"There is vs_1 'kb \(records\)'"):
        chosen([PAGES], name="code")


def test_where_it_is_not_clear_the_stores_are_named() -> None:
    with pytest.raises(StoreConflict) as caught:
        chosen(BOTH)
    assert caught.value.message == (
        "It is not clear which vector store is meant. There are vs_1 'kb (records)', vs_2 'acme/docs'."
    )
    assert caught.value.remedy == "Name one with --vector-store-id or --vector-store-name."
    many = [store(number, f"s{number}") for number in range(12)]
    with pytest.raises(StoreConflict, match="vs_9 's9', and 2 more"):
        chosen(many)


def test_where_there_is_none_the_remedy_is_a_command_that_can_be_run() -> None:
    with pytest.raises(UnknownName) as caught:
        chosen(BOTH, vector_store_name="typo")
    assert str(caught.value) == (
        "There is no vector store named 'typo'. `vsync stores list --local` shows what there is."
    )
    with pytest.raises(UnknownName) as caught:
        chosen([])
    assert str(caught.value) == (
        "There is no vector store. `vsync sync --local` or `vsync records FILE --local` makes one."
    )
