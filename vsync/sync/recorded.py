"""What manifest and seal say of a target. Everything else in a run starts from this value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vsync.auth.api_address import EMBEDDED_API
from vsync.config.targets import Target
from vsync.plan.plan import Plan
from vsync.recovery.crashed_runs import run_key
from vsync.state.figures import Figures
from vsync.state.identity import SourceIdentity, check_manifest, trusted_names_before
from vsync.state.journal import Journal
from vsync.state.manifest import Manifest, TargetState, content_id
from vsync.state.manifest_parser import parse_manifest
from vsync.state.publication import Publication, Published
from vsync.state.run_order import is_late
from vsync.state.seal import Trust, trust, vouches
from vsync.state.signature import is_signed
from vsync.store.entries import StoreInfo
from vsync.sync.store_name import store_name

ParseManifest = Callable[[bytes, str], Manifest | None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Manifest and seal as they were read, and this target's part of the manifest.

    `journaled` says that a run died on this machine and left a journal. `formerly` are the names that this repository had
    before.
    """

    target: str
    published: Published
    manifest: Manifest | None
    state: TargetState | None
    trust: Trust
    journaled: bool = False
    formerly: tuple[str, ...] = ()

    @property
    def owner(self) -> str | None:
        """The owner that the manifest names, else the seal of a first run that did not finish."""
        if self.manifest is not None:
            return self.manifest.owner
        return self.published.seal.owner if self.published.seal else None

    @property
    def content(self) -> str | None:
        """What identifies this target's part of the manifest."""
        return None if self.manifest is None else content_id(self.manifest, self.target)

    @property
    def is_current(self) -> bool:
        """Whether the seal vouches for the manifest, or at least for this target's part of it."""
        seal = self.published.seal
        return seal is not None and vouches(seal, self.published.blob, self.content)

    @property
    def knows_uploads(self) -> bool:
        """Whether manifest and seal tell what earlier runs have uploaded. A manifest without a seal tells only one run's."""
        return self.state is not None and self.trust != "unsealed"

    def signed_ids(self, store: StoreInfo | None) -> frozenset[str]:
        """The ids that this target's part of the manifest names, if the store has signed it. Then they are ours.

        A manifest proves nothing by itself, nor does the seal: whoever may push can write both.
        """
        if self.manifest is None or not self.is_signed_by(store):
            return frozenset()
        return self.manifest.targets[self.target].file_ids

    def is_signed_by(self, store: StoreInfo | None) -> bool:
        secret = store.secret if store is not None else None
        return is_signed(self.manifest, self.target, secret, self.formerly)

    def formerly_in(self, store: StoreInfo | None) -> tuple[str, ...]:
        """The earlier names that entries of this store may show.

        Whoever may push can write any name there. So a store that can sign a manifest must have signed this one.
        """
        return () if self.lacks_signature_of(store) else self.formerly

    def lacks_signature_of(self, store: StoreInfo | None) -> bool:
        """Whether the store could have signed the manifest, and has not: an older vsync wrote it, or a forger."""
        return store is not None and store.secret is not None and not self.is_signed_by(store)

    def vouched_by(self, store: StoreInfo | None) -> bool:
        """Whether this target's part of the manifest is the last published one, and the store has signed it."""
        return self.is_current and self.is_signed_by(store)

    def shared_store(self, name: str | None) -> str | None:
        """The id of the store of that name that the manifest records for another target. None: it records none, or several."""
        targets = self.manifest.targets if self.manifest is not None and name is not None else {}
        ids = {state.vector_store_id for other, state in targets.items()
               if other != self.target and state.vector_store_name == name}  # fmt: skip
        return ids.pop() if len(ids) == 1 else None

    def store_of(self, target: Target) -> str | None:
        """The id of the target's store, as far as it is known before the API is asked."""
        if self.state is not None:
            return self.state.vector_store_id
        return target.vector_store_id or self.shared_store(store_name(target))

    @property
    def figures(self) -> Figures | None:
        """What the store showed after the last run. None where that is not known, or the run did not finish."""
        seal = self.published.seal
        return seal.figures if seal is not None and self.trust == "sealed" else None

    def must_list(self, plan: Plan) -> bool:
        """Whether only the store itself can say what is in it.

        A manifest without a seal (a fresh clone has none) may be older than the store. It is believed as long as there
        is nothing to do.
        """
        if self.trust == "unsealed" and self.state is not None and self.state.api == EMBEDDED_API:
            return True  # manifest and seal stand beside the store's file: a manifest without a seal may be of another file
        return self.trust == "doubtful" or self.journaled or (self.trust == "unsealed" and not plan.is_empty)


def read_recorded(
    publication: Publication,
    source: SourceIdentity,
    target: str,
    *,
    journal: Journal | None = None,
    published: Published | None = None,
    parse: ParseManifest = parse_manifest,
) -> Recorded:
    """Reads manifest and seal, or takes what was read already.

    `parse` reads the manifest's bytes. Raises ManifestError when the manifest is damaged or of another source.
    """
    published = published or publication.read()
    manifest = None if published.manifest is None else parse(published.manifest, publication.title)
    if manifest is not None:
        manifest = check_manifest(manifest, publication.title, source)
    state = manifest.targets.get(target) if manifest else None
    trusted = trust(published.blob, published.seal, content_id(manifest, target) if manifest else None)
    if state is not None and trusted == "sealed":
        state = replace(state, pending_delete=())  # the seal was closed after the deletes: these Files are gone
    seal = published.seal
    closed_by = run_key(seal.run, seal.since) if seal is not None and trusted == "sealed" else None
    journaled = journal is not None and journal.waits(closed_by)
    return Recorded(target, published, manifest, state, trusted, journaled, trusted_names_before(manifest, source))


def is_superseded(recorded: Recorded, run_id: str | None, head: str | None) -> bool:
    """Whether a newer run than this one has synced already, or has found nothing to do.

    `head` is the head that a person named: such an order is always obeyed.
    """
    seal = recorded.published.seal
    ended = [recorded.state.run.get("id")] if recorded.state else []
    if seal is not None:
        ended += [seal.ended, seal.run if seal.state == "closed" else None]
    return any(is_late(run, run_id, head) for run in ended)
