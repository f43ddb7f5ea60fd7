"""One run of `vsync verify`: compares manifest and store, and as far as it is asked to, mends what differs.

Without an order to mend it only reads: no seal is taken, and nothing is written anywhere. A repair is a sync that
believes nothing but the store; then it is compared once more, and what is left is what the run ends with.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from vsync.documents.attributes import Identity
from vsync.errors import (
    ApiUnavailable,
    ConfigurationError,
    ManifestError,
    SealHeld,
    StoreConflict,
    StoreGone,
    VsyncError,
)
from vsync.plan.comparison import Comparison
from vsync.plan.plan import EMPTY_STATE
from vsync.report.report import FailedItem, Report, stock
from vsync.report.verification import Drift, Taken, Verification
from vsync.state.manifest import Manifest, TargetState, content_id, salvage_manifest
from vsync.state.publication import Published
from vsync.state.seal import Trust, vouches
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreEntry, belongs
from vsync.store.files import Files
from vsync.store.inventory import take_inventory
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.sync.run import Job, look, no_key, recorded, superseded
from vsync.sync.run import run as sync
from vsync.verify.drift import Found, compare
from vsync.verify.takeover import chosen, spared, take

if TYPE_CHECKING:
    from vsync.store.client import Api

T = TypeVar("T")

_MAX_LOOKS = 3
_LOOK_EVERY_S = 2.0
_COMPARED = Comparison("full", "the manifest with what the store lists")


@dataclass(frozen=True, slots=True)
class Wish:
    """What verify is to do beside comparing. `take_over` are gitignore patterns; without `yes` they only choose."""

    repair: bool = False
    rebuild: bool = False
    take_over: tuple[str, ...] = ()
    yes: bool = False

    @property
    def writes(self) -> bool:
        return self.repair or self.rebuild or bool(self.take_over and self.yes)


def run(job: Job, wish: Wish) -> Report:
    """Compares, and mends what the wish says. Raises VsyncError when it could not come to a report."""
    started = time.monotonic()
    _check(job, wish)
    report = _run(job, wish)
    return replace(report, duration_s=time.monotonic() - started)


def _check(job: Job, wish: Wish) -> None:
    if wish.yes and not wish.take_over:
        raise ConfigurationError("There is nothing that --yes would be the answer to.", "Give it with --take-over.")
    if not job.keep_manifest:
        raise ConfigurationError(
            "Without a manifest there is nothing to compare.", "Leave out --manifest none (input manifest)."
        )
    if job.connect is None:
        raise job.missing or no_key()


def _run(job: Job, wish: Wish) -> Report:
    lost = _rebuild(job) if wish.rebuild else ()
    report = _with_warnings(_verify(job, wish), lost)
    if wish.repair:
        report = _repair(job, wish, report)
    elif wish.rebuild:
        report = _what_sync_would_do(job, report)
    if wish.take_over and wish.yes:
        report = _take_over(job, wish, report)
    if wish.rebuild:
        report = _verified(report, rebuilt=True)
    return report


def _verified(report: Report, **changes: object) -> Report:
    assert report.verification is not None
    return replace(report, verification=replace(report.verification, **changes))  # type: ignore[arg-type]  # by name


def _with_warnings(report: Report, warnings: tuple[str, ...]) -> Report:
    return replace(report, warnings=tuple(dict.fromkeys([*warnings, *report.warnings])))


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))


def _connected(job: Job, ask: Callable[[Api], Awaitable[T]]) -> T:
    async def go() -> T:
        assert job.connect is not None
        job.stop.attach()
        async with job.connect() as api:
            return await ask(api)

    try:
        return asyncio.run(go())
    except Refused as error:
        raise ApiUnavailable(
            f"The API refused the request ({error.status} {error.code}): {error.message}", "Run again later."
        ) from error


def _open(job: Job, stores: Stores, store_id: str) -> VectorStore:
    return stores.open(store_id, job.rates)


# --- Comparing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What manifest and seal say of the target."""

    published: Published
    manifest: Manifest | None
    state: TargetState | None
    trust: Trust

    def vouched(self, target: str) -> bool:
        """Whether the manifest, or this target's part of it, is the one that was published last."""
        content = content_id(self.manifest, target) if self.manifest else None
        return self.published.seal is not None and vouches(self.published.seal, self.published.blob, content)

    def identity(self, job: Job) -> Identity:
        seal = self.published.seal
        owner = self.manifest.owner if self.manifest else seal.owner if seal else None
        return Identity(owner or "", job.settings.target, job.identity.name)


def _verify(job: Job, wish: Wish) -> Report:
    """Compares. When a run begins or ends meanwhile, what was listed is of no use: once more."""
    for looks_left in reversed(range(_MAX_LOOKS)):
        known = _read(job)
        if known.state is None and not wish.take_over:
            raise _no_manifest(job, known)
        report = _compare(job, wish, known)
        if job.publication.read() == known.published:
            return report
        if looks_left == 0:
            told = "Runs began or ended while the store was compared: some of this may be their work."
            return _with_warnings(report, (told,))
        job.observer.note(f"{job.publication.title} was changed meanwhile: comparing again.")
    raise AssertionError("the last look returns")


def _read(job: Job) -> _Recorded:
    """What is recorded, when no run is at work that could be changing it. Raises SealHeld when one does not end in time."""
    deadline = time.monotonic() + job.settings.lock_timeout
    told = False
    while (since := job.publication.busy()) is not None:
        if time.monotonic() >= deadline:
            raise SealHeld(
                f"Another run is at work on this target since {since}, and {job.settings.lock_timeout:g} s have passed.",
                "What it is doing cannot be told from drift: verify when it has ended, or wait longer with --lock-timeout "
                "(input lock-timeout).",
            )
        if not told:
            job.observer.note(f"Another run is at work on this target since {since}; waiting for its end.")
            told = True
        job.stop.pause_thread(min(_LOOK_EVERY_S, max(0.1, deadline - time.monotonic())))
    published = job.publication.read()
    return _Recorded(published, *recorded(job, published))


def _no_manifest(job: Job, known: _Recorded) -> ManifestError:
    what = "holds nothing of the target" if known.manifest else "is not there, so nothing is known of the target"
    return ManifestError(
        f"The manifest {job.publication.title} {what} {job.settings.target!r}.",
        "If vsync has put documents into its vector store already, make the manifest from them: vsync verify --rebuild. If not, "
        "run vsync sync; for a store that another tool has filled see vsync verify --take-over.",
    )


def _compare(job: Job, wish: Wish, known: _Recorded) -> Report:
    identity, state = known.identity(job), known.state or EMPTY_STATE
    vouched = known.vouched(job.settings.target)
    pending = set(state.pending_delete) | {entry.file_id for entry in state.files.values()}

    def ours(entry: StoreEntry) -> bool:
        return belongs(entry, identity) or (vouched and entry.file_id in pending)

    async def ask(api: Api) -> tuple[str | None, Found, Mapping[str, int]]:
        stores = Stores(api)
        store_id = state.vector_store_id or None
        try:
            store_id = store_id or await _find(job, stores)
            await stores.get(store_id)
            inventory = await take_inventory(
                Files(api),
                _open(job, stores, store_id),
                ours,
                job.stop.pause,
                settle_s=min(5.0, job.settings.index_timeout),
            )
        except StoreGone as error:
            if known.state is None:
                raise
            return store_id, Found((Drift("expired", None, None, error.message),)), api.traffic.requests
        left = [(id_, inventory.filenames[id_]) for id_ in job.journal.left() if id_ in inventory.filenames]
        found = compare(state, identity, inventory, vouched=vouched, recipe=job.brief.recipe, left=left)
        return store_id, found, api.traffic.requests

    store_id, found, requests = _connected(job, ask)
    return _report(job, wish, known, store_id, found, dict(requests))


async def _find(job: Job, stores: Stores) -> str:
    """The store when there is no manifest: the one given, or that of the name."""
    if job.settings.vector_store_id:
        return job.settings.vector_store_id
    name = job.settings.vector_store_name or job.identity.name
    named = [info.id for info in await stores.list() if info.name == name]
    if len(named) == 1:
        return named[0]
    raise StoreConflict(
        f"Which store is meant is not clear: there is no manifest, and of the name {name!r} there is "
        f"{', '.join(named) or 'none'}.",
        "Give it with --vector-store-id (input vector-store-id).",
    )


def _report(
    job: Job, wish: Wish, known: _Recorded, store_id: str | None, found: Found, requests: Mapping[str, int]
) -> Report:
    state = known.state
    warnings = list(job.warnings)
    if state is not None and known.trust == "doubtful":
        warnings.append(f"{known.published.doubt}: the next sync lists the store and mends what it finds.")
    taken, kept_back = _chosen(wish, known, found)
    return Report(
        target=job.settings.target,
        comparison=_COMPARED,
        source=job.identity.name,
        vector_store_id=store_id,
        base=state.commit if state else None,
        head=state.commit if state else None,
        unchanged=found.sound,
        failed=tuple(_refused_for_good(state)) if state else (),
        warnings=tuple(warnings),
        requests=requests,
        manifest=job.publication.name,
        after=stock(state.files) if state else None,
        verification=Verification(
            drift=found.drift,
            foreign=found.foreign,
            compared=state is not None,
            take_over=wish.take_over,
            taken=taken,
            kept_back=kept_back,
        ),
    )


def _refused_for_good(state: TargetState) -> Iterator[FailedItem]:
    for path, failure in state.failed.items():
        what = "; an older version stays in the store" if path in state.files else ", and so not in the store"
        yield FailedItem(path=path, code=failure.code, message=f"refused for good{what}: fix the file or exclude it")


def _chosen(wish: Wish, known: _Recorded, found: Found) -> tuple[tuple[Taken, ...], int]:
    targets = known.manifest.targets.values() if known.manifest else ()
    named = {entry.file_id for state in targets for entry in state.files.values()}
    entries, kept_back = chosen(found.foreign, wish.take_over, named)
    return tuple(Taken(entry, "listed") for entry in entries), kept_back


# --- Mending -----------------------------------------------------------------------------------------------------


def _repair(job: Job, wish: Wish, before: Report) -> Report:
    """A sync that lists the store where anything differs; afterwards it is compared once more."""
    verification = before.verification
    assert verification is not None
    doubted = bool(verification.drift) or _read(job).trust != "sealed"
    try:
        done = sync(replace(job, repair=doubted, published=None))
    except StoreGone as error:
        raise _given_store_is_gone(job, error) from error
    done = _with_warnings(replace(done, requests=_added(before.requests, done.requests)), before.warnings)
    done = _told_of_new_store(before, done)
    if not doubted and not done.changed:
        return replace(done, verification=replace(verification, synced=True))
    if done.error is not None or done.superseded:
        return replace(done, verification=replace(verification, synced=True))
    after = _verify(job, wish)
    assert after.verification is not None
    left = {(item.kind, item.path, item.file_id) for item in after.verification.drift}
    mended = tuple(item for item in verification.drift if (item.kind, item.path, item.file_id) not in left)
    done = replace(done, requests=_added(done.requests, after.requests))
    # What is to be taken over was chosen before the repair, and stays just that.
    chosen_before = {"taken": verification.taken, "kept_back": verification.kept_back}
    return _verified(replace(done, verification=after.verification), mended=mended, synced=True, **chosen_before)


def _told_of_new_store(before: Report, done: Report) -> Report:
    old, new = before.vector_store_id, done.vector_store_id
    if old is None or new is None or old == new or done.error is not None:
        return done
    told = (
        f"The vector store {old} is gone: everything was uploaded anew, into the new vector store {new}. Give the new id to "
        f"every program that asks the old one."
    )
    return _with_warnings(done, (told,))


def _given_store_is_gone(job: Job, error: StoreGone) -> StoreGone:
    if job.settings.vector_store_id is None:
        return error
    return StoreGone(
        error.message,
        "Its id is given, and nothing can take its place. Give the id of another store and delete the manifest; or leave "
        "the id out, and --repair makes a new store and uploads everything into it.",
    )


def _rebuild(job: Job) -> tuple[str, ...]:
    """Makes the manifest anew from the store's entries; gives warnings about what of the old one is lost."""
    from vsync.sync.online import OnlineRun

    job = replace(job, rebuild=True)
    published = job.publication.read()
    warnings = _lost(job, published)
    known = look(job, published)
    if superseded(job, known):
        raise ManifestError(
            "A newer run has synced already: this one must not write the manifest.",
            "Start a new run: the re-run of an old one stays an old one.",
        )
    OnlineRun(job, known).execute()
    return warnings


def _lost(job: Job, published: Published) -> tuple[str, ...]:
    if published.manifest is None:
        return ()
    _, lost = salvage_manifest(published.manifest, job.publication.title)
    others = [name for name in lost or () if name != job.settings.target]
    if lost is None:
        return (
            "Nothing of the old manifest could be read. If it had other targets, rebuild each of them too: "
            "vsync verify --rebuild --target NAME.",
        )
    if not others:
        return ()
    return (
        f"What the old manifest said of {'the target' if len(others) == 1 else 'the targets'} {', '.join(others)} could not "
        "be read and is lost. Rebuild each of them too: vsync verify --rebuild --target NAME.",
    )


def _what_sync_would_do(job: Job, report: Report) -> Report:
    plan = sync(replace(job, dry_run=True, published=None))
    plan = _with_warnings(replace(plan, requests=_added(report.requests, plan.requests)), report.warnings)
    return replace(plan, vector_store_id=report.vector_store_id, verification=report.verification)


# --- Taking over -------------------------------------------------------------------------------------------------


def _take_over(job: Job, wish: Wish, before: Report) -> Report:
    """Brings all of ours into the store, then removes exactly what was listed before. Nothing listed: nothing is done."""
    verification = before.verification
    assert verification is not None
    if not verification.taken:
        return before
    done = before if wish.repair else _repair(job, wish, before)
    assert done.verification is not None
    lacking = _lacking(job, done)
    if lacking is None or done.vector_store_id != before.vector_store_id:
        told = "Nothing was taken over: first all of ours must be in the store, and this run did not come that far."
        return _with_warnings(_verified(done, taken=verification.taken), (told,))
    entries, kept = spared([item.entry for item in verification.taken], lacking)
    if not entries:
        return _verified(done, taken=kept)
    store_id = done.vector_store_id or ""

    async def ask(api: Api) -> tuple[list[Taken], VsyncError | None, Mapping[str, int]]:
        stores = Stores(api)
        taken, cause = await take(entries, stores, Files(api), _open(job, stores, store_id), job.stop, job.observer)
        return taken, cause, api.traffic.requests

    taken, cause, requests = _connected(job, ask)
    done = replace(done, requests=_added(done.requests, requests))
    if cause is not None:
        done = replace(done, error=cause)
        return _verified(done, taken=(*taken, *kept))
    after = _verify(job, wish)
    assert after.verification is not None
    seen = after.verification
    done = replace(done, requests=_added(done.requests, after.requests))
    return _verified(done, drift=seen.drift, foreign=seen.foreign, compared=True, taken=(*taken, *kept), synced=True)


def _lacking(job: Job, done: Report) -> frozenset[str] | None:
    """The documents that were refused for good; None when something else of ours is not in the store."""
    assert done.verification is not None
    if done.error is not None or done.refused or done.superseded or done.verification.drift:
        return None
    failed = {item["path"] for item in done.failed}
    if not failed:
        return frozenset()
    state = _read(job).state
    return frozenset(failed) if state is not None and failed <= state.failed.keys() else None
