"""Which store belongs to a source and target."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders import store_info
from vsync.errors import StoreConflict, StoreGone
from vsync.store.choose import choose_by_name, owner_of_source, rival_of, store_metadata
from vsync.store.entries import StoreInfo

OURS = store_metadata("acme/docs", "default", "owner-1")


def choose(*stores: StoreInfo) -> StoreInfo | None:
    return choose_by_name(stores, "Docs", "acme/docs", "default")


def test_without_a_store_of_that_name_there_is_none() -> None:
    assert choose() is None
    assert choose(store_info("vs_1", "docs", OURS), store_info("vs_2", None, OURS)) is None


def test_a_store_that_vsync_made_for_this_source_and_target_is_used() -> None:
    ours = store_info("vs_1", "Docs", OURS)
    assert choose(store_info("vs_2", "Other"), ours) == ours
    assert ours.owner == "owner-1"


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {**OURS, "vsync_source": "someone/docs"},
        {**OURS, "vsync_target": "second"},
        {"vsync_source": "acme/docs"},
    ],
)
def test_a_name_proves_nothing(metadata: dict[str, str]) -> None:
    with pytest.raises(StoreConflict, match="vs_1") as caught:
        choose(store_info("vs_1", "Docs", metadata))
    assert "--vector-store-id vs_1" in caught.value.remedy


@pytest.mark.parametrize(
    "second",
    [
        store_info("vs_2", "Docs", OURS, files=1),
        store_info("vs_2", "Docs"),
        store_info("vs_2", "Docs", {**OURS, "vsync_owner": "owner-2"}),
        store_info("vs_2", "Docs", {**OURS, "vsync_target": "second"}),
    ],
    ids=["both hold something", "not ours", "another owner's", "another target's"],
)
def test_several_stores_of_that_name_are_listed(second: StoreInfo) -> None:
    with pytest.raises(StoreConflict, match="2 vector stores named 'Docs': vs_1, vs_2") as caught:
        choose(store_info("vs_1", "Docs", OURS, files=1), second)
    assert "--vector-store-id" in caught.value.remedy


def test_an_empty_twin_of_our_store_is_no_reason_to_ask() -> None:
    filled, empty = store_info("vs_1", "Docs", OURS), store_info("vs_2", "Docs", OURS, files=0)
    assert choose(empty, filled) == filled
    assert choose(store_info("vs_3", "Docs", OURS, files=0), empty) == empty


def test_the_stores_of_other_targets_tell_the_owner_if_they_agree() -> None:
    second = store_info("vs_1", "Second", store_metadata("acme/docs", "second", "owner-1"))
    third = store_info("vs_2", "Third", store_metadata("acme/docs", "third", "owner-3"))
    other = store_info("vs_3", "Other", store_metadata("acme/other", "default", "owner-4"))
    assert owner_of_source([second, other, store_info()], "acme/docs") == "owner-1"
    assert owner_of_source([second, third], "acme/docs") is None
    assert owner_of_source([other], "acme/docs") is None


def test_an_expired_store_is_not_used() -> None:
    with pytest.raises(StoreGone, match="expired"):
        choose(store_info("vs_1", "Docs", OURS, status="expired"))


def test_a_new_store_gives_way_to_one_that_holds_something_or_was_made_before() -> None:
    made = replace(store_info("vs_5", "Docs", OURS), created_at=100, files=0)
    before = replace(made, id="vs_7", created_at=99)
    filled = replace(made, id="vs_8", created_at=101, files=3)
    others = [
        replace(made, id="vs_1", created_at=101),
        replace(before, name="docs"),
        replace(before, metadata=store_metadata("acme/other", "default", "owner-1")),
        replace(before, status="expired"),
    ]
    assert rival_of(made, [made, *others], "acme/docs", "default") is None
    assert rival_of(made, [made, *others, filled], "acme/docs", "default") == filled
    assert rival_of(made, [*others, filled, before], "acme/docs", "default") == before
