"""Whether the store shows something else than the last run left there. Pure.

The count of entries is not remembered as the store showed it: right after deletes it may lag behind. What is remembered is how
many entries are not ours, and the manifest says how many are. So a lag is seen at most once, by a run that comes too soon.
The usage cannot be worked out, so it is remembered as the store showed it at the end of the run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from vsync.state.figures import Figures
from vsync.state.manifest import Manifest
from vsync.store.entries import StoreInfo

Sign = Literal["count", "usage", "metadata"]

COUNT_ALARMS, USAGE_ALARMS = 3, 2
"""After so many comparisons that differed for nothing, the figure is not compared any more: it says nothing about our
documents, and each comparison that differs costs a listing. A listing for another reason, or a real change, begins anew."""

_OURS = "vsync_"


@dataclass(frozen=True, slots=True)
class Documents:
    """How many documents a manifest records in one store: this target's, and those of its other targets.

    `serials` is the sum of the serials of the other targets. It tells whether one of them was synced since.
    """

    own: int
    others: int = 0
    serials: int = 0

    @property
    def all(self) -> int:
        return self.own + self.others


def documents_in(manifest: Manifest | None, target: str, store_id: str, own: int) -> Documents:
    """The documents in that store. `own` is the number of this target's documents."""
    states = manifest.targets.items() if manifest is not None else ()
    beside = [state for name, state in states if name != target and state.vector_store_id == store_id]
    return Documents(own, sum(len(state.files) for state in beside), sum(state.serial for state in beside))


def signs(figures: Figures | None, info: StoreInfo, documents: Documents) -> tuple[Sign, ...]:
    """What the store shows otherwise than the last run left it. What either of them does not say is not compared."""
    if figures is None:
        return ()
    found: list[Sign] = []
    expected = documents.all + figures.others
    if figures.count_alarms < COUNT_ALARMS and info.counted not in {None, expected}:
        found.append("count")
    comparable = figures.usage_alarms < USAGE_ALARMS and figures.beside == documents.serials
    if comparable and figures.usage is not None and info.used not in {None, figures.usage}:
        found.append("usage")
    if figures.marks not in {None, marks(info)}:
        found.append("metadata")
    return tuple(found)


def without_listing(figures: Figures | None, info: StoreInfo, documents: Documents) -> Figures | None:
    """The figures of a run that sees no reason to list the store.

    Without earlier figures (an older vsync wrote the seal) the store is taken to hold what the manifest says.
    """
    if info.counted is None:
        return None
    if figures is None:
        return Figures(others=info.counted - documents.all)
    return replace(figures, count_alarms=figures.count_alarms if figures.count_alarms >= COUNT_ALARMS else 0)


def with_listing(
    figures: Figures | None,
    found: Collection[Sign],
    info: StoreInfo,
    documents: Documents,
    listed: int,
    *,
    as_recorded: bool,
) -> Figures | None:
    """The figures of a run that has listed the store.

    `documents.own` are the entries of this target that the listing shows, and `listed` is how many entries it shows in all.
    `found` are the signs for which the store was listed. `as_recorded`: all documents were as the manifest says.

    A listing may be stale, and a store may count entries that no listing ever shows. So at first the listing is believed:
    then the next run lists once more. If it lists in vain, the count is believed.
    """
    if info.counted is None:
        return None
    before = figures or Figures(0)
    others = (info.counted if before.count_alarms else listed) - documents.all
    if not found or not as_recorded:
        return Figures(others)
    if "count" in found:
        return Figures(others, count_alarms=before.count_alarms + 1, usage_alarms=before.usage_alarms)
    usage_alarms = before.usage_alarms + ("usage" in found)
    return replace(
        without_listing(figures, info, documents) or Figures(others), others=others, usage_alarms=usage_alarms
    )


def at_the_end(figures: Figures | None, store: StoreInfo, used: int | None, documents: Documents) -> Figures | None:
    """The figures to remember. `used` is how many bytes the store uses after the run; None: not known."""
    if figures is None:
        return None
    return replace(figures, usage=used, marks=marks(store), beside=documents.serials)


def marks(info: StoreInfo) -> str:
    """The hash of what vsync wrote into the metadata of the store when it made the store."""
    ours = {key: value for key, value in info.metadata.items() if key.startswith(_OURS)}
    return hashlib.sha256(json.dumps(ours, sort_keys=True).encode()).hexdigest()[:16]
