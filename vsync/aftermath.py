"""What a run looks for before it publishes: entries that a listing kept from it, and what lost answers left."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from .api import Api
from .dead import DeadRun, bounded, planned_by
from .documents import Identity
from .files import Files
from .journal import Attempt
from .leftovers import look_for
from .manifest import TargetState
from .planning import EMPTY_STATE, Plan
from .recovery import by_path, with_hidden, with_proven
from .reporting import Leftover
from .store import Stores, VectorStore
from .sync import Job


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is known of a run that has uploaded. `recorded` is what the manifest says, `dead` are the runs that died before.

    `wanted` are the paths of the source's documents where the store was listed, else None.
    """

    job: Job
    identity: Identity
    recorded: TargetState | None
    dead: Sequence[DeadRun]
    wanted: Collection[str] | None

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
    ) -> tuple[TargetState, Sequence[Leftover]]:
        """The state with Files under `pending_delete` that no answer named and that are ours; and all that may be."""
        job = self.job
        attempts = await asyncio.to_thread(self._unanswered, plan)
        if not attempts:
            return state, ()
        documents = {entry.file_id for entry in state.files.values()}
        found = await look_for(
            attempts,
            {*job.journal.uploaded, *state.pending_delete, *documents},
            Files(api),
            stores.ids,
            lambda: api.traffic.date,
            job.publication.others_open,
            job.stop.pause,
        )
        return with_proven(state, [item.file_id for item in found if item.verdict == "deleted"]), found

    def _unanswered(self, plan: Plan) -> list[Attempt]:
        """Uploads that may have made a File nobody knows of: of this run, and of dead ones.

        What this run found missing in the store, a dead one may have found missing too, whatever the manifest records.
        """
        job, journal = self.job, self.job.journal
        missing = {operation.path for operation in plan.of("upload", "replace")}
        state = self.recorded or EMPTY_STATE
        state = replace(state, files={path: entry for path, entry in state.files.items() if path not in missing})
        dead = [run for run in self.dead if run.id not in journal.inherited.runs]
        planned = [attempt for run in dead for attempt in planned_by(run, job.at, job.source, state, job.brief)]
        inherited = bounded(journal.inherited.attempts, journal.inherited.runs, self.dead)
        return [*journal.lost, *inherited, *planned]
