"""Which Files go with the vector stores that list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vsync.manage.bulk_report import Fact, Spared
from vsync.manage.each import Working
from vsync.manage.owner import Owner, Whose, owner_of_entry
from vsync.manage.protected import Protected
from vsync.manage.usage import READING_STORES, Usage, entries_of, side_by_side, usage_of
from vsync.store.client import Api
from vsync.store.entries import StoreInfo
from vsync.system.wording import count

Listing = Sequence[tuple[str, Owner | None]]
"""The Files of a store, each with the owner that its entry shows."""


@dataclass(slots=True)
class GoingFiles:
    """The Files that go, each with the stores that go and list it.

    `spared` are Files that stay. `known` is what people know these Files by. `usage` are the uses by stores that stay:
    without `shared`, no File that goes has any.
    """

    files: dict[str, list[str]] = field(default_factory=dict)
    spared: list[Spared] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    warnings: list[str] = field(default_factory=list)
    known: dict[str, Fact] = field(default_factory=dict)


async def going_files(
    stores: Sequence[StoreInfo],
    others: Sequence[StoreInfo],
    api: Api,
    working: Working,
    *,
    whose: Whose,
    shared: bool,
    kept: Protected,
) -> GoingFiles:
    """Which Files of these stores go: only those whose entries show that owner, and none of those that are `kept`.

    `others` are the stores that stay. Files that they use go only with `shared`. `kept` is what this repository's manifest
    names: a File of one of its stores stays as well.
    """
    going, listings = GoingFiles(), dict[str, Listing]()

    working.observer.stage(READING_STORES, len(stores))

    async def look(info: StoreInfo) -> None:
        entries, whole = await entries_of(info, api)
        for entry in entries:
            path = str(entry.attributes.get("path", ""))
            going.known[entry.file_id] = Fact(path, entry.usage_bytes, entry.created_at or 0)
        listings[info.id] = [(entry.file_id, owner_of_entry(entry)) for entry in entries]
        working.observer.advance(READING_STORES)
        if not whole:
            going.warnings.append(
                f"The listing of {info.id} shows {len(listings[info.id]):,} of {count(info.files, 'entry', 'entries')}. Files of "
                "entries that it does not show stay."
            )

    await side_by_side(stores, look, working.concurrency)
    expired = [info.id for info in stores if info.status == "expired"]
    if expired:
        names = f"{', '.join(expired[:3])}{', …' if len(expired) > 3 else ''}"
        going.warnings.append(
            f"{count(len(expired), 'vector store has', 'vector stores have')} expired ({names}). An expired store does not tell "
            "which Files it listed. Look for Files that no store lists afterwards."
        )
    candidates, why = _candidates({info.id: listings[info.id] for info in stores}, whose, kept.files)
    going.usage = await usage_of(list(candidates), others, api, working.concurrency, working.observer)
    for file_id, listed_by in candidates.items():
        uses = going.usage.of(file_id)
        named = kept.why(file_id, [use.store_id for use in uses])
        if named is not None:
            why[file_id] = f"this repository's manifest names it: {named}"
        elif uses and not shared:
            why[file_id] = f"another vector store uses it: {', '.join(sorted({use.store_id for use in uses}))}"
        else:
            going.files[file_id] = listed_by
    going.spared = [Spared(file_id, reason) for file_id, reason in why.items()]
    return going


def _candidates(
    listings: Mapping[str, Listing], whose: Whose, kept: Mapping[str, str]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The Files that may go, with the stores that list each; and why the others stay."""
    listed_by: dict[str, list[str]] = {}
    why: dict[str, str] = {}
    for store_id, listing in listings.items():
        for file_id, owner in listing:
            if file_id in kept:
                why[file_id] = f"this repository's manifest names it: {kept[file_id]}"
            elif not whose.matches(owner):
                why.setdefault(file_id, f"its entry in {store_id} does not show that it is of the owner that is meant")
            listed_by.setdefault(file_id, []).append(store_id)
    return {file_id: stores for file_id, stores in listed_by.items() if file_id not in why}, why
