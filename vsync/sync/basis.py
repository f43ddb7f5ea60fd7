"""What every run plans from before it asks the store; its first report; and the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.errors import LimitExceeded, PlanChanged, StoreGone, VsyncError
from vsync.plan.check_rules import check_root
from vsync.plan.limits import refusal
from vsync.plan.plan import Plan
from vsync.plan.scan import Scan, scan
from vsync.report.of_plan import nothing_done, of_plan
from vsync.report.report import Report
from vsync.report.store_size import StoreSize, StoreSizes, size_after, size_of
from vsync.state.manifest import TargetState
from vsync.state.publication import Published
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.recorded import Recorded, read_recorded
from vsync.sync.reviewed import id_of, remedy, unexpected
from vsync.sync.same_store import check_store, expiry_warnings
from vsync.sync.store_facts import with_store_facts


@dataclass(frozen=True, slots=True)
class Basis:
    """What a run plans from before it asks the store.

    `distrusted` has the store listed whatever manifest and seal say.
    """

    recorded: Recorded
    scan: Scan
    report: Report
    distrusted: bool = False

    @property
    def must_list(self) -> bool:
        return self.distrusted or self.recorded.must_list(self.scan.plan)

    @property
    def is_final(self) -> bool:
        """Whether the plan stands before the store is asked. Without a manifest the store may hold the documents already."""
        return self.recorded.state is not None and not self.must_list

    def has_nothing_to_do(self, *, keeps_manifest: bool) -> bool:
        if not self.scan.plan.is_empty or self.must_list:
            return False
        return self.recorded.state is not None or keeps_manifest


Look = Callable[[Published | None], Basis]
"""Reads what is recorded, or takes what was read already, and plans from it."""


def look(target: Target, ports: Ports, context: RunContext, published: Published | None = None) -> Basis:
    """Reads manifest and seal (or takes what was read), and plans from them."""
    publication = ports.publication
    recorded = read_recorded(publication, context.identity, target.name, journal=ports.journal, published=published)
    check_store(recorded.state, target, publication.title)
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
    return Basis(recorded, found, first_report(target, ports, context, recorded, found), distrusted)


def first_report(target: Target, ports: Ports, context: RunContext, recorded: Recorded, found: Scan) -> Report:
    """The report of the plan that manifest and source give."""
    state, source = recorded.state, ports.source
    report = Report(
        target=target.name,
        comparison=found.comparison,
        source=context.identity.name,
        base=found.base,
        head=source.head,
        warnings=(*context.warnings, *_warnings(ports, context, recorded, found)),
        manifest=ports.publication.name if context.keeps_manifest else None,
        unread_manifest=context.unread_manifest if state is None else None,
    )
    report = with_store_facts(report, target, state)
    store = sizes_of(state, found.plan) if context.keeps_manifest else None
    return of_plan(report, found.plan, store=store, plan_id=id_of(found.plan, target, state))


def sizes_of(state: TargetState | None, plan: Plan) -> StoreSizes:
    """The store's size as it is recorded, and with the plan."""
    before = size_of(state.files) if state else StoreSize(0, 0)
    return StoreSizes(before, size_after(before, plan))


def _warnings(ports: Ports, context: RunContext, recorded: Recorded, found: Scan) -> list[str]:
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
    if recorded.trust == "doubtful":
        warnings.append(doubt_warning(recorded, dry_run=context.dry_run))
    if state is not None:
        warnings += expiry_warnings(state.vector_store_id, state.expires_after_days)
    return warnings


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
