"""Deletes Files of the project in bulk. A File that stores list is taken out of each of them first.

A store goes on listing an entry whose File was deleted first: https://github.com/openai/openai-dotnet/issues/540.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from vsync.errors import StoreGone
from vsync.manage.bulk_report import BulkReport, Deleted, Fact, Failure, Spared
from vsync.manage.chosen import (
    Rules,
    check_choice,
    check_not_everything,
    check_patterns,
    refuse_protected,
    without_duplicates,
)
from vsync.manage.each import Working, each
from vsync.manage.filters import Age, FileFilter, Use
from vsync.manage.given_files import files_given
from vsync.manage.protected import NOTHING, Protected
from vsync.manage.reading import all_files, all_stores
from vsync.manage.usage import Usage, ask_unsure, usage_of, usage_of_all
from vsync.store.client import Api
from vsync.store.entries import UploadedFile
from vsync.store.files import PURPOSE, Files
from vsync.store.rate_limit import Rates
from vsync.store.stores import Stores
from vsync.system.wording import count

YOUNGEST_UNATTACHED_S = 86_400
"""A younger File may be about to be attached by a run that is under way."""


@dataclass(frozen=True, slots=True)
class FilesWanted:
    """Which Files are to go. `given` None: the filter says it."""

    given: Sequence[str] | None = None
    filter: FileFilter = field(default_factory=FileFilter)
    rules: Rules = field(default_factory=Rules)


@dataclass(slots=True)
class FilePlan:
    """What would go: the Files with the words by which each was given, and the stores that list them.

    `failed` and `spared` are what was asked for and does not go. `earlier` is what an earlier run of the same job has
    deleted. `breaks` are documents of this repository's manifest that go.
    """

    files: dict[str, UploadedFile] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    known: dict[str, Fact] = field(default_factory=dict)
    """What people know these Files by."""

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
    check_choice(wanted.given, has_filter=not wanted.filter.is_empty, rules=rules, what="Files")
    check_patterns("the name", wanted.filter.names)
    check_patterns("the purpose", wanted.filter.purposes)
    plan = FilePlan()
    if wanted.given is not None and not wanted.given:
        return plan
    if wanted.given is None:
        await _choose_by_filter(wanted, plan, api, working, protected)
    else:
        words, warnings = without_duplicates(wanted.given)
        given = await files_given(words, rules, api, working, earlier)
        plan.files, plan.words, plan.earlier = given.things, given.words, given.earlier
        plan.failed, plan.spared, plan.warnings = given.failed, given.spared, warnings + given.warnings
        plan.known = {file_id: _fact(file) for file_id, file in plan.files.items()}
        if plan.files:
            plan.usage = await _usage(plan, api, working)
        if not rules.force:
            refuse_protected(
                [f"{file_id} ({why})" for file_id, why in _protected(plan, protected)], "them", rules.words
            )
    plan.breaks = [protected.files[file_id] for file_id in plan.files if file_id in protected.files]
    return plan


def _fact(file: UploadedFile) -> Fact:
    return Fact(file.filename, file.bytes, file.created_at)


async def _usage(plan: FilePlan, api: Api, working: Working) -> Usage:
    stores = list((await all_stores(api, working.observer)).values())
    return await usage_of(list(plan.files), stores, api, working.concurrency, working.observer)


# --- By a filter --------------------------------------------------------------------------------------------


class Matching(NamedTuple):
    """The Files that a filter means, the uses of them as far as these were asked for, and how many Files there are.

    `notes` say how the filter was narrowed.
    """

    files: dict[str, UploadedFile]
    usage: Usage
    there_are: int
    notes: Sequence[str] = ()


async def files_matching(
    chosen: FileFilter, api: Api, working: Working, *, with_usage: bool = False
) -> tuple[dict[str, UploadedFile], Usage, int]:
    """The Files that a filter means, the uses of them as far as these were asked for, and how many Files there are.

    A store whose listing is not whole is asked for each File. Else a File could look unattached, or one owner's alone, which
    another store uses. Raises ApiUnavailable when that takes too many questions.
    """
    return (await _matching(chosen, chosen.purposes, api, working, with_usage=with_usage))[:3]


async def safely_matching(asked: FileFilter, api: Api, working: Working, *, with_usage: bool = False) -> Matching:
    """The same for what may be deleted: a filter for Files that no store lists is narrowed."""
    chosen, notes = safe_filter(asked)
    found = await _matching(chosen, asked.purposes, api, working, with_usage=with_usage)
    return found._replace(notes=[*found.notes, *notes])


async def _matching(
    chosen: FileFilter, purposes: tuple[str, ...], api: Api, working: Working, *, with_usage: bool
) -> Matching:
    """The Files of the filter. A note counts those that it would mean as well with these `purposes` instead of its own."""
    every = await all_files(api, working.observer)
    now = api.traffic.date or int(time.time())
    matching = {file_id: file for file_id, file in every.items() if chosen.may_match(file, now)}
    wider = replace(chosen, purposes=purposes)
    others = {file_id for file_id, file in every.items() if file_id not in matching and wider.may_match(file, now)}
    if not (chosen.needs_usage or with_usage) or not (matching or others):
        return Matching(matching, Usage(), len(every))
    stores = list((await all_stores(api, working.observer)).values())
    usage = await usage_of_all(stores, api, working.concurrency, {*matching, *others}, working.observer)
    await ask_unsure(matching, usage, api, working.concurrency)
    matching = {file_id: file for file_id, file in matching.items() if chosen.matches_uses(usage.of(file_id))}
    left_out = sum(1 for file_id in others if chosen.matches_uses(usage.of(file_id)))
    return Matching(matching, usage, len(every), [_left_out(left_out)] if left_out else [])


def _left_out(number: int) -> str:
    number_of = count(number, "File of another purpose is", "Files of other purposes are")
    return f"{number_of} left out: Files that are not for {PURPOSE} are used without a store. The filter purpose names them."


def safe_filter(chosen: FileFilter) -> tuple[FileFilter, list[str]]:
    """The filter, narrowed where it means Files that no store lists; and what must be said of it whatever there is.

    Batch jobs, fine-tuning and others use Files that no store lists. A new File may be about to be attached.
    """
    if chosen.attached is not False:
        return chosen, []
    if not chosen.purposes:
        chosen = replace(chosen, purposes=(PURPOSE,))
    if chosen.age.older_than_s is not None:
        return chosen, []
    told = "Only Files older than a day are meant: a run may be about to attach a newer File. The filter older-than says otherwise."
    return replace(chosen, age=Age(YOUNGEST_UNATTACHED_S, chosen.age.newer_than_s)), [told]


async def _choose_by_filter(
    wanted: FilesWanted, plan: FilePlan, api: Api, working: Working, protected: Protected
) -> None:
    matching, plan.usage, there_are, notes = await safely_matching(wanted.filter, api, working)
    plan.notes += notes
    plan.warnings += check_not_everything(len(matching), there_are, rules=wanted.rules, what="File")
    plan.files = dict(matching)
    plan.known = {file_id: _fact(file) for file_id, file in plan.files.items()}
    if plan.files and not wanted.filter.needs_usage:
        plan.usage = await _usage(plan, api, working)
    if not wanted.rules.force:
        for file_id, why in _protected(plan, protected):
            plan.spared.append(Spared(file_id, f"this repository's manifest names it: {why}"))
            del plan.files[file_id]


def _protected(plan: FilePlan, protected: Protected) -> list[tuple[str, str]]:
    """The Files that the repository's manifest protects, each with the words for it."""
    found = ((file_id, protected.why(file_id, _stores_of(plan.usage.of(file_id)))) for file_id in plan.files)
    return [(file_id, why) for file_id, why in found if why is not None]


def _stores_of(uses: Sequence[Use]) -> list[str]:
    return [use.store_id for use in uses]


# --- Carried out --------------------------------------------------------------------------------------------


def preview(plan: FilePlan) -> BulkReport:
    """What would go, as a report."""
    deleted = Deleted([*plan.earlier, *plan.files], plan.failed, plan.spared)
    return BulkReport(
        "files", deleted, None, plan.bytes, True, plan.breaks, plan.warnings, plan.notes, known=plan.known
    )


async def delete_files(
    plan: FilePlan,
    api: Api,
    rates: Rates,
    working: Working,
    begun: Callable[[str], None] = lambda _: None,
) -> BulkReport:
    """Takes each File out of the stores that list it, then deletes it.

    `begun` gets the words by which each File was given, before the File is deleted.
    """
    began = time.monotonic()
    files = Files(api, rates)

    async def delete(file_id: str) -> Failure | None:
        for word in plan.words.get(file_id, ()):
            begun(word)
        await detach_everywhere(file_id, plan.usage.of(file_id), api, rates)
        await files.delete(file_id)
        return None

    done = await each(list(plan.files), delete, working, "deleting Files")
    deleted = done.of(list(plan.files))
    return BulkReport(
        "files",
        Deleted([*plan.earlier, *deleted.success], [*plan.failed, *deleted.failed], plan.spared),
        None,
        sum(plan.files[file_id].bytes for file_id in deleted.success),
        breaks=plan.breaks,
        warnings=plan.warnings,
        notes=plan.notes,
        requests=dict(api.traffic.requests),
        duration_s=time.monotonic() - began,
        error=done.cause,
        known=plan.known,
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
