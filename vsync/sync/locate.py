"""Where a target's documents go: the store of the manifest, the one given, or that of the name."""

from __future__ import annotations

from dataclasses import dataclass

from vsync.documents.attributes import Identity
from vsync.errors import StoreConflict, StoreGone
from vsync.state.manifest import TargetState
from vsync.store.choose import choose_by_metadata, choose_by_name, owner_of_source, store_metadata
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores
from vsync.sync.run import Job


@dataclass(frozen=True, slots=True)
class Located:
    """Where the documents go. `info` None: into a store of that name, which is to be made.

    `owner` is who owns them as far as the stores tell, `lost` why they go into another store than the manifest's.
    """

    info: StoreInfo | None
    name: str
    owner: str | None
    lost: str | None = None


async def locate(job: Job, state: TargetState | None, stores: Stores, owner: str | None) -> Located:
    """Finds the store. Raises StoreConflict where it is not clear whose it is, and StoreGone.

    `state` is what the manifest records, `owner` who it says owns the documents.
    """
    settings, name = job.settings, store_name(job)
    store_id = state.vector_store_id if state else settings.vector_store_id
    if not store_id:
        return await _by_name(job, stores, name, owner)
    try:
        info = await stores.get(store_id)
    except StoreGone as error:
        if not job.repair or settings.vector_store_id:
            raise
        return await _anew(job, stores, store_id, owner, error)
    if settings.vector_store_name and not settings.vector_store_id and info.name != settings.vector_store_name:
        raise StoreConflict(
            f"The manifest belongs to the vector store {info.id}, named {info.name!r}, but the name "
            f"{settings.vector_store_name!r} is given.",
            "Leave the name out, or use another --target for another store.",
        )
    return Located(info, name, owner)


async def _by_name(job: Job, stores: Stores, name: str, owner: str | None) -> Located:
    settings, identity = job.settings, job.identity
    every = await stores.list()
    found = choose_by_name(every, name, identity.name, settings.target)
    if found is None and job.rebuild and not settings.vector_store_name:
        found = choose_by_metadata(every, identity.name, settings.target)
    if found is None:
        known = owner_of_source(every, identity.name) if owner is None and identity.certain else owner
        return Located(None, name, known)
    if owner is not None:
        if found.owner not in {None, owner}:
            raise StoreConflict(
                f"The vector store named {found.name!r} ({found.id}) was made by another first sync of {identity.name!r}.",
                f"To use it all the same, give --vector-store-id {found.id} (input vector-store-id).",
            )
        return Located(found, name, owner)
    if not identity.certain:
        raise StoreConflict(
            f"A vector store named {found.name!r} ({found.id}) exists, but there is no manifest here that knows it.",
            f"If it is this folder's, say so with --source {identity.name} (VSYNC_SOURCE); else choose another "
            "--vector-store-name (input vector-store-name).",
        )
    return Located(found, name, found.owner)


async def _anew(job: Job, stores: Stores, lost: str, owner: str | None, error: StoreGone) -> Located:
    """What takes the place of a store that is gone: one to be made, or what a dead repair has made already."""
    every = await stores.list()
    name = store_name(job, next((info.name for info in every if info.id == lost), None))
    live = [info for info in every if info.status != "expired"]
    found = choose_by_name(live, name, job.identity.name, job.settings.target)
    return Located(found if found is not None and found.owner == owner else None, name, owner, error.message)


def store_name(job: Job, old: str | None = None) -> str:
    """The name given, else that of the store whose place is taken, else the source's with the target's. Pure."""
    if job.settings.vector_store_name or old:
        return job.settings.vector_store_name or old or ""
    target, name = job.settings.target, job.identity.name
    return name if target == "default" else f"{name} ({target})"


async def create(job: Job, stores: Stores, name: str, identity: Identity) -> StoreInfo:
    """A new store, marked as ours."""
    info = await stores.create(name, store_metadata(identity.source, identity.target, identity.owner))
    job.observer.note(f"Created the vector store {name!r}: {info.id}")
    return info
