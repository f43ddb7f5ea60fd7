"""Which vector store belongs to a target. Every command asks here: sync, verify and search must never disagree."""

from __future__ import annotations

from dataclasses import dataclass

from vsync.config.targets import Target
from vsync.errors import StoreConflict, StoreGone
from vsync.state.identity import SourceIdentity
from vsync.state.manifest import TargetState
from vsync.store.choose import choose_by_metadata, choose_by_name, owner_of_source
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores
from vsync.sync.store_name import store_name


@dataclass(frozen=True, slots=True)
class Located:
    """Where the documents go. `info` None: into a store of that name, which the run creates.

    `owner` owns the documents as far as the stores tell. `lost` says why the documents go into another store than the
    manifest's, and `lost_info` is the manifest's store, if the API still lists it.
    """

    info: StoreInfo | None
    name: str
    owner: str | None
    lost: str | None = None
    lost_info: StoreInfo | None = None


async def locate(
    stores: Stores,
    target: Target,
    source: SourceIdentity,
    state: TargetState | None,
    owner: str | None,
    shared: str | None = None,
) -> Located:
    """Finds the store to write to. Raises StoreConflict where it is not clear whose it is, and StoreGone.

    `state` is what the manifest records, `owner` who owns the documents by manifest or seal. Without a manifest and a given
    name, a store that vsync made for this target counts under any name: else a lost manifest would make a second store.
    `shared` is the store of the given name that the manifest records for another target.
    """
    store_id = state.vector_store_id if state else target.vector_store_id
    if not store_id and shared is not None:
        info = await stores.get(shared)
        if info.name == target.vector_store_name and info.owner in {None, owner}:
            return Located(info, store_name(target), owner)
    if not store_id:
        return await _by_name(stores, target, source, owner, under_any_name=not target.vector_store_name)
    info = await stores.get(store_id)
    return Located(info, store_name(target), owner)


async def locate_replacement(
    stores: Stores,
    target: Target,
    source: SourceIdentity,
    state: TargetState | None,
    owner: str | None,
    shared: str | None = None,
) -> Located:
    """`locate` for a repair: what takes the place of a store that is gone.

    That is a store to be created, or one that an earlier repair created before it died. A given id has no replacement.
    """
    try:
        return await locate(stores, target, source, state, owner, shared)
    except StoreGone as error:
        if target.vector_store_id or state is None:
            raise
        every = await stores.list()
        gone = next((info for info in every if info.id == state.vector_store_id), None)
        name = store_name(target, (gone.name if gone is not None else None) or state.vector_store_name)
        live = [info for info in every if info.status != "expired"]
        found = choose_by_name(live, name, target.source, target.name)
        there = found if found is not None and found.owner == owner else None
        return Located(there, name, owner, error.message, gone)


async def locate_to_read(stores: Stores, target: Target, state: TargetState | None) -> str:
    """The id of the store to read: the one given, the manifest's, else the one store of the name.

    Whose the store is does not matter to a reader. Raises StoreConflict where it is not clear which store is meant.
    """
    store_id = target.vector_store_id or (state.vector_store_id if state else None)
    if store_id:
        return store_id
    name, every = store_name(target), await stores.list()
    named = [info for info in every if info.name == name]
    if not named and not target.vector_store_name:
        made = choose_by_metadata(every, target.source, target.name)
        named = [made] if made is not None else []
    if len(named) == 1:
        return named[0].id
    found = ", ".join(info.id for info in named) or "none"
    raise StoreConflict(
        f"It is not clear which vector store is meant: there is no manifest, and of the name {name!r} there is {found}.",
        "Give --vector-store-id (input vector-store-id), or sync first.",
    )


async def _by_name(
    stores: Stores, target: Target, source: SourceIdentity, owner: str | None, *, under_any_name: bool = False
) -> Located:
    name, every = store_name(target), await stores.list()
    found = choose_by_name(every, name, target.source, target.name)
    if found is None and under_any_name:
        found = choose_by_metadata(every, target.source, target.name)
    if found is not None:
        return _checked(found, name, target, source, owner)
    known = owner_of_source(every, target.source) if owner is None and source.certain else owner
    return Located(None, name, known)


def _checked(found: StoreInfo, name: str, target: Target, source: SourceIdentity, owner: str | None) -> Located:
    """A store that was found without the manifest's word: it must be ours beyond doubt."""
    if owner is not None:
        if found.owner not in {None, owner}:
            raise StoreConflict(
                f"The vector store named {found.name!r} ({found.id}) was made by another first sync of {target.source!r}.",
                f"To use it all the same, give --vector-store-id {found.id} (input vector-store-id).",
            )
        return Located(found, name, owner)
    if not source.certain:
        raise StoreConflict(
            f"A vector store named {found.name!r} ({found.id}) exists, but there is no manifest here that knows it.",
            f"If it is this folder's, say so with --source {target.source} (VSYNC_SOURCE); else choose another "
            "--vector-store-name (input vector-store-name).",
        )
    return Located(found, name, found.owner)
