"""`vsync verify --repair`: a sync that believes nothing but the store; then the store is compared once more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from vsync.config.targets import Target
from vsync.documents.attributes import Identity
from vsync.errors import StoreGone
from vsync.recovery.repair import as_repaired
from vsync.report.of_plan import overtaken
from vsync.report.report import Report
from vsync.state.publication import Published
from vsync.store.entries import StoreEntry, belongs
from vsync.store.files import Files
from vsync.store.inventory import gone_files
from vsync.sync.another_store import into_another_store, told_of_new_store
from vsync.sync.attempts import under_lock
from vsync.sync.basis import Basis, PlanRefused, basis_of
from vsync.sync.carry_out import carry_out
from vsync.sync.context import RunContext
from vsync.sync.from_store import with_journaled
from vsync.sync.locate import locate_replacement
from vsync.sync.ports import Ports
from vsync.sync.proposal import Asking, Proposal, as_recorded
from vsync.sync.propose import from_listing
from vsync.sync.read_target import read_target
from vsync.sync.recorded import is_superseded
from vsync.sync.run import run as sync
from vsync.verify.compare import compare_store, read_when_quiet
from vsync.verify.reports import added_requests, verification_of, with_warnings


def repair(target: Target, ports: Ports, context: RunContext, take_over: tuple[str, ...], before: Report) -> Report:
    """Makes the store equal to the source. `before` is the comparison that was made first."""
    verification = verification_of(before)
    distrusted = bool(verification.drift) or read_when_quiet(target, ports, context).trust != "sealed"
    try:
        done = repair_store(target, ports, context) if distrusted else sync(target, ports, context)
    except StoreGone as error:
        raise _given_store_is_gone(target, error) from error
    done = with_warnings(replace(done, requests=added_requests(before.requests, done.requests)), before.warnings)
    done = told_of_new_store(before.vector_store_id, done)
    if (not distrusted and not done.changed) or done.error is not None or done.superseded:
        return replace(done, body=replace(verification, sync=done.sync))
    after = compare_store(target, ports, context, take_over)
    left = {(item.kind, item.path, item.file_id) for item in verification_of(after).drift}
    mended = tuple(item for item in verification.drift if (item.kind, item.path, item.file_id) not in left)
    # The entries to take over were chosen before the repair, and stay the same.
    body = replace(
        verification_of(after),
        mended=mended,
        sync=done.sync,
        taken=verification.taken,
        kept_back=verification.kept_back,
    )
    return replace(done, requests=added_requests(done.requests, after.requests), body=body)


def repair_store(target: Target, ports: Ports, context: RunContext) -> Report:
    """A sync that lists the store whatever manifest and seal say, and reads the listing as a repair does."""
    started = time.monotonic()
    basis = _look(target, ports, context, None)
    if is_superseded(basis.recorded, context.origin.run_id, context.settings.head):
        return overtaken(basis.report)
    look = partial(_look, target, ports, context)
    try:
        report = under_lock(target, ports, context, basis, look, partial(carry_out, propose=propose_repair))
    except PlanRefused as refused:
        report = refused.report
    return replace(report, duration_s=time.monotonic() - started)


def _look(target: Target, ports: Ports, context: RunContext, published: Published | None) -> Basis:
    recorded = read_target(
        ports.publication,
        context.identity,
        target,
        journal=ports.journal,
        published=published,
        options=context.state_options,
    )
    return basis_of(target, ports, context, recorded, distrusted=True)


async def propose_repair(asking: Asking) -> Proposal:
    """The proposal of a repair. A store that is gone is replaced, and everything goes into the new one."""
    recorded = asking.basis.recorded
    located = await locate_replacement(
        asking.stores, asking.target, asking.context.identity, recorded.state, asking.owner
    )
    proposal = as_recorded(asking, located)
    if located.lost is not None:
        proposal = into_another_store(asking, located, located.lost)
    known = proposal.recorded_ids if recorded.is_current else frozenset[str]()
    proposal = replace(proposal, known=known)
    if located.info is None:
        return await with_journaled(asking, proposal)
    return await from_listing(asking, proposal, located.info, partial(_read, asking, proposal))


async def _read(
    asking: Asking, proposal: Proposal, entries: Sequence[StoreEntry], identity: Identity
) -> Sequence[StoreEntry]:
    files, recorded = Files(asking.api), asking.basis.recorded
    ours = [entry for entry in entries if belongs(entry, identity) or entry.file_id in proposal.known]
    gone = await gone_files(files, ours, await files.names())
    vouched = recorded.vouched_by(proposal.located.info)
    return as_repaired(entries, proposal.state, identity, gone, vouched=vouched)


def _given_store_is_gone(target: Target, error: StoreGone) -> StoreGone:
    if target.vector_store_id is None:
        return error
    return StoreGone(
        error.message,
        "The id of this store is given, so vsync does not replace the store. Give the id of another store and delete the "
        "manifest; or leave the id out, and --repair makes a new store and uploads everything into it.",
    )
