"""Deletes vector stores in bulk, alone or with the Files that they list."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from vsync.errors import StoreConflict, VsyncError
from vsync.manage.bulk_report import NO_SUCH, BulkReport, Deleted, Failure, Spared, failure_of
from vsync.manage.chosen import Rules, check_choice, check_not_everything, refuse_protected, without_duplicates
from vsync.manage.each import Done, Working, each
from vsync.manage.filters import StoreFilter
from vsync.manage.owner import owner_of_entry, owner_of_store
from vsync.manage.protected import NOTHING, Protected
from vsync.manage.usage import entries_of, side_by_side, usage_of
from vsync.store.answers import is_id
from vsync.store.api_errors import Refused
from vsync.store.client import Api
from vsync.store.entries import StoreInfo
from vsync.store.files import Files
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores
from vsync.system.wording import count


@dataclass(frozen=True, slots=True)
class StoresWanted:
    """Which stores are to go. `given` None: the filter says it. `with_files`: their Files go as well, and with `shared`
    also those that another store uses."""

    given: Sequence[str] | None = None
    filter: StoreFilter = field(default_factory=StoreFilter)
    rules: Rules = field(default_factory=Rules)
    with_files: bool = False
    shared: bool = False


@dataclass(slots=True)
class StorePlan:
    """What would go.

    | field | meaning |
    | --- | --- |
    | `stores` | the stores that go, with the word by which each was given |
    | `files` | the Files that go, with the stores that list each; None: Files stay |
    | `spared_files` | Files of these stores that stay |
    | `failed`, `spared` | what was asked for and does not go |
    | `earlier` | what an earlier run of the same job has deleted |
    | `breaks` | targets of this repository whose store goes |
    """

    stores: dict[str, StoreInfo] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[str]] | None = None
    spared_files: list[Spared] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(info.usage_bytes for info in self.stores.values())

    @property
    def is_empty(self) -> bool:
        return not self.stores


async def plan_stores(
    wanted: StoresWanted,
    api: Api,
    working: Working,
    *,
    protected: Protected = NOTHING,
    earlier: Collection[str] = (),
) -> StorePlan:
    """Looks which stores and Files would go. Nothing is deleted.

    `earlier` is what an earlier run of the same job has deleted, by the words that were given. Raises ConfigurationError,
    LimitExceeded and StoreConflict.
    """
    rules = wanted.rules
    check_choice(wanted.given, has_filter=not wanted.filter.is_empty, every=rules.every, what="vector stores")
    plan = StorePlan()
    if wanted.given is not None and not wanted.given:
        return plan
    listed = {info.id: info for info in await Stores(api).list()}
    if wanted.given is None:
        _choose_by_filter(wanted, listed, plan, protected, api.traffic.date or int(time.time()))
    else:
        given, plan.warnings = without_duplicates(wanted.given)
        await _choose_given(given, listed, plan, rules, api, working, earlier)
        if not rules.force:
            refuse_protected(
                [_named(info, protected) for info in plan.stores.values() if info.id in protected.stores], "it"
            )
    plan.breaks = [
        f"the target {target!r} of this repository (store {store_id})"
        for store_id in plan.stores
        for target in protected.stores.get(store_id, ())
    ]
    if wanted.with_files:
        others = [info for info in listed.values() if info.id not in plan.stores]
        await _choose_files(wanted, plan, others, api, working)
    return plan


def _named(info: StoreInfo, protected: Protected) -> str:
    return f"{info.id} ({info.name or 'without a name'}; target {', '.join(protected.stores[info.id])})"


def _choose_by_filter(
    wanted: StoresWanted, listed: Mapping[str, StoreInfo], plan: StorePlan, protected: Protected, now: int
) -> None:
    matching = [info for info in listed.values() if wanted.filter.matches(info, owner_of_store(info), now)]
    check_not_everything(len(matching), len(listed), every=wanted.rules.every, what="vector store")
    for info in matching:
        if info.id in protected.stores and not wanted.rules.force:
            targets = ", ".join(protected.stores[info.id])
            plan.spared.append(Spared(info.id, f"this repository's manifest names it: target {targets}"))
        else:
            plan.stores[info.id] = info


async def _choose_given(
    given: Sequence[str],
    listed: Mapping[str, StoreInfo],
    plan: StorePlan,
    rules: Rules,
    api: Api,
    working: Working,
    earlier: Collection[str],
) -> None:
    """Finds each store that was given by its id or name. A listing may lack a new store, so ids are asked for besides."""
    by_name: dict[str, list[StoreInfo]] = {}
    for info in listed.values():
        by_name.setdefault(info.name or "", []).append(info)
    unlisted: list[str] = []
    for word in given:
        named = by_name.get(word, []) if rules.names and word not in listed else []
        if word in earlier:
            plan.earlier.append(word)
        elif word in listed:
            plan.stores[word], plan.words[word] = listed[word], word
        elif len(named) > 1:
            raise StoreConflict(
                f"There are {len(named)} vector stores named {word!r}: {', '.join(info.id for info in named)}.",
                "Give the id of one of them, or choose them with --name.",
            )
        elif named:
            plan.stores[named[0].id], plan.words[named[0].id] = named[0], word
        elif not is_id(word):
            plan.failed.append(_not_an_id(word, rules))
        else:
            unlisted.append(word)
    found: dict[str, StoreInfo | Failure] = {}

    async def look_up(word: str) -> None:
        try:
            info = await Stores(api).find(word)
            found[word] = info or Failure(word, "There is no vector store of this id for this key.", NO_SUCH)
        except Refused as error:
            found[word] = failure_of(word, error)

    await side_by_side(unlisted, look_up, working.concurrency)
    for word in unlisted:
        match found[word]:
            case Failure(status_code=404) if rules.missing_ok:
                plan.spared.append(Spared(word, "it does not exist"))
            case Failure() as failure:
                plan.failed.append(failure)
            case info:
                plan.stores[word], plan.words[word] = info, word


def _not_an_id(word: str, rules: Rules) -> Failure:
    if rules.names:
        return Failure(word, "There is no vector store of this id or name.", NO_SUCH)
    return Failure(word, "This cannot be the id of a vector store (vs_…).", 400)


async def _choose_files(
    wanted: StoresWanted, plan: StorePlan, others: Sequence[StoreInfo], api: Api, working: Working
) -> None:
    """Which Files of these stores go: not those that another store uses, nor what is not proven to be the wanted owner's."""
    listing: dict[str, list[str]] = {}
    whose = wanted.filter.whose

    async def look(info: StoreInfo) -> None:
        entries, whole = await entries_of(info, api)
        if not whole:
            plan.warnings.append(
                f"The listing of {info.id} shows {len(entries):,} of {count(info.files, 'entry', 'entries')}. Files of entries that it "
                "does not show stay."
            )
        for entry in entries:
            if whose.is_vsyncs and not whose.matches(owner_of_entry(entry)):
                plan.spared_files.append(Spared(entry.file_id, f"its entry in {info.id} does not show this owner"))
            else:
                listing.setdefault(entry.file_id, []).append(info.id)

    await side_by_side(list(plan.stores.values()), look, working.concurrency)
    kept = {spared.id for spared in plan.spared_files}
    candidates = [file_id for file_id in listing if file_id not in kept]
    usage = None if wanted.shared else await usage_of(candidates, others, api, working.concurrency)
    plan.files = {}
    for file_id in candidates:
        uses = usage.of(file_id) if usage else ()
        if uses:
            stores = ", ".join(sorted({use.store_id for use in uses}))
            plan.spared_files.append(Spared(file_id, f"another vector store uses it: {stores}"))
        else:
            plan.files[file_id] = listing[file_id]


# --- Carried out --------------------------------------------------------------------------------------------


def preview(plan: StorePlan) -> BulkReport:
    """What would go, as a report."""
    files = None if plan.files is None else Deleted(list(plan.files), (), plan.spared_files)
    deleted = Deleted(list(plan.stores), plan.failed, plan.spared)
    return BulkReport("stores", deleted, files, plan.bytes, True, plan.breaks, plan.warnings)


async def delete_stores(
    plan: StorePlan,
    api: Api,
    rates: Rates,
    working: Working,
    finished: Callable[[str], None] = lambda _: None,
) -> BulkReport:
    """Deletes the Files, then the stores. A store stays when one of its Files could not be deleted: the next run goes on.

    `finished` gets the word by which each store was given that is deleted. What somebody else has deleted since the plan
    was made counts as deleted.
    """
    began = time.monotonic()
    files, stores = Files(api, rates), Stores(api, rates)

    async def delete_file(file_id: str) -> Failure | None:
        await files.delete(file_id)
        return None

    async def delete_store(store_id: str) -> Failure | None:
        await stores.delete(store_id)
        return None

    of_files = await each(list(plan.files), delete_file, working, "deleting Files") if plan.files else Done()
    file_report = of_files.of(list(plan.files or ()))
    held = _held_by(file_report.failed, plan.files or {})
    free = [store_id for store_id in plan.stores if store_id not in held]
    of_stores = Done(cause=of_files.cause)
    if of_files.cause is None:
        words = plan.words
        of_stores = await each(
            free, delete_store, working, "deleting stores", lambda store_id: finished(words.get(store_id, store_id))
        )
    of_stores.failed += held.values()
    deleted = of_stores.of(list(plan.stores))
    return BulkReport(
        "stores",
        Deleted([*plan.earlier, *deleted.success], [*plan.failed, *deleted.failed], plan.spared),
        None if plan.files is None else Deleted(file_report.success, file_report.failed, plan.spared_files),
        sum(plan.stores[store_id].usage_bytes for store_id in deleted.success),
        breaks=plan.breaks,
        warnings=plan.warnings,
        requests=dict(api.traffic.requests),
        duration_s=time.monotonic() - began,
        error=_cause(of_files.cause, of_stores.cause),
    )


def _held_by(failed: Sequence[Failure], files: Mapping[str, Sequence[str]]) -> dict[str, Failure]:
    """The stores that stay because Files of theirs could not be deleted."""
    numbers: dict[str, list[Failure]] = {}
    for failure in failed:
        for store_id in files[failure.id]:
            numbers.setdefault(store_id, []).append(failure)
    return {
        store_id: Failure(
            store_id,
            f"{count(len(of_store), 'File')} of it could not be deleted, so it stays. Run again: {of_store[0].error}",
            of_store[0].status_code,
            of_store[0].request_id,
        )
        for store_id, of_store in numbers.items()
    }


def _cause(*causes: VsyncError | None) -> VsyncError | None:
    return next((cause for cause in causes if cause is not None), None)
