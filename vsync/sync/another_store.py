"""What a run proposes where the manifest's store is gone: everything goes into another store."""

from __future__ import annotations

from dataclasses import replace

from vsync.plan.comparison import Comparison
from vsync.plan.scan import scan
from vsync.report.of_plan import append_warnings, of_plan
from vsync.report.report import Report
from vsync.state.manifest import EMPTY_STATE
from vsync.sync.basis import sizes_of
from vsync.sync.locate import Located
from vsync.sync.proposal import Asking, Proposal
from vsync.sync.reviewed import id_of


def into_another_store(asking: Asking, located: Located, lost: str) -> Proposal:
    """Everything goes into another store, because of what `lost` says.

    The Files of the old one are deleted afterwards if they are proven to be ours, else named.
    """
    recorded, basis = asking.basis.recorded, asking.basis
    state = recorded.state or EMPTY_STATE
    # The store is gone, and with it all that its entries showed. Only a store that is still listed can prove its signature.
    proven = recorded.signed_ids(located.lost_info) if recorded.is_current else frozenset[str]()
    new = replace(state, files={}, failed={}, commit=None, pending_delete=tuple(sorted(proven)))
    found = scan(asking.ports.source, new, asking.target, because=Comparison("full", lost), base=asking.context.base)
    report = replace(basis.report, comparison=found.comparison, vector_store_id=None)
    report = of_plan(
        report,
        found.plan,
        store=sizes_of(new, found.plan, asking.target.chunking),
        plan_id=id_of(found.plan, asking.target, None),
        chunking=asking.target.chunking,
    )
    return Proposal(located, located.owner, new, found.plan, report, recorded_ids=proven)


def told_of_new_store(old: str | None, done: Report) -> Report:
    """The report of a run that put everything into another store than the `old` one, with what that means."""
    new = done.vector_store_id
    if old is None or new is None or old == new or done.error is not None:
        return done
    warning = (
        f"The vector store {old} is gone. Everything was uploaded again, into the new vector store {new}. Give the new id to "
        "every program that asks the old store."
    )
    return append_warnings(done, [warning])
