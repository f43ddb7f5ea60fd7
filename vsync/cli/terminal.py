"""What a person sees of a run in a terminal: a plan, progress, notes. Progress goes to stderr, and so never into a pipe."""

from __future__ import annotations

import os
import sys
import time
from typing import IO, TYPE_CHECKING, Any

from vsync.report.observer import Observer
from vsync.report.report import Report
from vsync.report.text import plan_lines
from vsync.system.redaction import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_EVERY_S = 5.0


class TerminalObserver(Observer):
    """Shows the plan on `out`, and progress on stderr: a bar where that is a terminal, else a line every 5 seconds."""

    def __init__(self, out: IO[str], *, verbose: bool, err: IO[str] | None = None) -> None:
        self._out = out
        self._err = err or sys.stderr
        self._verbose = verbose
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self._last_line = time.monotonic()

    def note(self, text: str) -> None:
        self._say(printable(text))

    def planned(self, report: Report) -> None:
        put(self._out, "\n".join(plan_lines(report, 10_000 if self._verbose else 20)))

    def stage(self, name: str, total: int) -> None:
        self._total[name] = self._total.get(name, 0) + total
        self._done.setdefault(name, 0)
        if self._err.isatty():
            self._show(name)

    def advance(self, name: str) -> None:
        self._done[name] = self._done.get(name, 0) + 1
        if self._err.isatty():
            self._show(name)
        elif time.monotonic() - self._last_line >= _LINE_EVERY_S:
            self._last_line = time.monotonic()
            told = ", ".join(f"{stage} {done}/{self._total[stage]}" for stage, done in self._done.items())
            self._say(told)

    def failed(self, path: str, code: str, message: str) -> None:
        self._say(f"failed: {printable(path)}: {code}: {printable(message)}")

    def finished(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            put(self._err, text)

    def _show(self, name: str) -> None:
        if self._bar is None:
            self._bar = _progress_bar(self._err)
            self._bar.start()
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=self._total[name])
        self._bar.update(self._tasks[name], completed=self._done[name], total=self._total[name])


def put(stream: IO[str], text: str) -> None:
    """Writes a line. A reader that went away (`vsync sync | head`) does not stop the run: the rest goes nowhere."""
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
