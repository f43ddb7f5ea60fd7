"""What this run may delete: the Files that are proven to be ours. Every delete of a sync or a repair passes here.

A file id that merely stands in a manifest, a seal or a journal proves nothing, because whoever may push, or may write into
the clone, can put any id there. `Proofs` is what this run knows, and is pure. `ask` asks for the entries of the ids that
nothing proves. A File that stays unproven is named once, and not deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NewType

from vsync.documents.attributes import Identity
from vsync.report.body import Orphan
from vsync.state.manifest import TargetState
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreEntry, UploadedFile, belongs
from vsync.store.files import Files
from vsync.store.pages import PAGE
from vsync.store.polling import ask_for_each
from vsync.store.vector_store import VectorStore

_MOST_QUESTIONS = 50
"""How many Files are asked for by their ids. More of them are looked for in a listing of all Files."""

_AT_ONCE = 8

ProvenId = NewType("ProvenId", str)
"""The id of a File that is proven to be ours. `transfer.remove` takes no other."""

OTHERS = "its entry in the store does not show the owner, the target and the source of this repository"
NO_ENTRY = "the manifest names it, and the store has no such entry"
NO_PROOF = "a manifest or a journal names it, and the store lists no entry of this repository for it"


@dataclass(frozen=True, slots=True)
class Proofs:
    """The ids of Files that are ours.

    | field | proven by |
    | --- | --- |
    | `made` | an answer to an upload of this run |
    | `shown` | an entry that this run was shown, with our owner, target and source |
    | `recorded` | a manifest that the store has signed, or a journal that this user's key has signed |
    | `inferred` | the rule of docs/reliability.md |
    """

    made: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()
    inferred: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        return self.made | self.shown | self.recorded | self.inferred

    def proven(self, file_ids: Iterable[str]) -> list[ProvenId]:
        """Those of the ids that may be deleted. Nothing else makes a `ProvenId`."""
        ours = self.ids
        return [ProvenId(file_id) for file_id in file_ids if file_id in ours]

    def unproven(self, file_ids: Iterable[str]) -> list[str]:
        ours = self.ids
        return [file_id for file_id in file_ids if file_id not in ours]

    def cover(self, state: TargetState) -> bool:
        """Whether every File that the state names is ours. Only such a state may be signed."""
        return state.file_ids <= self.ids


def without(state: TargetState, unproven: Iterable[str]) -> TargetState:
    """The state in which these Files are not to be deleted. Pure."""
    kept = set(unproven)
    return replace(state, pending_delete=tuple(file_id for file_id in state.pending_delete if file_id not in kept))


# --- Asking -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What the store says of ids: `shown` are ours by their entries, `missing` have no entry, `named` are Files that stay."""

    shown: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    named: Sequence[Orphan] = ()


@dataclass(slots=True)
class _Answers:
    identity: Identity
    shown: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    without_entry: set[str] = field(default_factory=set)

    def add(self, file_id: str, entry: StoreEntry | None) -> None:
        if entry is None:
            self.without_entry.add(file_id)
        else:
            (self.shown if belongs(entry, self.identity) else self.others).add(file_id)

    @property
    def ids(self) -> set[str]:
        return self.shown | self.others | self.without_entry


async def ask(file_ids: Collection[str], store: VectorStore, files: Files, identity: Identity, *, stored: int) -> Asked:
    """Asks whose the entries of these ids are, with one request for each, or by a listing where that takes fewer requests.

    `stored` is how many entries the store counts. The Files whose entries do not show it are looked up, to name them.
    """
    if not file_ids:
        return Asked()
    answers = _Answers(identity)
    if stored // PAGE + 1 < len(file_ids):
        await _listed(file_ids, store, answers)
    await ask_for_each(store, sorted(set(file_ids) - answers.ids), answers.add)
    if unanswered := set(file_ids) - answers.ids:  # some servers have no question for one entry
        await _listed(unanswered, store, answers)
        answers.without_entry |= unanswered - answers.ids
    named = [
        *await name(sorted(answers.others), files, OTHERS),
        *await name(sorted(answers.without_entry), files, NO_ENTRY),
    ]
    return Asked(frozenset(answers.shown), frozenset(answers.without_entry), named)


async def _listed(file_ids: Collection[str], store: VectorStore, answers: _Answers) -> None:
    wanted = set(file_ids)
    for entry in await store.entries():
        if entry.file_id in wanted:
            answers.add(entry.file_id, entry)


async def name(file_ids: Sequence[str], files: Files, why: str) -> list[Orphan]:
    """Those of the Files that there are, to be named for that reason."""
    found: dict[str, UploadedFile] = {}
    if len(file_ids) > _MOST_QUESTIONS:
        found = {file.id: file for file in await files.since(0)}
    else:
        slots = asyncio.Semaphore(_AT_ONCE)

        async def look(file_id: str) -> None:
            async with slots:
                try:
                    file = await files.find(file_id)
                except Refused:
                    file = UploadedFile(file_id, "its name could not be asked", 0, "", 0)
            if file is not None:
                found[file_id] = file

        await asyncio.gather(*map(look, file_ids))
    there = [found[file_id] for file_id in file_ids if file_id in found]
    return [Orphan(file.id, file.filename, file.bytes, "listed", why) for file in there]
