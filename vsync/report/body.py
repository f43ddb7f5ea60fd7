"""What a report is about: a plan, or a plan that was carried out. Pure. The third body is in `verification`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from vsync.report.documents import Documents
from vsync.report.store_size import StoreSizes


class Estimate(NamedTuple):
    """How much work a plan is.

    `tokens` and `chunks` are about those of the uploads that are text. `other` counts the uploads whose size does not tell
    their text: PDF and Office files.
    """

    uploads: int
    upload_bytes: int
    deletes: int
    tokens: int = 0
    chunks: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """What a sync would do.

    | field | meaning |
    | --- | --- |
    | `refused` | which limit refuses the plan, and why |
    | `store` | the store's size without the plan and with it |
    | `backlog` | of a pull request: what the store lacks already without it |
    | `hints` | what looks like documentation and is not selected |
    | `of_pull_request` | the plan shows what a pull request changes |
    | `plan_id` | by what `sync --expect` knows the plan; None: what a sync would do is not known |
    """

    documents: Documents = field(default_factory=Documents)
    estimate: Estimate | None = None
    refused: str | None = None
    store: StoreSizes | None = None
    backlog: str | None = None
    hints: tuple[str, ...] = ()
    of_pull_request: bool = False
    plan_id: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether a sync would change nothing in the store."""
        return not self.documents.changes and not (self.estimate and self.estimate.deletes)

    def mapped(self, change: Callable[[str], str]) -> Planned:
        """The same, with every reason and message changed."""
        return dataclasses.replace(
            self,
            documents=self.documents.mapped(change),
            refused=self.refused and change(self.refused),
            backlog=self.backlog and change(self.backlog),
            hints=tuple(map(change, self.hints)),
        )


@dataclass(frozen=True, slots=True)
class Orphan:
    """A File that an upload without an answer may have made. `why` says what the verdict is based on."""

    file_id: str
    filename: str
    bytes: int
    verdict: Literal["deleted", "listed"]
    why: str

    def to_json(self) -> dict[str, str | int]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did.

    | field | meaning |
    | --- | --- |
    | `plan` | the plan that it had |
    | `store` | the store's size before and after |
    | `orphans` | Files of uploads whose answers were lost |
    | `left` | how many documents a run did not come to because it ended early |
    | `listed` | the run listed the store before it planned |
    """

    plan: Planned = field(default_factory=Planned)
    documents: Documents = field(default_factory=Documents)
    store: StoreSizes | None = None
    bytes_uploaded: int = 0
    orphans: tuple[Orphan, ...] = ()
    left: int = 0
    listed: bool = False

    def mapped(self, change: Callable[[str], str]) -> Synced:
        """The same, with every reason and message changed."""
        return dataclasses.replace(self, plan=self.plan.mapped(change), documents=self.documents.mapped(change))


def changed_nothing(plan: Planned) -> Synced:
    """The body of a run that changed nothing."""
    store = plan.store and StoreSizes(plan.store.before, plan.store.before)
    return Synced(plan, plan.documents.only((), ()), store)
