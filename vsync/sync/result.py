"""The report of a plan that was carried out. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from vsync.errors import ApiUnavailable, VsyncError
from vsync.plan.plan import Plan
from vsync.report.body import Orphan, Synced
from vsync.report.documents import FailedItem, carried_over
from vsync.report.of_plan import append_warnings
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes
from vsync.state.manifest import Failure
from vsync.store.traffic import Traffic
from vsync.system.wording import count
from vsync.transfer.outcome import Outcome, Removal

_SHOWN = 20
"""How many Files that could not be deleted have a warning of their own."""


def final_failures(plan: Plan, outcome: Outcome) -> dict[str, Failure]:
    """The refusals that the manifest records, so that they are not tried again."""
    documents = {op.path: op.document for op in plan.operations if op.document is not None}
    return {
        path: Failure(documents[path].blob, documents[path].tag, item.code, item.tries)
        for path, item in outcome.failed.items()
        if item.final
    }


def of_run(
    report: Report,
    plan: Plan,
    outcome: Outcome,
    removal: Removal,
    *,
    store: StoreSizes,
    orphans: Iterable[Orphan],
    traffic: Traffic,
    listed: bool,
) -> Report:
    """The report of a plan that was carried out. `report` is the report of the plan, `listed`: it is from a listing.

    A document counts as removed when its entry is deleted. Before that a search still finds the document.
    """
    done = outcome.confirmed.keys()
    gone = set(removal.gone)
    deleted = {op.path for op in plan.of("delete") if op.previous is not None and op.previous.file_id in gone}
    failed = [FailedItem(path=path, code=item.code, message=item.message) for path, item in outcome.failed.items()]
    failed += [carried_over(path, failure, plan.outdated) for path, failure in (plan.failed or {}).items()]
    documents = report.plan.documents.only(done, deleted)
    synced = Synced(
        report.plan,
        replace(documents, failed=tuple(sorted(failed, key=lambda item: item["path"]))),
        store,
        traffic.bytes_uploaded,
        tuple(orphans),
        left=sum(op.path not in done and op.path not in outcome.failed for op in plan.of("upload", "replace", "retag")),
        listed=listed,
    )
    error = outcome.cause or removal.cause or removal_error(removal)
    report = append_warnings(_without_told(report, plan, outcome), _not_deleted(plan, removal))
    return replace(report, body=synced, requests=dict(traffic.requests), error=error)


def _without_told(report: Report, plan: Plan, outcome: Outcome) -> Report:
    """The report without the warnings that an upload would fail, where the failure itself says it."""
    failed = outcome.failed.keys() & set(plan.missing)
    kept = tuple(text for text in report.warnings if report.document_warnings.get(text) not in failed)
    return replace(report, warnings=kept)


def _not_deleted(plan: Plan, removal: Removal) -> Iterator[str]:
    """Warnings about what a search may still find although the plan deletes it."""
    paths = {op.previous.file_id: op.path for op in plan.operations if op.previous is not None}
    for file_id, message in itertools.islice(removal.refused.items(), _SHOWN):
        whose = f"of {paths[file_id]} " if file_id in paths else ""
        yield (
            f"The File {file_id} {whose}could not be deleted: {message.rstrip('.')}. A search may still find it, and the next run tries "
            "again."
        )


def removal_error(removal: Removal) -> VsyncError | None:
    if not removal.refused:
        return None
    file_id, message = next(iter(removal.refused.items()))
    return ApiUnavailable(
        f"{count(len(removal.refused), 'replaced File')} could not be deleted ({file_id}: {message}).",
        "The next run tries again.",
    )
