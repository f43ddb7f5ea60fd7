"""How far a run of batches has come: one line in a terminal that is written again and again, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

from vsync.cli.terminal import put
from vsync.system.redaction import printable, redacted
from vsync.system.wording import count, shortened
from vsync.system.wording import size as human
from vsync.system.workflow import inert

_REWRITE_EVERY_S = 0.25
_LINE_EVERY_S = 10.0
_WAITING_EVERY_S = 60.0
"""A batch takes minutes to hours: a line for each look would fill the log."""

_LONGEST_PATH = 80


class TerminalProgress:
    """Writes progress to `err`, and never to stdout. `quiet`: only notes."""

    def __init__(
        self,
        err: IO[str],
        *,
        quiet: bool = False,
        environ: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._err = err
        self._rewrites = err.isatty() and (environ or {}).get("TERM") != "dumb"
        self._quiet = quiet and not self._rewrites
        self._secrets = secrets
        self._clock = clock
        self._last = clock()
        self._waits: tuple[int, int] | None = None
        self._live: Any = None

    # --- What the jobs tell -----------------------------------------------------------------------------------

    def validated(self, path: str, done: int, total: int) -> None:
        self._update(f"checked {done:,} of {count(total, 'request file')}: {_short(path)}")

    def uploading(self, path: str, size: int) -> None:
        self._update(f"uploading {_short(path)}, {human(size)}")

    def downloading(self, path: str, batch_id: str) -> None:
        self._update(f"downloading the results of {_short(path)} ({_short(batch_id)})")

    def waiting(self, ended: int, batches: int, requests_done: int, requests: int, next_look_s: float) -> None:
        """A line for each batch that has ended, and else one a minute."""
        text = waiting_line(ended, batches, requests_done, requests, next_look_s)
        said, self._waits = self._waits, (ended, batches)
        self._update(text, _WAITING_EVERY_S, at_once=said != (ended, batches))

    def looking(self, files: int, next_look_s: float) -> None:
        self._update(looking_line(files, next_look_s), at_once=True)

    # --- What is shown ----------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        self._say(inert(printable(redacted(text, self._secrets))))

    def finished(self) -> None:
        """The run has ended: the line in the terminal is taken away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _update(self, text: str, every_s: float = _LINE_EVERY_S, *, at_once: bool = False) -> None:
        now = self._clock()
        if self._quiet or (not at_once and now - self._last < (_REWRITE_EVERY_S if self._rewrites else every_s)):
            return
        self._last = now
        shown = inert(printable(redacted(text, self._secrets)))
        if self._rewrites:
            self._rewrite(shown)
        else:
            put(self._err, shown)

    def _say(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            put(self._err, text)

    def _rewrite(self, text: str) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            self._live = Live(console=Console(file=self._err), auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)


def waiting_line(ended: int, batches: int, requests_done: int, requests: int, next_look_s: float) -> str:
    """How far batches have come that the API runs, as one line."""
    done = f", {requests_done:,} of {count(requests, 'request')} done" if requests else ""
    return f"{ended:,} of {count(batches, 'batch', 'batches')} ended{done}; next look in {_wait(next_look_s)}"


def looking_line(files: int, next_look_s: float) -> str:
    """Why a run waits although every batch has ended, as one line."""
    has = "has" if files == 1 else "have"
    return (
        f"no batch is under way; {count(files, 'request file')} {has} none: another look in {_wait(next_look_s)}, because "
        "the API may list a new batch late"
    )


def _wait(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _short(path: str) -> str:
    return shortened(path, _LONGEST_PATH)
