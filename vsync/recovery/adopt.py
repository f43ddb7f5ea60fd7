"""What the store itself proves, when the manifest may not be believed or there is none.

Every entry carries the owner and target that made it, its path and the hash of its bytes. `adopt` turns a listing
into the state that a manifest would have recorded; what it decides is pure, `recover` asks store and source for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vsync.documents.attributes import RESERVED_ATTRIBUTES, Identity, path_attribute
from vsync.documents.document import Document, observed_tag
from vsync.errors import RepositoryError, StoreConflict
from vsync.source.base import Source, is_unread
from vsync.state.manifest import Entry, TargetState
from vsync.store.entries import StoreEntry, belongs
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Sleep

_UNKNOWN_BLOB = "unknown"
_GONE_BAD = {"failed", "cancelled"}
_LOOK_EVERY_S = 1.0
_LOOK_CONCURRENCY = 8
_LIST_AGAIN = 4


@dataclass(frozen=True, slots=True)
class Measured:
    """What the head holds at a path now: the hash and size of its bytes."""

    sha256: str
    bytes: int


def choose_owner(entries: Iterable[StoreEntry], source: str, target: str, *, certain: bool) -> str | None:
    """The owner under which this source's documents are in the store already; None when there are none.

    `certain` says that the source's name is an identity (`owner/repo` from GitHub or a remote's address, or given by
    the user) and not just a folder's name, which somebody else's folder may have as well. Where this target has no
    documents, those of another one tell: all targets have one owner. Raises StoreConflict when it cannot be told whose
    the entries are.
    """
    owned = [e.attributes for e in entries if e.attributes.get("source") == source and "owner" in e.attributes]
    owners = {str(attributes["owner"]) for attributes in owned if attributes.get("target") == target}
    if not owners:
        others = {str(attributes["owner"]) for attributes in owned}
        return others.pop() if len(others) == 1 and certain else None
    if len(owners) == 1 and certain:
        return owners.pop()
    if len(owners) > 1:
        raise StoreConflict(
            f"The store holds documents of {source!r}, target {target!r}, from {len(owners)} different first syncs.",
            "Bring back the manifest that belongs to them, or use another --target (input target).",
        )
    raise StoreConflict(
        f"The store already holds documents of {source!r}, target {target!r}, but there is no manifest here.",
        f"Bring the manifest back; or, if they are this folder's documents, say so with --source {source} (VSYNC_SOURCE); "
        "or use another --target (input target).",
    )


def paths_to_measure(
    state: TargetState, documents: Mapping[str, Document], ours: Mapping[str, Sequence[StoreEntry]]
) -> list[str]:
    """The paths whose bytes must be hashed to know which entry holds them. Pure."""
    return [
        path
        for path, document in documents.items()
        if path in ours and not _confirmed(state.files.get(path), document, ours[path])
    ]


def _confirmed(recorded: Entry | None, document: Document, entries: Sequence[StoreEntry]) -> bool:
    return recorded is not None and recorded.blob == document.blob and _find(entries, recorded.file_id) is not None


def _find(entries: Iterable[StoreEntry], file_id: str) -> StoreEntry | None:
    return next((entry for entry in entries if entry.file_id == file_id and entry.status not in _GONE_BAD), None)


def adopt(
    state: TargetState,
    documents: Mapping[str, Document],
    ours: Mapping[str, Sequence[StoreEntry]],
    measured: Mapping[str, Measured],
    *,
    vouched: bool,
) -> TargetState:
    """The state that the store proves. Pure.

    For each path one entry stays: the one the manifest names if it holds the head's bytes, else one whose hash is that
    of the head's bytes, else the manifest's, else the newest that is searchable (the old version, which a plan then
    replaces or deletes). All others of ours are superseded. `vouched` says that the manifest is the last one
    published, so that ids it wants deleted may go though the store no longer lists them.
    """
    files: dict[str, Entry] = {}
    superseded: set[str] = set()
    for path, entries in ours.items():
        chosen = _choose(state.files.get(path), documents.get(path), entries, measured.get(path))
        superseded |= {entry.file_id for entry in entries}
        if chosen is not None:
            files[path] = chosen
            superseded.discard(chosen.file_id)
    listed = {entry.file_id for entries in ours.values() for entry in entries}
    pending = {file_id for file_id in state.pending_delete if vouched or file_id in listed}
    if vouched:  # an entry that was taken out or made unrecognisable by others is ours all the same
        pending |= {recorded.file_id for recorded in state.files.values()}
    kept = {entry.file_id for entry in files.values()}
    return replace(state, files=files, pending_delete=tuple(sorted((pending | superseded) - kept)))


def _choose(
    recorded: Entry | None,
    document: Document | None,
    entries: Sequence[StoreEntry],
    measured: Measured | None,
) -> Entry | None:
    if document is not None and recorded is not None and _confirmed(recorded, document, entries):
        found = _find(entries, recorded.file_id)
        return recorded if found is None else recorded._replace(tag=_seen_tag(document, found))
    usable = sorted(
        (entry for entry in entries if entry.status not in _GONE_BAD),
        key=lambda entry: (entry.status == "completed", entry.created_at),
        reverse=True,
    )
    if document is not None and measured is not None:
        for entry in usable:
            if entry.attributes.get("sha256") == measured.sha256:
                return _record(document, measured.bytes, entry)
    if recorded is not None and _find(usable, recorded.file_id) is not None:
        return recorded
    if not usable:
        return None
    # An old version: whatever it is, a plan replaces or deletes it.
    return Entry(_UNKNOWN_BLOB, str(usable[0].attributes.get("sha256") or ""), 0, usable[0].file_id, "")


def _record(document: Document, size: int, entry: StoreEntry) -> Entry:
    """What a manifest would have said of an entry that holds the head's bytes."""
    return Entry(document.blob, str(entry.attributes["sha256"]), size, entry.file_id, _seen_tag(document, entry))


def _seen_tag(document: Document, entry: StoreEntry) -> str:
    """The tag that the entry itself shows, whatever a manifest says."""
    attributes = {key: value for key, value in entry.attributes.items() if key not in RESERVED_ATTRIBUTES}
    seen = observed_tag(document.path, entry.chunking, str(entry.attributes.get("source")), attributes)
    if entry.chunking is None:
        # A server that does not say how it chunked: to upload all anew for that would never end.
        seen = f"{document.tag.partition('.')[0]}.{seen.partition('.')[2]}"
    return seen


def with_proven(state: TargetState, file_ids: Iterable[str]) -> TargetState:
    """The state with Files that are known to be ours to be deleted, but for those that hold its documents. Pure."""
    kept = {entry.file_id for entry in state.files.values()}
    return replace(state, pending_delete=tuple(sorted({*state.pending_delete, *file_ids} - kept)))


def with_hidden(
    state: TargetState,
    ours: Mapping[str, Sequence[StoreEntry]],
    wanted: Collection[str],
    recorded: Collection[str] = (),
) -> TargetState:
    """The state with entries of ours that a later listing shows and an earlier one did not. Pure.

    One of a path that has a document is superseded by it, as is one of a path that is not wanted; else the searchable one
    is kept, and the next run compares in full to see what becomes of it. `recorded` are the ids that the manifest names:
    one that was taken for gone and is to be deleted is kept too, where nothing has come in its place.
    """
    files, pending = dict(state.files), set(state.pending_delete)
    known = {entry.file_id for entry in files.values()} | pending
    for path, entries in ours.items():
        missing = path in wanted and path not in files
        hidden = [entry for entry in entries if entry.file_id not in known or (missing and entry.file_id in recorded)]
        pending |= {entry.file_id for entry in hidden}
        kept = _choose(None, None, hidden, None) if missing else None
        if kept is not None:
            files[path] = kept
        if path in files:
            pending.discard(files[path].file_id)
    settings = state.settings if len(files) == len(state.files) else ""
    return replace(state, files=files, settings=settings, pending_delete=tuple(sorted(pending)))


def by_path(
    entries: Iterable[StoreEntry], identity: Identity, known_paths: Collection[str]
) -> dict[str, list[StoreEntry]]:
    """Our entries by the path of their document; one of a path that is not known stands under its attribute. Pure."""
    names = {path_attribute(path): path for path in known_paths}
    found: dict[str, list[StoreEntry]] = {}
    for entry in entries:
        if belongs(entry, identity):
            attribute = str(entry.attributes.get("path"))
            found.setdefault(names.get(attribute, attribute), []).append(entry)
    return found


async def recover(
    store: VectorStore,
    source: Source,
    state: TargetState,
    documents: Mapping[str, Document],
    identity: Identity,
    entries: Sequence[StoreEntry],
    *,
    vouched: bool,
    settle_s: float,
    pause: Sleep,
) -> TargetState:
    """`adopt`, with entries that are still being indexed waited for, and the head's bytes hashed where needed."""
    owned = [entry for entry in entries if belongs(entry, identity)]
    owned = list(await _without_ghosts(store, owned, set(state.pending_delete)))
    settled = await _settled(store, owned, settle_s, pause)
    ours = by_path(settled, identity, {*documents, *state.files})
    wanted = [documents[path] for path in paths_to_measure(state, documents, ours)]
    measured = await asyncio.to_thread(_measure, source, wanted)
    return adopt(state, documents, ours, measured, vouched=vouched)


async def list_at_least(store: VectorStore, files: int, pause: Sleep) -> list[StoreEntry]:
    """The entries of a store that counts so many Files itself: asked for again, a few times, while fewer are listed.

    A listing may lag behind, and so may the count: what the last listing shows is taken then.
    """
    entries = await store.entries()
    for _ in range(_LIST_AGAIN):
        if len(entries) >= files:
            break
        await pause(_LOOK_EVERY_S)
        entries = await store.entries()
    return entries


async def _without_ghosts(
    store: VectorStore, entries: Sequence[StoreEntry], going: Collection[str]
) -> Sequence[StoreEntry]:
    """The entries without those that were to go and have gone: a stale listing still shows them, a question by id does not."""
    slots = asyncio.Semaphore(_LOOK_CONCURRENCY)

    async def is_there(entry: StoreEntry) -> bool:
        if entry.file_id not in going:
            return True
        async with slots:
            return await store.entry(entry.file_id) is not None

    answers = await asyncio.gather(*map(is_there, entries))
    return [entry for entry, there in zip(entries, answers, strict=True) if there]


async def _settled(
    store: VectorStore,
    entries: Sequence[StoreEntry],
    timeout_s: float,
    pause: Sleep,
) -> list[StoreEntry]:
    """The entries when their indexing has ended. One that does not end in time counts as failed."""
    deadline = time.monotonic() + timeout_s
    slots = asyncio.Semaphore(_LOOK_CONCURRENCY)

    async def look(entry: StoreEntry) -> StoreEntry | None:
        async with slots:
            return await store.entry(entry.file_id)

    settled = [entry for entry in entries if entry.status != "in_progress"]
    waiting = [entry for entry in entries if entry.status == "in_progress"]
    while waiting:
        answers = await asyncio.gather(*map(look, waiting))
        now = [entry for entry in answers if entry is not None]
        settled += [entry for entry in now if entry.status != "in_progress"]
        waiting = [entry for entry in now if entry.status == "in_progress"]
        if waiting and time.monotonic() >= deadline:
            return settled + [replace(entry, status="failed") for entry in waiting]
        if waiting:
            await pause(_LOOK_EVERY_S)
    return settled


def _measure(source: Source, documents: Sequence[Document]) -> dict[str, Measured]:
    source.prefetch(documents)
    measured = {}
    for document in documents:
        if is_unread(document.blob):
            continue
        with contextlib.suppress(RepositoryError, OSError):  # its upload fails and tells why; the others are measured
            content, _ = source.read(document)
            content.close()
            measured[document.path] = Measured(content.sha256, content.bytes)
    return measured
