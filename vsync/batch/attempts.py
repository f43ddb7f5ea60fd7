"""How often the requests of a content have run, and why those that failed do not run again by themselves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from vsync.batch.metadata import OwnBatch

MAX_ATTEMPTS = 5
"""How many batches of one content may run. A request that has failed so often fails again."""

HeldBack = Literal["tried-too-often", "cancelled"]


class OnDisk(NamedTuple):
    """Results that are there: how many requests have no good one, and of which batches they are, the oldest first."""

    failed: int = 0
    batch_ids: tuple[str, ...] = ()


def tried(ran: Sequence[OwnBatch], on_disk: OnDisk) -> int:
    """How many batches of a content have run. The API may have forgotten batches whose results are here."""
    return len({batch.info.id for batch in ran} | set(on_disk.batch_ids))


def held_back(ran: Sequence[OwnBatch], on_disk: OnDisk, *, named: bool = False) -> HeldBack | None:
    """Why `--resubmit-failed` makes no batch of what failed; None: it makes one.

    `ran` are the batches of the content that have ended and were not refused, the oldest first. `named`: the user names the
    request file. Only then what the user cancelled runs again.
    """
    if tried(ran, on_disk) >= MAX_ATTEMPTS:
        return "tried-too-often"
    return "cancelled" if not named and _cancelled_by_people(ran) else None


def _cancelled_by_people(ran: Sequence[OwnBatch]) -> bool:
    """Whether somebody cancelled the last batch. vsync itself cancels one of two that were made for one attempt."""
    if not ran or ran[-1].info.status != "cancelled":
        return False
    same = [batch for batch in ran if batch.made.attempt == ran[-1].made.attempt]
    return all(batch.info.status == "cancelled" for batch in same)
