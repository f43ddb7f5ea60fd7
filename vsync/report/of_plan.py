"""From a plan to its report. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from vsync.plan.plan import Plan
from vsync.report.body import Estimate, Planned, changed_nothing
from vsync.report.documents import Documents, carried_over
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes


def of_plan(
    report: Report,
    plan: Plan,
    *,
    refused: str | None = None,
    store: StoreSizes | None = None,
    backlog: str | None = None,
) -> Report:
    """The report of a plan that is not carried out, or not yet. It has the report's header and the plan's warnings."""
    estimate = Estimate(
        uploads=len(plan.of("upload", "replace")),
        upload_bytes=plan.upload_bytes,
        deletes=len(plan.of("replace", "delete")) + len(plan.pending_delete),
    )
    planned = Planned(_documents(plan), estimate, refused, store, backlog)
    report = dataclasses.replace(report, body=planned)
    return append_warnings(report, (*map(_held_back, plan.held), *_leaked(plan)))


def append_warnings(report: Report, warnings: Iterable[str]) -> Report:
    """The report with more warnings, each of them once."""
    return dataclasses.replace(report, warnings=tuple(dict.fromkeys([*report.warnings, *warnings])))


def nothing_done(report: Report) -> Report:
    """The report of a run that had this plan and changed nothing."""
    return dataclasses.replace(report, body=changed_nothing(report.plan))


def overtaken(report: Report, *, dry_run: bool = False) -> Report:
    """The report of a run that changes nothing because a newer run has synced already."""
    nothing = changed_nothing(report.plan)
    planned = dataclasses.replace(report.plan, documents=nothing.documents, store=nothing.store)
    return dataclasses.replace(report, superseded=True, body=planned if dry_run else nothing)


def _documents(plan: Plan) -> Documents:
    new_names = {new for _, new in plan.renamed}
    return Documents(
        added=tuple(op.path for op in plan.of("upload") if op.path not in new_names),
        updated=tuple(op.path for op in plan.of("replace")),
        renamed=plan.renamed,
        retagged=tuple(op.path for op in plan.of("retag")),
        removed=tuple(op.path for op in plan.deletes),
        unchanged=plan.unchanged,
        skipped=tuple((path, record.reason) for path, record in (plan.skipped or {}).items()),
        failed=tuple(carried_over(path, failure, plan.outdated) for path, failure in (plan.failed or {}).items()),
        sizes=_sizes(plan),
    )


def _sizes(plan: Plan) -> dict[str, int]:
    sizes = {}
    for operation in plan.operations:
        if operation.document is not None and operation.document.bytes is not None:
            sizes[operation.path] = operation.document.bytes
        elif operation.previous is not None:
            sizes[operation.path] = operation.previous.bytes
    return sizes


# --- Warnings ---------------------------------------------------------------------------------------------------


def _held_back(path: str) -> str:
    return (
        f"{path} was renamed, but the store refused the document under its new name. The document stays in the store under "
        "its old name until the store takes the new one."
    )


_LEAKS_SHOWN = 20

_LEAK_REMEDY = (
    "Remove the secret from the file. Revoke the secret, because the repository's history still holds it. "
    "If it is no secret, allow the path with --allow-secrets (input allow-secrets)."
)


def _leaked(plan: Plan) -> list[str]:
    """Warnings about files that seem to hold secrets. They name kinds and lines, and never a part of a secret."""
    leaks = plan.leaks
    removed = {operation.path for operation in plan.of("delete")}
    warnings = []
    for path, findings in list(leaks.items())[:_LEAKS_SHOWN]:
        what = ", ".join(map(str, findings)) if findings else "files of this name are kept for secrets"
        seems = f"{path} is not uploaded because it seems to hold a secret: {what}."
        if path in removed:
            seems = f"{path} seems to hold a secret: {what}. It is not uploaded, and the version that is in the store is removed."
        elif path in plan.held:
            seems = f"{path} seems to hold a secret: {what}. The version that is in the store stays there until its new name is in."
        warnings.append(f"{seems} {_LEAK_REMEDY}")
    if len(leaks) > _LEAKS_SHOWN:
        warnings.append(f"{len(leaks) - _LEAKS_SHOWN:,} more files are not uploaded because they seem to hold secrets.")
    return warnings
