"""Counts of what a run sends to the API, and the server's clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from vsync.system.clocks import NOTICED_S, apart, http_date

_COLLECTIONS = {"files", "vector_stores", "file_batches", "batches", "uploads"}
_ACTIONS = {"search", "content", "cancel"}


@dataclass
class Traffic:
    """The requests of a run, counted by method and endpoint.

    `date` is the server's time in its last answer, in seconds since the epoch. None: no answer has named a time yet.
    `ahead` is by how many seconds the server's clock was ahead of this machine's then; 0: not by minutes. `lead` is the
    same; 0: by a few seconds at most.
    """

    requests: Counter[str] = field(default_factory=Counter)
    bytes_uploaded: int = 0
    date: int | None = None
    ahead: int = 0
    lead: int = 0

    def __post_init__(self) -> None:
        self._listeners: list[Callable[[int], None]] = []

    def at_next_answer(self, listener: Callable[[int], None]) -> None:
        """Calls `listener` with the server's time at the next answer that names a time."""
        self._listeners.append(listener)

    def count(self, method: str, path: str) -> None:
        self.requests[f"{method} {endpoint(path)}"] += 1

    def answered(self, date: str, now: float | None = None) -> None:
        """An answer came. `date` is its `Date` header, `now` this machine's time; None: it is not known."""
        told = http_date(date)
        if told is None:
            return
        self.date = int(told)
        if now is None:
            self.ahead = self.lead = 0
        else:
            self.ahead, self.lead = apart(told, now, now), apart(told, now, now, by_s=NOTICED_S)
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener(self.date)


def endpoint(path: str) -> str:
    """A request's path with its ids replaced: `/vector_stores/{id}/files/{id}`."""
    parts = path.strip("/").split("/")
    for index in range(1, len(parts)):
        if parts[index - 1] in _COLLECTIONS and parts[index] not in _COLLECTIONS | _ACTIONS:
            parts[index] = "{id}"
    return "/" + "/".join(parts)
