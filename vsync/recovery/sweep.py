"""What a run looks for before it publishes: entries that a listing kept from it, and Files that lost answers left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vsync.config.targets import Target
from vsync.documents.attributes import Identity
from vsync.plan.plan import Plan
from vsync.recovery.adopt import by_path, with_hidden, with_proven
from vsync.recovery.crashed_runs import CrashedRun, believed, planned_by
from vsync.recovery.lookalikes import alike, as_uploaded, hides_ours, told_apart, unasked_warning, unattached
from vsync.recovery.orphans import Search, Suspects, look_for, orphan_warnings
from vsync.recovery.proof import NO_PROOF, Proofs, ask, name, without
from vsync.recovery.unproven import unproven_warnings
from vsync.report.body import Orphan
from vsync.source.base import Source
from vsync.state.journal import Journal
from vsync.state.manifest import EMPTY_STATE, TargetState
from vsync.store.client import Api
from vsync.store.entries import StoreEntry
from vsync.store.files import Files
from vsync.store.polling import entries_by_id
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.store.whole_listing import still_stale, until_whole, what_is_unseen
from vsync.system.clocks import in_words
from vsync.system.retry import Sleep


class Listed(NamedTuple):
    """What the listing of a store told.

    `wanted` are the paths of the source's documents. `answered` are the paths of which the store listed entries that the
    manifest does not name: a dead run's uploads that were answered. `ours` are the ids of our entries, and `file_ids` those
    of all entries. `by_record`: manifest and seal tell what earlier runs uploaded.
    """

    wanted: Collection[str] = ()
    answered: Collection[str] = ()
    ours: frozenset[str] = frozenset()
    file_ids: Collection[str] = ()
    by_record: bool = True


class Swept(NamedTuple):
    """The state with everything that is to be deleted besides, the Files that are named or inferred, warnings, and proofs.

    `missing` are the ids that were asked for and that have no entry in the store any more.
    """

    state: TargetState
    orphans: Sequence[Orphan]
    warnings: Sequence[str]
    proofs: Proofs = Proofs()
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where to look. `recorded` is what the manifest says, `crashed` are the runs that died before this one."""

    target: Target
    source: Source
    at: Callable[[str], Source | None]
    journal: Journal
    crashed: Sequence[CrashedRun]
    recorded: TargetState | None
    others_open: Callable[[], bool]
    pause: Sleep
    note: Callable[[str], None] = lambda _: None

    async def hidden(
        self,
        store: VectorStore,
        state: TargetState,
        wanted: Collection[str],
        identity: Identity,
        attached: Collection[str] = (),
    ) -> tuple[TargetState, frozenset[str]]:
        """The state with entries of ours that the first listing did not show, and the ids of all our entries.

        That listing may have been stale, and a run that was told to end may have gone on until now. `attached` are the
        Files that this run has attached. A listing that shows all of them is not older than they are, so it hides
        nothing older. Raises ApiUnavailable when no listing shows them.
        """
        entries = await self._listing_with(store, attached)
        ours = by_path(entries, identity, state.files)
        recorded = {entry.file_id for entry in self.recorded.files.values()} if self.recorded is not None else set()
        shown = frozenset(entry.file_id for entries in ours.values() for entry in entries)
        return with_hidden(state, ours, wanted, recorded), shown

    async def _listing_with(self, store: VectorStore, attached: Collection[str]) -> list[StoreEntry]:
        """A listing that shows all these Files. A File that somebody else has detached meanwhile need not be there."""

        async def look() -> tuple[list[StoreEntry], set[str]]:
            entries = await store.entries()
            unseen = set(attached) - {entry.file_id for entry in entries}
            return entries, {entry.file_id for entry in await entries_by_id(store, unseen)}

        def lacks(seen: tuple[list[StoreEntry], set[str]]) -> str | None:
            return what_is_unseen(store.id, len(seen[1])) if seen[1] else None

        entries, unseen = await until_whole(look, lacks, self.pause, self.note)
        if unseen:
            raise still_stale(store.id, len(unseen))
        return entries

    async def orphans(self, api: Api, state: TargetState, plan: Plan, answered: Collection[str]) -> Swept:
        """The state with Files under `pending_delete` that no answer named and that are ours; and all that may be."""
        documents = {entry.file_id for entry in state.files.values()}
        known = {*self.journal.uploaded, *state.pending_delete, *documents}
        now = api.traffic.date or 0
        suspects, warnings = await asyncio.to_thread(self._suspects, plan, known, answered, now)
        if not suspects.attempts and not suspects.doubtful:
            return Swept(state, (), warnings)
        search = Search(Files(api), Stores(api).list, lambda: api.traffic.date, self.others_open, self.pause)
        found = await look_for(suspects, search)
        if found.unasked:
            warnings.append(
                f"{found.unasked} Files have the name and size of a document and were made while a run was dying. To ask "
                "whether a store lists them takes too many requests, so they were not touched."
            )
        deleted = [item.file_id for item in found.orphans if item.verdict == "deleted"]
        warnings += orphan_warnings(found.orphans)
        return Swept(with_proven(state, deleted), found.orphans, warnings, Proofs(inferred=frozenset(deleted)))

    async def lookalikes(
        self, api: Api, store_id: str, swept: Swept, plan: Plan, listed: Collection[str], identity: Identity
    ) -> Swept:
        """The same, with the Files that may be left of earlier runs, where nothing records what these runs uploaded.

        `listed` are the Files that the run's own store lists: only for other Files it is asked, by their ids. Raises
        ApiUnavailable when it has entries of ours among them: then the listing that the run planned from hid them.
        """
        state, files = swept.state, Files(api)
        known = {*listed, *self.journal.uploaded, *state.pending_delete, *(orphan.file_id for orphan in swept.orphans)}
        known |= {entry.file_id for entry in state.files.values()}
        found = alike(await files.since(0), as_uploaded(state, plan, self.target.sent_as), known)
        found, hidden = await told_apart(found, Stores(api).open(store_id), identity)
        if hidden and not self.target.limits.force:
            raise hides_ours(store_id, hidden)
        left = await unattached(found, Stores(api).all_but(store_id), files, self.others_open)
        warnings = [*swept.warnings, *orphan_warnings(left.orphans), *unasked_warning(left.unasked)]
        return swept._replace(orphans=[*swept.orphans, *left.orphans], warnings=warnings)

    async def proven(
        self,
        api: Api,
        store: VectorStore,
        swept: Swept,
        known: Proofs,
        named: Collection[str],
        identity: Identity,
        stored: int,
    ) -> Swept:
        """The state with only those Files to delete that are proven to be ours; the others are named.

        `named` are ids that a record names, that prove nothing, and that the run has no use for.
        """
        state, proofs = swept.state, replace(known, inferred=known.inferred | swept.proofs.inferred)
        asked = await ask(proofs.unproven(state.pending_delete), store, Files(api), identity, stored=stored)
        proofs = replace(proofs, shown=proofs.shown | asked.shown)
        done = {*state.file_ids, *(orphan.file_id for orphan in swept.orphans)}
        unproven = [*asked.named, *await name(sorted(set(proofs.unproven(named)) - done), Files(api), NO_PROOF)]
        return Swept(
            without(state, proofs.unproven(state.pending_delete)),
            [*swept.orphans, *unproven],
            [*swept.warnings, *unproven_warnings(unproven)],
            proofs,
            asked.missing,
        )

    def _suspects(
        self, plan: Plan, known: Collection[str], answered: Collection[str], now: int
    ) -> tuple[Suspects, list[str]]:
        """Uploads that may have made a File nobody knows of: of this run, and of runs that died.

        A document that this run found missing in the store may have been missing for a dead run too, whatever the
        manifest records.
        """
        missing = {operation.path for operation in plan.of("upload", "replace")}
        state = self.recorded or EMPTY_STATE
        state = replace(state, files={path: entry for path, entry in state.files.items() if path not in missing})
        inherited = self.journal.inherited
        attempts, doubtful = list(self.journal.lost), list(self.journal.unsigned.attempts)
        for attempt in inherited.attempts:  # without an end: no seal tells any more when its run died
            (doubtful if attempt.until is None else attempts).append(attempt)
        warnings = []
        known_by_seal = [run for run in self.crashed if run.id not in inherited.runs]
        trusted = believed(known_by_seal, now)
        for run in known_by_seal:
            planned = planned_by(run, self.at, self.source, state, self.target, answered, certain=run in trusted)
            if planned is None:
                warnings.append(
                    f"The run {run.id} died. Its uploads cannot be looked for: its commit {(run.head or '')[:12]} cannot be "
                    "had here any more."
                )
            else:
                attempts += planned.attempts
                doubtful += planned.doubtful
                if run.clock_is_wrong:
                    warnings.append(
                        f"The run {run.id} died, and the clock of its machine was {in_words(run.clock)} "
                        f"{'behind' if run.clock > 0 else 'ahead of'} the API's clock. Files that it may have left are named, and "
                        "not deleted."
                    )
        return Suspects(attempts, doubtful, known), warnings
