"""Lists the store, and plans from what its entries prove."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from vsync.documents.attributes import Identity
from vsync.documents.document import Document
from vsync.errors import StoreConflict
from vsync.plan.comparison import Comparison
from vsync.plan.plan import Plan
from vsync.plan.scan import list_documents, scan
from vsync.recovery.adopt import Recovered, by_path, choose_owner, recover, with_proven
from vsync.recovery.sweep import Listed
from vsync.report.of_plan import append_warnings, of_plan
from vsync.report.report import Report
from vsync.state.manifest import TargetState
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreEntry, StoreInfo, belongs, other_sources
from vsync.store.files import Files
from vsync.store.listed_elsewhere import listed_elsewhere
from vsync.store.polling import entries_by_id
from vsync.store.whole_listing import until_whole
from vsync.sync.basis import doubt_resolved, doubt_warning, sizes_of
from vsync.sync.handover import handed_over
from vsync.sync.proposal import Asking, Proposal, Read
from vsync.sync.recorded import Recorded
from vsync.sync.reviewed import id_of
from vsync.sync.stale_listing import may_upload_twice, stale_warning, why_stale

_TWO_RECORDS = (
    "The store already holds documents of this source, and no manifest is here. vsync adopted these documents. If a workflow "
    "or another clone keeps a record of them too, two records of one store lead to duplicates: use --push (input commit: true) "
    "wherever the store is synced from."
)


async def with_journaled(asking: Asking, proposal: Proposal) -> Proposal:
    """The proposal of a run that creates a store, with the Files of crashed runs to be deleted.

    A run that puts nothing into a store leaves these Files in the journal.
    """
    if not proposal.plan.operations:
        return proposal
    proposal, left = await _left_by_crashed_runs(asking, proposal)
    state = with_proven(proposal.state, left)
    plan = replace(proposal.plan, pending_delete=state.pending_delete)
    return replace(proposal, state=state, plan=plan, report=_of_plan(asking, proposal.report, plan, state))


async def _left_by_crashed_runs(
    asking: Asking, proposal: Proposal, listed: Collection[str] = ()
) -> tuple[Proposal, Collection[str]]:
    """The Files in the journals of crashed runs that are to be deleted. `listed` are the entries of the run's own store.

    A File that another store lists stays: the crashed run may have worked on that store, where the File is live.
    Where the stores cannot be asked, the Files are named in a warning, and stay.
    """
    uploaded = set(asking.ports.journal.inherited.uploaded)
    here, elsewhere = uploaded & set(listed), uploaded - set(listed)
    if not elsewhere:
        return proposal, here
    own = proposal.located.info.id if proposal.located.info is not None else None
    stores = [info for info in await asking.stores.list() if info.id != own]
    try:
        live = await listed_elsewhere(elsewhere, stores, Files(asking.api), by_id=True)
    except Refused:
        live = None
    if live is not None:
        return proposal, here | (elsewhere - live)
    warning = (
        f"A run that crashed uploaded these Files: {', '.join(sorted(elsewhere))}. It could not be found out whether another "
        "store lists them, so they were not deleted. If nobody needs them, delete them by hand."
    )
    return replace(proposal, report=append_warnings(proposal.report, [warning])), here


async def as_listed(entries: Sequence[StoreEntry], identity: Identity) -> Sequence[StoreEntry]:
    """A listing read as it is."""
    return entries


async def from_store(asking: Asking, proposal: Proposal, info: StoreInfo, read: Read = as_listed) -> Proposal:
    """Lists the store, adopts what its attributes prove, and plans from that. Raises ApiUnavailable for a stale listing."""
    asking.context.observer.note(f"Listing the vector store {info.id} to see what is in it.")
    documents = await asyncio.to_thread(list_documents, asking.ports.source, asking.target)
    seen = await _seen_whole(asking, proposal, info, documents, read)
    file_ids = frozenset(entry.file_id for entry in seen.entries)
    proposal, left = await _left_by_crashed_runs(asking, proposal, file_ids)
    state = with_proven(seen.found.state, left)
    answered = _answered(seen.entries, seen.identity, proposal.state, documents.keys())
    proposal = replace(
        proposal,
        owner=seen.owner,
        listed=Listed(
            documents.keys(),
            answered,
            ours=frozenset(entry.file_id for entry in seen.entries if belongs(entry, seen.identity)),
            file_ids=file_ids,
            by_record=asking.basis.recorded.knows_uploads,
        ),
        stale=seen.stale,
        checked=False,
        report=_told_of_listing(asking, proposal, seen.owner),
    )
    if not _is_as_recorded(state, proposal.state):
        proposal = _planned_again(asking, proposal, state)
    return proposal if seen.stale is None else _checked_listing(asking, proposal, info.id, seen.stale)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look at the store: its entries, whose they are, what they prove, and why the listing is stale (None: it is not)."""

    entries: Sequence[StoreEntry]
    owner: str | None
    identity: Identity
    found: Recovered
    stale: str | None = None


async def _seen_whole(
    asking: Asking, proposal: Proposal, info: StoreInfo, documents: Mapping[str, Document], read: Read
) -> _Seen:
    """The store as its listing shows it, when the listing shows as many entries as the store counts.

    A stale listing would make the run upload documents twice. When it stays stale, the last look is given. Others may add
    entries after a count and remove entries before a count: only what both counts have must be in the listing between them.
    """
    by_id = asking.target.vector_store_id or asking.basis.recorded.state
    # A count from a listing of all stores may be stale as well: then the store itself is asked.
    counted = info.files if by_id else (await asking.stores.get(info.id)).files

    async def look() -> _Seen:
        nonlocal counted
        seen = await _look(asking, proposal, info, documents, read)
        shown, least = len(seen.entries) - len(seen.found.gone), counted
        if shown < counted:
            counted = (await asking.stores.get(info.id)).files
            least = min(least, counted)
        return replace(seen, stale=why_stale(least - shown, shows_gone=seen.found.stale))

    def lacks(seen: _Seen) -> str | None:
        return seen.stale and f"The listing of the vector store {info.id} is stale: {seen.stale}."

    return await until_whole(look, lacks, asking.context.stop.pause, asking.context.observer.note)


async def _look(
    asking: Asking, proposal: Proposal, info: StoreInfo, documents: Mapping[str, Document], read: Read
) -> _Seen:
    target, ports, context, recorded = asking.target, asking.ports, asking.context, asking.basis.recorded
    store = asking.stores.open(info.id)
    entries: Sequence[StoreEntry] = await store.entries()
    unlisted = {entry.file_id for entry in proposal.state.files.values()} - {entry.file_id for entry in entries}
    entries = [*entries, *await entries_by_id(store, unlisted)]
    owner = proposal.owner
    if owner is None:
        owner = choose_owner(entries, target.source, target.name, certain=context.identity.certain)
    identity = context.owned_by(owner or asking.minted, target.name, recorded.formerly_in(info))
    _check_source(entries, identity)
    entries = await read(entries, identity)
    found = await recover(
        store,
        ports.source,
        proposal.state,
        documents,
        identity,
        entries,
        vouched=recorded.vouched_by(info),
        settle_s=context.settings.index_timeout,
        pause=context.stop.pause,
    )
    return _Seen(entries, owner, identity, found)


def _checked_listing(asking: Asking, proposal: Proposal, store_id: str, why: str) -> Proposal:
    """The proposal from a listing that stays stale, with a warning. Raises ApiUnavailable where it could upload twice.

    With a manifest the run knows its documents, and at its end it looks once more for what the listing hid.
    """
    recorded, forced = asking.basis.recorded.state is not None, asking.target.limits.force
    if proposal.plan.of("upload", "replace") and not (recorded or forced or asking.context.dry_run):
        raise may_upload_twice(store_id, why)
    return replace(proposal, report=append_warnings(proposal.report, [stale_warning(store_id, why)]))


def _check_source(entries: Sequence[StoreEntry], identity: Identity) -> None:
    """Raises StoreConflict when the owner of our manifest is the owner of another source's documents, and of none of ours."""
    if others := other_sources(entries, identity):
        raise StoreConflict(
            f"The documents in the store that have the owner of this manifest are of another source: {', '.join(others)}. This "
            f"is {identity.source!r}.",
            f"If this repository was renamed, sync it once under its old name: --source {others[0]} (VSYNC_SOURCE). If not, "
            "somebody has put the owner and the store of another repository into the manifest: bring back its last good "
            "version, or delete it to start again.",
        )


def _answered(
    entries: Sequence[StoreEntry], identity: Identity, state: TargetState, documents: Collection[str]
) -> frozenset[str]:
    """The paths of which the store lists entries that the manifest does not name."""
    recorded = {entry.file_id for entry in state.files.values()}
    found = by_path(entries, identity, {*documents, *state.files})
    return frozenset(path for path, ours in found.items() if any(entry.file_id not in recorded for entry in ours))


def _is_as_recorded(found: TargetState, recorded: TargetState) -> bool:
    """Whether the store holds just what the manifest says."""
    same_files = found.files == recorded.files
    return same_files and set(found.pending_delete) == set(recorded.pending_delete) and bool(recorded.commit)


def _planned_again(asking: Asking, proposal: Proposal, state: TargetState) -> Proposal:
    found = scan(
        asking.ports.source,
        state,
        asking.target,
        because=Comparison("full", f"the store was listed: {_why_listed(asking.basis.recorded)}"),
        base=asking.context.base,
        reindex=asking.context.settings.reindex,
        observed=True,
    )
    context = asking.context
    plan = handed_over(found.plan, context.takers, asking.basis.recorded.manifest, dry_run=context.dry_run)
    report = replace(proposal.report, comparison=found.comparison)
    report = _of_plan(asking, report, plan, state)
    return replace(proposal, state=state, plan=plan, report=report)


def _why_listed(recorded: Recorded) -> str:
    if recorded.state is not None:
        return "it differs from what the manifest says"
    return "there is no manifest" if recorded.manifest is None else "the manifest records nothing of this target"


def _of_plan(asking: Asking, report: Report, plan: Plan, state: TargetState) -> Report:
    """The report of a plan from that state. The plan's id names the store as the manifest does."""
    known = id_of(plan, asking.target, asking.basis.recorded.state)
    chunking = asking.target.chunking
    return of_plan(report, plan, store=sizes_of(state, plan, chunking), plan_id=known, chunking=chunking)


def _told_of_listing(asking: Asking, proposal: Proposal, owner: str | None) -> Report:
    """The report with what the listing means for the warnings."""
    recorded, context = asking.basis.recorded, asking.context
    warnings = proposal.report.warnings
    if recorded.trust == "doubtful":
        before, after = doubt_warning(recorded, dry_run=context.dry_run), doubt_resolved(recorded)
        warnings = tuple(after if warning == before else warning for warning in warnings)
    other_records = not context.settings.push and asking.ports.embedded is None
    if recorded.manifest is None and owner is not None and other_records and context.keeps_manifest:
        warnings = (*warnings, _TWO_RECORDS)
    return replace(proposal.report, warnings=warnings)
