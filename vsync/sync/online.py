"""The part of a run that speaks with the store, from taking the seal to closing it.

`sync` imports this only when there is something to do: it brings asyncio and, with the connection, the SDK.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace

from vsync.documents.attributes import Identity
from vsync.errors import GitUnavailable, PublicationFailed, PushRefused, SealHeld, StoreConflict, VsyncError
from vsync.plan.comparison import Comparison
from vsync.plan.limits import refusal
from vsync.plan.plan import EMPTY_STATE, Plan
from vsync.plan.scan import list_documents, survey
from vsync.recovery.adopt import by_path, choose_owner, list_at_least, recover, with_proven
from vsync.recovery.crashed_runs import DeadRun, dead_runs, run_key
from vsync.recovery.repair import as_repaired
from vsync.recovery.sweep import Aftermath
from vsync.report.report import Leftover, Report, of_plan, stock, stock_after
from vsync.state.manifest import TargetState, salvage_manifest
from vsync.state.publication import RENEW_EVERY_S, ManifestMoved, Published, unsettled
from vsync.state.seal import Seal
from vsync.store.entries import StoreEntry, StoreInfo, belongs
from vsync.store.files import Files
from vsync.store.inventory import gone_files
from vsync.store.vector_store import Stores, VectorStore
from vsync.sync.audit import audit, rebuilt
from vsync.sync.locate import create, locate
from vsync.sync.next_state import Results, next_state, rebuilt_state
from vsync.sync.publish import Recording
from vsync.sync.result import final_failures, of_run
from vsync.sync.run import (
    Job,
    Known,
    check_limits,
    doubt_warning,
    first_report,
    look,
    nothing_done,
    nothing_to_do,
    superseded,
)
from vsync.transfer.outcome import Outcome, Removal
from vsync.transfer.transfer import Delivery, remove, transfer

_MAX_PLANS = 5
_TWO_RECORDS = (
    "The store holds documents of this source already, and no manifest is here, so they were taken over. If a workflow or "
    "another clone keeps a record of them too, two records of one store lead to duplicates: use --push (input commit: true) "
    "wherever the store is synced from."
)


class OnlineRun:
    """A run that has something to do, from taking the seal to closing it."""

    def __init__(self, job: Job, known: Known) -> None:
        self._job = job
        self._known = known
        self._report = first_report(job, known)
        # The prefix keeps it from looking like the number of a workflow's run, by which late ones are told.
        self._run_id = job.origin.run_id or f"local-{secrets.token_hex(8)}"
        self._owner = _owner(known)
        self._new_owner = secrets.token_hex(16)
        self._recording = Recording(job, known)
        self._shown = known.final
        self._wrote = False
        self._listed = False
        self._wanted: Collection[str] = ()
        self._answered: Collection[str] = ()
        self._settled = False
        self._dead: Sequence[DeadRun] = ()
        self._leftovers: Sequence[Leftover] = ()
        self._name = ""
        self._taken: Seal | None = None

    def execute(self) -> Report:
        job = self._job
        self._taken = self._seal()
        replaced = job.publication.take(
            self._taken, job.settings.lock_timeout, job.observer.note, job.stop.pause_thread
        )
        settled = False
        try:
            self._dead = dead_runs(unsettled(replaced))
            job.journal.open(run_key(self._taken.run, self._taken.since))
            published = Published(job.publication.read().manifest, replaced)
            if published != self._known.published:
                self._look_again(published)
                late = superseded(job, self._known)
                if late or nothing_to_do(job, self._known):
                    self._end_without_work(late=late)
                    return nothing_done(replace(self._report, superseded=True)) if late else self._report
            report = asyncio.run(self._online())
            settled = self._settled
            return replace(report, manifest_commit=job.publication.commit)
        except SealHeld:
            job.publication.doubt(self._taken)
            self._name_uploads()
            raise
        except BaseException:
            if not self._wrote:
                self._give_back()
            raise
        finally:
            job.observer.finished()
            self._close_journal(settled=settled)
            job.publication.release()

    def _end_without_work(self, *, late: bool) -> None:
        if not late and self._known.trust == "sealed":
            self._job.publication.close()  # over the same manifest, and in this run's name: older ones are late from now on
        else:
            self._job.publication.abandon()

    def _name_uploads(self) -> None:
        """The run that took over looked for what this one left, but not for what came to be after that."""
        uploaded = sorted(self._job.journal.uploaded)
        if uploaded:
            self._job.observer.note(
                f"Files that this run uploaded before it stopped: {', '.join(uploaded)}. The next run deletes what of "
                "them a store lists in vain; one that no store lists may have to be deleted by hand."
            )
        unanswered = sorted({attempt.filename for attempt in self._job.journal.lost})
        if unanswered:
            self._job.observer.note(
                f"Uploads of this run that were never answered: {', '.join(unanswered)}. A File of such a name that no "
                "store lists may be left of them. If nobody needs it, delete it by hand."
            )

    def _close_journal(self, *, settled: bool) -> None:
        try:
            self._job.journal.close(settled=settled)
        except VsyncError as error:  # what it said before stays, and the next run reads that
            self._job.observer.note(error.message)

    def _give_back(self) -> None:
        try:
            self._job.publication.abandon()
        except VsyncError as error:  # what led here is what the run ends with
            self._job.observer.note(f"The seal could not be given back: {error.message}")

    def look_only(self) -> Report:
        """The plan of a target without a manifest: read from the store, nothing written."""
        return asyncio.run(self._look_only())

    async def _look_only(self) -> Report:
        async with self._connected() as stores:
            info, state, plan = await self._locate_and_plan(stores)
        refused = refusal(plan, self._job.settings.limits)
        report = of_plan(self._report, plan, refused=refused)
        before = stock(state.files)
        report = replace(
            report,
            dry_run=True,
            vector_store_id=info.id if info else None,
            requests=self._requests(),
            before=before,
            after=stock_after(before, plan),
        )
        self._job.observer.planned(report)
        return report

    def _seal(self) -> Seal:
        since = self._job.now().isoformat(timespec="seconds")
        return Seal("open", self._run_id, since, self._job.source.head, owner=self._owner)

    def _look_again(self, published: Published) -> None:
        """The manifest or seal is not what this run planned from: plan again against what is there now."""
        self._known = look(self._job, published)
        self._report = first_report(self._job, self._known)
        self._owner = _owner(self._known) or self._owner
        self._recording = Recording(self._job, self._known)
        self._shown = self._known.final
        if self._shown and not superseded(self._job, self._known):
            check_limits(self._job, self._known.survey.plan, self._report)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[Stores]:
        assert self._job.connect is not None
        self._job.stop.attach()
        async with self._job.connect() as api:
            self._api, self._traffic = api, api.traffic
            yield Stores(api)

    async def _online(self) -> Report:
        publication = self._job.publication
        async with self._connected() as stores, self._renewing():
            for _ in range(_MAX_PLANS):
                try:
                    return await self._plan_and_carry_out(stores)
                except ManifestMoved:
                    publication.renew()  # it may have moved because another run has taken over
                    # What this run has put into the store is found there by its attributes: the new plan keeps what it
                    # wants of it, and deletes the rest.
                    self._job.observer.note(f"{publication.title} was changed meanwhile: planning again.")
                    self._look_again(publication.read())
            raise PublicationFailed(
                f"{publication.title} was changed by somebody else {_MAX_PLANS} times while this run was at work.",
                "Run again: nothing is lost. Only vsync should write the manifest.",
            )

    async def _plan_and_carry_out(self, stores: Stores) -> Report:
        info, state, plan = await self._locate_and_plan(stores)
        if self._job.rebuild:
            return self._record(info, state, plan)
        if not self._shown:
            check_limits(self._job, plan, self._report)
        if info is None and plan.is_empty:
            self._job.publication.abandon()
            return replace(self._report, requests=self._requests())
        self._wrote = True
        self._owner = self._job.publication.claim_owner(self._owner or self._new_owner, sure=self._owner is not None)
        identity = self._identity()
        if info is None:
            self._job.publication.check()
            info = await create(self._job, stores, self._name, identity)
        store = stores.open(info.id, self._job.rates, self._job.journal, self._job.publication.check)
        return await self._carry_out(stores, store, replace(state, vector_store_id=info.id), plan, identity)

    def _identity(self) -> Identity:
        return Identity(self._owner or self._new_owner, self._job.settings.target, self._job.identity.name)

    # --- Where, and what ------------------------------------------------------------------------------------

    async def _locate_and_plan(self, stores: Stores) -> tuple[StoreInfo | None, TargetState, Plan]:
        """The store (None: to be created), the state it is in, and the plan; lists the store only when it must."""
        located = await locate(self._job, self._known.state, stores, self._owner)
        info, self._owner, self._name = located.info, located.owner, located.name
        state, plan = self._known.state or EMPTY_STATE, self._known.survey.plan
        if located.lost is not None:
            state, plan = self._plan_anew(state, located.lost)
        # Not even the store's own count of its files is believed: it may lag behind.
        unknown = self._known.state is None and info is not None
        if info is not None and (self._known.must_list or unknown):
            state, plan = await self._plan_from_store(stores, info, state)
        left_by_dead_runs = self._job.journal.inherited.uploaded
        if (
            info is None and left_by_dead_runs
        ):  # their store is gone, so no listing proves these Files: the journal does
            state = with_proven(state, left_by_dead_runs)
            plan = survey(self._job.source, state, self._job.brief, because=self._report.comparison).plan
        return info, state, plan

    def _plan_anew(self, state: TargetState, why: str) -> tuple[TargetState, Plan]:
        """Everything goes into another store. The Files of the old one go afterwards, as far as they are surely ours."""
        named = {entry.file_id for entry in state.files.values()} | set(state.pending_delete)
        known = named if self._recording.vouched else set[str]()
        left = sorted(named - known)
        new = replace(state, files={}, failed={}, commit=None, pending_delete=tuple(sorted(known)))
        found = survey(self._job.source, new, self._job.brief, because=Comparison("full", why))
        report = replace(self._report, comparison=found.comparison, vector_store_id=None)
        if left:
            told = (
                f"Nothing vouches for the manifest, so these Files that it names were not deleted: {', '.join(left)}."
            )
            report = replace(report, warnings=(*report.warnings, told))
        self._report = of_plan(report, found.plan, refused=None)
        return new, found.plan

    def _known_ids(self) -> frozenset[str]:
        """The ids that the last published manifest names: ours, whatever a store says of them."""
        if self._known.state is None or not self._recording.vouched:
            return frozenset()
        return frozenset(entry.file_id for entry in self._known.state.files.values())

    async def _plan_from_store(self, stores: Stores, info: StoreInfo, state: TargetState) -> tuple[TargetState, Plan]:
        """Lists the store, adopts what its attributes prove, and plans from that."""
        job = self._job
        job.observer.note(f"Listing the vector store {info.id} to see what is in it.")
        store = stores.open(info.id)
        self._listed = True
        if self._known.trust == "doubtful":
            before, after = (doubt_warning(job, self._known, listed=listed) for listed in (False, True))
            told = [after if warning == before else warning for warning in self._report.warnings]
            self._report = replace(self._report, warnings=tuple(told))
        # Whose the documents are, nothing but the listing may tell: one that lags behind would let them be uploaded twice.
        at_least = info.files if self._owner is None else 0
        entries: Sequence[StoreEntry] = await list_at_least(store, at_least, job.stop.pause)
        if self._owner is None:
            self._owner = choose_owner(entries, job.identity.name, job.settings.target, certain=job.identity.certain)
        if self._known.manifest is None and self._owner is not None and not job.settings.push and job.keep_manifest:
            self._report = replace(self._report, warnings=(*self._report.warnings, _TWO_RECORDS))
        if job.repair:
            known, files = self._known_ids(), Files(self._api)
            ours = [entry for entry in entries if belongs(entry, self._identity()) or entry.file_id in known]
            gone = await gone_files(files, ours, await files.names())
            entries = as_repaired(entries, state, self._identity(), gone, vouched=self._recording.vouched)
        documents = await asyncio.to_thread(list_documents, job.source, job.brief)
        self._wanted = documents.keys()
        recorded = {entry.file_id for entry in state.files.values()}
        listed = by_path(entries, self._identity(), {*documents, *state.files})
        self._answered = {path for path, found in listed.items() if any(e.file_id not in recorded for e in found)}
        recovered = await recover(
            store,
            job.source,
            state,
            documents,
            self._identity(),
            entries,
            vouched=self._recording.vouched,
            settle_s=job.settings.index_timeout,
            pause=job.stop.pause,
        )
        recovered = with_proven(recovered, job.journal.inherited.uploaded)
        self._shown = False
        if (recovered.files, set(recovered.pending_delete)) == (
            state.files,
            set(state.pending_delete),
        ) and state.commit:
            return state, self._known.survey.plan  # the store holds just what the manifest says
        reason = "the store was listed: there is no manifest"
        if self._known.state is not None:
            reason = "the store was listed: it differs from what the manifest says"
        found = survey(job.source, recovered, job.brief, because=Comparison("full", reason))
        self._report = of_plan(replace(self._report, comparison=found.comparison), found.plan, refused=None)
        return recovered, found.plan

    # --- Doing ----------------------------------------------------------------------------------------------

    async def _carry_out(
        self, stores: Stores, store: VectorStore, state: TargetState, plan: Plan, identity: Identity
    ) -> Report:
        job = self._job
        delivery = Delivery(
            identity,
            job.brief.recipe.attributes,
            job.brief.recipe.chunking,
            job.source.head,
            job.settings.concurrency,
            job.settings.index_timeout,
            known=self._known_ids() if job.repair else frozenset(),
        )
        outcome = await transfer(
            plan, store, job.source, delivery, job.observer, job.stop, still_ours=job.publication.check
        )
        results = Results(outcome.confirmed, final_failures(plan, outcome), outcome.discarded, outcome.complete)
        record = audit(plan, outcome, base=self._report.base, head=job.source.head, origin=job.origin, now=job.now())
        new = next_state(state, plan, results, head=job.source.head, settings=job.brief.settings, run=record)
        new = await self._with_aftermath(stores, store, new, plan, outcome)
        if plan.is_empty and state == self._known.state and not new.pending_delete and outcome.cause is None:
            self._recording.vouch_again(state)
            self._settled = True
            return replace(self._report, vector_store_id=store.id, requests=self._requests())
        pending = bool(new.pending_delete)
        if not self._published(identity, new, outcome, closing=not pending and outcome.cause is None):
            return self._told(store, plan, outcome, Removal(), state, state)
        if job.keep_manifest:
            job.journal.recorded()
        if outcome.defect is not None:
            raise outcome.defect  # what was done is recorded
        removal = await self._remove(store, new, outcome)
        if removal.cause is not None:
            self._doubt_when_overtaken()
        if pending and outcome.cause is None and removal.cause is None and not removal.refused:
            if job.publication.rewritable and job.keep_manifest:
                self._recording.publish(identity, replace(new, pending_delete=()), closing=True)
            else:
                job.publication.close()
        if outcome.cause is None and (job.keep_manifest or set(new.pending_delete) <= set(removal.gone)):
            job.journal.recorded()
            self._settled = True
        return self._told(store, plan, outcome, removal, state, new)

    def _published(self, identity: Identity, state: TargetState, outcome: Outcome, *, closing: bool) -> bool:
        """Publishes. When that is refused the run ends with what it did in its report: the next one finds it in the store."""
        try:
            self._recording.publish(identity, state, closing=closing)
        except (GitUnavailable, PublicationFailed, PushRefused) as error:
            outcome.cause = outcome.cause or self._job.stop.cause(error)
            return False
        return True

    def _told(
        self,
        store: VectorStore,
        plan: Plan,
        outcome: Outcome,
        removal: Removal,
        before: TargetState,
        after: TargetState,
    ) -> Report:
        report = replace(self._report, vector_store_id=store.id, before=stock(before.files), after=stock(after.files))
        return of_run(
            report, plan, outcome, removal, requests=self._requests(), bytes_uploaded=self._traffic.bytes_uploaded
        )

    def _doubt_when_overtaken(self) -> None:
        """What this run deleted last may be what the one that has taken over keeps."""
        try:
            self._job.publication.check()
        except SealHeld:
            self._job.publication.doubt(self._taken)
        except VsyncError as error:  # the report says already why the run ended
            self._job.observer.note(f"Whether another run has taken over cannot be known: {error.message}")

    async def _with_aftermath(
        self, stores: Stores, store: VectorStore, state: TargetState, plan: Plan, outcome: Outcome
    ) -> TargetState:
        """The state with what is to go besides. When that cannot be found out the run ends, and the next one looks."""
        if outcome.cause is not None:
            return state
        wanted = self._wanted if self._listed else None
        aftermath = Aftermath(self._job, self._identity(), self._known.state, self._dead, wanted, self._answered)
        told: Sequence[str] = ()
        try:
            if outcome.confirmed or state.pending_delete:
                state = await aftermath.with_hidden(store, state)
            state, self._leftovers, told = await aftermath.with_leftovers(self._api, stores, state, plan)
        except VsyncError as error:
            outcome.cause = error
        for warning in told:  # now as well: a run that is killed while it deletes makes no report
            self._job.observer.note(warning)
        self._report = replace(self._report, leftovers=tuple(self._leftovers), warnings=(*self._report.warnings, *told))
        return state

    # --- Recording --------------------------------------------------------------------------------------------

    def _record(self, info: StoreInfo | None, state: TargetState, plan: Plan) -> Report:
        """Publishes the state that the store proves. Nothing is uploaded or deleted."""
        job = self._job
        if info is None or self._owner is None or not state.files:
            where = f"The vector store {info.id}" if info else f"No vector store named {self._name!r}"
            raise StoreConflict(
                f"{where} {'holds' if info is None else 'holds no'} documents of {job.identity.name!r}, "
                f"target {job.settings.target!r}: there is nothing to make a manifest from.",
                _instead_of_a_rebuild(given=job.settings.vector_store_id is not None),
            )
        report = replace(self._report, vector_store_id=info.id, requests=self._requests(), after=stock(state.files))
        state = replace(state, vector_store_id=info.id)
        published = self._known.published
        _, lost = salvage_manifest(published.manifest or b"", job.publication.title)
        settled = not (state.pending_delete or self._traces)
        if state == self._known.state and lost == ():
            if settled:
                self._recording.vouch_again(state)
            else:
                self._recording.leave_open(state)
            return report
        self._wrote = True
        self._owner = job.publication.claim_owner(self._owner, sure=True)
        new = state
        if state != self._known.state:
            serial = max(state.serial, published.seal.serial if published.seal else 0) + 1
            facts = rebuilt(len(state.files), head=job.source.head, origin=job.origin, now=job.now())
            new = rebuilt_state(
                state, plan, head=job.source.head, settings=job.brief.settings, serial=serial, run=facts
            )
        # Superseded entries and what runs that died may have left are the next sync's: the open seal has it look for them.
        self._recording.publish(self._identity(), new, closing=settled)
        return report

    @property
    def _traces(self) -> bool:
        """Whether runs that died may have left Files that no entry of the store shows."""
        inherited = self._job.journal.inherited
        journaled = bool(inherited.uploaded or inherited.attempts)
        return journaled or any(run.id not in inherited.runs for run in self._dead)

    def _requests(self) -> Mapping[str, int]:
        return dict(self._traffic.requests)

    async def _remove(self, store: VectorStore, state: TargetState, outcome: Outcome) -> Removal:
        """Deletes what was superseded; nothing when the API became unreachable or refused, or the run was stopped."""
        if outcome.cause is not None or not state.pending_delete:
            return Removal()
        return await remove(
            state.pending_delete,
            store,
            self._job.observer,
            self._job.stop,
            concurrency=self._job.settings.concurrency,
            still_ours=self._job.publication.check,
        )

    @contextlib.asynccontextmanager
    async def _renewing(self) -> AsyncIterator[None]:
        """Renews the seal while the run goes on. When another run has taken over, this one stops; publishing then says why."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(RENEW_EVERY_S)
                try:
                    await asyncio.to_thread(self._job.publication.renew)
                except SealHeld:
                    self._job.stop.request(signal.SIGTERM)
                    return
                except (GitUnavailable, PublicationFailed, PushRefused) as error:
                    self._job.observer.note(f"The seal could not be renewed: {error.message}")

        task = asyncio.create_task(renew())
        try:
            yield
        finally:
            task.cancel()


def _instead_of_a_rebuild(*, given: bool) -> str:
    if not given:
        return (
            "Give the store with --vector-store-id, or start anew with vsync sync (after deleting a damaged manifest)."
        )
    return (
        "If it is another store, give its id. To start anew in this one run vsync sync (after deleting a damaged manifest): "
        "it uploads all documents. What another tool has put there can be taken out afterwards: vsync verify --take-over."
    )


def _owner(known: Known) -> str | None:
    """The owner that the manifest names, or the seal of a first run that did not come so far."""
    if known.manifest is not None:
        return known.manifest.owner
    return known.published.seal.owner if known.published.seal else None
