"""`vsync plan`: what a sync would do. Nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vsync.config.targets import Target
from vsync.report.of_plan import append_warnings, of_plan
from vsync.report.report import Report
from vsync.sync.basis import Basis, refusal_of, sizes_of, with_refusal
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.same_store import expiry_warnings
from vsync.system.clocks import clock_warnings

if TYPE_CHECKING:
    from vsync.store.client import Api


def preview_from_manifest(target: Target, context: RunContext, basis: Basis) -> Report:
    """The plan from manifest and source alone. Makes no request."""
    report = with_refusal(basis.report, refusal_of(target, basis.scan.plan, context, basis.recorded))
    if basis.recorded.state is None:
        reason = f"{report.comparison.reason}; the store may already hold documents, and a sync checks this"
        report = replace(report, comparison=replace(report.comparison, reason=reason))
    context.observer.planned(report)
    return report


def preview_from_store(target: Target, ports: Ports, context: RunContext, basis: Basis) -> Report:
    """The plan of a target without a manifest: only the store can say what it holds."""
    from vsync.store.session import ask
    from vsync.sync.lock import mint_owner
    from vsync.sync.proposal import Asking
    from vsync.sync.propose import propose

    async def plan(api: Api) -> Report:
        proposal = await propose(Asking(api, target, ports, context, basis, basis.recorded.owner, mint_owner()))
        info = proposal.located.info
        report = of_plan(
            proposal.report,
            proposal.plan,
            refused=refusal_of(target, proposal.plan, context, basis.recorded),
            store=sizes_of(proposal.state, proposal.plan, target.chunking),
            chunking=target.chunking,
            plan_id=proposal.report.plan.plan_id,
        )
        report = append_warnings(report, clock_warnings(api.traffic.ahead))
        if info is not None and target.expires_after_days is None:
            report = append_warnings(report, expiry_warnings(info.id, info.expires_after_days))
        return replace(
            report,
            vector_store_id=info.id if info else None,
            vector_store_name=info.name if info else proposal.located.name,
            requests=dict(api.traffic.requests),
        )

    report = ask(ports.connection(), plan, context.stop)
    context.observer.planned(report)
    return report
