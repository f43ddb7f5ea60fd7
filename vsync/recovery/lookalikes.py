"""Files that look like uploads of earlier runs: they have a document's name and size, and no vector store lists them.

A run that finds a store without a record does not know what earlier runs uploaded. Nothing on a File says whose it is, so
these Files are named, and never deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from vsync.documents.attributes import Identity
from vsync.documents.document import upload_filename
from vsync.errors import ApiUnavailable
from vsync.plan.plan import Plan
from vsync.report.body import Orphan
from vsync.state.manifest import TargetState
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreInfo, UploadedFile, belongs
from vsync.store.files import PURPOSE, Files
from vsync.store.listed_elsewhere import MAX_REQUESTS, listed_elsewhere, most_to_ask
from vsync.store.polling import entries_by_id
from vsync.store.vector_store import VectorStore
from vsync.system.wording import count

NameAndSize = tuple[str, int]


class Lookalikes(NamedTuple):
    """The Files that no store lists. `unasked` more Files look the same, but to ask for them takes too many requests."""

    orphans: Sequence[Orphan] = ()
    unasked: int = 0


def as_uploaded(
    state: TargetState, plan: Plan | None = None, sent_as: Callable[[str], str] = upload_filename
) -> frozenset[NameAndSize]:
    """The names and sizes under which the documents of a state are uploaded, and those that a plan uploads. Pure.

    `sent_as` gives the name of the document at a path.
    """
    recorded = {(sent_as(path), entry.bytes) for path, entry in state.files.items()}
    planned = [op.document for op in plan.of("upload", "replace")] if plan is not None else []
    return frozenset(recorded).union(
        (document.sent_as, document.bytes)
        for document in planned
        if document is not None and document.bytes is not None
    )


def alike(files: Iterable[UploadedFile], wanted: Collection[NameAndSize], known: Collection[str]) -> list[UploadedFile]:
    """The Files of these names and sizes that are not known. Pure."""
    return [
        file
        for file in files
        if file.purpose == PURPOSE and file.id not in known and (file.filename, file.bytes) in wanted
    ]


async def told_apart(
    found: Sequence[UploadedFile], store: VectorStore, identity: Identity
) -> tuple[list[UploadedFile], int]:
    """The Files of which the run's own store has no entry, and how many entries of ours it has among the others.

    A stale listing hides an entry, a look by its id finds it. At most `MAX_REQUESTS` Files are asked for.
    """
    entries = await entries_by_id(store, [file.id for file in found[:MAX_REQUESTS]])
    here = {entry.file_id for entry in entries}
    return [file for file in found if file.id not in here], sum(belongs(entry, identity) for entry in entries)


def hides_ours(store_id: str, hidden: int) -> ApiUnavailable:
    """The error of a run whose listing hid entries that the store has. It knows them only by the names of their Files."""
    return ApiUnavailable(
        f"The listing of the vector store {store_id} is stale: the store has {count(hidden, 'entry', 'entries')} of this "
        "repository that the listing did not show. There is no record of them here, so the run may have taken older entries "
        "for the documents, and nothing was deleted.",
        "Run again in a few minutes: the next run lists the store first. If it stays so, --force (input force) goes on with "
        "what is listed; it ignores both limits as well.",
    )


async def unattached(
    found: Sequence[UploadedFile],
    stores: Callable[[], Awaitable[Sequence[StoreInfo]]],
    files: Files,
    others_open: Callable[[], bool],
) -> Lookalikes:
    """Those of the Files that no store lists. Makes no request where there are no Files."""
    if not found:
        return Lookalikes()
    every = await stores()
    asked = found[: most_to_ask(len(found), every)]
    try:
        listed = await listed_elsewhere([file.id for file in asked], every, files)
    except Refused:
        listed = None
    if listed is None:
        return Lookalikes((), len(found))
    left = [file for file in asked if file.id not in listed]
    why = "it has the name and size of a document, and no vector store lists it"
    another = await asyncio.to_thread(others_open) if left else False
    if another:
        why = f"{why}; another run of this repository is open, and it may be its upload"
    orphans = [Orphan(file.id, file.filename, file.bytes, "listed", why) for file in left]
    return Lookalikes(orphans, len(found) - len(asked))


def unasked_warning(unasked: int) -> list[str]:
    """The warning about Files that were not asked for. Pure."""
    if not unasked:
        return []
    have = "has" if unasked == 1 else "have"
    return [
        f"{count(unasked, 'more File')} {have} the name and size of a document. Whether a vector store lists them is not known: "
        f"to ask takes more than {MAX_REQUESTS} requests, or was refused. They may be left of earlier uploads, and are not touched."
    ]
