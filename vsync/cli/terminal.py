"""What a person sees of a run in a terminal: a plan, progress, notes. Progress goes to stderr, so it never enters a pipe."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from vsync.cli.colour import painted, wants_colour
from vsync.report.observer import Observer
from vsync.report.progress import Progress, Stage
from vsync.report.report import Report
from vsync.report.text import plan_lines
from vsync.system.redaction import printable, redacted

if TYPE_CHECKING:
    from rich import progress as rich_progress

_LINE_EVERY_S = 5.0
_SHOWN_BEFORE_A_RUN = 20
_SHOWN_IN_A_PLAN = 1_000


class TerminalObserver(Observer):
    """Prints the plan on `out` and progress on `err`: a bar where `err` is a terminal, else a line every 5 seconds.

    `whole_plan`: the user asked to see the plan. Otherwise the list of its operations is short.
    """

    def __init__(
        self,
        out: IO[str],
        *,
        verbose: bool,
        whole_plan: bool = False,
        environ: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        err: IO[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._err = err or sys.stderr
        self._most = sys.maxsize if verbose else _SHOWN_IN_A_PLAN if whole_plan else _SHOWN_BEFORE_A_RUN
        self._colour = wants_colour(out, environ or {})
        self._bars = self._err.isatty() and (environ or {}).get("TERM") != "dumb"
        self._progress = Progress(_LINE_EVERY_S, clock)
        self._secrets = secrets
        self._bar: rich_progress.Progress | None = None
        self._tasks: dict[str, rich_progress.TaskID] = {}

    def note(self, text: str) -> None:
        self._say(printable(redacted(text, self._secrets)))

    def planned(self, report: Report) -> None:
        put(self._out, painted(plan_lines(report, self._most, " (-v lists all)"), colour=self._colour))

    def stage(self, name: str, total: int) -> None:
        stage = self._progress.add(name, total)
        if self._bars:
            self._show(name, stage)

    def advance(self, name: str) -> None:
        stage = self._progress.advance(name)
        if self._bars:
            self._show(name, stage)
        elif (line := self._progress.due_line()) is not None:
            self._say(line)

    def failed(self, path: str, code: str, message: str) -> None:
        self._say(f"failed: {printable(path)}: {code}: {printable(redacted(message, self._secrets))}")

    def finished(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self._tasks.clear()

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            put(self._err, text)

    def _show(self, name: str, stage: Stage) -> None:
        if self._bar is None:
            self._bar = _progress_bar(self._err)
            self._bar.start()
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=stage.total)
        self._bar.update(self._tasks[name], completed=stage.done, total=stage.total)


def put(stream: IO[str], text: str) -> None:
    """Writes a line. When the reader has gone (`vsync sync | head`), the run goes on and its output is dropped."""
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _progress_bar(err: IO[str]) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(file=err), transient=True)
