"""Which store a search asks where no source is open, and no manifest names the store.

A store that somebody names needs neither a repository nor a manifest, nor does the only store of an embedded file.
"""

from __future__ import annotations

from collections.abc import Sequence

from vsync.config.targets import Target
from vsync.errors import StoreConflict, UnknownName
from vsync.store.entries import METADATA_SOURCE, METADATA_TARGET, StoreInfo
from vsync.store.stores import Stores
from vsync.system.wording import shortened

_MOST_NAMED = 10


async def named_store(stores: Stores, target: Target, given_by: str) -> str:
    """The id of the store that the target names, else of the only one there is.

    `given_by` are the options that say where the stores are, such as `--local`. Raises UnknownName and StoreConflict.
    """
    if target.vector_store_id:
        return target.vector_store_id
    return choose(await stores.list(), target, given_by).id


def choose(stores: Sequence[StoreInfo], target: Target, given_by: str) -> StoreInfo:
    """The one store that is meant. Pure.

    A target and a source that are given must hold, unless a name is given that only one store has.
    """
    name = target.vector_store_name
    found = [info for info in stores if info.status != "expired" and name in {None, info.name}]
    if not found:
        raise _no_store(name, given_by)
    meant = [info for info in found if _is_of(info, target)]
    if len(meant) == 1:
        return meant[0]
    if len(found) == 1 and name is not None:
        return found[0]
    listed = meant or found
    shown = ", ".join(f"{info.id} {shortened(info.name or '')!r}" for info in listed[:_MOST_NAMED])
    more = f", and {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    raise StoreConflict(
        f"It is not clear which vector store is meant. There {'is' if len(listed) == 1 else 'are'} {shown}{more}.",
        "Name one with --vector-store-id or --vector-store-name.",
    )


def _is_of(info: StoreInfo, target: Target) -> bool:
    """Whether vsync made the store for the given target and source. Nobody knows whether the default target was given."""
    of_target = target.name == "default" or info.metadata.get(METADATA_TARGET) == target.name
    return of_target and (not target.source or info.metadata.get(METADATA_SOURCE) == target.source)


def _no_store(name: str | None, given_by: str) -> UnknownName:
    local = f" {given_by}" if given_by else ""
    if name is None:
        return UnknownName(
            "There is no vector store.", f"`vsync sync{local}` or `vsync records FILE{local}` makes one."
        )
    return UnknownName(
        f"There is no vector store named {shortened(name)!r}.", f"`vsync stores list{local}` shows what there is."
    )
