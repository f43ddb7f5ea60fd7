"""`vsync verify --rebuild`: makes a lost or damaged manifest again from the entries of the store."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from vsync.config.targets import Target
from vsync.errors import ManifestError, StoreConflict
from vsync.recovery.proof import NO_PROOF, Proofs, name
from vsync.recovery.unproven import unproven_warnings
from vsync.report.body import Orphan, Synced
from vsync.report.report import Report
from vsync.state.manifest import Manifest, TargetState
from vsync.state.manifest_parser import salvage_manifest
from vsync.state.publication import Published
from vsync.store.files import Files
from vsync.sync.attempts import Attempt, under_lock
from vsync.sync.audit import rebuilt
from vsync.sync.basis import Basis, basis_of
from vsync.sync.context import RunContext
from vsync.sync.locate import locate
from vsync.sync.next_state import rebuilt_state
from vsync.sync.ports import Ports
from vsync.sync.proposal import Asking, Proposal, as_recorded
from vsync.sync.propose import documents_recorded, from_listing
from vsync.sync.publish import TargetPart
from vsync.sync.read_target import read_target
from vsync.sync.recorded import is_superseded
from vsync.sync.run import run as sync
from vsync.sync.same_store import with_store
from vsync.sync.store_figures import at_the_end
from vsync.verify.reports import added_requests, verification_of, with_warnings


class Rebuilt(NamedTuple):
    """Warnings about what of the old manifest is lost, and the Files that only it named."""

    warnings: tuple[str, ...]
    unproven: tuple[Orphan, ...]


def rebuild(target: Target, ports: Ports, context: RunContext) -> Rebuilt:
    """Makes the manifest again."""
    published = ports.publication.read()
    warnings = _lost(target, published, ports.publication.title)
    basis = _look(target, ports, context, published)
    if is_superseded(basis.recorded, context.origin.run_id, context.settings.head):
        raise ManifestError(
            "A newer run has synced already: this run must not write the manifest.",
            "Start a new run: the re-run of an old run stays an old run.",
        )
    done = under_lock(target, ports, context, basis, partial(_look, target, ports, context), record)
    return Rebuilt((*warnings, *unproven_warnings(done.orphans)), done.orphans)


def what_sync_would_do(target: Target, ports: Ports, context: RunContext, report: Report) -> Report:
    """The report of a comparison, with the plan of the next sync."""
    plan = sync(target, ports, replace(context, dry_run=True))
    plan = with_warnings(replace(plan, requests=added_requests(report.requests, plan.requests)), report.warnings)
    return replace(plan, vector_store_id=report.vector_store_id, body=replace(verification_of(report), sync=plan.sync))


def _look(target: Target, ports: Ports, context: RunContext, published: Published | None) -> Basis:
    recorded = read_target(
        ports.publication,
        context.identity,
        target,
        journal=ports.journal,
        published=published,
        parse=_salvaged,
        options=context.state_options,
    )
    return basis_of(target, ports, context, recorded, distrusted=True)


def _salvaged(content: bytes, title: str) -> Manifest | None:
    """What of a damaged manifest can still be read."""
    return salvage_manifest(content, title)[0]


def _lost(target: Target, published: Published, title: str) -> tuple[str, ...]:
    if published.manifest is None:
        return ()
    _, lost = salvage_manifest(published.manifest, title)
    others = [other for other in lost or () if other != target.name]
    if lost is None:
        return (
            "Nothing of the old manifest could be read. If it had other targets, rebuild each of them too: "
            "vsync verify --rebuild --target NAME.",
        )
    if not others:
        return ()
    return (
        f"What the old manifest said of {'the target' if len(others) == 1 else 'the targets'} {', '.join(others)} could not "
        "be read and is lost. Rebuild each of them too: vsync verify --rebuild --target NAME.",
    )


async def propose_rebuild(asking: Asking) -> Proposal:
    """The state that the store proves."""
    recorded = asking.basis.recorded
    located = await locate(
        asking.stores,
        asking.target,
        asking.context.identity,
        recorded.state,
        asking.owner,
        recorded.shared_store(asking.target.vector_store_name),
    )
    proposal = as_recorded(asking, located)
    return proposal if located.info is None else await from_listing(asking, proposal, located.info)


async def record(attempt: Attempt) -> Report:
    """Publishes the state that the store proves. Nothing is uploaded or deleted."""
    proposal = await propose_rebuild(attempt.asking)
    info, state, recorded = proposal.located.info, proposal.state, attempt.basis.recorded
    if info is None or proposal.owner is None or not state.files:
        raise _nothing_to_record(attempt, proposal)
    state = with_store(state, attempt.target, info)
    # The next sync deletes replaced entries and what crashed runs may have left: the open seal has it look for them.
    proofs = Proofs(
        shown=proposal.listed.ours if proposal.listed is not None else frozenset(),
        recorded=proposal.recorded_ids | frozenset(attempt.ports.journal.inherited.uploaded),
    )
    unproven = await name(_named_in_vain(attempt, proofs, state), Files(attempt.api), NO_PROOF)
    for warning in unproven_warnings(unproven):  # now as well: a rebuild that is killed later makes no report
        attempt.context.observer.note(warning)
    report = replace(
        proposal.report,
        vector_store_id=info.id,
        requests=dict(attempt.api.traffic.requests),
        body=Synced(orphans=tuple(unproven)),
    )
    figures = at_the_end(
        proposal.figures, info, info.used, documents_recorded(attempt.asking, info.id, len(state.files))
    )
    publication, lock = attempt.ports.publication, attempt.lock
    part = TargetPart(publication, attempt.context, recorded, _salvaged, secret=info.secret)
    _, lost = salvage_manifest(recorded.published.manifest or b"", publication.title)
    settled = not (state.pending_delete or proposal.stale or _has_traces(attempt))
    if state == recorded.state and lost == ():
        if settled:
            part.confirm(state, figures)
        else:
            part.leave_open(state)
        return report
    lock.owner = publication.claim_owner(proposal.owner, sure=True)
    lock.wrote = True
    new = state if state == recorded.state else _rebuilt(attempt, proposal, state)
    identity = attempt.context.owned_by(lock.owner, attempt.target.name)
    part.publish(identity, new, closing=settled, proven=proofs.cover(new), figures=figures)
    return report


def _named_in_vain(attempt: Attempt, proofs: Proofs, state: TargetState) -> list[str]:
    """The ids that the old manifest or an unsigned journal names, that nothing proves, and that the new manifest lacks."""
    recorded = attempt.basis.recorded.state
    named = set(attempt.ports.journal.unsigned.uploaded)
    if recorded is not None:
        named |= recorded.file_ids
    return sorted(set(proofs.unproven(named)) - state.file_ids)


def _rebuilt(attempt: Attempt, proposal: Proposal, state: TargetState) -> TargetState:
    seal, head = attempt.basis.recorded.published.seal, attempt.ports.source.head
    serial = max(state.serial, seal.serial if seal else 0) + 1
    facts = rebuilt(len(state.files), head=head, origin=attempt.context.origin, now=attempt.ports.now())
    return rebuilt_state(state, proposal.plan, head=head, settings=attempt.target.fingerprint, serial=serial, run=facts)


def _has_traces(attempt: Attempt) -> bool:
    """Whether runs that died may have left Files that no entry of the store shows."""
    inherited = attempt.ports.journal.inherited
    journaled = bool(inherited.uploaded or inherited.attempts)
    return journaled or any(crashed.id not in inherited.runs for crashed in attempt.lock.crashed)


def _nothing_to_record(attempt: Attempt, proposal: Proposal) -> StoreConflict:
    info = proposal.located.info
    where = f"The vector store {info.id}" if info else f"No vector store named {proposal.located.name!r}"
    return StoreConflict(
        f"{where} {'holds' if info is None else 'holds no'} documents of {attempt.target.source!r}, "
        f"target {attempt.target.name!r}: there is nothing to make a manifest from.",
        _instead_of_a_rebuild(given=attempt.target.vector_store_id is not None),
    )


def _instead_of_a_rebuild(*, given: bool) -> str:
    if not given:
        return (
            "Give the store with --vector-store-id, or start again with vsync sync (after deleting a damaged manifest)."
        )
    return (
        "If another store is meant, give its id. To start again in this store, run vsync sync (delete a damaged manifest "
        "first): it uploads all documents. Then remove the entries of other tools with vsync verify --take-over."
    )
