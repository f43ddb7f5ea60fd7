"""Which of a project's vector stores belongs to a source and target, by their names and metadata. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.errors import StoreConflict, StoreGone
from vsync.store.entries import METADATA_OWNER, METADATA_SOURCE, METADATA_TARGET, StoreInfo


def choose_by_name(stores: Sequence[StoreInfo], name: str, source: str, target: str) -> StoreInfo | None:
    """The store of that name that vsync made for this source and target; None when no store has the name.

    Raises StoreConflict when several stores have the name, or a store that vsync did not make for them: a name proves
    nothing. Empty twins do not count: a run that dies while it makes the store leaves them.
    """
    named = _without_twins([info for info in stores if info.name == name], source, target)
    if not named:
        return None
    ids = ", ".join(info.id for info in named)
    if len(named) > 1:
        raise StoreConflict(
            f"There are {len(named)} vector stores named {name!r}: {ids}.",
            "Choose one with --vector-store-id (input vector-store-id).",
        )
    (info,) = named
    if (info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)) != (source, target):
        raise StoreConflict(
            f"The vector store named {name!r} ({ids}) was not made by vsync for {source!r}, target {target!r}.",
            f"To use it all the same, give --vector-store-id {info.id} (input vector-store-id); else choose another name.",
        )
    if info.status == "expired":
        raise StoreGone(f"The vector store {name!r} ({ids}) has expired.", "Delete it, or choose another name.")
    return info


def _without_twins(named: Sequence[StoreInfo], source: str, target: str) -> Sequence[StoreInfo]:
    """If vsync made every store of this name for the same source, target and owner: the stores with documents, else the oldest.

    If any other store is among them, all of them: the caller asks the user.
    """
    made = {(info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET), info.owner) for info in named}
    if len(named) < 2 or len(made) > 1 or None in next(iter(made)) or made.pop()[:2] != (source, target):
        return named
    filled = [info for info in named if info.files]
    return filled or [min(named, key=lambda info: (info.created_at, info.id))]


def choose_by_metadata(stores: Sequence[StoreInfo], source: str, target: str) -> StoreInfo | None:
    """The store that vsync made for this source and target, whatever its name. Raises StoreConflict when there are several."""
    made = [
        info
        for info in stores
        if (info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)) == (source, target)
        and info.status != "expired"
    ]
    if len(made) > 1:
        raise StoreConflict(
            f"There are {len(made)} vector stores of {source!r}, target {target!r}: {', '.join(info.id for info in made)}.",
            "Choose one with --vector-store-id (input vector-store-id).",
        )
    return made[0] if made else None


def rival_of(made: StoreInfo, stores: Sequence[StoreInfo], source: str, target: str) -> StoreInfo | None:
    """Another store of that name, source and target that holds something, or that was made before this one; None: none is."""
    rivals = [
        info
        for info in stores
        if info.id != made.id
        and info.name == made.name
        and (info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)) == (source, target)
        and info.status != "expired"
        and (info.files or (info.created_at, info.id) < (made.created_at, made.id))
    ]
    return min(rivals, key=lambda info: (info.created_at, info.id), default=None)


def owner_of_source(stores: Sequence[StoreInfo], source: str) -> str | None:
    """The owner in the metadata of the source's stores; None when they name no owner, or several."""
    owners = {info.owner for info in stores if info.metadata.get(METADATA_SOURCE) == source} - {None}
    return owners.pop() if len(owners) == 1 else None


def store_metadata(source: str, target: str, owner: str) -> dict[str, str]:
    """The metadata that a new store gets, so that a run without a manifest finds it again."""
    return {METADATA_SOURCE: source, METADATA_TARGET: target, METADATA_OWNER: owner}
