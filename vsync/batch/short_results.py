"""The batches whose Files held fewer results than the API counts, and when a run that waits asks for them again. Pure.

The results of a batch may be large, and what is missing may come within a minute or within hours. So a run asks again after
1 round, then after 2, 4, 8 further rounds and so on, and once more when nothing else is waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vsync.batch.batch_report import Failed
from vsync.batch.decide_fetch import ToFetch


@dataclass(slots=True)
class _Asked:
    """How often a batch has been short, how many rounds it is left alone, and what is to be told meanwhile."""

    times: int = 0
    rest: int = 0
    told: Failed | None = None


class ShortResults:
    """Of one run. A batch counts for each place where its results belong."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], _Asked] = {}

    def has(self, place: str, batch_id: str) -> bool:
        """Whether this run found too few results of the batch when it asked for them last."""
        return (place, batch_id) in self._asked

    def due(self, wanted: Sequence[ToFetch], *, last: bool) -> tuple[list[ToFetch], list[Failed]]:
        """What is to be asked for in this round, and what is to be told of the others. `last`: nothing else is waited for."""
        found, told = [], []
        for each in wanted:
            batches = []
            for batch in each.batches:
                asked = self._asked.get((each.place, batch.info.id), _Asked())
                if last or not asked.rest:
                    batches.append(batch)
                else:
                    asked.rest -= 1
                    told += [] if asked.told is None else [asked.told]
            if batches:
                found.append(replace(each, batches=tuple(batches)))
        return found, told

    def was_short(self, place: str, batch_id: str, told: Failed | None) -> None:
        """Takes note of a batch that was short. `told` is its failure; None: what is missing will not come any more."""
        asked = self._asked.setdefault((place, batch_id), _Asked())
        asked.rest, asked.told = 2**asked.times - 1, told
        asked.times += 1

    def was_whole(self, place: str, batch_id: str) -> None:
        """Takes note of a batch whose results are all there."""
        self._asked.pop((place, batch_id), None)
