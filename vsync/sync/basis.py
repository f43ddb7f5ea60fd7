"""What every run plans from before it asks the store; its first report; and the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from vsync.config.targets import Target
from vsync.documents.chunking import Chunking
from vsync.errors import LimitExceeded, PlanChanged, StoreGone, VsyncError
from vsync.plan.check_rules import check_root
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import Scan, scan
from vsync.report.of_plan import nothing_done, of_plan
from vsync.report.report import Report
from vsync.report.store_size import EMPTY, StoreSizes, size_after, size_of
from vsync.state.manifest import TargetState
from vsync.state.publication import Published
from vsync.sync.context import RunContext
from vsync.sync.handover import handed_over
from vsync.sync.left_behind import documents_after, held_twice, left_behind
from vsync.sync.ports import Ports
from vsync.sync.read_target import read_target
from vsync.sync.recorded import Recorded
from vsync.sync.reviewed import id_of, remedy, unexpected
from vsync.sync.same_store import expiry_warnings, other_expiry
from vsync.sync.store_facts import with_store_facts
from vsync.system.wording import count


@dataclass(frozen=True, slots=True)
class Basis:
    """What a run plans from before it asks the store.

    `distrusted` has the store listed whatever manifest and seal say. `expiry`: after how many days without use the store is
    to expire, where the manifest records another number.
    """

    recorded: Recorded
    scan: Scan
    report: Report
    distrusted: bool = False
    expiry: int | None = None

    @property
    def must_list(self) -> bool:
        return self.distrusted or self.recorded.must_list(self.scan.plan)

    @property
    def is_final(self) -> bool:
        """Whether the plan stands before the store is asked. Without a manifest the store may hold the documents already."""
        return self.recorded.state is not None and not self.must_list

    def has_nothing_to_do(self, *, keeps_manifest: bool) -> bool:
        if not self.scan.plan.is_empty or self.must_list or self.expiry is not None:
            return False
        return self.recorded.state is not None or keeps_manifest


Look = Callable[[Published | None], Basis]
"""Reads what is recorded, or takes what was read already, and plans from it."""


def look(target: Target, ports: Ports, context: RunContext, published: Published | None = None) -> Basis:
    """Reads manifest and seal (or takes what was read), and plans from them."""
    publication = ports.publication
    recorded = read_target(
        publication,
        context.identity,
        target,
        journal=ports.journal,
        published=published,
        options=context.state_options,
    )
    _check_embedded_store(recorded, ports)
    return basis_of(target, ports, context, recorded)


def _check_embedded_store(recorded: Recorded, ports: Ports) -> None:
    """Raises StoreGone when the manifest records documents and the embedded store's file is gone."""
    file = ports.embedded
    if recorded.state is not None and file is not None and not file.path.exists():
        raise StoreGone(
            f"The manifest {ports.publication.title} records documents in the embedded store {file.path}, but there is no such file.",
            f"Bring the file back, or run `vsync verify --repair {file.option}`: it makes the store and uploads everything.",
        )


def basis_of(
    target: Target, ports: Ports, context: RunContext, recorded: Recorded, *, distrusted: bool = False
) -> Basis:
    check_root(ports.source, target.rules)
    settings = context.settings
    found = scan(ports.source, recorded.state, target, full=settings.full, base=context.base, reindex=settings.reindex)
    found = replace(found, plan=handed_over(found.plan, context.takers, recorded.manifest, dry_run=context.dry_run))
    report = first_report(target, ports, context, recorded, found)
    return Basis(recorded, found, report, distrusted, other_expiry(target, recorded.state))


def first_report(target: Target, ports: Ports, context: RunContext, recorded: Recorded, found: Scan) -> Report:
    """The report of the plan that manifest and source give."""
    state, source = recorded.state, ports.source
    report = Report(
        target=target.name,
        comparison=found.comparison,
        source=context.identity.name,
        base=found.base,
        head=source.head,
        warnings=(*context.warnings, *_warnings(target, ports, context, recorded, found)),
        manifest=ports.publication.name if context.keeps_manifest else None,
        unread_manifest=context.unread_manifest if state is None else None,
    )
    report = with_store_facts(report, target, state)
    store = sizes_of(state, found.plan, target.chunking) if context.keeps_manifest else None
    return of_plan(report, found.plan, store=store, plan_id=id_of(found.plan, target, state), chunking=target.chunking)


def sizes_of(state: TargetState | None, plan: Plan, chunking: Chunking) -> StoreSizes:
    """The store's size as it is recorded, and with the plan."""
    before = size_of(state.files, chunking) if state else EMPTY
    return StoreSizes(before, size_after(before, plan, chunking))


def _warnings(target: Target, ports: Ports, context: RunContext, recorded: Recorded, found: Scan) -> list[str]:
    state, warnings = recorded.state, [_matches_nothing(pattern) for pattern in found.unmatched]
    if state is None and context.keeps_manifest and found.plan.is_empty:
        warnings.append("No document is selected: nothing is synced. Check the include and exclude patterns.")
    if state is None and context.unread_manifest is not None:
        warnings.append(
            f"The remote origin has a manifest, on its branch {context.unread_manifest}, and this run does not read it. "
            "With --push, plan and sync start from that manifest. Without --push, a sync into its store is refused."
        )
    if state is not None and state.commit is not None and ports.source.is_behind(state.commit):
        warnings.append(
            f"The commit to sync is older than what is in the store (commit {state.commit[:12]}): the store goes back to it."
        )
    if state is not None and state.commit is not None and not (context.shallow or ports.source.knows(state.commit)):
        warnings.append(
            f"This clone has its whole history, but not the commit {state.commit[:12]} that was synced last. If the clone is "
            "behind the remote, the store goes back to an older commit: pull first. If the history was rewritten, this is "
            "as it should be."
        )
    if (days := other_expiry(target, state)) is not None and state is not None:
        before = (
            "never expires"
            if state.expires_after_days is None
            else f"expires after {count(state.expires_after_days, 'day')}"
        )
        warnings.append(
            f"The vector store {before} without use. As the config says, a sync makes that {count(days, 'day')}."
        )
    if context.shallow and any(
        op.document and op.document.recipe and op.document.recipe.git for op in found.plan.operations
    ):
        warnings.append(_NO_HISTORY)
    warnings += _of_others(target, ports, context, recorded, found.plan)
    if recorded.trust == "doubtful":
        warnings.append(doubt_warning(recorded, dry_run=context.dry_run))
    if state is not None and target.expires_after_days is None:  # else it is meant so
        warnings += expiry_warnings(state.vector_store_id, state.expires_after_days)
    return warnings


def _of_others(target: Target, ports: Ports, context: RunContext, recorded: Recorded, plan: Plan) -> Iterator[str]:
    """What is in the stores of targets that the config does not have."""
    configured, manifest, options = context.configured, recorded.manifest, context.state_options
    if configured is not None and configured.are_all:
        targets = manifest.targets if manifest is not None else {}
        # A run with nothing to do runs no git command for it.
        seals = ports.publication.left_open(configured.names, targets, may_ask=not plan.is_empty)
        yield from left_behind(manifest, configured, options, seals)
    elif configured is not None:
        documents = partial(documents_after, recorded.state, plan)
        yield from held_twice(manifest, configured.names, recorded.store_of(target), documents, options)


_NO_HISTORY = (
    "The config asks history for the last change of documents (key git), but here is not the whole history, so some of them get "
    "no such attributes. In a workflow, check out with `fetch-depth: 0`. A plain folder has no history."
)


def _matches_nothing(pattern: str) -> str:
    return f"The pattern {pattern!r} of --reindex (VSYNC_REINDEX) matches no document, so it has no effect."


def doubt_warning(recorded: Recorded, *, dry_run: bool) -> str:
    """Why the run does not believe the manifest alone, and what it does about it."""
    why = recorded.published.doubt
    if dry_run:
        return f"{why}: the plan is from the manifest alone, and a sync lists the store before it deletes anything."
    return f"{why}: the store is listed before anything is deleted."


def doubt_resolved(recorded: Recorded) -> str:
    """The same warning once the store was listed."""
    return f"{recorded.published.doubt}, so the store was listed, and what it holds was taken into account."


class PlanRefused(Exception):
    """The plan is larger than the limits, or not the expected one. `report` says so and lists nothing as done."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.refused)
        self.report = report


def check_plan(target: Target, plan: Plan, report: Report, context: RunContext, recorded: Recorded) -> None:
    """Shows the plan. Raises PlanRefused when it is not the expected plan, or larger than the limits.

    `report` is the report of the plan.
    """
    context.observer.planned(report)
    check_expected(target, plan, report, context, recorded)
    refused = refusal(plan, target.limits)
    if refused is not None:
        raise _refused(report, LimitExceeded(refused, "Nothing was changed."))


def refusal_of(target: Target, plan: Plan, context: RunContext, recorded: Recorded) -> str | None:
    """Why a sync would refuse the plan; None: it would carry the plan out."""
    changed = unexpected(context.settings.expect, plan, id_of(plan, target, recorded.state), recorded.state)
    return changed or refusal(plan, target.limits)


def check_expected(target: Target, plan: Plan, report: Report, context: RunContext, recorded: Recorded) -> None:
    """Raises PlanRefused when another plan is expected (`sync --expect`)."""
    now = id_of(plan, target, recorded.state)
    changed = unexpected(context.settings.expect, plan, now, recorded.state)
    if changed is not None:
        raise _refused(report, PlanChanged(changed, remedy(plan, now)))


def _refused(report: Report, error: VsyncError) -> PlanRefused:
    return PlanRefused(nothing_done(replace(with_refusal(report, error.message), error=error)))


def with_refusal(report: Report, refused: str | None) -> Report:
    return replace(report, body=replace(report.plan, refused=refused))
