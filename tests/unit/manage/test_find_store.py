"""A store is found by its id or its name, and never by chance."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.builders import store_info
from vsync.errors import EXIT_USAGE, StoreConflict, StoreGone, UnknownName, VsyncError
from vsync.manage.find_store import find_store
from vsync.store.entries import StoreInfo


class Stores:
    """The stores of a project. Like OpenAI's API it is asked for one store only by an id."""

    def __init__(self, stores: Sequence[StoreInfo]) -> None:
        self.stores = {info.id: info for info in stores}
        self.asked: list[str] = []

    async def list(self) -> list[StoreInfo]:
        self.asked.append("list")
        return list(self.stores.values())

    async def get(self, store_id: str) -> StoreInfo:
        self.asked.append(store_id)
        assert store_id.startswith("vs_")
        if store_id not in self.stores:
            raise StoreGone(f"no {store_id}", "")
        return self.stores[store_id]


def find(given: str, *infos: StoreInfo, deleting: bool = False) -> tuple[str, list[str]]:
    stores: Any = Stores(infos)
    return asyncio.run(find_store(stores, given, deleting=deleting)).id, stores.asked


def test_an_id_takes_one_request() -> None:
    assert find("vs_1", store_info("vs_1", "docs"), store_info("vs_2", "vs_1")) == ("vs_1", ["vs_1"])


@pytest.mark.parametrize("name", ["docs", "my docs", "owner/repo", "../vs_1", "caf\u00e9", "vs_docs", "vs_"])
def test_a_name_is_looked_for_in_the_listing(name: str) -> None:
    assert find(name, store_info("vs_1", "other"), store_info("vs_2", name))[0] == "vs_2"


def test_for_a_delete_an_id_whose_store_is_gone_is_no_name() -> None:
    stores = store_info("vs_1", "docs"), store_info("vs_2", "vs_3")
    assert find("docs", *stores, deleting=True)[0] == "vs_1"
    with pytest.raises(StoreGone):
        find("vs_3", *stores, deleting=True)


def test_an_empty_text_does_not_mean_a_store_without_a_name() -> None:
    with pytest.raises(UnknownName):
        find("", store_info("vs_1", ""))


def test_the_id_of_another_server_is_found_in_the_listing() -> None:
    assert find("7f3a", store_info("7f3a", "docs"), store_info("8b2c", "7f3a"))[0] == "7f3a"


def test_of_several_stores_of_a_name_none_is_chosen() -> None:
    with pytest.raises(StoreConflict, match="vs_1, vs_3") as raised:
        find("docs", store_info("vs_1", "docs"), store_info("vs_2", "other"), store_info("vs_3", "docs"))
    assert raised.value.exit_code == EXIT_USAGE
    assert "id" in raised.value.remedy


@pytest.mark.parametrize(
    ("given", "kind"),
    [("vs_9", StoreGone), ("doc", UnknownName), ("DOCS", UnknownName), ("docs ", UnknownName), ("", UnknownName)],
)
def test_what_is_only_like_a_name_is_not_found(given: str, kind: type[VsyncError]) -> None:
    with pytest.raises(kind, match="There is no vector store"):
        find(given, store_info("vs_1", "docs"), store_info("vs_2", None))
