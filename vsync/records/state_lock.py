"""One consumer at a time: an OS lock beside the state file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from vsync.errors import ConfigurationError, SealHeld
from vsync.state.process_lock import exclusive
from vsync.system.stop import Stop


@contextlib.contextmanager
def held(state: Path, wait_s: float, stop: Stop) -> Iterator[None]:
    """Holds the lock of a state file. Raises SealHeld when another process still holds it after `wait_s` seconds.

    The lock is a file of its own: SQLite would lose its own locks on a file that is closed somewhere else in the process
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    path = state.with_name(f"{state.name}.lock")

    def taken() -> SealHeld:
        return SealHeld(
            f"Another consumer uses the state file {state} (this one waited {wait_s:g} s).",
            "Run one consumer for each stream. A second stream needs a --state and a --source of its own.",
        )

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(path, wait_s, stop, taken))
        except OSError as error:
            raise ConfigurationError(
                f"The lock {path} of the state file cannot be made: {error.strerror}.",
                "Repair that, or give another path with --state (VSYNC_STATE).",
            ) from error
        yield
