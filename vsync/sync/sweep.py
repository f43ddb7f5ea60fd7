"""What a run must delete besides what its plan replaced, and what nothing proves to be ours."""

from __future__ import annotations

from dataclasses import replace

from vsync.errors import VsyncError
from vsync.recovery.proof import Proofs
from vsync.recovery.sweep import Sweep, Swept
from vsync.state.manifest import TargetState
from vsync.sync.work import Work
from vsync.transfer.outcome import Outcome


async def sweep(work: Work, outcome: Outcome, state: TargetState) -> Swept:
    """The state with everything else that must be deleted, and without the Files that nothing proves to be ours.

    When the store or the API does not tell it, the run ends, and the next run looks.
    """
    proofs = _proofs(work, outcome)
    if outcome.cause is not None:
        return Swept(state, (), (), proofs)
    attempt, ports, listed = work.attempt, work.attempt.ports, work.proposal.listed
    looking = Sweep(
        attempt.target,
        ports.source,
        ports.at,
        ports.journal,
        attempt.lock.crashed,
        attempt.basis.recorded.state,
        ports.publication.others_open,
        attempt.context.stop.pause,
        attempt.context.observer.note,
    )
    try:
        if listed is not None and (outcome.confirmed or state.pending_delete):
            wanted = set(listed.wanted) - {operation.path for operation in work.proposal.plan.of("delete")}
            attached = [entry.file_id for entry in outcome.confirmed.values()]
            state, shown = await looking.hidden(work.store, state, wanted, work.identity, attached)
            proofs = replace(proofs, shown=proofs.shown | shown)
        swept = await looking.orphans(attempt.api, state, work.proposal.plan, listed.answered if listed else ())
        if listed is not None and not listed.by_record:
            swept = await looking.lookalikes(
                attempt.api, work.store.id, swept, work.proposal.plan, listed.file_ids, work.identity
            )
        named = _named_in_vain(work)
        swept = await looking.proven(attempt.api, work.store, swept, proofs, named, work.identity, work.info.files)
    except VsyncError as error:
        outcome.cause = error
        return Swept(state, (), (), proofs)
    for warning in swept.warnings:  # now as well: a run that is killed while it deletes makes no report
        attempt.context.observer.note(warning)
    return swept


def _proofs(work: Work, outcome: Outcome) -> Proofs:
    """What this run knows to be ours before it asks for anything."""
    journal, listed = work.attempt.ports.journal, work.proposal.listed
    answered = {entry.file_id for entry in outcome.confirmed.values()} - work.state.file_ids
    return Proofs(
        made=frozenset((*journal.uploaded, *outcome.discarded, *answered)),
        shown=listed.ours if listed is not None else frozenset(),
        recorded=work.proposal.recorded_ids | frozenset(journal.inherited.uploaded),
    )


def _named_in_vain(work: Work) -> frozenset[str]:
    """The ids that are only named: by an unsigned journal, or by a manifest that is not what this run plans from."""
    recorded, proposal = work.attempt.basis.recorded.state, work.proposal
    named = frozenset(work.attempt.ports.journal.unsigned.uploaded)
    if recorded is not None and (proposal.listed is not None or proposal.located.lost is not None):
        named |= recorded.file_ids
    return named
