"""`vsync search` for one target: asks the store that holds its documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from vsync.config.targets import Target
from vsync.errors import StoreConflict
from vsync.search.query import one_a_document
from vsync.state.identity import SourceIdentity
from vsync.state.publication import Publication
from vsync.store.client import Api
from vsync.store.connect import Connect
from vsync.store.entries import Hit
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.sync.locate import locate_to_read
from vsync.sync.read_target import read_target
from vsync.sync.recorded import Recorded
from vsync.sync.same_store import check_live_name, has_unknown_name

MAX_RESULTS = 50
"""How many results the API gives at most. Several may be of one document."""


Choose = Callable[[Stores], Awaitable[str]]
"""Gives the id of the store that is asked."""


def search(
    choose: Choose,
    connect: Connect,
    query: str,
    limit: int,
    filters: Mapping[str, Any] | None,
    *,
    chunks: bool = False,
) -> list[Hit]:
    """The best result of each document, at most `limit`; with `chunks` the best results."""

    async def search_store(api: Api) -> list[Hit]:
        stores = Stores(api)
        store = stores.open(await choose(stores))
        if chunks:
            return await store.search(query, limit, filters)
        return one_a_document(await store.search(query, MAX_RESULTS, filters), limit)

    return ask(connect, search_store)


def known_store(
    target: Target, publication: Publication, source: SourceIdentity, options: Sequence[str] = ()
) -> str | None:
    """The id of the store that holds the target's documents, as far as it is known without a request. Raises VsyncError.

    `options` are those with which a command finds the same manifest, for messages.
    """
    if target.vector_store_id is not None:
        return target.vector_store_id
    state = read_target(publication, source, target, options=options).state
    return None if state is None else state.vector_store_id


def store_of_target(
    target: Target,
    publication: Publication,
    source: SourceIdentity,
    otherwise: Choose | None = None,
    *,
    read: Callable[[Recorded], None] = lambda _: None,
    options: Sequence[str] = (),
) -> Choose:
    """The store that holds the target's documents. A given store is asked whatever the manifest says.

    `otherwise` chooses where neither a name, nor an id, nor the manifest says which store it is. `read` gets what
    manifest and seal say, if they are asked. `options` are those with which a command finds the same manifest.
    """

    async def choose(stores: Stores) -> str:
        state = None
        if target.vector_store_id is None:
            recorded = read_target(publication, source, target, options=options)
            read(recorded)
            state = recorded.state
        if state is not None and has_unknown_name(state, target):
            check_live_name(state, target, await stores.get(state.vector_store_id), publication.title)
        try:
            return await locate_to_read(stores, target, state)
        except StoreConflict:
            if otherwise is None or target.vector_store_name:
                raise
            return await otherwise(stores)

    return choose
