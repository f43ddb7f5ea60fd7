"""Deletes vector stores in bulk, alone or with the Files that they list."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from vsync.errors import VsyncError
from vsync.manage.bulk_report import BulkReport, Deleted, Fact, Failure, Spared, not_tried
from vsync.manage.chosen import (
    Rules,
    check_choice,
    check_not_everything,
    check_patterns,
    refuse_protected,
    without_duplicates,
)
from vsync.manage.delete_files import detach_everywhere
from vsync.manage.each import Done, Working, each
from vsync.manage.filters import StoreFilter
from vsync.manage.given_stores import stores_given
from vsync.manage.going_files import going_files
from vsync.manage.owner import owner_of_store
from vsync.manage.protected import NOTHING, Protected
from vsync.manage.reading import all_stores
from vsync.manage.usage import Usage, hurt
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
    | `stores` | the stores that go |
    | `words` | the words by which each of them was given |
    | `files` | the Files that go, with the stores of these that list each; None: Files stay |
    | `usage` | the uses of these Files by stores that stay: there are some only where shared Files go |
    | `spared_files` | Files of these stores that stay |
    | `failed`, `spared` | what was asked for and does not go |
    | `earlier` | what an earlier run of the same job has deleted |
    | `breaks` | targets of this repository whose store goes with their documents, and documents of other targets whose Files go |
    | `notes` | targets of this repository that have no document in their store, which goes |
    | `known` | what people know these stores and Files by |
    """

    stores: dict[str, StoreInfo] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[str]] | None = None
    usage: Usage = field(default_factory=Usage)
    spared_files: list[Spared] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    by_filter: bool = False
    known: dict[str, Fact] = field(default_factory=dict)

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
    check_choice(wanted.given, has_filter=not wanted.filter.is_empty, rules=rules, what="vector stores")
    check_patterns("the name", wanted.filter.names)
    plan = StorePlan(by_filter=wanted.given is None)
    if wanted.given is not None and not wanted.given:
        return plan
    listed = await all_stores(api, working.observer)
    if wanted.given is None:
        _choose_by_filter(wanted, listed, plan, protected, api.traffic.date or int(time.time()))
    else:
        words, warnings = without_duplicates(wanted.given)
        given = await stores_given(words, listed, rules, api, working, earlier)
        plan.stores, plan.words, plan.earlier = given.things, given.words, given.earlier
        plan.failed, plan.spared, plan.warnings = given.failed, given.spared, warnings + given.warnings
        if not rules.force:
            refuse_protected(
                [_named(info, protected) for info in plan.stores.values() if info.id in protected.stores],
                "it",
                rules.words,
            )
    about = [*plan.stores, *(item.id for item in plan.spared)]
    plan.known = {
        store_id: _fact(info) for store_id in about if (info := plan.stores.get(store_id, listed.get(store_id)))
    }
    plan.breaks = [
        f"the target {target!r} of this repository (store {store_id})"
        for store_id in plan.stores
        for target in protected.filled(store_id)
    ]
    plan.notes = [_nothing_in(store_id, target) for store_id in plan.stores for target in protected.emptied(store_id)]
    if wanted.with_files:
        going = await going_files(
            list(plan.stores.values()),
            [info for info in listed.values() if info.id not in plan.stores],
            api,
            working,
            whose=wanted.filter.whose,
            shared=wanted.shared,
            kept=NOTHING if rules.force else protected,
        )
        plan.files, plan.spared_files, plan.usage = going.files, going.spared, going.usage
        plan.known |= going.known
        plan.warnings += [*going.warnings, *hurt(plan.files, plan.usage)]
        plan.breaks += [
            protected.files[file_id]
            for file_id, listed_by in going.files.items()
            if file_id in protected.files and not any(map(protected.filled, listed_by))
        ]
    return plan


def _nothing_in(store_id: str, target: str) -> str:
    return (
        f"No document of the target {target!r} of this repository is recorded in {store_id}. If the config still has this "
        "target, syncs that change something end with exit code 3 until `vsync verify --repair` makes the store again."
    )


def _fact(info: StoreInfo) -> Fact:
    return Fact(info.name or "", info.usage_bytes, info.created_at)


def _named(info: StoreInfo, protected: Protected) -> str:
    return f"{info.id} ({info.name or 'without a name'}; target {', '.join(protected.stores[info.id])})"


def _choose_by_filter(
    wanted: StoresWanted, listed: Mapping[str, StoreInfo], plan: StorePlan, protected: Protected, now: int
) -> None:
    matching = [info for info in listed.values() if wanted.filter.matches(info, owner_of_store(info), now)]
    plan.warnings += check_not_everything(len(matching), len(listed), rules=wanted.rules, what="vector store")
    for info in matching:
        if info.id in protected.stores and not wanted.rules.force:
            targets = ", ".join(protected.stores[info.id])
            plan.spared.append(Spared(info.id, f"this repository's manifest names it: target {targets}"))
        else:
            plan.stores[info.id] = info


# --- Carried out --------------------------------------------------------------------------------------------


def preview(plan: StorePlan) -> BulkReport:
    """What would go, as a report."""
    files = None if plan.files is None else Deleted(list(plan.files), (), plan.spared_files)
    deleted = Deleted([*plan.earlier, *plan.stores], plan.failed, plan.spared)
    return BulkReport(
        "stores",
        deleted,
        files,
        plan.bytes,
        True,
        plan.breaks,
        plan.warnings,
        plan.notes,
        known=plan.known,
        by_filter=plan.by_filter,
    )


async def delete_stores(
    plan: StorePlan,
    api: Api,
    rates: Rates,
    working: Working,
    begun: Callable[[str], None] = lambda _: None,
) -> BulkReport:
    """Deletes the Files, then the stores. A store stays when one of its Files could not be deleted: the next run goes on.

    A shared File is taken out of the stores that stay first. What somebody else has deleted since the plan was made counts
    as deleted. `begun` gets the words by which each store was given, before the store is deleted.
    """
    began = time.monotonic()
    files, stores = Files(api, rates), Stores(api, rates)

    async def delete_file(file_id: str) -> Failure | None:
        await detach_everywhere(file_id, plan.usage.of(file_id), api, rates)
        await files.delete(file_id)
        return None

    async def delete_store(store_id: str) -> Failure | None:
        for word in plan.words.get(store_id, ()):
            begun(word)
        await stores.delete(store_id)
        return None

    of_files = await each(list(plan.files), delete_file, working, "deleting Files") if plan.files else Done()
    file_report = of_files.of(list(plan.files or ()))
    held = _held_by(file_report.failed, plan.files or {}, of_files.cause)
    free = [store_id for store_id in plan.stores if store_id not in held]
    of_stores = Done(cause=of_files.cause)
    if of_files.cause is None:
        of_stores = await each(free, delete_store, working, "deleting stores")
    of_stores.failed += held.values()
    deleted = of_stores.of(list(plan.stores))
    return BulkReport(
        "stores",
        Deleted([*plan.earlier, *deleted.success], [*plan.failed, *deleted.failed], plan.spared),
        None if plan.files is None else Deleted(file_report.success, file_report.failed, plan.spared_files),
        sum(plan.stores[store_id].usage_bytes for store_id in deleted.success),
        breaks=plan.breaks,
        warnings=plan.warnings,
        notes=plan.notes,
        requests=dict(api.traffic.requests),
        duration_s=time.monotonic() - began,
        error=_cause(of_files.cause, of_stores.cause),
        known=plan.known,
        by_filter=plan.by_filter,
    )


def _held_by(
    failed: Sequence[Failure], files: Mapping[str, Sequence[str]], cause: VsyncError | None
) -> dict[str, Failure]:
    """The stores that stay because Files of theirs could not be deleted.

    `cause` ended the job among the Files. A store of which no File failed for a reason of its own was not tried then.
    """
    numbers: dict[str, list[Failure]] = {}
    for failure in failed:
        for store_id in files[failure.id]:
            numbers.setdefault(store_id, []).append(failure)
    held: dict[str, Failure] = {}
    for store_id, of_store in numbers.items():
        why = [
            failure for failure in of_store if failure.has_failed and (cause is None or failure.error != cause.message)
        ]
        if why:
            error = f"{count(len(why), 'File')} of it could not be deleted, so it stays. Run again: {why[0].error}"
            held[store_id] = Failure(store_id, error, why[0].status_code, why[0].request_id)
        elif cause is not None:
            held[store_id] = not_tried([store_id], cause)[0]
    return held


def _cause(*causes: VsyncError | None) -> VsyncError | None:
    return next((cause for cause in causes if cause is not None), None)
