"""The report of a plan that was carried out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vsync.errors import ApiUnavailable, VsyncError
from vsync.plan.plan import Plan
from vsync.report.report import FailedItem, Report, carried_over
from vsync.state.manifest import Failure
from vsync.transfer.outcome import Outcome, Removal


def final_failures(plan: Plan, outcome: Outcome) -> dict[str, Failure]:
    """The refusals that the manifest records, so that they are not tried again."""
    documents = {op.path: op.document for op in plan.operations if op.document is not None}
    return {
        path: Failure(documents[path].blob, documents[path].tag, item.code)
        for path, item in outcome.failed.items()
        if item.final
    }


def of_run(
    report: Report,
    plan: Plan,
    outcome: Outcome,
    removal: Removal,
    *,
    requests: Mapping[str, int],
    bytes_uploaded: int,
) -> Report:
    """The report of a plan that was carried out: what was done, document by document.

    A document counts as removed when its entry is gone: until then it can be found, and the next run deletes it.
    """
    done = outcome.confirmed.keys()
    deleted = set(removal.gone)
    gone = {op.path for op in plan.of("delete") if op.previous is not None and op.previous.file_id in deleted}
    failed = [FailedItem(path=path, code=item.code, message=item.message) for path, item in outcome.failed.items()]
    failed += [carried_over(path, failure, plan.outdated) for path, failure in (plan.failed or {}).items()]
    new_names = {new for _, new in plan.renamed}
    return replace(
        report,
        added=tuple(op.path for op in plan.of("upload") if op.path in done and op.path not in new_names),
        updated=tuple(op.path for op in plan.of("replace") if op.path in done),
        renamed=tuple(pair for pair in plan.renamed if pair[1] in done),
        retagged=tuple(op.path for op in plan.of("retag") if op.path in done),
        removed=tuple(op.path for op in plan.deletes if op.path in gone),
        failed=tuple(sorted(failed, key=lambda item: item["path"])),
        requests=requests,
        bytes_uploaded=bytes_uploaded,
        left=sum(op.path not in done and op.path not in outcome.failed for op in plan.of("upload", "replace", "retag")),
        error=outcome.cause or removal.cause or removal_error(removal),
    )


def removal_error(removal: Removal) -> VsyncError | None:
    if not removal.refused:
        return None
    file_id, message = next(iter(removal.refused.items()))
    return ApiUnavailable(
        f"{len(removal.refused)} superseded File{'' if len(removal.refused) == 1 else 's'} could not be deleted "
        f"({file_id}: {message}).",
        "The next run tries again.",
    )
