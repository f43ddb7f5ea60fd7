"""What a run did, or would do, as one value, and as the JSON of the contract. Pure.

The summary, the terminal, the comment and the action's outputs show this value. They compute nothing of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vsync.config.config_change import ConfigChange
from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, VsyncError
from vsync.plan.comparison import Comparison
from vsync.report.body import Orphan, Planned, Synced
from vsync.report.documents import Documents
from vsync.report.estimates import estimate_json
from vsync.report.last_sync import LastSync
from vsync.report.verification import Verification

Body = Planned | Synced | Verification


@dataclass(frozen=True, slots=True)
class Report:
    """One target's run: what every report has, and a body.

    | field | meaning |
    | --- | --- |
    | `comparison` | what was compared with what |
    | `vector_store_name` | the name of the store; None: not known |
    | `api` | the address of the API that has the store; None: not known |
    | `last_sync` | the last complete sync before this run |
    | `repository_url` | where a person can look at the repository |
    | `files_at` | the commit at which the head's files can be read, where that is not the head |
    | `options` | the options with which the command line does the same |
    | `unread_manifest` | the branch of the remote that has a manifest, which this run does not read |
    | `started_by` | why the action planned or synced |
    | `config_change` | of a pull request: what it changes in the config |
    | `document_warnings` | the warnings that the plan's documents give, each with the path of its file (None: several) |
    | `superseded` | a newer run has synced already, so this run changed nothing |
    | `doubled` | documents that the store may hold twice, because somebody else changed it; the next run mends it |
    | `error` | why the run ended early |
    | `duration_s` | seconds |
    """

    target: str
    comparison: Comparison
    body: Body = field(default_factory=Synced)
    source: str = ""
    vector_store_id: str | None = None
    vector_store_name: str | None = None
    api: str | None = None
    last_sync: LastSync | None = None
    base: str | None = None
    head: str | None = None
    repository_url: str | None = None
    files_at: str | None = None
    options: tuple[str, ...] = ()
    unread_manifest: str | None = None
    started_by: str = ""
    config_change: ConfigChange | None = None
    manifest: str | None = None
    manifest_commit: str | None = None
    superseded: bool = False
    doubled: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    document_warnings: Mapping[str, str | None] = field(default_factory=dict)
    error: VsyncError | None = None
    requests: Mapping[str, int] = field(default_factory=dict)
    duration_s: float = 0.0

    @property
    def verification(self) -> Verification | None:
        return self.body if isinstance(self.body, Verification) else None

    @property
    def sync(self) -> Planned | Synced | None:
        """What a sync did or would do. None: documents were only compared."""
        return self.body.sync if isinstance(self.body, Verification) else self.body

    @property
    def plan(self) -> Planned:
        """The plan of the sync. It is empty where there was none."""
        sync = self.sync or Planned()
        return sync.plan if isinstance(sync, Synced) else sync

    @property
    def documents(self) -> Documents:
        return self.body.documents

    @property
    def dry_run(self) -> bool:
        """Whether the report lists what would be done, and not what was done."""
        return isinstance(self.sync, Planned)

    @property
    def refused(self) -> str | None:
        """Which limit refuses the plan, and why."""
        return self.plan.refused

    @property
    def changed(self) -> bool:
        """Whether the run changes documents in the store."""
        return self.documents.changes > 0

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        if self.doubled or (self.verification is not None and self.verification.drift):
            return EXIT_INCOMPLETE
        # What earlier runs were refused is no failure of a run that only compares.
        failed = isinstance(self.sync, Synced) and self.documents.failed and not self.superseded
        return EXIT_INCOMPLETE if failed else EXIT_OK

    @property
    def failure_reason(self) -> str | None:
        if self.error is not None:
            return self.error.reason
        if self.exit_code == EXIT_OK:
            return None
        drift = self.verification is not None and self.verification.drift
        return "drift" if drift or self.doubled else "documents"

    def mapped(self, change: Callable[[str], str]) -> Report:
        """The same, with everything changed that a server or a person may have said."""
        return dataclasses.replace(
            self,
            comparison=dataclasses.replace(self.comparison, reason=change(self.comparison.reason)),
            body=self.body.mapped(change),
            started_by=change(self.started_by),
            options=tuple(map(change, self.options)),
            warnings=tuple(map(change, self.warnings)),
            document_warnings={change(warning): path for warning, path in self.document_warnings.items()},
            error=self.error and self.error.mapped(change),
        )

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """The Files that uploads may have left, as the sync and the comparison found them."""
        found = self.sync.orphans if isinstance(self.sync, Synced) else ()
        compared = self.verification.orphans if self.verification else ()
        return tuple({orphan.file_id: orphan for orphan in (*compared, *found)}.values())

    def to_json(self) -> dict[str, Any]:
        """The report of the contract."""
        synced = self.sync if isinstance(self.sync, Synced) else Synced()
        return {
            "target": self.target,
            "vector_store_id": self.vector_store_id,
            "base": self.base,
            "head": self.head,
            "comparison": {"mode": self.comparison.mode, "reason": self.comparison.reason},
            "dry_run": self.dry_run,
            "superseded": self.superseded,
            **self.documents.to_json(),
            "refused": self.refused,
            "warnings": list(self.warnings),
            "hints": list(self.plan.hints),
            "plan_id": self.plan.plan_id,
            "estimate": estimate_json(self.plan.estimate, self.plan.store, self.api),
            "requests": dict(sorted(self.requests.items())),
            "bytes_uploaded": synced.bytes_uploaded,
            "duration_s": round(self.duration_s, 3),
            "manifest": self.manifest,
            "leftovers": [orphan.to_json() for orphan in self.orphans],
            "error": error_data(self.error) if self.error else None,
            **({"config_change": self.config_change.to_json()} if self.config_change else {}),
            **(self.verification.to_json() if self.verification else {}),
        }


def error_data(error: VsyncError) -> dict[str, str]:
    """Why a run ended early, for JSON."""
    return {"reason": error.reason, "message": error.message, "remedy": error.remedy}
