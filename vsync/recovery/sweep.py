"""What a run looks for before it publishes: entries that a listing kept from it, and what lost answers left."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from vsync.documents.attributes import Identity
from vsync.plan.plan import EMPTY_STATE, Plan
from vsync.recovery.adopt import by_path, with_hidden, with_proven
from vsync.recovery.crashed_runs import DeadRun, bounded, planned_by
from vsync.recovery.orphans import Search, Suspects, look_for, orphan_warnings
from vsync.report.report import Leftover
from vsync.state.journal import Attempt
from vsync.state.manifest import TargetState
from vsync.store.client import Api
from vsync.store.files import Files
from vsync.store.vector_store import Stores, VectorStore
from vsync.sync.run import Job


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is known of a run that has uploaded. `recorded` is what the manifest says, `dead` are the runs that died before.

    `wanted` are the paths of the source's documents where the store was listed, else None; `answered` those of which the store
    listed entries that the manifest does not name.
    """

    job: Job
    identity: Identity
    recorded: TargetState | None
    dead: Sequence[DeadRun]
    wanted: Collection[str] | None
    answered: Collection[str] = ()

    async def with_hidden(self, store: VectorStore, state: TargetState) -> TargetState:
        """The state with entries of ours that the first listing did not show.

        It may have been stale, and a run that was told to end may have gone on until now.
        """
        if self.wanted is None:
            return state
        ours = by_path(await store.entries(), self.identity, state.files)
        recorded = {entry.file_id for entry in self.recorded.files.values()} if self.recorded is not None else set()
        return with_hidden(state, ours, self.wanted, recorded)

    async def with_leftovers(
        self, api: Api, stores: Stores, state: TargetState, plan: Plan
    ) -> tuple[TargetState, Sequence[Leftover], Sequence[str]]:
        """The state with Files under `pending_delete` that no answer named and that are ours; all that may be; and warnings."""
        job = self.job
        documents = {entry.file_id for entry in state.files.values()}
        known = {*job.journal.uploaded, *state.pending_delete, *documents}
        suspects, warnings = await asyncio.to_thread(self._suspects, plan, known)
        if not suspects.attempts and not suspects.doubtful:
            return state, (), warnings
        date, others_open = lambda: api.traffic.date, job.publication.others_open
        found = await look_for(suspects, Search(Files(api), stores.ids, date, others_open, job.stop.pause))
        if found.unasked:
            warnings.append(
                f"{found.unasked} Files of the names and sizes of documents were made while a run was dying; whether some store "
                "lists them was not asked, because that takes too many requests. They are not touched."
            )
        deleted = [item.file_id for item in found.orphans if item.verdict == "deleted"]
        return with_proven(state, deleted), found.orphans, [*warnings, *orphan_warnings(found.orphans)]

    def _suspects(self, plan: Plan, known: Collection[str]) -> tuple[Suspects, list[str]]:
        """Uploads that may have made a File nobody knows of: of this run, and of dead ones.

        What this run found missing in the store, a dead one may have found missing too, whatever the manifest records.
        """
        job, journal = self.job, self.job.journal
        missing = {operation.path for operation in plan.of("upload", "replace")}
        state = self.recorded or EMPTY_STATE
        state = replace(state, files={path: entry for path, entry in state.files.items() if path not in missing})
        attempts = [*journal.lost, *bounded(journal.inherited.attempts, journal.inherited.runs, self.dead)]
        doubtful: list[Attempt] = []
        warnings = []
        for run in self.dead:
            if run.id in journal.inherited.runs:
                continue
            planned = planned_by(run, job.at, job.source, state, job.brief, self.answered)
            if planned is None:
                warnings.append(
                    f"The run {run.id} died, and what it uploaded cannot be looked for: its commit {(run.head or '')[:12]} is not "
                    "to be had here any more."
                )
            else:
                attempts += planned.attempts
                doubtful += planned.doubtful
        return Suspects(attempts, doubtful, known), warnings
