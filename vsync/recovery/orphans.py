"""Which unattached Files are ours, though no answer ever named them.

The API knows no idempotency key, so an upload whose answer was lost may have made a File or not, and nothing on a File
says whose it is. `judge` infers it by the rule of docs/reliability.md and is pure; `look_for` asks the project.
What the rule does not cover is named and left alone.
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
from vsync.store.entries import StoreInfo
from vsync.store.files import PURPOSE, Files, UploadedFile
from vsync.store.listed_elsewhere import MAX_REQUESTS, listed_elsewhere, requests_to_ask
from vsync.system.retry import Sleep

SETTLED_AFTER_S = 5
"""A File must be that old: another run attaches what it uploads within two seconds, and is then seen in its store."""

NEAR_S = 600
"""Clocks of runners and servers are apart, and a request may be carried out after it was given up: so far from a window a
File is still named."""

_AGAIN_AFTER_S = 2.0
_TOLD = 20


def candidates(
    attempts: Iterable[Attempt], files: Iterable[UploadedFile], known: Collection[str], now: int
) -> list[UploadedFile]:
    """The Files that an attempt may have made, and that no answer named. `now`: the server's time. Pure."""
    return _fitting(attempts, files, known, lambda attempt, file: _may_have_made(attempt, file, now))


def near(attempts: Iterable[Attempt], files: Iterable[UploadedFile], known: Collection[str]) -> list[UploadedFile]:
    """The Files that may be meant though the rule does not cover them: of the name and size, made at about the time. Pure."""
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
    """Whether the File was made between the answers before and after the request. Without the first nothing is known."""
    until = now if attempt.until is None else attempt.until
    return attempt.since is not None and attempt.since <= file.created_at <= until


def judge(
    attempts: Sequence[Attempt], unattached: Sequence[UploadedFile], now: int
) -> tuple[list[UploadedFile], list[UploadedFile]]:
    """Of Files that no store lists: those that are inferred to be ours, and the rest. Pure.

    For a name and size there may be no more Files than attempts, and each must fit an attempt of its own.
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
    """Whether each File can be given an attempt: the oldest File first, and of what fits the window that ends first."""
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
    """Uploads that may have left something. `attempts` were never answered; of `doubtful` ones that is not known, and what
    they may have made is only named. `known` are Files that an answer or our own store names.
    """

    attempts: Sequence[Attempt]
    doubtful: Sequence[Attempt]
    known: Collection[str]

    @property
    def earliest(self) -> int:
        """From when on Files can be meant."""
        starts = [attempt.since for attempt in (*self.attempts, *self.doubtful)]
        return 0 if None in starts else min(start for start in starts if start is not None) - NEAR_S


@dataclass(frozen=True, slots=True)
class Search:
    """What can be asked. `clock` is the server's time as of its last answer, None where its answers have no date."""

    files: Files
    stores: Callable[[], Awaitable[Sequence[StoreInfo]]]
    clock: Callable[[], int | None]
    others_open: Callable[[], bool]
    pause: Sleep


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; `unasked` counts Files that may be meant, which would have taken too many questions."""

    orphans: Sequence[Orphan] = ()
    unasked: int = 0


async def look_for(suspects: Suspects, search: Search) -> Found:
    """The Files that unanswered uploads left, and those that may be such; those to be deleted first.

    Asked in this order, so that what another run is about to attach is never taken for ours: which Files there are; whether
    another run is at work; whether a store lists them.
    """
    listing, found = await _settled(suspects, search)
    judged = await _judged(found, suspects, search) if found else []
    seen = {*suspects.known, *(file.id for file in found)}
    meant = near(suspects.attempts, listing, seen)
    doubtful = near(suspects.doubtful, listing, {*seen, *(file.id for file in meant)})
    stores = await search.stores() if meant or doubtful else []
    named = await _unattached(meant, stores, search.files)
    if requests_to_ask(len(meant) + len(doubtful), stores) > MAX_REQUESTS:
        return Found([*judged, *_listed(named, _not_just_then(suspects))], len(doubtful))
    named += await _unattached(doubtful, stores, search.files)
    return Found([*judged, *_listed(named, _not_just_then(suspects))])


def _not_just_then(suspects: Suspects) -> str:
    if any(attempt.since is None for attempt in suspects.attempts):
        return "the answers of the server have no date, so that it may also be somebody else's"
    return "it was not made just when an upload of ours had no answer, but about then"


async def _unattached(found: Sequence[UploadedFile], stores: Sequence[StoreInfo], files: Files) -> list[UploadedFile]:
    """Those that no store lists; all of them where that cannot be asked, or not at that price."""
    with contextlib.suppress(Refused):
        listed = await listed_elsewhere([file.id for file in found], stores, files)
        if listed is not None:
            return [file for file in found if file.id not in listed]
    return list(found)


async def _judged(found: Sequence[UploadedFile], suspects: Suspects, search: Search) -> list[Orphan]:
    if await asyncio.to_thread(search.others_open):
        return _listed(found, "another run of this repository is open, and it may be its upload")
    stores = await search.stores()
    try:
        listed = await listed_elsewhere([file.id for file in found], stores, search.files)
    except Refused as error:
        return _listed(found, f"whether a store lists it could not be asked ({error.message})")
    if listed is None:
        return _listed(found, f"to ask {len(stores)} stores for {len(found)} Files takes over {MAX_REQUESTS} requests")
    unattached = [file for file in found if file.id not in listed]
    inferred, rest = judge(suspects.attempts, unattached, search.clock() or 0)
    why = "it was uploaded by a request whose answer was lost, and is in no vector store"
    deleted = [replace(item, verdict="deleted") for item in _listed(inferred, why)]
    return deleted + _listed(rest, "there are more such Files than uploads without an answer")


async def _settled(suspects: Suspects, search: Search) -> tuple[list[UploadedFile], list[UploadedFile]]:
    """The listing and the candidates in it, when the youngest is old enough. Listed once more where one may be missing."""
    attempts = suspects.attempts

    async def listed() -> tuple[list[UploadedFile], list[UploadedFile]]:
        files, now = await search.files.since(suspects.earliest), search.clock()
        return files, [] if now is None else candidates(attempts, files, suspects.known, now)

    listing, found = await listed()
    now = search.clock() or 0
    if len(found) < len(attempts) and any(now - (attempt.until or now) < SETTLED_AFTER_S for attempt in attempts):
        await search.pause(_AGAIN_AFTER_S)
        listing, found = await listed()
    if found:
        age = (search.clock() or 0) - max(file.created_at for file in found)
        if age < SETTLED_AFTER_S:
            await search.pause(SETTLED_AFTER_S - age)
    return listing, found


def orphan_warnings(found: Sequence[Orphan]) -> list[str]:
    """What a person is to know of them; all of them stand in the JSON report. Pure."""
    warnings = []
    for orphan in found[:_TOLD]:
        told = f"The File {orphan.file_id} ({orphan.filename}, {orphan.bytes} bytes)"
        if orphan.verdict == "deleted":
            warnings.append(f"{told} is deleted: {orphan.why}.")
        else:
            warnings.append(
                f"{told} may be left of an upload whose answer was lost, and is not touched: {orphan.why}. "
                "If nobody else needs it, delete it by hand."
            )
    if len(found) > _TOLD:
        warnings.append(f"… and {len(found) - _TOLD} more such Files, which stand in the JSON report.")
    return warnings


def _listed(files: Iterable[UploadedFile], why: str) -> list[Orphan]:
    return [Orphan(file.id, file.filename, file.bytes, "listed", why) for file in files]
