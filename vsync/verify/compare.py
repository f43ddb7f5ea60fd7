"""Compares what is recorded with what the store lists. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from vsync.config.targets import Target
from vsync.errors import ManifestError, SealHeld, StoreGone
from vsync.plan.comparison import Comparison
from vsync.recovery.lookalikes import Lookalikes, alike, as_uploaded, told_apart, unasked_warning, unattached
from vsync.recovery.orphans import orphan_warnings
from vsync.report.documents import FailedItem
from vsync.report.report import Report
from vsync.report.verification import Drift, Taken, Verification
from vsync.state.manifest import EMPTY_STATE, TargetState
from vsync.store.client import Api
from vsync.store.entries import StoreEntry, StoreInfo, belongs
from vsync.store.files import Files
from vsync.store.inventory import take_inventory
from vsync.store.session import ask
from vsync.store.stores import Stores
from vsync.sync.api_clock import api_ahead
from vsync.sync.context import RunContext
from vsync.sync.locate import locate_to_read
from vsync.sync.ports import Ports
from vsync.sync.read_target import read_target
from vsync.sync.recorded import Recorded
from vsync.sync.same_store import check_live_name, expiry_warnings
from vsync.sync.store_facts import with_store_facts
from vsync.system.clocks import clock_warnings
from vsync.verify.drift import Found, compare
from vsync.verify.reports import with_warnings
from vsync.verify.takeover import chosen

_MAX_LOOKS = 3
_COMPARED = Comparison("full", "the manifest with what the store lists")


def compare_store(target: Target, ports: Ports, context: RunContext, take_over: tuple[str, ...]) -> Report:
    """The report of the comparison. Compares once more when a run begins or ends meanwhile.

    `take_over` are patterns: the report lists the entries of others that match.
    """
    publication = ports.publication
    for looks_left in reversed(range(_MAX_LOOKS)):
        recorded = read_when_quiet(target, ports, context)
        if recorded.state is None and not take_over:
            raise _no_manifest(recorded, publication.title, context.unread_manifest)
        report = _report(target, ports, context, take_over, recorded, _compared(target, ports, context, recorded))
        report = with_warnings(report, _other_settings(recorded, target))
        if publication.read() == recorded.published:
            return report
        if looks_left == 0:
            warning = "Runs began or ended while the store was compared: some of the drift may be their work."
            return with_warnings(report, (warning,))
        context.observer.note(f"{publication.title} was changed meanwhile: comparing again.")
    raise AssertionError("the last look returns")


def read_when_quiet(target: Target, ports: Ports, context: RunContext) -> Recorded:
    """What is recorded while no run is at work. Raises SealHeld when a run does not end in time."""
    timeout_s, pause = context.settings.lock_timeout, context.stop.pause_thread
    try:
        published = ports.publication.wait(timeout_s, context.observer.note, pause, api_ahead(ports, context))
    except SealHeld as held:
        why = "Verify cannot tell the work of that run from drift."
        raise SealHeld(held.message, f"{why} {held.remedy}") from held
    return read_target(ports.publication, context.identity, target, published=published, options=context.state_options)


def _other_settings(recorded: Recorded, target: Target) -> tuple[str, ...]:
    """A warning when a repair would not only repair. A partial run records no settings."""
    state = recorded.state
    if state is None or state.settings in {"", target.fingerprint}:
        return ()
    return (
        "The settings of this command are not those of the last sync (for example root, include, exclude or attributes). "
        "With them, --repair also makes the changes that `vsync plan` shows: it uploads and removes documents. Give the "
        "settings of the last sync to repair only what differs.",
    )


def _no_manifest(recorded: Recorded, title: str, unread: str | None) -> ManifestError:
    if unread is not None:
        return ManifestError(
            f"The manifest {title} does not exist here, but the remote origin has one, on its branch {unread}.",
            "Give --push, and vsync verify reads manifest and seal from the remote.",
        )
    what = "holds nothing of the target" if recorded.manifest else "does not exist, so nothing is known of the target"
    return ManifestError(
        f"The manifest {title} {what} {recorded.target!r}.",
        "If vsync has put documents into its vector store already, make the manifest from them: vsync verify --rebuild. If not, "
        "run vsync sync; for a store that another tool has filled see vsync verify --take-over.",
    )


class _Compared(NamedTuple):
    """What differs, and the requests that it took. `info` is None when the store is gone.

    `ahead` is by how many seconds the API's clock is ahead of this machine's, where they are minutes apart; else 0.
    """

    store_id: str | None
    info: StoreInfo | None
    found: Found
    requests: Mapping[str, int]
    ahead: int
    left: Lookalikes = Lookalikes()


def _compared(target: Target, ports: Ports, context: RunContext, recorded: Recorded) -> _Compared:
    state = recorded.state or EMPTY_STATE

    async def asked(api: Api) -> _Compared:
        stores = Stores(api)
        store_id: str | None = None
        try:
            store_id = await locate_to_read(stores, target, recorded.state)
            info = await stores.get(store_id)
            check_live_name(recorded.state, target, info, ports.publication.title)
            vouched = recorded.vouched_by(info)
            identity = context.owned_by(recorded.owner or "", target.name, recorded.formerly_in(info))
            named = state.file_ids if vouched else frozenset[str]()
            store = stores.open(store_id, ports.rates)
            settle_s = min(5.0, context.settings.index_timeout)

            def ours(entry: StoreEntry) -> bool:
                return belongs(entry, identity) or entry.file_id in named

            inventory = await take_inventory(
                Files(api),
                store,
                ours,
                context.stop.pause,
                named={entry.file_id for entry in state.files.values()},
                settle_s=settle_s,
            )
        except StoreGone as error:
            if recorded.state is None:
                raise
            gone = Found((Drift("expired", None, None, error.message),))
            return _Compared(store_id, None, gone, dict(api.traffic.requests), api.traffic.ahead)
        left = [(id_, inventory.filenames[id_]) for id_ in ports.journal.left() if id_ in inventory.filenames]
        found = compare(state, identity, inventory, vouched=vouched, target=target, left=left)
        known = {*state.file_ids, *ports.journal.left(), *(entry.file_id for entry in inventory.entries)}
        looking_alike = alike(inventory.files, as_uploaded(state, sent_as=target.sent_as), known)
        looking_alike, _ = await told_apart(looking_alike, store, identity)
        unlisted = await unattached(looking_alike, stores.all_but(store_id), Files(api), ports.publication.others_open)
        return _Compared(store_id, info, found, dict(api.traffic.requests), api.traffic.ahead, unlisted)

    return ask(ports.connection(), asked, context.stop)


def _report(
    target: Target,
    ports: Ports,
    context: RunContext,
    take_over: tuple[str, ...],
    recorded: Recorded,
    compared: _Compared,
) -> Report:
    state, found = recorded.state, compared.found
    warnings = [*context.warnings, *clock_warnings(compared.ahead)]
    if state is not None and recorded.trust == "doubtful":
        warnings.append(f"{recorded.published.doubt}: the next sync lists the store and mends what it finds.")
    if compared.info is not None and target.expires_after_days is None:  # else it is meant so
        warnings += expiry_warnings(compared.info.id, compared.info.expires_after_days)
    warnings += orphan_warnings(compared.left.orphans) + unasked_warning(compared.left.unasked)
    taken, kept_back = _chosen(take_over, recorded, found)
    report = Report(
        target=target.name,
        comparison=_COMPARED,
        source=context.identity.name,
        base=state.commit if state else None,
        head=state.commit if state else None,
        warnings=tuple(warnings),
        requests=compared.requests,
        manifest=ports.publication.name,
        body=Verification(
            drift=found.drift,
            foreign=found.foreign,
            sound=found.sound,
            refused_before=tuple(_refused_for_good(state)) if state else (),
            compared=state is not None,
            take_over=take_over,
            taken=taken,
            kept_back=kept_back,
            orphans=tuple(compared.left.orphans),
        ),
    )
    report = with_store_facts(report, target, state)
    name = compared.info.name if compared.info is not None else report.vector_store_name
    return replace(report, vector_store_id=compared.store_id, vector_store_name=name)


def _refused_for_good(state: TargetState) -> Iterator[FailedItem]:
    for path, failure in state.failed.items():
        what = "; an older version stays in the store" if path in state.files else ", and so not in the store"
        message = f"refused for good{what}: fix the file or exclude it"
        if failure.tries:
            message = f"the server failed to index it {failure.tries} times{what}: fix it, exclude it, or try it with --reindex PATH"
        yield FailedItem(path=path, code=failure.code, message=message)


def _chosen(take_over: tuple[str, ...], recorded: Recorded, found: Found) -> tuple[tuple[Taken, ...], int]:
    targets = recorded.manifest.targets.values() if recorded.manifest else ()
    named = {entry.file_id for state in targets for entry in state.files.values()}
    entries, kept_back = chosen(found.foreign, take_over, named)
    return tuple(Taken(entry, "listed") for entry in entries), kept_back
