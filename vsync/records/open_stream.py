"""The start of a stream: which store, who owns its documents, and what runs before this one left there.

| when | what is done |
| --- | --- |
| the state is new, or it was lost, or `--rebuild` | the store is listed, and the index is made from what its entries show |
| a run died | its journal names its uploads: they are taken over, or deleted |
| Files are still to be deleted | they are deleted |
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from vsync.documents.attributes import Identity
from vsync.errors import ApiUnavailable, ConfigurationError, Interrupted, StoreConflict, StoreGone, VsyncError
from vsync.records.adopt import belongs_to, chosen, is_of_stream, listed_of, taken_over
from vsync.records.decide import IsOlder
from vsync.records.index import Index
from vsync.records.job import StreamJob
from vsync.state.identity import SourceIdentity
from vsync.state.journal import Journal
from vsync.state.journal_record import Attempt
from vsync.store.client import Api
from vsync.store.entries import METADATA_SOURCE, METADATA_TARGET, StoreInfo
from vsync.store.polling import entries_by_id, wait_until_indexed
from vsync.store.stores import Stores
from vsync.store.vector_store import VectorStore
from vsync.store.whole_listing import WAITED_S, until_whole
from vsync.sync.locate import locate
from vsync.sync.new_store import make_store
from vsync.system.wording import count

FIGURES = "figures"
"""The fact that says what the store showed of its size when the last run ended."""

_MOST_LISTED = 20_000
"""A store with more entries is not listed for a difference alone: that takes over 200 requests."""

_MOST_UNLISTED = 1_000
"""So many entries are asked for by their ids."""

_AFTER_A_STOP = "Run again: what is acknowledged is done, and the next run applies the rest."

_DIED_WITHIN_S = 120
"""A run that died had sent its last upload at most so long before its end: an answer takes no longer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The store of a stream, and as whose documents it holds them.

    `recorded` are Files that a signed journal names. `lost` documents were recorded, and are not in the store any more.
    """

    info: StoreInfo
    identity: Identity
    recorded: frozenset[str] = frozenset()
    lost: int = 0


def lost_warnings(opened: Opened) -> list[str]:
    """What the report says of documents that somebody has taken out of the store."""
    if not opened.lost:
        return []
    return [
        f"{count(opened.lost, 'document')} of this stream {'is' if opened.lost == 1 else 'are'} not in the store any more: somebody "
        "has deleted them. They come back when their records are sent again. A run that goes on in its FILE reads them again with "
        "--no-resume."
    ]


async def open_stream(job: StreamJob, api: Api, index: Index, journal: Journal, is_older: IsOlder) -> Opened:
    """Opens the store, or creates it; and brings the index up to what the store holds."""
    _check_same_stream(job, index)
    stores = Stores(api)
    known = index.fact("store")
    if known is None:
        info, owner = await _first(job, stores, index)
    else:
        try:
            info, owner = await stores.get(known), index.fact("owner") or ""
        except StoreGone as error:
            raise told_of_state(error, job) from error
        _check_same_store(job, info)
    store = stores.open(info.id, job.rates, journal)
    identity = Identity(owner, job.target.name, job.target.source)
    before, lost = index.documents, 0
    if known is None or job.settings.rebuild or _differs(job, info, index):
        owner = await _made_from_listing(job, store, info, index, owner, is_older, known=known is not None)
        identity, lost = replace(identity, owner=owner), max(0, before - index.documents)
        index.set_facts(owner=owner, store=info.id, source=job.target.source, target=job.target.name, api=job.api or "")
    recorded = await _after_a_crash(job, store, index, journal, identity, is_older)
    return Opened(info, identity, recorded, lost)


T = TypeVar("T", bound=VsyncError | None)


def told_of_state(error: T, job: StreamJob) -> T | StoreGone | Interrupted:
    """The error, with what the end of the store or of the run means for a stream."""
    if isinstance(error, Interrupted):
        return Interrupted(error.exit_code - 128, error.message, _AFTER_A_STOP)
    if not isinstance(error, StoreGone):
        return error
    return StoreGone(
        error.message,
        f"If it is gone for good, move the state file {job.settings.state} away: the next run makes a store, or uses the one "
        "that you name. Then send all records again. `vsync files delete --unattached` deletes the Files of the old store.",
    )


# --- Which store --------------------------------------------------------------------------------------------


def _check_same_stream(job: StreamJob, index: Index) -> None:
    """Raises ConfigurationError where the state belongs to another stream."""
    path = job.settings.state
    for fact, mine, option in (
        ("source", job.target.source, "--source"),
        ("target", job.target.name, "--target"),
        ("api", job.api or "", "OPENAI_BASE_URL, or with or without --local,"),
    ):
        recorded = index.fact(fact)
        if recorded is not None and recorded != mine:
            raise ConfigurationError(
                f"The state file {path} belongs to another stream: its {fact} is {recorded!r}, and this is {mine!r}.",
                f"Give the same {option} as before, or another --state (VSYNC_STATE).",
            )


def _check_same_store(job: StreamJob, info: StoreInfo) -> None:
    given, name = job.target.vector_store_id, job.target.vector_store_name
    if given is not None and given != info.id:
        shown = f"--vector-store-id is {given}"
    elif name is not None and given is None and name != info.name:
        shown = f"--vector-store-name is {name!r}"
    else:
        return
    raise StoreConflict(
        f"The state file {job.settings.state} belongs to the vector store {info.id} ({info.name or 'without a name'}), but "
        f"{shown}.",
        "Leave that option out, or give another --state (VSYNC_STATE) for another store.",
    )


async def _first(job: StreamJob, stores: Stores, index: Index) -> tuple[StoreInfo, str]:
    """The store for a state that names none, and the owner as far as the store's own metadata tell; else a new owner."""
    minted = minted_in(index)
    source = SourceIdentity(job.target.source, None, certain=True)
    located = await locate(stores, job.target, source, None, None)
    if located.info is None:
        identity = Identity(minted, job.target.name, job.target.source)
        pause, sure = job.stop.pause, job.embedded is not None
        made = await make_store(stores, located.name, identity, sure=sure, pause=pause, note=job.note)
        return made, minted
    metadata = located.info.metadata
    ours = (metadata.get(METADATA_SOURCE), metadata.get(METADATA_TARGET)) == (job.target.source, job.target.name)
    return located.info, (located.info.owner if ours else None) or minted


def _differs(job: StreamJob, info: StoreInfo, index: Index) -> bool:
    """Whether the store holds something else than the last run left there: then its listing tells what is there.

    A state from a backup, entries that somebody deleted, or a run that died without a journal show themselves so.
    """
    if info.counted is None or index.fact(FIGURES) == figures(info):
        return False
    job.note(f"The vector store {info.id} is not as the last run left it.")
    if info.counted <= _MOST_LISTED:
        return True
    job.note("To read what it holds of this stream, run with --rebuild.")
    return False


def figures(info: StoreInfo) -> str:
    """What a store shows of its size: its entries, and the bytes that they take."""
    return f"{info.counted} entries, {info.used} bytes"


def minted_in(index: Index) -> str:
    """The random id of a state, which is made once. A new stream owns its documents under it."""
    minted = index.fact("minted")
    if minted is None:
        minted = secrets.token_hex(8)
        index.set_facts(minted=minted)  # a run that dies now, and makes the store first, finds itself again
    return minted


# --- What the store shows -----------------------------------------------------------------------------------


async def _made_from_listing(
    job: StreamJob, store: VectorStore, info: StoreInfo, index: Index, owner: str, is_older: IsOlder, *, known: bool
) -> str:
    """Makes the index from a listing of the store, and returns the owner of the documents."""
    if info.counted == 0 and not known:
        return owner
    source, target = job.target.source, job.target.name
    job.note(f"Reading what the vector store {store.id} holds of this stream.")

    async def look() -> int:
        index.begin_listing()
        shown = 0
        async for page in store.pages():
            shown += len(page)
            index.add_listed([listed_of(entry, source) for entry in page if is_of_stream(entry, source, target)])
        return shown

    def lacks(shown: int) -> str | None:
        if info.counted is None or shown >= info.counted:
            return None
        return f"The listing of the vector store {store.id} shows {shown:,} of {info.counted:,} entries."

    lacking = lacks(await until_whole(look, lacks, job.stop.pause, job.note))
    if lacking is not None and not job.settings.rebuild:
        if not known:
            raise _short(lacking)
        job.note("The listing is not believed: the state stays as it is.")
        return owner
    await _ask_for_unlisted(store, index, source, target)
    owner = owner if known else _owner_of(index.owners_listed(), owner, job)
    await _wait_for_listed(job, store, index)
    index.take_listing(chosen(index.listed_by_key(owner), index.rows, is_older))
    job.note(f"The state knows {count(index.documents, 'document')} now.")
    return owner


def _owner_of(owners: Sequence[str], owner: str, job: StreamJob) -> str:
    """Who owns the documents of this stream. Raises StoreConflict where several do."""
    if not owners or owner in owners:
        return owner
    if len(owners) == 1:
        return owners[0]
    raise StoreConflict(
        f"The vector store holds documents of {len(owners)} streams that are called {job.target.source!r} "
        f"({job.target.name}), and the state file {job.settings.state} does not tell which of them this is.",
        "Give the state file of this stream with --state, or another name with --source (VSYNC_SOURCE).",
    )


def _short(lacking: str) -> ApiUnavailable:
    """The error of a run whose only record is a listing that hides entries: their documents would be uploaded twice."""
    return ApiUnavailable(
        f"{lacking} That stays so after {WAITED_S:g} s, so nothing was changed: what the listing hides would be uploaded twice.",
        "Run again in a few minutes. If it stays so, --rebuild goes on with what is listed.",
    )


async def _ask_for_unlisted(store: VectorStore, index: Index, source: str, target: str) -> None:
    """Adds entries that the index names and the listing lacks, and that a look by id finds: the listing may be stale."""
    unlisted = index.not_listed(_MOST_UNLISTED + 1)
    if len(unlisted) > _MOST_UNLISTED:
        return  # so many are missing that the listing is believed
    entries = await entries_by_id(store, unlisted)
    index.add_listed([listed_of(entry, source) for entry in entries if is_of_stream(entry, source, target)])


async def _wait_for_listed(job: StreamJob, store: VectorStore, index: Index) -> None:
    """Waits until the listed entries are indexed that were still in progress."""
    waiting = index.listed_in("in_progress")
    if not waiting:
        return
    entries = await entries_by_id(store, waiting)
    ended = await wait_until_indexed(
        store, entries, timeout_s=job.index_timeout_s, pause=job.stop.pause, look_at_once=False
    )
    index.add_listed([listed_of(entry, job.target.source) for entry in ended])


# --- After a crash ------------------------------------------------------------------------------------------


async def _after_a_crash(
    job: StreamJob, store: VectorStore, index: Index, journal: Journal, identity: Identity, is_older: IsOlder
) -> frozenset[str]:
    """Takes over what runs that died had put into the store. Returns the Files that their journals prove to be ours."""
    inherited, unsigned = journal.inherited, journal.unsigned
    uploaded = [*inherited.uploaded, *unsigned.uploaded]
    unknown = sorted(set(uploaded) - index.named(uploaded))
    if not unknown:
        return frozenset(inherited.uploaded)
    entries = belongs_to(identity, await entries_by_id(store, unknown))
    ended = await wait_until_indexed(
        store, entries, timeout_s=job.index_timeout_s, pause=job.stop.pause, look_at_once=False
    )
    listed = [listed_of(entry, identity.source) for entry in ended]
    rows, pending = taken_over(listed, index.rows(sorted({entry.key for entry in listed})), is_older)
    left = set(unknown) - {entry.file_id for entry in ended}
    index.record(rows, [*pending, *sorted(left)])
    job.note(f"A run before this one died. {len(rows):,} of its documents were in the store already.")
    return frozenset(inherited.uploaded)


def ended_attempts(attempts: Sequence[Attempt], now: int) -> list[Attempt]:
    """The unanswered uploads of a run that died, with the time when it was dead. Pure.

    The lock of the state shows that the run is dead. The times are the server's: `since` of its last upload tells when it
    was alive. `now` is the server's time.
    """
    last = max((attempt.since for attempt in attempts if attempt.since is not None), default=None)
    if last is None:
        return list(attempts)
    until = min(now, last + _DIED_WITHIN_S) if now else last + _DIED_WITHIN_S
    return [replace(attempt, until=until) if attempt.until is None else attempt for attempt in attempts]
