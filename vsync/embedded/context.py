"""What every operation needs besides the request: the database, the time, and the delays of indexing and of batches."""

from __future__ import annotations

from dataclasses import dataclass

from vsync.embedded.database import Database


@dataclass(frozen=True)
class Context:
    database: Database
    now: float
    indexing_delay_s: float
    batch_delay_s: float

    @property
    def timestamp(self) -> int:
        return int(self.now)
