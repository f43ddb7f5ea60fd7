"""A run that goes to work: its proposal and the open store."""

from __future__ import annotations

from dataclasses import dataclass

from vsync.documents.attributes import Identity
from vsync.recovery.sweep import Swept
from vsync.state.figures import Figures
from vsync.state.manifest import TargetState
from vsync.store.entries import StoreInfo
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.sync.attempts import Attempt
from vsync.sync.new_store import create_store
from vsync.sync.proposal import Proposal
from vsync.sync.publish import TargetPart
from vsync.sync.same_store import other_expiry, with_store


@dataclass(frozen=True, slots=True)
class Work:
    """A run that goes to work: its proposal, the open store, and the state that the work starts from.

    `info` is what the store showed before the work, and `figures` what is remembered of that; None: not known.
    """

    attempt: Attempt
    proposal: Proposal
    identity: Identity
    info: StoreInfo
    store: VectorStore
    state: TargetState
    part: TargetPart
    figures: Figures | None

    def is_signed(self, swept: Swept) -> bool:
        """Whether the manifest that this run publishes is signed."""
        return self.part.can_sign and swept.proofs.cover(swept.state)


async def open_store(attempt: Attempt, proposal: Proposal) -> Work:
    """Fixes the owner, and opens the store; creates the store where there is none."""
    lock, publication, stores = attempt.lock, attempt.ports.publication, Stores(attempt.api)
    lock.owner = publication.claim_owner(proposal.owner or lock.minted, sure=proposal.owner is not None)
    lock.wrote = True
    formerly = attempt.basis.recorded.formerly_in(proposal.located.info)
    identity = attempt.context.owned_by(lock.owner, attempt.target.name, formerly)
    info, figures = proposal.located.info, proposal.figures
    if info is None:
        publication.check()
        info = await create_store(attempt, stores, proposal.located.name, identity)
        figures = Figures(others=0)
    elif (days := other_expiry(attempt.target, proposal.state)) is not None and info.owner == lock.owner:
        publication.check()
        info = await stores.set_expiry(info.id, days)
    if lead := attempt.api.traffic.lead:
        publication.tell_clock(lead)  # before the first upload: the times in the seal are by this machine's clock
    store = stores.open(info.id, attempt.ports.rates, attempt.ports.journal, publication.check)
    state = with_store(proposal.state, attempt.target, info)
    part = TargetPart(publication, attempt.context, attempt.basis.recorded, secret=info.secret)
    return Work(attempt, proposal, identity, info, store, state, part, figures)
