"""`vsync search` for one target: asks the store that holds its documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vsync.config.targets import Target
from vsync.search.query import one_a_document
from vsync.state.identity import SourceIdentity
from vsync.state.publication import Publication
from vsync.store.client import Api
from vsync.store.connect import Connect
from vsync.store.entries import Hit
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.sync.locate import locate_to_read
from vsync.sync.recorded import read_recorded
from vsync.sync.same_store import check_live_name, check_store, has_unknown_name

MAX_RESULTS = 50
"""How many results the API gives at most. Several may be of one document."""


def search(
    target: Target,
    publication: Publication,
    source: SourceIdentity,
    connect: Connect,
    query: str,
    limit: int,
    filters: Mapping[str, Any] | None,
    *,
    chunks: bool = False,
) -> list[Hit]:
    """The best result of each document, at most `limit`; with `chunks` the best results. A given store is asked whatever
    the manifest says.
    """

    async def search_store(api: Api) -> list[Hit]:
        state = None
        if target.vector_store_id is None:
            state = read_recorded(publication, source, target.name).state
            check_store(state, target, publication.title)
        stores = Stores(api)
        if state is not None and has_unknown_name(state, target):
            check_live_name(state, target, await stores.get(state.vector_store_id), publication.title)
        store = stores.open(await locate_to_read(stores, target, state))
        if chunks:
            return await store.search(query, limit, filters)
        return one_a_document(await store.search(query, MAX_RESULTS, filters), limit)

    return ask(connect, search_store)
