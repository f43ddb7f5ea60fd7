"""What happened, per document, as one value; and as the JSON of the contract. Pure.

The summary, the console and the action's outputs are renderings of this value and compute nothing of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypedDict

from vsync.errors import EXIT_INCOMPLETE, EXIT_OK, VsyncError
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Plan
from vsync.report.remedies import remedy
from vsync.report.verification import Verification
from vsync.state.manifest import Entry, Failure


class FailedItem(TypedDict):
    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Leftover:
    """A File that an upload without an answer may have made. `why` says in a few words what it was judged by."""

    file_id: str
    filename: str
    bytes: int
    verdict: Literal["deleted", "listed"]
    why: str

    def to_json(self) -> dict[str, str | int]:
        return dataclasses.asdict(self)


class Stock(NamedTuple):
    """How much a store holds of a source: documents, and their bytes as they were sent."""

    documents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """One target's run. `dry_run` reports list what would be done; after a run the lists hold what was done.

    Sizes in bytes, times in seconds. `error` is why the run ended early; `superseded` that a newer one has run.
    `mode` is why the run planned or synced; `sizes` holds the bytes of the documents it lists, where they are known;
    `before` and `after` are the store's stock without and with it. `owed` is, in the plan of a pull request, what the
    store lacks already without it. `repository_url` is where a person can look at the repository;
    `planned` the plan of a run that a limit refused; `leftovers` are Files of uploads whose answers were lost;
    `verification` what a comparison with the store found; `left` counts the documents that a run which ended early did
    not come to.
    """

    target: str
    comparison: Comparison
    source: str = ""
    vector_store_id: str | None = None
    base: str | None = None
    head: str | None = None
    dry_run: bool = False
    superseded: bool = False
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retagged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    failed: tuple[FailedItem, ...] = ()
    refused: str | None = None
    warnings: tuple[str, ...] = ()
    estimate: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    bytes_uploaded: int = 0
    duration_s: float = 0.0
    manifest: str | None = None
    error: VsyncError | None = None
    mode: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    before: Stock | None = None
    after: Stock | None = None
    owed: str | None = None
    repository_url: str | None = None
    manifest_commit: str | None = None
    planned: Report | None = None
    leftovers: tuple[Leftover, ...] = ()
    verification: Verification | None = None
    left: int = 0

    @property
    def changed(self) -> bool:
        """Whether the run does anything to documents in the store."""
        return bool(self.added or self.updated or self.renamed or self.retagged or self.removed)

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        if self.verification is not None and self.verification.drift:
            return EXIT_INCOMPLETE
        if self.verification is not None and not self.verification.synced:
            return EXIT_OK  # what earlier runs were refused is told, and is no drift
        return EXIT_INCOMPLETE if self.failed and not (self.dry_run or self.superseded) else EXIT_OK

    @property
    def failure_reason(self) -> str | None:
        if self.error is not None:
            return self.error.reason
        if self.verification is not None and self.verification.drift:
            return "drift"
        return "documents" if self.exit_code == EXIT_INCOMPLETE else None

    def to_json(self) -> dict[str, Any]:
        """The report of the contract."""
        return {
            "target": self.target,
            "vector_store_id": self.vector_store_id,
            "base": self.base,
            "head": self.head,
            "comparison": {"mode": self.comparison.mode, "reason": self.comparison.reason},
            "dry_run": self.dry_run,
            "superseded": self.superseded,
            "added": list(self.added),
            "updated": list(self.updated),
            "renamed": [{"from": old, "to": new} for old, new in self.renamed],
            "retagged": list(self.retagged),
            "removed": list(self.removed),
            "unchanged": self.unchanged,
            "skipped": [{"path": path, "reason": reason} for path, reason in self.skipped],
            "failed": [{**item, "remedy": remedy(item["code"])} for item in self.failed],
            "refused": self.refused,
            "warnings": list(self.warnings),
            "estimate": dict(self.estimate),
            "requests": dict(sorted(self.requests.items())),
            "bytes_uploaded": self.bytes_uploaded,
            "duration_s": round(self.duration_s, 3),
            "manifest": self.manifest,
            "leftovers": [leftover.to_json() for leftover in self.leftovers],
            "error": error_data(self.error) if self.error else None,
            **(self.verification.to_json() if self.verification else {}),
        }


def error_data(error: VsyncError) -> dict[str, str]:
    """Why a run ended early, for JSON."""
    return {"reason": error.reason, "message": error.message, "remedy": error.remedy}


def stock(files: Mapping[str, Entry]) -> Stock:
    """What the store holds by a manifest's record."""
    return Stock(len(files), sum(entry.bytes for entry in files.values()))


def stock_after(before: Stock, plan: Plan) -> Stock:
    """What the store holds after a plan. Pure."""
    documents, size = before
    for operation in plan.operations:
        if operation.kind == "retag":
            continue
        if operation.previous is not None:
            documents, size = documents - 1, size - operation.previous.bytes
        if operation.document is not None:
            documents, size = documents + 1, size + (operation.document.bytes or 0)
    return Stock(documents, size)


def of_plan(report: Report, plan: Plan, *, refused: str | None) -> Report:
    """The report of a plan that is not carried out, or not yet."""
    new_names = {new for _, new in plan.renamed}
    return dataclasses.replace(
        report,
        added=tuple(op.path for op in plan.of("upload") if op.path not in new_names),
        updated=tuple(op.path for op in plan.of("replace")),
        renamed=plan.renamed,
        retagged=tuple(op.path for op in plan.of("retag")),
        removed=tuple(op.path for op in plan.deletes),
        unchanged=plan.unchanged,
        skipped=tuple((path, record.reason) for path, record in (plan.skipped or {}).items()),
        failed=tuple(carried_over(path, failure, plan.outdated) for path, failure in (plan.failed or {}).items()),
        refused=refused,
        sizes=_sizes(plan),
        warnings=tuple(dict.fromkeys([*report.warnings, *map(_held_back, plan.held), *_leaked(plan)])),
        estimate={
            "uploads": len(plan.of("upload", "replace")),
            "upload_bytes": plan.upload_bytes,
            "deletes": len(plan.of("replace", "delete")) + len(plan.pending_delete),
        },
    )


def _sizes(plan: Plan) -> dict[str, int]:
    sizes = {}
    for operation in plan.operations:
        if operation.document is not None and operation.document.bytes is not None:
            sizes[operation.path] = operation.document.bytes
        elif operation.previous is not None:
            sizes[operation.path] = operation.previous.bytes
    return sizes


def _held_back(path: str) -> str:
    return f"{path} was renamed, but its new name was refused: the old one stays in the store until the new one is in."


_LEAKS_SHOWN = 20


def _leaked(plan: Plan) -> list[str]:
    """What was found in files that are skipped for it: kinds and lines, never any part of a secret."""
    told, leaks = [], plan.leaks
    removed = {operation.path for operation in plan.of("delete")}
    for path, findings in list(leaks.items())[:_LEAKS_SHOWN]:
        what = ", ".join(map(str, findings)) if findings else "files of this name are kept for secrets"
        if path in removed:
            done = "It is not uploaded, and the version that is in the store is removed."
            told.append(f"{path} seems to hold a secret: {what}. {done} {_LEAK_REMEDY}")
        elif path in plan.held:
            done = "The version that is in the store stays there until its new name is in."
            told.append(f"{path} seems to hold a secret: {what}. {done} {_LEAK_REMEDY}")
        else:
            told.append(f"{path} is not uploaded because it seems to hold a secret: {what}. {_LEAK_REMEDY}")
    if len(leaks) > _LEAKS_SHOWN:
        told.append(f"{len(leaks) - _LEAKS_SHOWN:,} more files are not uploaded because they seem to hold secrets.")
    return told


_LEAK_REMEDY = (
    "Remove it from the file, and revoke it, since it is in the repository's history. "
    "If it is no secret, allow the path with --allow-secrets (input allow-secrets)."
)


def carried_over(path: str, failure: Failure, kept: Collection[str]) -> FailedItem:
    """An earlier final refusal that nothing has changed about. `kept`: what the store holds in an older version."""
    message = "refused by an earlier run and unchanged since"
    return FailedItem(path=path, code=failure.code, message=with_old_version(message) if path in kept else message)


def with_old_version(message: str) -> str:
    """Why a new version failed, and that the one before it can still be found."""
    return "; ".join(filter(None, [message.rstrip("."), "the old version stays in the store"]))
