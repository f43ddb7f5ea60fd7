"""Which of a project's vector stores belongs to a source and target. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.errors import StoreConflict, StoreGone
from vsync.store.entries import METADATA_OWNER, METADATA_SOURCE, METADATA_TARGET, StoreInfo


def choose_by_name(stores: Sequence[StoreInfo], name: str, source: str, target: str) -> StoreInfo | None:
    """The store of that name that vsync made for this source and target; None when there is none of that name.

    Raises StoreConflict when there are several, or one that is not ours: a name proves nothing. Empty twins, which runs leave
    that die while they make the store, are no reason to ask. Pure.
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
    """Of stores that one first sync made, the one that holds something, or the oldest; all of them if others are among these."""
    made = {(info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET), info.owner) for info in named}
    if len(named) < 2 or len(made) > 1 or None in next(iter(made)) or made.pop()[:2] != (source, target):
        return named
    filled = [info for info in named if info.files]
    return filled or [min(named, key=lambda info: (info.created_at, info.id))]


def choose_by_metadata(stores: Sequence[StoreInfo], source: str, target: str) -> StoreInfo | None:
    """The store that vsync made for this source and target, whatever its name; StoreConflict when there are several. Pure."""
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


def owner_of_source(stores: Sequence[StoreInfo], source: str) -> str | None:
    """The owner that the stores of a source's other targets name; None when they name none, or several. Pure."""
    owners = {info.owner for info in stores if info.metadata.get(METADATA_SOURCE) == source} - {None}
    return owners.pop() if len(owners) == 1 else None


def store_metadata(source: str, target: str, owner: str) -> dict[str, str]:
    return {METADATA_SOURCE: source, METADATA_TARGET: target, METADATA_OWNER: owner}
