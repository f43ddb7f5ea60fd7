"""Entries that another tool or a person put into a store: which of them are taken over, and how they are removed.

`chosen` and `spared` are pure. `take` removes exactly the entries that it is given. It looks at each entry once more
before it removes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from vsync.documents.attributes import path_attribute
from vsync.documents.document import upload_filename
from vsync.documents.gitignore import matcher
from vsync.errors import Interrupted, VsyncError
from vsync.report.observer import Observer
from vsync.report.verification import Foreign, Taken
from vsync.store.api_errors import Refused
from vsync.store.entries import StoreEntry
from vsync.store.files import Files
from vsync.store.listed_elsewhere import listed_elsewhere
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.system.stop import Stop


def chosen(
    foreign: Iterable[Foreign], patterns: Sequence[str], named: Collection[str]
) -> tuple[tuple[Foreign, ...], int]:
    """The foreign entries that match, and how many more match but belong to another vsync. Pure.

    `named` are the ids that the manifest names for any target. Such an entry is never foreign, whatever it says itself.
    """
    if not patterns:
        return (), 0
    matches = matcher("take-over", patterns)
    matching = [entry for entry in foreign if entry.name and matches(entry.name)]
    taken = tuple(entry for entry in matching if not entry.of_vsync and entry.file_id not in named)
    return taken, len(matching) - len(taken)


def spared(entries: Sequence[Foreign], lacking: Collection[str]) -> tuple[list[Foreign], tuple[Taken, ...]]:
    """The entries that may be removed, and those that stay: copies of documents that the store lacks. Pure.

    An entry counts as a copy when its `path` attribute or its file name says so. The name without folders is enough.
    """
    copies = {name: path for path in lacking for name in _names(path)}
    go: list[Foreign] = []
    kept: list[Taken] = []
    for entry in entries:
        names = (entry.path or "").removeprefix("./").removeprefix("/"), entry.filename
        path = next((copies[name] for name in names if name in copies), None)
        if path is None:
            go.append(entry)
        else:
            kept.append(Taken(entry, "left", f"{path} was refused for good, and this may be the only copy of it"))
    return go, tuple(kept)


def _names(path: str) -> set[str]:
    sent = upload_filename(path)
    return {path, path_attribute(path), sent, path.rpartition("/")[2], sent.rpartition("/")[2]}


async def take(
    entries: Sequence[Foreign], stores: Stores, files: Files, store: VectorStore, stop: Stop, observer: Observer
) -> tuple[list[Taken], VsyncError | None]:
    """What became of each entry, and why it ended early (None: it did not).

    A File is deleted only when no other store of the project lists it; where that would take too many requests it is kept.
    """
    taken: list[Taken] = []
    cause: VsyncError | None = None
    try:
        others = [info for info in await stores.list() if info.id != store.id]
        elsewhere = await listed_elsewhere([entry.file_id for entry in entries], others, files)
        observer.stage("deleting", len(entries))
        for entry in entries:
            if stop.signum is not None:
                raise Interrupted(stop.signum)
            taken.append(await _take_one(entry, files, store, elsewhere))
            observer.advance("deleting")
    except VsyncError as error:
        cause = error
    except Refused as error:
        cause = VsyncError(f"The API refused the request ({error.status} {error.code}): {error.message}", "Run again.")
    rest = entries[len(taken) :]
    return [*taken, *(Taken(entry, "left", "the run ended before") for entry in rest)], cause


async def _take_one(entry: Foreign, files: Files, store: VectorStore, elsewhere: Collection[str] | None) -> Taken:
    try:
        now = await store.entry(entry.file_id)
        if now is None:
            return Taken(entry, "left", "it is gone already")
        if _is_vsyncs(now):
            return Taken(entry, "left", "another vsync owns this entry now")
        await store.detach(entry.file_id)
    except Refused as error:
        return Taken(entry, "left", f"it was refused: {error.message}")
    if elsewhere is None:
        return Taken(entry, "detached", "its File is kept: there are too many other stores to ask each of them")
    if entry.file_id in elsewhere:
        return Taken(entry, "detached", "its File is kept: another store lists it")
    try:
        await files.delete(entry.file_id)
    except Refused as error:
        return Taken(entry, "detached", f"its File is kept, because the deletion was refused: {error.message}")
    return Taken(entry, "deleted")


def _is_vsyncs(entry: StoreEntry) -> bool:
    return all(name in entry.attributes for name in ("owner", "target", "source"))
