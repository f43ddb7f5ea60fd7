"""What the store itself proves, where there is no manifest or the manifest must not be trusted.

Every entry names its owner and target, its path and the hash of its bytes. `adopt` decides which state a manifest would
have recorded, and is pure. `recover` asks the store and the source for what `adopt` needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vsync.documents.attributes import Identity, path_attribute
from vsync.documents.document import Document
from vsync.errors import RepositoryError, StoreConflict
from vsync.recovery.entry_tag import fixed_of, tag_of_entry, tag_of_recorded
from vsync.source.base import Source, is_unread
from vsync.source.content import read_content
from vsync.state.manifest import UNKNOWN_BLOB, Entry, TargetState
from vsync.store.entries import StoreEntry, belongs
from vsync.store.polling import ask_for_each, wait_until_indexed
from vsync.store.vector_store import VectorStore
from vsync.system.retry import Sleep

_NOT_INDEXED = {"failed", "cancelled"}
_MOST_QUESTIONS = 5
"""How many old versions in a listing are asked for by their ids. One that is gone shows that the listing is stale."""

_MOST_KEPT_ASKED = 50
"""For how many of the entries that nothing but the listing vouches for it is asked by their ids. More of them: a sample."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The hash and size of the bytes that the head holds at a path."""

    sha256: str
    bytes: int


def choose_owner(entries: Iterable[StoreEntry], source: str, target: str, *, certain: bool) -> str | None:
    """The owner of this source's documents in the store. None: the store holds no documents of this source.

    `certain`: the source's name is an identity (`owner/repo`, or given by the user). A folder's name is not: somebody
    else's folder may have the same name. All targets of a source have one owner, so another target may tell the owner.
    Raises StoreConflict when the entries do not tell whose they are.
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
    return next((entry for entry in entries if entry.file_id == file_id and entry.status not in _NOT_INDEXED), None)


def adopt(
    state: TargetState,
    documents: Mapping[str, Document],
    ours: Mapping[str, Sequence[StoreEntry]],
    measured: Mapping[str, Measured],
    *,
    vouched: bool,
) -> TargetState:
    """The state that the store proves. Pure.

    For each path one entry stays, the first that there is. All our other entries are replaced, and are deleted later.

    | order | entry |
    | --- | --- |
    | 1 | the entry that the manifest names, if it holds the head's bytes |
    | 2 | an entry whose hash is the hash of the head's bytes |
    | 3 | the entry that the manifest names: an old version, which a plan replaces or deletes |
    | 4 | the newest searchable entry: an old version as well |

    `vouched`: the manifest is the last published one. Then the ids that it wants deleted are deleted, even when the
    store no longer lists them.
    """
    files: dict[str, Entry] = {}
    replaced: set[str] = set()
    for path, entries in ours.items():
        chosen = _choose(state.files.get(path), documents.get(path), entries, measured.get(path))
        replaced |= {entry.file_id for entry in entries}
        if chosen is not None:
            files[path] = chosen
            replaced.discard(chosen.file_id)
    listed = {entry.file_id for entries in ours.values() for entry in entries}
    pending = {file_id for file_id in state.pending_delete if vouched or file_id in listed}
    if vouched:  # an entry is ours even when others have detached it or changed its attributes
        pending |= {recorded.file_id for recorded in state.files.values()}
    kept = {entry.file_id for entry in files.values()}
    return replace(state, files=files, pending_delete=tuple(sorted((pending | replaced) - kept)))


def _choose(
    recorded: Entry | None,
    document: Document | None,
    entries: Sequence[StoreEntry],
    measured: Measured | None,
) -> Entry | None:
    if document is not None and recorded is not None and _confirmed(recorded, document, entries):
        found = _find(entries, recorded.file_id)
        return recorded if found is None else recorded._replace(tag=tag_of_recorded(recorded.tag, document, found))
    usable = sorted(
        (entry for entry in entries if entry.status not in _NOT_INDEXED),
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
    # An old version. A plan replaces or deletes it, whatever its bytes are.
    return Entry(UNKNOWN_BLOB, str(usable[0].attributes.get("sha256") or ""), 0, usable[0].file_id, "")


def _record(document: Document, size: int, entry: StoreEntry) -> Entry:
    """What a manifest would have recorded for an entry that holds the head's bytes."""
    shown = tag_of_entry(document.path, entry, document.tag, fixed_of(document), document.filename)
    return Entry(document.blob, str(entry.attributes["sha256"]), size, entry.file_id, shown)


def with_proven(state: TargetState, file_ids: Iterable[str]) -> TargetState:
    """The state in which these Files, which are surely ours, are to be deleted. Files of its documents stay. Pure."""
    kept = {entry.file_id for entry in state.files.values()}
    return replace(state, pending_delete=tuple(sorted({*state.pending_delete, *file_ids} - kept)))


def with_hidden(
    state: TargetState,
    ours: Mapping[str, Sequence[StoreEntry]],
    wanted: Collection[str],
    recorded: Collection[str] = (),
) -> TargetState:
    """The state with those of our entries that a later listing shows and an earlier listing hid. Pure.

    | path of the hidden entry | what becomes of the entry |
    | --- | --- |
    | has a document | it is to be deleted |
    | is not wanted | it is to be deleted |
    | is wanted and has no document | a searchable entry is kept, and the next run compares in full |

    `recorded` are the ids that the manifest names. Such an entry is kept too when it was to be deleted because the
    earlier listing hid it, and its path still has no document.
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
    """Our entries by the path of their document. Where the path is not known, its attribute stands for it. Pure."""
    names = {path_attribute(path): path for path in known_paths}
    found: dict[str, list[StoreEntry]] = {}
    for entry in entries:
        if belongs(entry, identity):
            attribute = str(entry.attributes.get("path"))
            found.setdefault(names.get(attribute, attribute), []).append(entry)
    return found


class Recovered(NamedTuple):
    """The state that a listing proves.

    `gone` are listed entries that a look by id does not find. `stale` says that the listing shows, as a document's version,
    an entry that is gone: then a newer version may be hidden.
    """

    state: TargetState
    gone: frozenset[str] = frozenset()
    stale: bool = False


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
) -> Recovered:
    """`adopt`, after our entries are indexed and the head's bytes are hashed where that is needed.

    An entry whose indexing does not end within `settle_s` counts as failed.
    """
    owned = [entry for entry in entries if belongs(entry, identity)]
    # A stale listing still shows what an earlier run has deleted. A look by id does not.
    deleted = await _gone(store, [entry.file_id for entry in owned if entry.file_id in set(state.pending_delete)])
    existing = [entry for entry in owned if entry.file_id not in deleted]
    indexed = await wait_until_indexed(store, existing, timeout_s=settle_s, pause=pause, look_at_once=True)
    ended = [replace(entry, status="failed") if entry.status == "in_progress" else entry for entry in indexed]
    ours = by_path(ended, identity, {*documents, *state.files})
    wanted = [documents[path] for path in paths_to_measure(state, documents, ours)]
    measured = await asyncio.to_thread(_measure, source, wanted)
    adopted = adopt(state, documents, ours, measured, vouched=vouched)
    recorded = {entry.file_id for entry in state.files.values()} | set(state.pending_delete)
    old = [file_id for file_id in outdated(adopted) if file_id not in recorded][:_MOST_QUESTIONS]
    kept = sample(only_listed(adopted, recorded if vouched else ()), _MOST_KEPT_ASKED)
    replaced = await _gone(store, dict.fromkeys([*old, *kept]))
    if replaced:
        ours = by_path(
            [entry for entry in ended if entry.file_id not in replaced], identity, {*documents, *state.files}
        )
        adopted = adopt(state, documents, ours, measured, vouched=vouched)
    return Recovered(adopted, deleted | replaced, bool(replaced))


def outdated(state: TargetState) -> list[str]:
    """The ids of entries that hold old versions, in an adopted state: a plan replaces or deletes them. Pure."""
    old = {entry.file_id for entry in state.files.values() if entry.blob == UNKNOWN_BLOB}
    return sorted(old.union(state.pending_delete))


def only_listed(state: TargetState, vouched: Collection[str]) -> list[str]:
    """The ids of entries that an adopted state keeps as the head's version, and that only the listing shows. Pure."""
    current = (entry.file_id for entry in state.files.values() if entry.blob != UNKNOWN_BLOB)
    return sorted(file_id for file_id in current if file_id not in vouched)


def sample(file_ids: Sequence[str], most: int) -> Sequence[str]:
    """The ids, or as many of them as may be asked for. Chance chooses, so the next run asks for others."""
    return file_ids if len(file_ids) <= most else random.sample(file_ids, most)


async def _gone(store: VectorStore, file_ids: Collection[str]) -> frozenset[str]:
    """Those of the entries that the store does not have any more."""
    gone: set[str] = set()

    def answered(file_id: str, entry: StoreEntry | None) -> None:
        if entry is None:
            gone.add(file_id)

    await ask_for_each(store, file_ids, answered, listed=True)
    return frozenset(gone)


def _measure(source: Source, documents: Sequence[Document]) -> dict[str, Measured]:
    source.prefetch(documents)
    measured = {}
    for document in documents:
        if is_unread(document.blob):
            continue
        with contextlib.suppress(RepositoryError, OSError):  # its upload fails and reports why
            content, _ = read_content(source, document)
            content.close()
            measured[document.path] = Measured(content.sha256, content.bytes)
    return measured
