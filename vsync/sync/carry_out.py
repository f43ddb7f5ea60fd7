"""One attempt of a run that has something to do. `carry_out` is the order of its steps; there is no other order.

Where nothing is left to delete, publishing closes the seal as well. Where Files were deleted, the manifest is published a
second time if that costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from vsync.documents.attributes import AttributeValue
from vsync.documents.describing import GitFact
from vsync.errors import GitUnavailable, PublicationFailed, PushRefused, VsyncError
from vsync.recovery.sweep import Swept
from vsync.report.of_plan import append_warnings, nothing_done
from vsync.report.report import Report
from vsync.report.store_size import StoreSizes, size_of
from vsync.source.content import read_content
from vsync.state.figures import Figures
from vsync.state.manifest import Failure, TargetState
from vsync.sync.another_store import told_of_new_store
from vsync.sync.attempts import Attempt
from vsync.sync.audit import audit, refused_before
from vsync.sync.basis import check_plan
from vsync.sync.last_look import last_look
from vsync.sync.lock import doubt_when_overtaken
from vsync.sync.next_state import Results, next_state
from vsync.sync.proposal import Propose
from vsync.sync.propose import documents_recorded
from vsync.sync.result import final_failures, of_run
from vsync.sync.same_store import expiry_warnings
from vsync.sync.store_changes import entries_were_gone
from vsync.sync.store_figures import at_the_end
from vsync.sync.sweep import sweep
from vsync.sync.unindexed import settle_unindexed
from vsync.sync.work import Work, open_store
from vsync.system.clocks import clock_warnings
from vsync.transfer.outcome import Outcome, Removal
from vsync.transfer.remove import remove
from vsync.transfer.transfer import transfer
from vsync.transfer.upload import Delivery


async def carry_out(attempt: Attempt, propose: Propose) -> Report:
    """Locate, list the store if it must be, plan, limits, transfer, next state and orphans, publish, remove, close, report.

    `propose` locates, lists and plans. Nothing is deleted before the manifest is published that no longer needs it.
    """
    proposal = await propose(attempt.asking)
    if not proposal.checked:
        check_plan(attempt.target, proposal.plan, proposal.report, attempt.context, attempt.basis.recorded)
    if proposal.needs_no_store:
        attempt.ports.publication.abandon()
        return replace(nothing_done(proposal.report), requests=dict(attempt.api.traffic.requests))
    work = await open_store(attempt, proposal)
    outcome, unindexed = settle_unindexed(work.state, proposal.plan, await _transfer(work))
    swept = await sweep(work, outcome, _next_state(work, outcome, unindexed))
    state, removal = swept.state, Removal()
    if _was_right_already(work, outcome, state):
        work.part.confirm(work.state, _figures(work, state, work.info.used))
        attempt.lock.settled = True
    elif _publish(work, outcome, swept, await _last_look(work, outcome, state)):
        removal = await _remove(work, outcome, swept)
        await _close(work, outcome, swept, removal)
    else:
        state = work.state
    return _report(work, outcome, swept, removal, state)


async def _transfer(work: Work) -> Outcome:
    target, ports, context = work.attempt.target, work.attempt.ports, work.attempt.context
    delivery = Delivery(
        work.identity,
        target.attributes,
        target.chunking,
        ports.source.head,
        context.settings.concurrency,
        context.settings.index_timeout,
        known=work.proposal.known,
        refused_before=refused_before(work.state),
        history=await asyncio.to_thread(_history, work),
    )
    read, still_ours = partial(read_content, ports.source), ports.publication.check
    return await transfer(
        work.proposal.plan, work.store, read, delivery, context.observer, context.stop, still_ours=still_ours
    )


def _history(work: Work) -> dict[str, Mapping[GitFact, AttributeValue]]:
    """What history says of the documents that are uploaded or retagged, and whose recipes ask for it."""
    documents = [op.document for op in work.proposal.plan.of("upload", "replace", "retag")]
    asked = [found.path for found in documents if found is not None and found.recipe is not None and found.recipe.git]
    if not asked:
        return {}
    facts = work.attempt.ports.source.history(asked).facts
    return {path: {"changed": fact.when, "author": fact.author} for path, fact in facts.items()}


def _next_state(work: Work, outcome: Outcome, unindexed: Mapping[str, Failure]) -> TargetState:
    attempt, plan = work.attempt, work.proposal.plan
    head = attempt.ports.source.head
    results = Results(outcome.confirmed, final_failures(plan, outcome), outcome.discarded, outcome.complete, unindexed)
    base, now = work.proposal.report.base, attempt.ports.now()
    known = work.proposal.report.plan.plan_id
    facts = audit(plan, outcome, plan_id=known, base=base, head=head, origin=attempt.context.origin, now=now)
    return next_state(work.state, plan, results, head=head, settings=attempt.target.fingerprint, run=facts)


def _was_right_already(work: Work, outcome: Outcome, state: TargetState) -> bool:
    """Whether there was nothing to do after all: the store holds just what the manifest says."""
    unchanged = work.proposal.plan.is_empty and work.state == work.attempt.basis.recorded.state
    return unchanged and not state.pending_delete and outcome.cause is None


async def _last_look(work: Work, outcome: Outcome, state: TargetState) -> Figures | None:
    """What the store shows when nothing is left to do in it; None before that. When the run must end here, the outcome says why.

    A run after a crash has asked enough: the next run compares less.
    """
    attempt, used = work.attempt, None
    left = state.pending_delete or outcome.cause is not None
    if left or work.figures is None or not attempt.context.keeps_manifest:
        return None
    if not attempt.lock.crashed:
        try:
            used = await last_look(attempt.api, work.store.id)
        except VsyncError as error:
            outcome.cause = error
    return _figures(work, state, used)


def _figures(work: Work, state: TargetState, used: int | None) -> Figures | None:
    documents = documents_recorded(work.attempt.asking, work.store.id, len(state.files))
    return at_the_end(work.figures, work.info, used, documents)


def _publish(work: Work, outcome: Outcome, swept: Swept, figures: Figures | None) -> bool:
    """Publishes what was done. When that is refused, the report says what was done; the next run finds it in the store."""
    attempt, state = work.attempt, swept.state
    closing = not state.pending_delete and outcome.cause is None and not _removed_by_others(work, swept)
    try:
        work.part.publish(work.identity, state, closing=closing, proven=swept.proofs.cover(state), figures=figures)
    except (GitUnavailable, PublicationFailed, PushRefused) as error:
        outcome.cause = outcome.cause or attempt.context.stop.cause(error)
        return False
    if attempt.context.keeps_manifest:
        attempt.ports.journal.mark_recorded()
    if outcome.defect is not None:
        raise outcome.defect  # what was done is recorded
    return True


async def _remove(work: Work, outcome: Outcome, swept: Swept) -> Removal:
    """Deletes what was replaced. Deletes nothing when the API became unreachable or refused, or the run was stopped."""
    ours = swept.proofs.proven(swept.state.pending_delete)
    if outcome.cause is not None or not ours:
        return Removal()
    context, publication = work.attempt.context, work.attempt.ports.publication
    if not work.is_signed(swept):  # else the manifest itself tells the next run that they are ours
        try:
            await work.attempt.ports.journal.deleting(ours)
        except PublicationFailed as error:
            outcome.cause = error
            return Removal()
    removal = await remove(
        ours,
        work.store,
        context.observer,
        context.stop,
        concurrency=context.settings.concurrency,
        still_ours=publication.check,
    )
    if removal.cause is not None:
        doubt_when_overtaken(work.attempt.lock, publication, context.observer)
    return removal


async def _close(work: Work, outcome: Outcome, swept: Swept, removal: Removal) -> None:
    """Closes the seal when nothing is left to delete, and says in the journal what is done.

    The seal stays open when somebody else has removed entries of ours: the next run then lists the store.
    """
    state = swept.state
    publication, keeps = work.attempt.ports.publication, work.attempt.context.keeps_manifest
    if _removed_by_others(work, swept, removal):
        return
    removed_all = outcome.cause is None and removal.cause is None and not removal.refused
    if state.pending_delete and removed_all:
        done = replace(state, pending_delete=())
        figures = await _last_look(work, outcome, done)
        if outcome.cause is not None:
            return
        if publication.rewritable and keeps:
            work.part.publish(work.identity, done, closing=True, proven=swept.proofs.cover(done), figures=figures)
        else:
            publication.close(figures)
    if outcome.cause is None and (keeps or set(state.pending_delete) <= set(removal.gone)):
        left = () if work.is_signed(swept) else set(swept.proofs.proven(state.pending_delete)) - set(removal.gone)
        work.attempt.ports.journal.mark_recorded(left)
        work.attempt.lock.settled = True


def _removed_by_others(work: Work, swept: Swept, removal: Removal | None = None) -> list[str]:
    """The documents whose recorded entry the store did not have any more, although this run had no reason to list the store.

    Their place may be taken by entries that no record names.
    """
    if work.proposal.listed is not None:
        return []
    missing = swept.missing.union(removal.missing if removal is not None else ())
    return [op.path for op in work.proposal.plan.operations if op.previous and op.previous.file_id in missing]


def _report(work: Work, outcome: Outcome, swept: Swept, removal: Removal, state: TargetState) -> Report:
    proposal = work.proposal
    info = proposal.located.info
    name = info.name if info is not None else proposal.located.name
    report = replace(proposal.report, vector_store_id=work.store.id, vector_store_name=name)
    traffic, listed = work.attempt.api.traffic, proposal.listed is not None
    report = append_warnings(_told_of_expiry(report, work), (*clock_warnings(traffic.ahead), *swept.warnings))
    if proposal.located.lost is not None and work.attempt.basis.recorded.state is not None:
        report = told_of_new_store(work.attempt.basis.recorded.state.vector_store_id, report)
    if missing := _removed_by_others(work, swept, removal):
        report = replace(report, doubled=tuple(missing))
        report = append_warnings(report, [entries_were_gone(work.store.id, missing)])
    chunking = work.attempt.target.chunking
    sizes = StoreSizes(size_of(work.state.files, chunking), size_of(state.files, chunking))
    return of_run(
        report, proposal.plan, outcome, removal, store=sizes, orphans=swept.orphans, traffic=traffic, listed=listed
    )


def _told_of_expiry(report: Report, work: Work) -> Report:
    """The report with what the store itself says of its expiry, instead of what was recorded."""
    recorded, now = work.attempt.basis.recorded.state, work.state
    if work.attempt.target.expires_after_days is not None:
        return report  # it is meant so
    old = expiry_warnings(recorded.vector_store_id, recorded.expires_after_days) if recorded is not None else ()
    warnings = [warning for warning in report.warnings if warning not in old]
    return append_warnings(
        replace(report, warnings=tuple(warnings)), expiry_warnings(now.vector_store_id, now.expires_after_days)
    )
