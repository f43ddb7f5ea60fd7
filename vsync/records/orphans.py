"""The end of a stream: Files that uploads without an answer may have left are looked for."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.documents.attributes import Identity
from vsync.records.apply import Applier
from vsync.records.open_stream import ended_attempts
from vsync.recovery.orphans import Search, Suspects, look_for, orphan_warnings
from vsync.recovery.proof import Proofs
from vsync.report.body import Orphan
from vsync.state.journal import Journal
from vsync.store.entries import METADATA_SOURCE, METADATA_TARGET, StoreInfo
from vsync.store.files import Files
from vsync.store.stores import Stores
from vsync.system.retry import Sleep


def _may_be_others(stores: Sequence[StoreInfo], store_id: str, identity: Identity) -> bool:
    """Whether somebody else may be at work in this project: a File with the name of a key may then be of their rows.

    That is so when vsync made a store for another source or target, and when this stream's own store was not made for it.
    """
    mine = (identity.source, identity.target)
    made = {info.id: (info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)) for info in stores}
    return made.get(store_id) != mine or any(None not in one and one != mine for one in made.values())


async def remove_orphans(applier: Applier, journal: Journal, pause: Sleep) -> tuple[Sequence[Orphan], list[str]]:
    """Deletes the Files that the rule of docs/reliability.md proves to be ours; names the others. And warnings."""
    now = applier.api.traffic.date or 0
    inherited = journal.inherited.attempts
    attempts = [*journal.lost, *ended_attempts(inherited, now)]
    doubtful = list(journal.unsigned.attempts)
    if not attempts and not doubtful:
        return (), []
    known = {*journal.uploaded, *journal.inherited.uploaded}
    stores = await Stores(applier.api).list()
    others = _may_be_others(stores, applier.store.id, applier.identity)
    search = Search(
        Files(applier.api),
        Stores(applier.api).list,
        lambda: applier.api.traffic.date,
        lambda: others,
        pause,
        "others may be at work in this project, and it may be an upload of theirs that is not in a store yet",
    )
    found = await look_for(Suspects(attempts, doubtful, known), search)
    documents = applier.index.named([orphan.file_id for orphan in found.orphans])
    orphans = [orphan for orphan in found.orphans if orphan.file_id not in documents]
    inferred = frozenset(orphan.file_id for orphan in orphans if orphan.verdict == "deleted")
    applier.index.record([], inferred)
    removed = await applier.remove(sorted(inferred), Proofs(inferred=inferred))
    warnings = orphan_warnings(orphans)
    if removed.cause is not None:
        raise removed.cause
    return orphans, warnings
