"""One vector store by its id."""

from __future__ import annotations

from vsync.errors import StoreGone
from vsync.store.answers import check_id, store_info_of
from vsync.store.api_errors import Refused, answered, unexpected_refusal
from vsync.store.client import Api
from vsync.store.entries import StoreInfo

_START_ANEW = (
    "To start again in a new store, run `vsync verify --repair` (in a workflow: `command: verify` with `args: --repair`): it "
    "makes a store and uploads everything into it. If you give the store's id, leave the id out, or give the id of another "
    "store and use another --target."
)


async def look_up(api: Api, store_id: str) -> StoreInfo:
    """The store of that id. Raises StoreGone when it does not exist or has expired."""

    async def send() -> StoreInfo:
        found = store_info_of(await api.client.vector_stores.retrieve(store_id))
        check_id(store_id, found.id)
        return found

    try:
        info = await api.ask(f"looking up the vector store {store_id}", send)
    except Refused as error:
        if error.by_api and error.status in {400, 404}:
            raise answered(gone(store_id), error) from error
        raise unexpected_refusal("looking up the vector store", error) from error
    if info.status == "expired":
        raise StoreGone(f"The vector store {store_id} has expired: its entries are gone.", _START_ANEW)
    return info


def gone(store_id: str) -> StoreGone:
    return StoreGone(
        f"There is no vector store {store_id!r} here: it was deleted, or it belongs to another key (or embedded store).",
        f"Check the id (vs_…) and the key. {_START_ANEW}",
    )
