"""What `vsync batch status` shows of each batch, and its JSON. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from vsync.batch.metadata import Made
from vsync.store.batch_info import BatchInfo


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch. `made` is None for a batch that vsync did not make.

    | field | meaning |
    | --- | --- |
    | `ours` | whether it is a batch of this source |
    | `paths` | the request files that have the content that it runs now |
    | `fetched` | whether its results are in the results folder |
    | `age_s`, `left_s` | since it was made, and until it expires; None: it has ended, or the API does not say |
    """

    info: BatchInfo
    made: Made | None
    ours: bool
    paths: tuple[str, ...]
    fetched: bool
    age_s: int
    left_s: int | None

    @property
    def current(self) -> bool:
        """Whether a request file has the content that the batch runs."""
        return bool(self.paths)

    def to_json(self) -> dict[str, Any]:
        info = asdict(self.info)
        tokens = {name: info.pop(f"{name}_tokens") for name in ("input", "output", "total")}
        counts = {name: info.pop(name) for name in ("total", "completed", "failed")}
        return {
            **info,
            "metadata": dict(self.info.metadata),
            "path": self.made.path if self.made else None,
            "sha256": self.made.sha256 if self.made else None,
            "source": self.made.source if self.made else None,
            "attempt": self.made.attempt if self.made else None,
            "resubmission": bool(self.made and self.made.part_sha256),
            "requests": counts,
            "tokens": tokens,
            "ours": self.ours,
            "paths": list(self.paths),
            "current": self.current,
            "fetched": self.fetched,
            "age_s": self.age_s,
            "left_s": self.left_s,
        }


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The batches, the newest first, and the request files that need a person.

    | field | meaning |
    | --- | --- |
    | `unsubmitted` | request files of which there is neither a batch nor a result: `submit` makes one |
    | `refused` | the API refused their batch for their content: `submit` makes no other |
    | `failing` | their results hold failures, and no batch of them is under way |
    """

    source: str
    batches: list[BatchRow] = field(default_factory=list)
    unsubmitted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "batches": [row.to_json() for row in self.batches],
            "unsubmitted": self.unsubmitted,
            "refused": self.refused,
            "failing": self.failing,
        }
