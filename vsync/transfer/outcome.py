"""What carrying out a plan brought, and how it is told: in the report and in the manifest's audit facts. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vsync.errors import VsyncError
from vsync.state.manifest import Entry


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """Why a document is not in the store. `final`: the same bytes and settings would be refused again."""

    code: str
    message: str
    final: bool = False


@dataclass
class Outcome:
    """What `transfer` did. `confirmed` is searchable now; `discarded` are Files it uploaded in vain.

    `cause` is why it ended early; documents that are in neither dictionary were then not brought in. `defect` is what
    lies behind a cause that nobody foresaw: to be raised when all else is recorded.
    """

    confirmed: dict[str, Entry] = field(default_factory=dict)
    failed: dict[str, FailedDocument] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)
    unfinished: bool = False
    cause: VsyncError | None = None
    defect: Exception | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left that another run could still bring."""
        return not self.unfinished and all(item.final for item in self.failed.values())


@dataclass
class Removal:
    """What `remove` did: ids that are gone, refusals by id, and why it ended early."""

    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cause: VsyncError | None = None
