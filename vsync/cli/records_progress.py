"""How far a stream of records has come: one line in a terminal that is written again and again, else a line now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from vsync.cli.terminal import put
from vsync.system.redaction import printable, redacted
from vsync.system.workflow import inert

if TYPE_CHECKING:
    from vsync.records.stream_report import StreamReport

_REWRITE_EVERY_S = 0.25
_LINE_EVERY_S = 10.0
_RATE_OVER_S = 5.0
"""The records in a second are those of the last seconds: an average over all tells nothing of a stream that has stopped."""

_MOST_FAILURES_SHOWN = 20


class StreamProgress:
    """Writes progress to `err`. It never goes to stdout, which has the acknowledgements.

    `alone`: nothing else writes to the terminal. A line that is written again would be torn by acknowledgements.
    """

    def __init__(
        self,
        err: IO[str],
        *,
        alone: bool = True,
        environ: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._err = err
        self._rewrites = alone and err.isatty() and (environ or {}).get("TERM") != "dumb"
        self._every_s = _REWRITE_EVERY_S if self._rewrites else _LINE_EVERY_S
        self._failures = 0
        self._secrets = secrets
        self._clock = clock
        self._began = self._last = clock()
        self._seen: deque[tuple[float, int]] = deque([(self._last, 0)])
        self._live: Any = None

    def update(self, report: StreamReport) -> None:
        """The report so far. It may come thousands of times in a second, and few of them are shown."""
        now = self._clock()
        if now - self._last < self._every_s:
            return
        self._last = now
        if now - self._began >= _LINE_EVERY_S:
            self._show_failures(report)
        text = progress_line(report, self._per_second(now, report.finished))
        if self._rewrites:
            self._rewrite(text)
        else:
            put(self._err, text)

    def note(self, text: str) -> None:
        self._say(inert(printable(redacted(text, self._secrets))))

    def finished(self) -> None:
        """The stream has ended: the line in the terminal is taken away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show_failures(self, report: StreamReport) -> None:
        """One line for each of the first records that failed. A short run shows them at its end alone."""
        for bad in report.bad[self._failures : _MOST_FAILURES_SHOWN]:
            self._failures += 1
            self.note(f"line {bad.line:,}{f', key {bad.key}' if bad.key else ''}: {bad.code}: {bad.reason}")
        if self._failures == _MOST_FAILURES_SHOWN and len(report.bad) > _MOST_FAILURES_SHOWN:
            self._failures += 1
            self.note("More records were dead or failed. Their lines are not shown here.")

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
        self._live.update(_one_line(text), refresh=True)


def progress_line(report: StreamReport, per_second: float) -> str:
    """How far the stream has come, as one line."""
    parts = [
        f"{report.read:,} records read",
        f"{report.applied + report.deleted:,} applied",
        f"{per_second:,.0f} a second",
        *([f"{report.dead + report.failed:,} dead or failed"] if report.dead or report.failed else []),
        f"{max(report.read - report.finished, 0):,} in flight",
    ]
    return ", ".join(parts)


def _live_line(err: IO[str]) -> Any:
    from rich.console import Console
    from rich.live import Live

    return Live(console=Console(file=err), auto_refresh=False, transient=True)


def _one_line(text: str) -> Any:
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis")
