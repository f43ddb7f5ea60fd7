"""What a stream is to do, and what it works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vsync.config.targets import Target
from vsync.records.acks import Acks
from vsync.records.described import Rules
from vsync.records.stream_report import StreamReport
from vsync.store.connect import Connect
from vsync.store.embedded_file import EmbeddedFile
from vsync.store.rate_limit import Rates
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the user asked for.

    | field | meaning |
    | --- | --- |
    | `input` | the file to read; None: standard input |
    | `batch_delay_s` | how long a batch that is not full waits for more records, in seconds |
    | `rate` | records in a second; 0: as many as there are |
    | `burst` | with a rate: how many records may come at once; 0: a second's worth |
    | `workers` | how many requests run at once |
    | `on_error` | what a bad record does to the stream |
    | `order` | by what the newer of two records of a key is known |
    | `rebuild` | make the index anew from what the store shows |
    | `resume` | begin behind the last acknowledged line of the file; None: where it is followed |
    """

    input: Path | None = None
    follow: bool = False
    format: str = "opencdc/json"
    raw: str = "auto"
    key_field: str | None = None
    delete_field: str | None = None
    rules: Rules = field(default_factory=Rules)
    batch_size: int = 500
    batch_delay_s: float = 1.0
    rate: float = 0.0
    burst: int = 0
    workers: int = 16
    state: Path = Path(".vsync/records.db")
    dead_letter: Path = Path(".vsync/records.dead.jsonl")
    on_error: Literal["skip", "stop"] = "skip"
    order: Literal["position", "arrival"] = "position"
    rebuild: bool = False
    resume: bool | None = None

    @property
    def resumes(self) -> bool:
        """Whether a run goes on where the run before ended."""
        return self.input is not None and (self.follow if self.resume is None else self.resume)

    @property
    def batch(self) -> int:
        """How many records a batch has at most: never more than the burst."""
        size = max(1, self.batch_size)
        return min(size, self.burst_of_rate) if self.rate > 0 or self.burst > 0 else size

    @property
    def burst_of_rate(self) -> int:
        """How many records may come at once."""
        return self.burst if self.burst > 0 else max(1, round(self.rate))


@dataclass(frozen=True, slots=True)
class StreamJob:
    """The settings of a stream, and what it works with.

    `connect` takes the stop that ends requests. It comes a little after the user's own stop. `state_home` is where
    programs of this user keep their state; None: it is not known.
    """

    settings: StreamSettings
    target: Target
    connect: Callable[[Stop], Connect]
    embedded: EmbeddedFile | None
    rates: Rates
    acks: Acks
    secrets: Secrets
    stop: Stop
    api: str | None = None
    index_timeout_s: float = 600.0
    lock_timeout_s: float = 10.0
    state_home: Path | None = None
    progress: Callable[[StreamReport], None] = lambda report: None
    note: Callable[[str], None] = lambda text: None
