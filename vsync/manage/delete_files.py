"""Deletes Files of the project in bulk. A File that stores list is taken out of each of them first.

A store goes on listing an entry whose File was deleted first: https://github.com/openai/openai-dotnet/issues/540.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vsync.errors import StoreConflict, StoreGone
from vsync.manage.bulk_report import NO_SUCH, BulkReport, Deleted, Failure, Spared, failure_of
from vsync.manage.chosen import Rules, check_choice, check_not_everything, refuse_protected, without_duplicates
from vsync.manage.each import Working, each
from vsync.manage.filters import Age, FileFilter, Use
from vsync.manage.protected import NOTHING, Protected
from vsync.manage.usage import Usage, ask_by_id, side_by_side, usage_of, usage_of_all
from vsync.store.answers import is_id
from vsync.store.api_errors import Refused
from vsync.store.client import Api
from vsync.store.entries import UploadedFile
from vsync.store.files import PURPOSE, Files
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores
from vsync.system.wording import count

YOUNGEST_UNATTACHED_S = 86_400
"""A younger File may be about to be attached by a run that is under way."""

_FEW = 20
"""So many Files are looked up one by one. For more, the listing is cheaper."""


@dataclass(frozen=True, slots=True)
class FilesWanted:
    """Which Files are to go. `given` None: the filter says it."""

    given: Sequence[str] | None = None
    filter: FileFilter = field(default_factory=FileFilter)
    rules: Rules = field(default_factory=Rules)


@dataclass(slots=True)
class FilePlan:
    """What would go: the Files with the word by which each was given, and the stores that list them.

    `failed` and `spared` are what was asked for and does not go. `earlier` is what an earlier run of the same job has
    deleted. `breaks` are documents of this repository's manifest that go.
    """

    files: dict[str, UploadedFile] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())

    @property
    def is_empty(self) -> bool:
        return not self.files


async def plan_files(
    wanted: FilesWanted,
    api: Api,
    working: Working,
    *,
    protected: Protected = NOTHING,
    earlier: Collection[str] = (),
) -> FilePlan:
    """Looks which Files would go, and which stores list them. Nothing is deleted.

    Raises ConfigurationError, LimitExceeded, StoreConflict, and ApiUnavailable where it cannot be told which Files are in use.
    """
    rules = wanted.rules
    check_choice(wanted.given, has_filter=not wanted.filter.is_empty, every=rules.every, what="Files")
    plan = FilePlan()
    if wanted.given is not None and not wanted.given:
        return plan
    if wanted.given is None:
        await _choose_by_filter(wanted, plan, api, working, protected)
    else:
        given, plan.warnings = without_duplicates(wanted.given)
        await _choose_given(given, plan, rules, api, working, earlier)
        if not rules.force:
            named = [f"{file_id} ({protected.files[file_id]})" for file_id in plan.files if file_id in protected.files]
            refuse_protected(named, "them")
        if plan.files:
            plan.usage = await usage_of(list(plan.files), await Stores(api).list(), api, working.concurrency)
    plan.breaks = [protected.files[file_id] for file_id in plan.files if file_id in protected.files]
    return plan


# --- By a filter --------------------------------------------------------------------------------------------


async def files_matching(
    chosen: FileFilter, api: Api, working: Working, *, with_usage: bool = False
) -> tuple[dict[str, UploadedFile], Usage, int]:
    """The Files that a filter means, the uses of them as far as these were asked for, and how many Files there are.

    A File is unattached only when every store has said so: a store whose listing is not whole is asked for each File.
    """
    every = await Files(api).all()
    now = api.traffic.date or int(time.time())
    matching = {file_id: file for file_id, file in every.items() if chosen.may_match(file, now)}
    if not (chosen.needs_usage or with_usage) or not matching:
        return matching, Usage(), len(every)
    usage = await usage_of_all(await Stores(api).list(), api, working.concurrency)
    if usage.unsure:
        unused = [file_id for file_id in matching if not usage.of(file_id)]
        await ask_by_id(unused, usage.unsure, usage, api, working.concurrency)
    matching = {file_id: file for file_id, file in matching.items() if chosen.matches_uses(usage.of(file_id))}
    return matching, usage, len(every)


def safe_filter(chosen: FileFilter) -> tuple[FileFilter, list[str]]:
    """The filter, narrowed where it means Files that no store lists, and a sentence about each narrowing.

    Batch jobs, fine-tuning and others use Files that no store lists. A new File may be about to be attached.
    """
    if chosen.attached is not False:
        return chosen, []
    told = []
    if not chosen.purposes:
        chosen = replace(chosen, purposes=(PURPOSE,))
        told.append(
            f"Only Files of the purpose {PURPOSE!r} are meant: others are used without a store. --purpose names others."
        )
    if chosen.age.older_than_s is None:
        chosen = replace(chosen, age=Age(YOUNGEST_UNATTACHED_S, chosen.age.newer_than_s))
        told.append(
            "Only Files older than a day are meant: a run may be about to attach a newer File. --older-than says otherwise."
        )
    return chosen, told


async def _choose_by_filter(
    wanted: FilesWanted, plan: FilePlan, api: Api, working: Working, protected: Protected
) -> None:
    chosen, told = safe_filter(wanted.filter)
    plan.warnings += told
    matching, plan.usage, there_are = await files_matching(chosen, api, working)
    check_not_everything(len(matching), there_are, every=wanted.rules.every, what="File")
    for file_id, file in matching.items():
        if file_id in protected.files and not wanted.rules.force:
            plan.spared.append(Spared(file_id, f"this repository's manifest names it: {protected.files[file_id]}"))
        else:
            plan.files[file_id] = file
    if plan.files and not chosen.needs_usage:
        plan.usage = await usage_of(list(plan.files), await Stores(api).list(), api, working.concurrency)


# --- By ids and names ---------------------------------------------------------------------------------------


async def _choose_given(
    given: Sequence[str], plan: FilePlan, rules: Rules, api: Api, working: Working, earlier: Collection[str]
) -> None:
    """Finds each File that was given by its id or name. A listing may lack a new File, so ids are asked for besides."""
    plan.earlier = [word for word in given if word in earlier]
    left = [word for word in given if word not in earlier]
    found: dict[str, UploadedFile | Failure] = {}

    async def look_up(word: str) -> None:
        try:
            file = await Files(api).find(word)
            found[word] = file or Failure(word, "There is no File of this id for this key.", NO_SUCH)
        except Refused as error:
            found[word] = failure_of(word, error)

    if len(left) <= _FEW:
        await side_by_side([word for word in left if is_id(word)], look_up, working.concurrency)
    unfound = [word for word in left if not isinstance(found.get(word), UploadedFile)]
    if len(left) > _FEW or (rules.names and unfound):
        listed = await Files(api).all()
        found |= _in_listing(unfound, listed, names=rules.names)
    if len(left) > _FEW:
        await side_by_side([word for word in left if word not in found and is_id(word)], look_up, working.concurrency)
    for word in left:
        match found.get(word):
            case UploadedFile() as file:
                plan.files[file.id], plan.words[file.id] = file, word
            case Failure(status_code=404) if rules.missing_ok:
                plan.spared.append(Spared(word, "it does not exist"))
            case Failure() as failure:
                plan.failed.append(failure)
            case None:
                plan.failed.append(_not_an_id(word, rules))


def _in_listing(words: Sequence[str], listed: Mapping[str, UploadedFile], *, names: bool) -> Mapping[str, UploadedFile]:
    """The Files of the listing that have one of these ids, or one of these names. Raises StoreConflict. Pure."""
    by_name: dict[str, list[UploadedFile]] = {}
    for file in listed.values() if names else ():
        by_name.setdefault(file.filename, []).append(file)
    found: dict[str, UploadedFile] = {}
    for word in words:
        named = by_name.get(word, [])
        if word in listed:
            found[word] = listed[word]
        elif len(named) > 1:
            ids = ", ".join(file.id for file in named[:5])
            raise StoreConflict(
                f"There are {len(named):,} Files named {word!r}: {ids}{', …' if len(named) > 5 else ''}.",
                "Give the id of one of them, or choose them with --name.",
            )
        elif named:
            found[word] = named[0]
    return found


def _not_an_id(word: str, rules: Rules) -> Failure:
    if rules.names:
        return Failure(word, "There is no File of this id or name.", NO_SUCH)
    return Failure(word, "This cannot be the id of a File (file-…).", 400)


# --- Carried out --------------------------------------------------------------------------------------------


def preview(plan: FilePlan) -> BulkReport:
    """What would go, as a report."""
    deleted = Deleted(list(plan.files), plan.failed, plan.spared)
    return BulkReport("files", deleted, None, plan.bytes, True, plan.breaks, plan.warnings)


async def delete_files(
    plan: FilePlan,
    api: Api,
    rates: Rates,
    working: Working,
    finished: Callable[[str], None] = lambda _: None,
) -> BulkReport:
    """Takes each File out of the stores that list it, then deletes it.

    `finished` gets the word by which each File was given that is deleted.
    """
    began = time.monotonic()
    files = Files(api, rates)

    async def delete(file_id: str) -> Failure | None:
        await detach_everywhere(file_id, plan.usage.of(file_id), api, rates)
        await files.delete(file_id)
        return None

    words = plan.words
    done = await each(
        list(plan.files), delete, working, "deleting Files", lambda file_id: finished(words.get(file_id, file_id))
    )
    deleted = done.of(list(plan.files))
    return BulkReport(
        "files",
        Deleted([*plan.earlier, *deleted.success], [*plan.failed, *deleted.failed], plan.spared),
        None,
        sum(plan.files[file_id].bytes for file_id in deleted.success),
        breaks=plan.breaks,
        warnings=plan.warnings,
        requests=dict(api.traffic.requests),
        duration_s=time.monotonic() - began,
        error=done.cause,
    )


async def detach_everywhere(file_id: str, uses: Sequence[Use], api: Api, rates: Rates) -> None:
    """Takes a File out of each store that lists it. A store that is gone lists nothing. Raises Refused."""
    for use in uses:
        try:
            await Stores(api).open(use.store_id, rates).detach(file_id)
        except StoreGone:
            continue


def used_by(plan: FilePlan) -> str:
    """How many of the Files are in use, and where; empty when none is."""
    in_use = [file_id for file_id in plan.files if plan.usage.of(file_id)]
    if not in_use:
        return ""
    stores = sorted({use.store_id for file_id in in_use for use in plan.usage.of(file_id)})
    return f"{count(len(in_use), 'File is', 'Files are')} in use by {count(len(stores), 'vector store')}: {', '.join(stores[:3])}"
