"""One run that has something to do, in the only order there is (see `carry_out`), under the lock of its target."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from vsync.config.targets import Target
from vsync.documents.attributes import Identity
from vsync.errors import GitUnavailable, PublicationFailed, PushRefused, VsyncError
from vsync.plan.plan import Plan
from vsync.recovery.sweep import Sweep
from vsync.report.report import Report, stock
from vsync.state.manifest import TargetState
from vsync.state.publication import ManifestMoved, Published
from vsync.store.choose import store_metadata
from vsync.store.client import Api
from vsync.store.entries import StoreInfo
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.sync.audit import audit
from vsync.sync.context import RunContext
from vsync.sync.from_store import Asking, Proposal, Propose
from vsync.sync.lock import Lock, doubt_when_overtaken, locked, renewing
from vsync.sync.next_state import Results, next_state
from vsync.sync.ports import Ports
from vsync.sync.preview import Basis, Look, check_limits, nothing_done
from vsync.sync.publish import TargetPart
from vsync.sync.recorded import is_superseded
from vsync.sync.result import final_failures, of_run
from vsync.transfer.outcome import Outcome, Removal
from vsync.transfer.remove import remove
from vsync.transfer.transfer import transfer
from vsync.transfer.upload import Delivery

_MAX_PLANS = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of a run under its lock: what it plans from, and what it works with."""

    target: Target
    ports: Ports
    context: RunContext
    lock: Lock
    api: Api
    basis: Basis

    @property
    def requests(self) -> Mapping[str, int]:
        return dict(self.api.traffic.requests)

    @property
    def asking(self) -> Asking:
        return Asking(self.api, self.target, self.ports, self.context, self.basis, self.lock.owner, self.lock.minted)

    def part(self) -> TargetPart:
        return TargetPart(self.ports.publication, self.context, self.basis.recorded)


Attempt = Callable[[Run], Awaitable[Report]]


async def carry_out(run: Run, propose: Propose) -> Report:
    """Locate, list the store if it must be, plan, limits, transfer, next state and orphans, publish, remove, close, report.

    `propose` does the first three. Nothing is deleted before the manifest is published that no longer needs it.
    """
    proposal = await propose(run.asking)
    plan, part = proposal.plan, run.part()
    if not proposal.checked:
        check_limits(run.target, plan, proposal.report, run.context.observer)
    if proposal.located.info is None and plan.is_empty:
        run.ports.publication.abandon()
        return replace(proposal.report, requests=run.requests)
    identity, store = await _open_store(run, proposal)
    state = replace(proposal.state, vector_store_id=store.id)
    outcome = await _transfer(run, proposal, store, identity)
    new, report = await _swept(run, proposal, store, identity, outcome, _next_state(run, proposal, state, outcome))
    report = replace(report, vector_store_id=store.id, requests=run.requests)
    if _is_confirmed(plan, state, run.basis.recorded.state, new, outcome):
        part.confirm(state)
        run.lock.settled = True
        return report
    removal = Removal()
    if _publish(run, part, identity, new, outcome):
        removal = await _remove(run, store, new, outcome)
        _close(run, part, identity, new, outcome, removal)
    else:
        new = state
    report = replace(report, before=stock(state.files), after=stock(new.files))
    traffic = run.api.traffic
    return of_run(report, plan, outcome, removal, requests=run.requests, bytes_uploaded=traffic.bytes_uploaded)


def under_lock(target: Target, ports: Ports, context: RunContext, basis: Basis, look: Look, attempt: Attempt) -> Report:
    """Takes the lock, looks again where manifest or seal moved meanwhile, and makes the attempt.

    Raises PlanRefused, and every error that ends a run before it has a report.
    """
    connect, publication = ports.connection(), ports.publication
    with locked(ports, context, basis.recorded.owner) as lock:
        published = Published(publication.read().manifest, lock.replaced)
        if published != basis.recorded.published:
            basis = _look_again(target, context, lock, look, published)
            late = is_superseded(basis.recorded, context.origin.run_id, context.settings.head)
            if late or basis.has_nothing_to_do(keeps_manifest=context.keeps_manifest):
                _end_without_work(ports, basis, late=late)
                return nothing_done(replace(basis.report, superseded=True)) if late else basis.report

        async def attempts(api: Api) -> Report:
            return await _attempts(Run(target, ports, context, lock, api, basis), look, attempt)

        report = ask(connect, attempts, context.stop)
        return replace(report, manifest_commit=publication.commit)


async def _attempts(run: Run, look: Look, attempt: Attempt) -> Report:
    """Makes the attempt, and again from a new plan when somebody else changed the manifest meanwhile.

    What this run has put into the store is found there by its attributes: the new plan keeps what it wants of it, and
    deletes the rest.
    """
    publication = run.ports.publication
    async with renewing(run.ports, run.context):
        for _ in range(_MAX_PLANS):
            try:
                return await attempt(run)
            except ManifestMoved:
                publication.renew()  # the manifest may have moved because another run has taken over
                run.context.observer.note(f"{publication.title} was changed meanwhile: planning again.")
                run = replace(run, basis=_look_again(run.target, run.context, run.lock, look, publication.read()))
        raise PublicationFailed(
            f"{publication.title} was changed by somebody else {_MAX_PLANS} times while this run was at work.",
            "Run again: nothing is lost. Only vsync should write the manifest.",
        )


def _look_again(target: Target, context: RunContext, lock: Lock, look: Look, published: Published) -> Basis:
    """Plans again from what is there now. Raises PlanRefused when that plan is final and larger than the limits."""
    basis = look(published)
    lock.owner = basis.recorded.owner or lock.owner
    if basis.is_final and not is_superseded(basis.recorded, context.origin.run_id, context.settings.head):
        check_limits(target, basis.scan.plan, basis.report, context.observer)
    return basis


def _end_without_work(ports: Ports, basis: Basis, *, late: bool) -> None:
    if not late and basis.recorded.trust == "sealed":
        ports.publication.close()  # over the same manifest, in this run's name: older runs are late from now on
    else:
        ports.publication.abandon()


# --- The steps ------------------------------------------------------------------------------------------------------


async def _open_store(run: Run, proposal: Proposal) -> tuple[Identity, VectorStore]:
    """The store to write to, created where there is none, and the identity that is fixed from now on."""
    lock, publication, stores = run.lock, run.ports.publication, Stores(run.api)
    lock.wrote = True
    lock.owner = publication.claim_owner(proposal.owner or lock.minted, sure=proposal.owner is not None)
    identity = run.context.owned_by(lock.owner, run.target.name)
    info = proposal.located.info
    if info is None:
        publication.check()
        info = await _create(stores, proposal.located.name, identity, run.context)
    return identity, stores.open(info.id, run.ports.rates, run.ports.journal, publication.check)


async def _create(stores: Stores, name: str, identity: Identity, context: RunContext) -> StoreInfo:
    """A new store, marked as ours."""
    info = await stores.create(name, store_metadata(identity.source, identity.target, identity.owner))
    context.observer.note(f"Created the vector store {name!r}: {info.id}")
    return info


async def _transfer(run: Run, proposal: Proposal, store: VectorStore, identity: Identity) -> Outcome:
    context, ports = run.context, run.ports
    delivery = Delivery(
        identity,
        run.target.attributes,
        run.target.chunking,
        ports.source.head,
        context.settings.concurrency,
        context.settings.index_timeout,
        known=proposal.proven,
    )
    still_ours = ports.publication.check
    return await transfer(
        proposal.plan, store, ports.source, delivery, context.observer, context.stop, still_ours=still_ours
    )


def _next_state(run: Run, proposal: Proposal, state: TargetState, outcome: Outcome) -> TargetState:
    plan, head = proposal.plan, run.ports.source.head
    results = Results(outcome.confirmed, final_failures(plan, outcome), outcome.discarded, outcome.complete)
    facts = audit(plan, outcome, base=proposal.report.base, head=head, origin=run.context.origin, now=run.ports.now())
    return next_state(state, plan, results, head=head, settings=run.target.fingerprint, run=facts)


async def _swept(
    run: Run, proposal: Proposal, store: VectorStore, identity: Identity, outcome: Outcome, state: TargetState
) -> tuple[TargetState, Report]:
    """The state with all that is to be deleted besides, and the report with it.

    When it cannot be found out, the run ends, and the next run looks.
    """
    report = proposal.report
    if outcome.cause is not None:
        return state, report
    ports, listed = run.ports, proposal.listed
    sweep = Sweep(
        run.target,
        ports.source,
        ports.at,
        ports.journal,
        run.lock.crashed,
        run.basis.recorded.state,
        ports.publication.others_open,
        run.context.stop.pause,
    )
    try:
        if listed is not None and (outcome.confirmed or state.pending_delete):
            state = await sweep.hidden(store, state, listed.wanted, identity)
        swept = await sweep.orphans(run.api, state, proposal.plan, listed.answered if listed else ())
    except VsyncError as error:
        outcome.cause = error
        return state, report
    for warning in swept.warnings:  # now as well: a run that is killed while it deletes makes no report
        run.context.observer.note(warning)
    report = replace(report, leftovers=tuple(swept.orphans), warnings=(*report.warnings, *swept.warnings))
    return swept.state, report


def _is_confirmed(
    plan: Plan, state: TargetState, recorded: TargetState | None, new: TargetState, outcome: Outcome
) -> bool:
    """Whether there was nothing to do after all: the store holds just what the manifest says."""
    return plan.is_empty and state == recorded and not new.pending_delete and outcome.cause is None


def _publish(run: Run, part: TargetPart, identity: Identity, state: TargetState, outcome: Outcome) -> bool:
    """Publishes what was done. When that is refused the report tells what was done; the next run finds it in the store."""
    try:
        part.publish(identity, state, closing=not state.pending_delete and outcome.cause is None)
    except (GitUnavailable, PublicationFailed, PushRefused) as error:
        outcome.cause = outcome.cause or run.context.stop.cause(error)
        return False
    if run.context.keeps_manifest:
        run.ports.journal.recorded()
    if outcome.defect is not None:
        raise outcome.defect  # what was done is recorded
    return True


async def _remove(run: Run, store: VectorStore, state: TargetState, outcome: Outcome) -> Removal:
    """Deletes what was superseded. Deletes nothing when the API became unreachable or refused, or the run was stopped."""
    if outcome.cause is not None or not state.pending_delete:
        return Removal()
    context, publication = run.context, run.ports.publication
    removal = await remove(
        state.pending_delete,
        store,
        context.observer,
        context.stop,
        concurrency=context.settings.concurrency,
        still_ours=publication.check,
    )
    if removal.cause is not None:
        doubt_when_overtaken(run.lock, publication, context.observer)
    return removal


def _close(
    run: Run, part: TargetPart, identity: Identity, state: TargetState, outcome: Outcome, removal: Removal
) -> None:
    """Closes the seal when nothing is left to delete, and says in the journal what is done."""
    publication, keeps = run.ports.publication, run.context.keeps_manifest
    done = outcome.cause is None and removal.cause is None and not removal.refused
    if state.pending_delete and done:
        if publication.rewritable and keeps:
            part.publish(identity, replace(state, pending_delete=()), closing=True)
        else:
            publication.close()
    if outcome.cause is None and (keeps or set(state.pending_delete) <= set(removal.gone)):
        run.ports.journal.recorded()
        run.lock.settled = True
