"""Creates the store of a first sync, and makes sure that no listing has hidden one that is there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from vsync.documents.attributes import Identity
from vsync.errors import ApiUnavailable
from vsync.store.choose import rival_of, store_metadata
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores
from vsync.store.whole_listing import WAITED_S, until_whole
from vsync.sync.attempts import Attempt
from vsync.system.retry import Sleep


class NothingMade(ApiUnavailable):
    """The new store is deleted again, and all is as it was."""


class Wanted(NamedTuple):
    """What the user wants of a new store, beside its name."""

    description: str | None = None
    metadata: Mapping[str, str] = {}
    expires_after_days: int | None = None


_NOTHING_MORE = Wanted()


async def create_store(attempt: Attempt, stores: Stores, name: str, identity: Identity) -> StoreInfo:
    """A new store of that name. Raises NothingMade where the documents may be in another store already."""
    context, target = attempt.context, attempt.target
    wanted = Wanted(target.description, target.metadata, target.expires_after_days)
    sure = attempt.basis.recorded.state is not None or attempt.ports.embedded is not None
    try:
        pause, note = context.stop.pause, context.observer.note
        return await make_store(stores, name, identity, wanted, sure=sure, pause=pause, note=note)
    except NothingMade:
        attempt.lock.wrote = False  # the seal is given back
        raise


async def make_store(
    stores: Stores,
    name: str,
    identity: Identity,
    wanted: Wanted = _NOTHING_MORE,
    *,
    sure: bool,
    pause: Sleep,
    note: Callable[[str], None],
) -> StoreInfo:
    """A new store of that name. `sure`: there is no other store of this source and target. Raises NothingMade.

    Without a record only the listing of all stores tells that there is none yet, and it can be stale. A listing that
    shows the new store hides no older one. So the new store is deleted again when the listing never shows it, or shows an
    older store of this source and target as well.
    """
    own = store_metadata(identity.source, identity.target, identity.owner)
    made = await stores.create(
        name,
        {**wanted.metadata, **own},
        description=wanted.description,
        expires_after_days=wanted.expires_after_days,
    )
    note(f"Created the vector store {name!r}: {made.id}")
    if sure:
        return made

    def lacks(listed: Sequence[StoreInfo]) -> str | None:
        shown = any(info.id == made.id for info in listed)
        return None if shown else f"The listing of the vector stores does not show {made.id}, which this run has made."

    listed = await until_whole(stores.list, lacks, pause, note)
    rival = rival_of(made, listed, identity.source, identity.target)
    stale = lacks(listed)
    if rival is None and stale is None:
        return made
    await stores.delete(made.id)
    raise _hidden(name, rival) if rival is not None else _never_shown(stale or "")


def _hidden(name: str, rival: StoreInfo) -> NothingMade:
    return NothingMade(
        f"The vector store {name!r} ({rival.id}) was made for this source and target before, but the listing of the vector "
        "stores did not show it at first. The store that this run had made instead is deleted again, and nothing was uploaded.",
        "Run again: the next run uses that store.",
    )


def _never_shown(stale: str) -> NothingMade:
    return NothingMade(
        f"{stale} That stays so after {WAITED_S:g} s. The listing may hide an older store with these documents as well, so "
        "the new store is deleted again, and nothing was uploaded.",
        "Run again in a few minutes. If it stays so, name the store by its id: `vsync stores create NAME` prints the id for "
        "--vector-store-id (input vector-store-id).",
    )
