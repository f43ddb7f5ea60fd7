"""Whether a store lists a File: asked in the cheaper way, within a number of requests, and never guessed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from tests.support.builders import store_info
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreInfo
from vsync.store.files import Files
from vsync.store.listed_elsewhere import MAX_REQUESTS, listed_elsewhere, requests_to_ask
from vsync.store.pages import PAGE


class Project:
    """Stores and what they list; counts the requests. `hidden`: what a listing does not show yet."""

    def __init__(self, *stores: StoreInfo, lists: Mapping[str, Sequence[str]] | None = None) -> None:
        self.stores = stores
        self.lists = dict(lists or {})
        self.hidden: set[str] = set()
        self.asked: list[str] = []

    async def is_in(self, store_id: str, file_id: str) -> bool:
        self.asked.append(f"{store_id}/{file_id}")
        return file_id in self.lists.get(store_id, ())

    async def listed_in(self, store_id: str) -> set[str]:
        self.asked.append(store_id)
        return set(self.lists.get(store_id, ())) - self.hidden

    def listed(self, *file_ids: str, by_id: bool = False) -> set[str] | None:
        found = asyncio.run(listed_elsewhere(file_ids, self.stores, cast(Files, self), by_id=by_id))
        return None if found is None else set(found)


def many(count: int) -> list[str]:
    return [f"file-{number}" for number in range(count)]


def test_without_other_stores_nothing_is_listed_or_asked() -> None:
    project = Project()
    assert project.listed("file-1") == set()
    assert project.asked == []


def test_one_file_is_asked_for_in_each_store() -> None:
    project = Project(store_info("vs_1"), store_info("vs_2"), lists={"vs_2": ["file-1"]})
    assert project.listed("file-1") == {"file-1"}
    assert project.asked == ["vs_1/file-1", "vs_2/file-1"]


def test_a_file_that_one_store_lists_is_not_asked_for_in_the_next() -> None:
    project = Project(store_info("vs_1"), store_info("vs_2"), lists={"vs_1": ["file-1"]})
    assert project.listed("file-1") == {"file-1"}
    assert project.asked == ["vs_1/file-1"]


def test_several_files_are_looked_for_in_a_short_listing() -> None:
    project = Project(store_info("vs_1", files=1), lists={"vs_1": ["file-2"]})
    assert project.listed("file-1", "file-2", "file-3") == {"file-2"}
    assert project.asked == ["vs_1"]


def test_a_long_listing_is_not_read_for_a_few_files() -> None:
    project = Project(store_info("vs_1", files=3 * PAGE), lists={"vs_1": ["file-2"]})
    assert project.listed("file-1", "file-2") == {"file-2"}
    assert project.asked == ["vs_1/file-1", "vs_1/file-2"]


def test_a_listing_and_a_count_that_lag_together_do_not_hide_a_file_that_is_asked_for_by_its_id() -> None:
    project = Project(store_info("vs_1", files=0), lists={"vs_1": ["file-1", "file-2"]})
    project.hidden = {"file-1", "file-2"}
    assert project.listed("file-1", "file-2", by_id=True) == {"file-1", "file-2"}
    assert project.asked == ["vs_1/file-1", "vs_1/file-2"]


def test_a_listing_that_lags_behind_the_stores_count_is_not_believed() -> None:
    project = Project(store_info("vs_1", files=2), lists={"vs_1": ["file-2", "theirs"]})
    project.hidden = {"file-2"}
    assert project.listed("file-1", "file-2", "file-3") == {"file-2"}
    assert project.asked == ["vs_1", "vs_1/file-1", "vs_1/file-2", "vs_1/file-3"]


def test_an_expired_store_lists_nothing_and_costs_nothing() -> None:
    project = Project(store_info("vs_1", status="expired"), lists={"vs_1": ["file-1"]})
    assert project.listed("file-1") == set()
    assert project.asked == []


def test_just_as_many_requests_as_allowed_are_made() -> None:
    stores = [store_info(f"vs_{number}") for number in range(MAX_REQUESTS)]
    project = Project(*stores)
    assert project.listed("file-1") == set()
    assert len(project.asked) == MAX_REQUESTS


@pytest.mark.parametrize("count", [1, 1_000])
def test_more_requests_than_allowed_are_not_begun(count: int) -> None:
    project = Project(*(store_info(f"vs_{number}") for number in range(MAX_REQUESTS + 1)))
    assert project.listed(*many(count)) is None
    assert project.asked == []


def test_lagging_listings_do_not_lead_past_the_limit() -> None:
    files = many(MAX_REQUESTS)
    project = Project(store_info("vs_1", files=5))
    assert project.listed(*files) is None
    assert project.asked == ["vs_1"]


def test_a_store_that_refuses_is_told() -> None:
    class Refusing(Project):
        async def is_in(self, store_id: str, file_id: str) -> bool:
            raise Refused(403, "no", "no")

    with pytest.raises(Refused):
        Refusing(store_info("vs_1")).listed("file-1")


def test_what_it_costs_is_known_before() -> None:
    stores = [store_info("vs_1", files=0), store_info("vs_2", files=PAGE), store_info("vs_3", status="expired")]
    assert [requests_to_ask(count, stores) for count in (0, 1, 2, 5)] == [0, 2, 3, 3]
