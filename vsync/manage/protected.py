"""What a bulk delete must not take away unasked: the stores and documents that this repository's manifest names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vsync.manage.owner import Owner, owner_of_store
from vsync.state.manifest import Manifest
from vsync.store.entries import StoreInfo


@dataclass(frozen=True, slots=True)
class Protected:
    """The targets of each store by its id, and the document of each File by its id, as words for people.

    `empty` are the stores, each with a target of which no document is recorded there.
    """

    stores: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    empty: frozenset[tuple[str, str]] = frozenset()

    def filled(self, store_id: str) -> list[str]:
        """The targets that have documents in the store."""
        return [target for target in self.stores.get(store_id, ()) if (store_id, target) not in self.empty]

    def emptied(self, store_id: str) -> list[str]:
        """The targets whose store this is, and that have no document in it."""
        return [target for target in self.stores.get(store_id, ()) if (store_id, target) in self.empty]

    def why(self, file_id: str, used_by: Iterable[str]) -> str | None:
        """What a File is here, as words; None: nothing. `used_by` are the ids of the stores that list it.

        A File in a target's store counts although no manifest names it: the sync that put it there may not have ended.
        """
        if file_id in self.files:
            return self.files[file_id]
        for store_id in used_by:
            if store_id in self.stores:
                return f"a File in its store {store_id} (target {', '.join(self.stores[store_id])})"
        return None


NOTHING = Protected()


def unnamed(stores: Iterable[StoreInfo], protected: Protected) -> list[str]:
    """A warning for each sync that made some of these stores, and whose manifest is not here: its owner would miss them."""
    made: dict[Owner, list[StoreInfo]] = {}
    for info in stores:
        owner = owner_of_store(info)
        if owner is not None and info.id not in protected.stores:
            made.setdefault(owner, []).append(info)
    return [_unnamed(owner, of_owner) for owner, of_owner in made.items()]


def _unnamed(owner: Owner, stores: Sequence[StoreInfo]) -> str:
    names = ", ".join(f"{info.name or 'a store without a name'} ({info.id})" for info in stores[:3])
    more = f" and {len(stores) - 3:,} more" if len(stores) > 3 else ""
    it = "it" if len(stores) == 1 else "them"
    return f"A sync of {owner} made {names}{more}; no manifest here names {it}."


def named_in(manifests: Iterable[Manifest]) -> Protected:
    """The stores and documents of every target. Files that wait to be deleted are no documents any more.

    Of several manifests that record a target, one with documents is enough: nobody knows here which is the newest.
    """
    stores: dict[str, list[str]] = {}
    files: dict[str, str] = {}
    filled: set[tuple[str, str]] = set()
    for manifest in manifests:
        for name, state in manifest.targets.items():
            targets = stores.setdefault(state.vector_store_id, [])
            targets += [] if name in targets else [name]
            filled |= {(state.vector_store_id, name)} if state.files else set()
            files |= {entry.file_id: f"{path} of the target {name}" for path, entry in state.files.items()}
    every = {(store_id, target) for store_id, targets in stores.items() for target in targets}
    return Protected(stores, files, frozenset(every - filled))
