"""Takes entries out of one vector store in bulk, alone or with their Files."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from vsync.errors import ApiAnswer, StoreGone
from vsync.manage.bulk_report import NO_SUCH, BulkReport, Deleted, Failure, Spared
from vsync.manage.chosen import Rules, check_choice, check_not_everything, check_patterns, without_duplicates
from vsync.manage.delete_files import detach_everywhere
from vsync.manage.each import Working, each
from vsync.manage.filters import EntryFilter
from vsync.manage.given import sort_out
from vsync.manage.look_up import look_up
from vsync.manage.usage import Usage, entries_of, hurt, usage_of
from vsync.store.answers import is_id
from vsync.store.api_errors import Refused, unexpected_refusal
from vsync.store.client import Api
from vsync.store.entries import StoreEntry, StoreInfo
from vsync.store.files import Files
from vsync.store.pages import PAGE
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores


@dataclass(frozen=True, slots=True)
class EntriesWanted:
    """Which entries of a store are to go. `given` None: the filter says it. `with_files`: their Files go as well, and with
    `shared` also those that another store uses."""

    store_id: str
    given: Sequence[str] | None = None
    filter: EntryFilter = field(default_factory=EntryFilter)
    rules: Rules = field(default_factory=lambda: Rules(names=False))
    with_files: bool = False
    shared: bool = False


@dataclass(slots=True)
class EntryPlan:
    """What would go: the entries, and with `with_files` the Files that go as well.

    `usage` are the uses of these Files by other stores. The others are as in `StorePlan`.
    """

    store_id: str
    with_files: bool = False
    entries: dict[str, StoreEntry] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    spared_files: list[Spared] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    by_filter: bool = False

    @property
    def bytes(self) -> int:
        return sum(entry.usage_bytes for entry in self.entries.values())

    @property
    def file_ids(self) -> list[str]:
        """The Files that go."""
        kept = {spared.id for spared in self.spared_files}
        return [file_id for file_id in self.entries if file_id not in kept]


async def plan_entries(wanted: EntriesWanted, api: Api, working: Working) -> EntryPlan:
    """Looks which entries and Files would go. Nothing is changed.

    Raises ConfigurationError, LimitExceeded, and StoreGone when there is no such store.
    """
    rules = wanted.rules
    check_choice(wanted.given, has_filter=not wanted.filter.is_empty, rules=rules, what="entries")
    check_patterns("the path", wanted.filter.paths)
    plan = EntryPlan(wanted.store_id, wanted.with_files, by_filter=wanted.given is None)
    if wanted.given is not None and not wanted.given:
        return plan
    info = await existing_store(wanted.store_id, api)
    if wanted.given is None:
        await _choose_by_filter(wanted, info, plan, api)
    else:
        given, plan.warnings = without_duplicates(wanted.given)
        await _choose_given(given, info, plan, rules, api, working)
    if wanted.with_files and plan.entries:
        others = [other for other in await Stores(api).list() if other.id != info.id]
        plan.usage = await usage_of(list(plan.entries), others, api, working.concurrency)
        for file_id in plan.entries:
            stores = ", ".join(sorted({use.store_id for use in plan.usage.of(file_id)}))
            if stores and not wanted.shared:
                plan.spared_files.append(Spared(file_id, f"another vector store uses it: {stores}"))
        plan.warnings += hurt(plan.file_ids, plan.usage)
    return plan


async def existing_store(store_id: str, api: Api) -> StoreInfo:
    """The store of that id, expired or not. Raises StoreGone when there is none."""
    try:
        info = await Stores(api).find(store_id) if is_id(store_id) else None
    except Refused as error:
        raise unexpected_refusal(f"looking up the vector store {store_id}", error) from error
    if info is None:
        gone = StoreGone(f"There is no vector store {store_id!r} for this key.", "See the list of vector stores.")
        gone.answer = ApiAnswer(NO_SUCH, "not_found")
        raise gone
    return info


async def _choose_by_filter(wanted: EntriesWanted, info: StoreInfo, plan: EntryPlan, api: Api) -> None:
    entries, whole = await entries_of(info, api)
    if not whole:
        plan.warnings.append(f"The listing shows {len(entries):,} of the {info.files:,} entries that the store counts.")
    now = api.traffic.date or int(time.time())
    matching = [entry for entry in entries if wanted.filter.matches(entry, now)]
    plan.warnings += check_not_everything(len(matching), len(entries), rules=wanted.rules, what="entry", many="entries")
    plan.entries = {entry.file_id: entry for entry in matching}


async def _choose_given(
    given: Sequence[str], info: StoreInfo, plan: EntryPlan, rules: Rules, api: Api, working: Working
) -> None:
    """Finds each entry: in the listing, where that takes fewer requests, and what it lacks by its id."""
    found: dict[str, StoreEntry | Failure] = {}
    if info.files / PAGE < len(given):
        found |= {entry.file_id: entry for entry in (await entries_of(info, api))[0]}
    store = Stores(api).open(info.id)

    lacking = [file_id for file_id in given if file_id not in found and is_id(file_id)]
    found |= await look_up(lacking, lambda file_id: store.entry(file_id, listed=True), rules, working)
    result = sort_out(given, found, lambda entry: entry.file_id, _missing, rules=rules, earlier=())
    plan.entries, plan.failed, plan.spared = result.things, result.failed, result.spared


def _missing(file_id: str) -> Failure:
    if is_id(file_id):
        return Failure(file_id, "The vector store has no such entry.", NO_SUCH)
    return Failure(file_id, "This cannot be the id of a File (file-…).", 400)


def preview(plan: EntryPlan) -> BulkReport:
    """What would go, as a report."""
    deleted = Deleted(list(plan.entries), plan.failed, plan.spared)
    files = Deleted(plan.file_ids, (), plan.spared_files) if plan.with_files else None
    return BulkReport("entries", deleted, files, plan.bytes, True, (), plan.warnings, by_filter=plan.by_filter)


async def detach_files(plan: EntryPlan, api: Api, rates: Rates, working: Working) -> BulkReport:
    """Takes each entry out of the store, then deletes its File where that goes as well.

    A File whose entry could not be taken out stays. A store that is gone lists nothing, so its entries are out as well. A
    shared File is taken out of the other stores first.
    """
    began = time.monotonic()
    store, files = Stores(api).open(plan.store_id, rates), Files(api, rates)
    going = set(plan.file_ids) if plan.with_files else set[str]()
    out, gone = set[str](), set[str]()

    async def work(file_id: str) -> Failure | None:
        with contextlib.suppress(StoreGone):
            await store.detach(file_id)
        out.add(file_id)
        if file_id in going:
            await detach_everywhere(file_id, plan.usage.of(file_id), api, rates)
            await files.delete(file_id)
            gone.add(file_id)
        return None

    done = await each(list(plan.entries), work, working, "detaching")
    failed = done.of(list(plan.entries)).failed
    of_files = Deleted(
        [file_id for file_id in plan.entries if file_id in gone],
        [failure for failure in failed if failure.id in out],
        plan.spared_files,
    )
    detached = [file_id for file_id in plan.entries if file_id in out]
    return BulkReport(
        "entries",
        Deleted(detached, [*plan.failed, *(failure for failure in failed if failure.id not in out)], plan.spared),
        of_files if plan.with_files else None,
        sum(plan.entries[file_id].usage_bytes for file_id in detached),
        warnings=plan.warnings,
        requests=dict(api.traffic.requests),
        duration_s=time.monotonic() - began,
        error=done.cause,
        by_filter=plan.by_filter,
    )
