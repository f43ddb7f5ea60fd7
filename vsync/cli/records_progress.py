"""How far a stream of records has come: one line in a terminal that is written again and again, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from vsync.cli.terminal import put
from vsync.system.redaction import printable, redacted

if TYPE_CHECKING:
    from vsync.records.stream_report import StreamReport

_REWRITE_EVERY_S = 0.25
_LINE_EVERY_S = 10.0
_RATE_OVER_S = 5.0
"""The records in a second are those of the last seconds: an average over all tells nothing of a stream that has stopped."""

_MOST_FAILURES_SHOWN = 20


class StreamProgress:
    """Writes progress to `err`. It never goes to stdout, which has the acknowledgements."""

    def __init__(
        self,
        err: IO[str],
        *,
        verbose: bool,
        environ: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._err = err
        self._rewrites = err.isatty() and (environ or {}).get("TERM") != "dumb"
        self._every_s = _REWRITE_EVERY_S if self._rewrites else _LINE_EVERY_S
        self._most_failures = sys.maxsize if verbose else _MOST_FAILURES_SHOWN
        self._failures = 0
        self._secrets = secrets
        self._clock = clock
        self._last = clock()
        self._seen: deque[tuple[float, int]] = deque([(self._last, 0)])
        self._live: Any = None

    def update(self, report: StreamReport) -> None:
        """The report so far. It may come thousands of times in a second, and few of them are shown."""
        now = self._clock()
        if now - self._last < self._every_s:
            return
        self._last = now
        text = progress_line(report, self._per_second(now, finished(report)))
        if self._rewrites:
            self._rewrite(text)
        else:
            put(self._err, text)

    def note(self, text: str) -> None:
        self._say(printable(redacted(text, self._secrets)))

    def failed(self, line: int, outcome: str, reason: str) -> None:
        """A record that cannot be applied: one line each, of the first ones."""
        self._failures += 1
        if self._failures <= self._most_failures:
            self.note(f"{outcome}: line {line}: {reason}")
        elif self._failures == self._most_failures + 1:
            self.note("More records failed. They are not shown here (-v shows all).")

    def finished(self) -> None:
        """The stream has ended: the line in the terminal is taken away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _per_second(self, now: float, done: int) -> float:
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[0][0] < now - _RATE_OVER_S:
            self._seen.popleft()
        since, before = self._seen[0]
        return (done - before) / (now - since) if now > since else 0.0

    def _say(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            put(self._err, text)

    def _rewrite(self, text: str) -> None:
        if self._live is None:
            self._live = _live_line(self._err)
            self._live.start()
        self._live.update(text, refresh=True)


def finished(report: StreamReport) -> int:
    """How many records have come to their end, one way or another."""
    unapplied = report.unchanged + report.absent + report.superseded + report.older
    return report.applied + report.deleted + unapplied + report.dead + report.failed


def progress_line(report: StreamReport, per_second: float) -> str:
    """How far the stream has come, as one line."""
    parts = [
        f"{report.read:,} records read",
        f"{report.applied + report.deleted:,} applied",
        f"{per_second:,.0f} a second",
        *([f"{report.dead + report.failed:,} dead or failed"] if report.dead or report.failed else []),
        f"{max(report.read - finished(report), 0):,} in flight",
    ]
    return ", ".join(parts)


def _live_line(err: IO[str]) -> Any:
    from rich.console import Console
    from rich.live import Live

    return Live("", console=Console(file=err, markup=False, highlight=False), auto_refresh=False, transient=True)
