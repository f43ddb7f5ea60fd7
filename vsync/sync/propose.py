"""What a sync is to do: from the manifest, or from a listing where the store shows otherwise than the last run left it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vsync.documents.attributes import Identity
from vsync.report.of_plan import append_warnings
from vsync.store.entries import StoreEntry, StoreInfo, belongs
from vsync.sync.another_store import into_another_store
from vsync.sync.from_store import as_listed, from_store, with_journaled
from vsync.sync.locate import Located, locate, locate_replacement
from vsync.sync.proposal import Asking, Proposal, Read, as_recorded
from vsync.sync.store_changes import changed_since, nothing_of_ours
from vsync.sync.store_figures import Documents, Sign, documents_in, signs, with_listing, without_listing


async def propose(asking: Asking) -> Proposal:
    """The proposal of a sync."""
    recorded, find = asking.basis.recorded, locate_replacement if _expires(asking) else locate
    shared = recorded.shared_store(asking.target.vector_store_name)
    located = await find(asking.stores, asking.target, asking.context.identity, recorded.state, asking.owner, shared)
    if located.lost is not None:
        asking.context.observer.note(f"{located.lost} Its store expires, so everything goes into a new store.")
        return await _renewed(asking, located, located.lost)
    proposal, info = as_recorded(asking, located), located.info
    if info is None:
        return await with_journaled(asking, proposal)
    # Without a manifest even a store that counts no Files is listed: its count may be stale.
    if asking.basis.must_list or recorded.state is None or _is_unsigned(asking, info):
        return await from_listing(asking, proposal, info)
    documents = documents_recorded(asking, info.id, len(recorded.state.files))
    found = signs(recorded.figures, info, documents)
    if found:
        return _told(asking, proposal, await from_listing(asking, proposal, info, found=found), info, found)
    return replace(proposal, figures=without_listing(recorded.figures, info, documents))


def _expires(asking: Asking) -> bool:
    """Whether the config has the target's store expire. Then a store that is gone is made again."""
    target = asking.target
    return target.expires_after_days is not None and target.vector_store_id is None


async def _renewed(asking: Asking, located: Located, lost: str) -> Proposal:
    """The proposal where the store has expired: a new one, or one that an earlier run made for that before it died."""
    proposal = into_another_store(asking, located, lost)
    if located.info is None:
        return await with_journaled(asking, proposal)
    return await from_listing(asking, proposal, located.info)


def _is_unsigned(asking: Asking, info: StoreInfo) -> bool:
    """Whether the store could have signed the manifest, and has not."""
    unsigned = asking.basis.recorded.lacks_signature_of(info)
    if unsigned:
        asking.context.observer.note(
            f"{asking.ports.publication.title} is not signed by its vector store: an older vsync wrote it, or somebody else. So "
            "the store is listed, and what it does not prove is not deleted."
        )
    return unsigned


async def from_listing(
    asking: Asking, proposal: Proposal, info: StoreInfo, read: Read = as_listed, *, found: Sequence[Sign] = ()
) -> Proposal:
    """`from_store`, with the figures that the next run compares with.

    `found` are the figures that differ from what the last run left, where the store is listed because of them.
    """
    listed = _Counting(read)
    new = await from_store(asking, proposal, info, listed.read)
    return replace(
        new,
        figures=with_listing(
            asking.basis.recorded.figures,
            found,
            info,
            documents_recorded(asking, info.id, listed.ours),
            listed.entries,
            as_recorded=_same_documents(proposal, new),
        ),
    )


def documents_recorded(asking: Asking, store_id: str, own: int) -> Documents:
    """The documents that this manifest has in the store. `own` is the number of this target's."""
    return documents_in(asking.basis.recorded.manifest, asking.target.name, store_id, own)


def _told(asking: Asking, proposal: Proposal, new: Proposal, info: StoreInfo, found: Sequence[Sign]) -> Proposal:
    """The proposal with what the listing means. `proposal` is the one before the listing."""
    if _same_documents(proposal, new):
        asking.context.observer.note(nothing_of_ours(info.id, found))
        return replace(new, checked=proposal.checked and new.plan == proposal.plan)
    reason = "the store was listed: somebody else changed it since the last run"
    report = replace(new.report, comparison=replace(new.report.comparison, reason=reason))
    return replace(new, report=append_warnings(report, [changed_since(info.id, proposal.state, new.state)]))


def _same_documents(one: Proposal, other: Proposal) -> bool:
    """Whether both start from the same documents in the store, with the same Files to be deleted."""
    same_files = one.state.files == other.state.files
    return same_files and set(one.state.pending_delete) == set(other.state.pending_delete)


class _Counting:
    """Counts the entries of a listing, and those of this target among them, before `read` reads it."""

    def __init__(self, read: Read) -> None:
        self.entries = self.ours = 0
        self._read = read

    async def read(self, entries: Sequence[StoreEntry], identity: Identity) -> Sequence[StoreEntry]:
        self.entries, self.ours = len(entries), sum(belongs(entry, identity) for entry in entries)
        return await self._read(entries, identity)
