"""Hears what becomes of the records: writes dead letters, prints acknowledgements, and counts for the report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from vsync.records.acks import Acks
from vsync.records.apply import Applied
from vsync.records.dead_letters import DeadLetter, DeadLetters
from vsync.records.decide import Decided
from vsync.records.outcomes import Item, ack_line
from vsync.records.settled import Settled
from vsync.records.splitter import Line
from vsync.records.stream_report import StreamReport

_FEW_OLDER = 10
"""So many records may be older without a warning: a stream that is resumed begins a little before its end."""


@dataclass(slots=True)
class Counting:
    """The receiver of one stream.

    `attributes` are the names that fields of the records shall give. `reached` records the last line that is acknowledged.
    `began` is when the stream began, by this machine's steady clock.
    """

    report: StreamReport
    letters: DeadLetters
    acks: Acks
    progress: Callable[[StreamReport], None]
    note: Callable[[str], None]
    attributes: Collection[str] = ()
    reached: Callable[[Line], None] = lambda line: None
    began: float = field(default_factory=time.monotonic)
    _told: bool = False
    _named: set[str] = field(default_factory=set)

    def read(self, count: int) -> None:
        """So many records were read."""
        self.report.read += count
        self._show()

    def applied(self, applied: Applied, decided: Decided) -> None:
        self.report.cut_attributes += decided.cut
        self._named |= decided.named
        self.report.add(applied.warnings, applied.orphans)

    async def release(self, settled: Settled) -> None:
        await asyncio.to_thread(self._write, settled)

    def _write(self, settled: Settled) -> None:
        """In a thread: a reader of acknowledgements that is slow does not hold up the requests that are under way."""
        self.letters.write([_letter(item, self.report.input) for item in settled.letters])
        self.acks.write([ack_line(item) for item in settled.acknowledged])

    def released(self, settled: Settled) -> None:
        saw = self.report.saw
        for item in settled.acknowledged:
            saw(item)
        for item in settled.not_acknowledged:
            self.report.saw(item, acknowledged=False)
        if not self._told and _are_many(self.report):
            self._told = True  # now, and not only in the report: a stream that follows a file has none for weeks
            self.note(_older(self.report))
        self._show()
        last = settled.acknowledged[-1].at if settled.acknowledged else None
        if last is not None and self.acks.lost is None:
            self.reached(last)

    def end(self) -> None:
        """Adds what was left out, and what the user should look at."""
        report = self.report
        if _are_many(report):
            report.warnings.append(_older(report))
        lacking = sorted(set(self.attributes) - self._named)
        if lacking and report.applied + report.unchanged:
            report.warnings.append(
                f"No record gave the {'attribute' if len(lacking) == 1 else 'attributes'} {', '.join(lacking)}. Check the fields of "
                "--attribute."
            )
        if report.unsaid:
            report.warnings.append(f"… and {report.unsaid} more warnings.")
        if self.acks.lost is not None:
            report.warnings.append(f"The acknowledgements on standard output are not whole: {self.acks.lost}.")

    def _show(self) -> None:
        self.report.duration_s = time.monotonic() - self.began
        self.progress(self.report)


def _are_many(report: StreamReport) -> bool:
    """Whether so many records are older than what was applied that the positions may count anew."""
    return report.older > _FEW_OLDER and report.older > report.finished // 2


def _older(report: StreamReport) -> str:
    return (
        f"{report.older:,} of {report.finished:,} records are older, by their positions, than what was applied before, so "
        "they changed nothing. If the source counts its positions anew, run again with --order arrival."
    )


def _letter(item: Item, name: str) -> DeadLetter:
    whole = item.code != "too-large" or item.whole
    raw = item.raw or b""
    start = b"" if whole else raw
    return DeadLetter(item.line, raw if whole else None, item.position, item.key, item.code, item.reason, name, start)
