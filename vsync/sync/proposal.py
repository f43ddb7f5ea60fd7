"""What is to be done, and all that this is worked out from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from vsync.config.targets import Target
from vsync.documents.attributes import Identity
from vsync.plan.plan import Plan
from vsync.recovery.sweep import Listed
from vsync.report.report import Report
from vsync.state.figures import Figures
from vsync.state.manifest import EMPTY_STATE, TargetState
from vsync.store.client import Api
from vsync.store.entries import StoreEntry
from vsync.store.stores import Stores
from vsync.sync.basis import Basis
from vsync.sync.context import RunContext
from vsync.sync.locate import Located
from vsync.sync.ports import Ports
from vsync.sync.same_store import check_live_name


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be done, where, and from which state.

    | field | meaning |
    | --- | --- |
    | `owner` | the owner of the documents as far as manifest, seal and store tell |
    | `checked` | the limits were applied to this very plan already |
    | `listed` | what the listing of the store told; None: the store was not listed |
    | `recorded_ids` | ids that are ours because the store has signed the manifest |
    | `known` | those of them that are ours for a retag as well, whatever their entries say |
    | `figures` | what the next run compares the store with; None: not known |
    | `stale` | why the listing is stale, although the run has waited for a newer one; None: it is not |
    """

    located: Located
    owner: str | None
    state: TargetState
    plan: Plan
    report: Report
    checked: bool = False
    listed: Listed | None = None
    recorded_ids: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    figures: Figures | None = None
    stale: str | None = None

    @property
    def needs_no_store(self) -> bool:
        """Whether there is neither a store nor anything to put into one."""
        return self.located.info is None and self.plan.is_empty


@dataclass(frozen=True, slots=True)
class Asking:
    """All that a proposal is made from.

    `owner` is the owner of the documents as far as it is known. `minted` is the one that a first sync would take.
    """

    api: Api
    target: Target
    ports: Ports
    context: RunContext
    basis: Basis
    owner: str | None
    minted: str

    @property
    def stores(self) -> Stores:
        return Stores(self.api)


Propose = Callable[[Asking], Awaitable[Proposal]]
Read = Callable[[Sequence[StoreEntry], Identity], Awaitable[Sequence[StoreEntry]]]
"""How a listing is read before the run plans from it."""


def as_recorded(asking: Asking, located: Located) -> Proposal:
    """The proposal where nothing but the manifest is asked. Raises ManifestError when the store has not the given name."""
    basis = asking.basis
    if located.info is not None and located.lost is None:
        check_live_name(basis.recorded.state, asking.target, located.info, asking.ports.publication.title)
    state = basis.recorded.state or EMPTY_STATE
    return Proposal(
        located,
        located.owner,
        state,
        basis.scan.plan,
        basis.report,
        checked=basis.is_final,
        recorded_ids=basis.recorded.signed_ids(located.info),
    )
