"""Which records of a batch are acknowledged, and whether the stream ends there. Pure.

A failure that may be the store's own is held back until the next records show that the store works. So a store that takes
nothing leaves no dead letters: its records stay unacknowledged, and come again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vsync.errors import ApiUnavailable, StoppedAtBadRecord, VsyncError
from vsync.records.outcomes import BAD, STORED, Hopeless, Item
from vsync.system.wording import count


@dataclass(slots=True)
class Settled:
    """What becomes known of a batch.

    | field | meaning |
    | --- | --- |
    | `acknowledged` | the records that are acknowledged, in their order |
    | `not_acknowledged` | bad records that come again: one that ends the stream, and one in whose middle the input ended |
    | `cause` | why the stream ends; None: it goes on, if `whole` |
    | `whole` | nothing of the batch is left open |
    | `held` | the records that are held back until the next batch is settled |
    """

    acknowledged: list[Item] = field(default_factory=list)
    not_acknowledged: list[Item] = field(default_factory=list)
    cause: VsyncError | None = None
    whole: bool = False
    held: list[Item] = field(default_factory=list)

    @property
    def letters(self) -> list[Item]:
        """The records for the dead-letter file."""
        return [*(item for item in self.acknowledged if item.outcome in BAD), *self.not_acknowledged]

    def take(self, items: Sequence[Item]) -> None:
        for item in items:
            (self.not_acknowledged if item.code == CUT else self.acknowledged).append(item)


_MOST_HELD = 1_000
"""So many records are held back at most, by a few failures among many that ask nothing of the store."""

CUT = "cut"
"""The code of a record in whose middle the input ended. It has no position, and is not acknowledged: it comes again, whole."""


def settle(
    items: Sequence[Item], hopeless: Hopeless, *, stop_at_bad: bool, held: Sequence[Item] = (), more: bool = False
) -> Settled:
    """Reads the outcomes of a batch in their order. `hopeless` counts over all batches.

    `held` are the records that earlier batches held back. `more`: another batch is under way, which may tell whether the
    store works.
    """
    settled, waiting = Settled(), list(held)
    for item in items:
        if item.outcome is None:
            return settled
        if hopeless.saw(item):
            settled.cause = _hopeless(item, hopeless)
            if not hopeless.takes_nothing:
                settled.take([*waiting, item])
            return settled
        if stop_at_bad and item.outcome in BAD:
            settled.take(waiting)
            settled.not_acknowledged.append(item)
            settled.cause = _stopped_at(item)
            return settled
        waiting.append(item)
        if item.outcome in STORED or not hopeless.failed:
            settled.take(waiting)
            waiting.clear()
    if more and len(waiting) <= _MOST_HELD:
        settled.held = waiting
    else:
        settled.take(waiting)
    settled.whole = True
    return settled


def _hopeless(item: Item, hopeless: Hopeless) -> VsyncError:
    if hopeless.takes_nothing:
        return ApiUnavailable(
            f"{count(hopeless.failed, 'document')} in a row failed, the last of them in line {item.line}: {item.reason}",
            "What is not acknowledged comes again: run again later.",
        )
    return ApiUnavailable(
        f"The first {count(hopeless.bad, 'record')} are all bad, the last of them in line {item.line}: {item.reason}",
        "Check --format, --raw and --key-field. The records are in the dead-letter file.",
    )


def _stopped_at(item: Item) -> VsyncError:
    return StoppedAtBadRecord(
        f"Line {item.line} is bad ({item.code}): {item.reason}",
        "Correct it in the source, or leave bad records out with --on-error skip, and run again.",
    )
