"""A person at a terminal: standard input that is one, with the lines that are typed."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence


class Typed(io.StringIO):
    """Standard input of a terminal. `meanwhile` is called when the first line is read."""

    def __init__(self, lines: Sequence[str], meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__("".join(f"{line}\n" for line in lines))
        self._meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]  # the base of all streams reads bytes
        self._meanwhile()
        return super().readline(-1 if size is None else size)
