"""Orphans: Files of ours that no store lists and that no answer ever named.

An upload whose answer was lost may have made a File. The API has no idempotency key, and nothing on a File says whose
it is. `judge` decides by the rule of docs/reliability.md, and is pure. `look_for` asks the project. A File that the
rule does not cover is reported and left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from vsync.report.body import Orphan
from vsync.state.journal_record import Attempt
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreInfo, UploadedFile
from vsync.store.files import PURPOSE, Files
from vsync.store.listed_elsewhere import MAX_REQUESTS, listed_elsewhere, requests_to_ask
from vsync.system.retry import Sleep

SETTLED_AFTER_S = 5
"""A File must be that old. Another run attaches its uploads within two seconds; then its store lists them."""

NEAR_S = 600
"""So many seconds before or after an upload a File is still reported.

The clocks of runners and servers differ, and a server may carry out a request after the run has given it up.
"""

_LIST_AGAIN_AFTER_S = 2.0
_MOST_WARNINGS = 20


def candidates(
    attempts: Iterable[Attempt], files: Iterable[UploadedFile], known: Collection[str], now: int
) -> list[UploadedFile]:
    """The Files that an attempt may have made and that no answer named. `now` is the server's time. Pure."""
    return _fitting(attempts, files, known, lambda attempt, file: _may_have_made(attempt, file, now))


def near(attempts: Iterable[Attempt], files: Iterable[UploadedFile], known: Collection[str]) -> list[UploadedFile]:
    """The Files of an attempt's name and size that were made at about its time. The rule does not cover them. Pure."""
    return _fitting(attempts, files, known, _is_near)


def _fitting(
    attempts: Iterable[Attempt],
    files: Iterable[UploadedFile],
    known: Collection[str],
    fits: Callable[[Attempt, UploadedFile], bool],
) -> list[UploadedFile]:
    """The Files of an attempt's name and size whose time fits it."""
    sought: dict[tuple[str, int], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        sought[attempt.filename, attempt.bytes].append(attempt)
    return [
        file
        for file in files
        if file.purpose == PURPOSE
        and file.id not in known
        and any(fits(attempt, file) for attempt in sought[file.filename, file.bytes])
    ]


def _may_have_made(attempt: Attempt, file: UploadedFile, now: int) -> bool:
    """Whether the File was made between the answers before and after the request.

    Without an answer before the request, nothing is known of its time.
    """
    until = now if attempt.until is None else attempt.until
    return attempt.since is not None and attempt.since <= file.created_at <= until


def judge(
    attempts: Sequence[Attempt], unattached: Sequence[UploadedFile], now: int
) -> tuple[list[UploadedFile], list[UploadedFile]]:
    """Of Files that no store lists: those that must be ours, and the rest. Pure.

    For each name and size: there are no more Files than attempts, and each File fits an attempt of its own.
    """
    inferred: list[UploadedFile] = []
    rest: list[UploadedFile] = []
    groups: dict[tuple[str, int], list[UploadedFile]] = defaultdict(list)
    for file in unattached:
        groups[file.filename, file.bytes].append(file)
    for (filename, size), group in groups.items():
        windows = [a for a in attempts if (a.filename, a.bytes) == (filename, size)]
        (inferred if _each_has_its_own(windows, group, now) else rest).extend(group)
    return inferred, rest


def _each_has_its_own(attempts: Sequence[Attempt], files: Sequence[UploadedFile], now: int) -> bool:
    """Whether each File fits an attempt of its own.

    The oldest File comes first. It gets, of the attempts that fit, the attempt whose time ends first.
    """
    left = sorted(attempts, key=lambda attempt: now if attempt.until is None else attempt.until)
    for file in sorted(files, key=lambda file: file.created_at):
        fitting = next((attempt for attempt in left if _may_have_made(attempt, file, now)), None)
        if fitting is None:
            return False
        left.remove(fitting)
    return True


def _is_near(attempt: Attempt, file: UploadedFile) -> bool:
    if attempt.since is None:
        return True
    return attempt.since - NEAR_S <= file.created_at and (
        attempt.until is None or file.created_at <= attempt.until + NEAR_S
    )


# --- Asking ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suspects:
    """Uploads that may have left orphans.

    | field | meaning |
    | --- | --- |
    | attempts | uploads that were never answered |
    | doubtful | uploads of which it is not known whether they were answered: their Files are only reported |
    | known | the ids of Files that an answer or our own store names |
    """

    attempts: Sequence[Attempt]
    doubtful: Sequence[Attempt]
    known: Collection[str]

    @property
    def earliest(self) -> int:
        """Files that were made before this time are no orphans of these uploads."""
        starts = [attempt.since for attempt in (*self.attempts, *self.doubtful)]
        return 0 if None in starts else min(start for start in starts if start is not None) - NEAR_S


@dataclass(frozen=True, slots=True)
class Search:
    """What can be asked. `clock` gives the server's time of its last answer; None when its answers have no date."""

    files: Files
    stores: Callable[[], Awaitable[Sequence[StoreInfo]]]
    clock: Callable[[], int | None]
    others_open: Callable[[], bool]
    pause: Sleep
    whose: str = "another run of this repository is open, and it may be its upload"
    """What is said of a File while others are at work."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. `unasked` counts Files that may be orphans, but would have taken too many requests."""

    orphans: Sequence[Orphan] = ()
    unasked: int = 0


async def look_for(suspects: Suspects, search: Search) -> Found:
    """The orphans, those to be deleted first; and the Files that may be orphans.

    Three questions are asked in this order: which Files there are, whether another run is at work, whether a store lists
    the Files. So a File that another run is about to attach is never taken for ours.
    """
    listing, found = await _listing_and_candidates(suspects, search)
    judged = await _judged(found, suspects, search) if found else []
    seen = {*suspects.known, *(file.id for file in found)}
    nearby = near(suspects.attempts, listing, seen)
    doubtful = near(suspects.doubtful, listing, {*seen, *(file.id for file in nearby)})
    stores = await search.stores() if nearby or doubtful else []
    named = await _unattached(nearby, stores, search.files)
    if requests_to_ask(len(nearby) + len(doubtful), stores) > MAX_REQUESTS:
        return Found([*judged, *_listed(named, _not_just_then(suspects))], len(doubtful))
    named += await _unattached(doubtful, stores, search.files)
    return Found([*judged, *_listed(named, _not_just_then(suspects))])


def _not_just_then(suspects: Suspects) -> str:
    if any(attempt.since is None for attempt in suspects.attempts):
        return "the answers of the server have no date, so that it may also be somebody else's"
    return "it was not made just when an upload of ours had no answer, but about then"


async def _unattached(found: Sequence[UploadedFile], stores: Sequence[StoreInfo], files: Files) -> list[UploadedFile]:
    """The Files that no store lists. All of them, when the stores do not answer or too many requests are needed."""
    with contextlib.suppress(Refused):
        listed = await listed_elsewhere([file.id for file in found], stores, files)
        if listed is not None:
            return [file for file in found if file.id not in listed]
    return list(found)


async def _judged(found: Sequence[UploadedFile], suspects: Suspects, search: Search) -> list[Orphan]:
    if await asyncio.to_thread(search.others_open):
        return _listed(found, search.whose)
    stores = await search.stores()
    try:
        listed = await listed_elsewhere([file.id for file in found], stores, search.files, by_id=True)
    except Refused as error:
        return _listed(found, f"whether a store lists it could not be asked ({error.message})")
    if listed is None:
        return _listed(found, f"to ask {len(stores)} stores for {len(found)} Files takes over {MAX_REQUESTS} requests")
    unattached = [file for file in found if file.id not in listed]
    inferred, rest = judge(suspects.attempts, unattached, search.clock() or 0)
    why = "it was uploaded by a request whose answer was lost, and is in no vector store"
    deleted = [replace(item, verdict="deleted") for item in _listed(inferred, why)]
    return deleted + _listed(rest, "there are more such Files than uploads without an answer")


async def _listing_and_candidates(suspects: Suspects, search: Search) -> tuple[list[UploadedFile], list[UploadedFile]]:
    """The listing of the Files and the candidates in it, when the youngest candidate is old enough.

    When a candidate may be missing, the Files are listed once more.
    """
    attempts = suspects.attempts

    async def listed() -> tuple[list[UploadedFile], list[UploadedFile]]:
        files, now = await search.files.since(suspects.earliest), search.clock()
        return files, [] if now is None else candidates(attempts, files, suspects.known, now)

    listing, found = await listed()
    now = search.clock() or 0
    if len(found) < len(attempts) and any(now - (attempt.until or now) < SETTLED_AFTER_S for attempt in attempts):
        await search.pause(_LIST_AGAIN_AFTER_S)
        listing, found = await listed()
    if found:
        age = (search.clock() or 0) - max(file.created_at for file in found)
        if age < SETTLED_AFTER_S:
            await search.pause(SETTLED_AFTER_S - age)
    return listing, found


def orphan_warnings(orphans: Sequence[Orphan]) -> list[str]:
    """The warnings about orphans, for the first of them. The JSON report names all. Pure."""
    warnings = []
    for orphan in orphans[:_MOST_WARNINGS]:
        file = f"The File {orphan.file_id} ({orphan.filename}, {orphan.bytes} bytes)"
        if orphan.verdict == "deleted":
            warnings.append(f"{file} is deleted: {orphan.why}.")
        else:
            warnings.append(
                f"{file} may be left of an earlier upload, and is not touched: {orphan.why}. "
                "If nobody else needs it, delete it by hand."
            )
    if len(orphans) > _MOST_WARNINGS:
        warnings.append(f"… and {len(orphans) - _MOST_WARNINGS} more such Files. The JSON report names them.")
    return warnings


def _listed(files: Iterable[UploadedFile], why: str) -> list[Orphan]:
    return [Orphan(file.id, file.filename, file.bytes, "listed", why) for file in files]
