"""One vector store, spoken to through the API: locate, upload, attach, ask for progress, list, retag, remove, search.

Answers become values here, and nothing of the SDK leaves this module. Each method is one step that `apply` arranges;
none of the SDK's helpers for uploading and polling is used: they have no deadline, raise at the first failed upload and
send no attributes (https://github.com/openai/openai-python, `lib/_vector_stores.py`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from .api import Api, Refused, not_of_the_api, plain
from .documents import Attributes, AttributeValue, Chunking
from .errors import ApiUnavailable, StoreConflict, StoreGone
from .pace import SlidingWindow
from .text import redacted

T = TypeVar("T")

MAX_BATCH = 2_000
PAGE = 100
_CODE = re.compile(r"[^A-Za-z0-9_.-]")
_NOT_THERE = re.compile(r"not found|does not exist|no such", re.IGNORECASE)
_MAX_PAGES = 1_000_000 // PAGE

METADATA_SOURCE, METADATA_TARGET, METADATA_OWNER, METADATA_NONCE = (
    "vsync_source",
    "vsync_target",
    "vsync_owner",
    "vsync_nonce",
)


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A vector store. `files` counts all entries, whatever their status."""

    id: str
    name: str | None
    status: str
    files: int
    usage_bytes: int
    created_at: int
    metadata: Mapping[str, str]
    in_progress: int = 0
    failed: int = 0

    @property
    def owner(self) -> str | None:
        return self.metadata.get(METADATA_OWNER)


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """One entry of a store: a File, its attributes, and how far its indexing got."""

    file_id: str
    status: str
    attributes: Attributes
    chunking: Chunking | None
    error_code: str = ""
    error_message: str = ""
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is attached: an uploaded File with its attributes and chunking."""

    file_id: str
    attributes: Attributes
    chunking: Chunking

    def to_api(self) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "attributes": dict(self.attributes),
            "chunking_strategy": self.chunking.to_api(),
        }


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """Counts of a file batch. `readable` is False when the server answered with something else than the batch."""

    readable: bool
    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search."""

    file_id: str
    filename: str
    score: float
    attributes: Attributes
    text: str


class Stores:
    """The vector stores of a project."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self) -> list[StoreInfo]:
        found: list[StoreInfo] = []
        client = self._api.client.vector_stores
        try:
            async for page in _pages(
                lambda after: self._api.ask(
                    "listing the vector stores", lambda: client.list(limit=PAGE, order="asc", **after)
                )
            ):
                found += [_store_info(item) for item in page]
        except Refused as error:
            raise _unexpected("listing the vector stores", error) from error
        return found

    async def get(self, store_id: str) -> StoreInfo:
        """The store of that id. Raises StoreGone when there is none or it has expired."""
        try:
            answer = await self._api.ask(
                f"looking up the vector store {store_id}",
                lambda: self._api.client.vector_stores.retrieve(store_id),
            )
        except Refused as error:
            if error.status in {400, 404}:
                raise gone(store_id) from error
            raise _unexpected("looking up the vector store", error) from error
        info = _store_info(answer)
        if info.status == "expired":
            raise StoreGone(
                f"The vector store {store_id} has expired: its entries are gone.",
                "Create a store without an expiry, give its id, and delete the manifest (or use another --target).",
            )
        return info

    async def create(self, name: str, metadata: Mapping[str, str] | None = None) -> StoreInfo:
        """A new store. When an answer is lost, the store it made is found again by a nonce in its metadata."""
        nonce = secrets.token_hex(16)
        marked = {**(metadata or {}), METADATA_NONCE: nonce}
        tried = False

        async def send() -> Any:
            nonlocal tried
            if tried:
                for info in await self.list():
                    if info.metadata.get(METADATA_NONCE) == nonce:
                        return info
            tried = True
            return await self._api.client.vector_stores.create(name=name, metadata=marked)

        try:
            answer = await self._api.ask(f"creating the vector store {name!r}", send)
        except Refused as error:
            raise _unexpected(f"creating the vector store {name!r}", error) from error
        return answer if isinstance(answer, StoreInfo) else _store_info(answer)

    def open(self, store_id: str, *, uploads_per_minute: int, writes_per_minute: int) -> VectorStore:
        sleep = self._api.sleep
        uploads, writes = SlidingWindow(uploads_per_minute, sleep=sleep), SlidingWindow(writes_per_minute, sleep=sleep)
        return VectorStore(self._api, store_id, uploads, writes)


def choose_by_name(stores: Sequence[StoreInfo], name: str, source: str, target: str) -> StoreInfo | None:
    """The store of that name that vsync made for this source and target; None when there is none of that name.

    Raises StoreConflict when there are several, or one that is not ours: a name proves nothing. Pure.
    """
    named = [info for info in stores if info.name == name]
    if not named:
        return None
    ids = ", ".join(info.id for info in named)
    if len(named) > 1:
        raise StoreConflict(
            f"There are {len(named)} vector stores named {name!r}: {ids}.",
            "Choose one with --vector-store-id (input vector-store-id).",
        )
    (info,) = named
    if (info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)) != (source, target):
        raise StoreConflict(
            f"The vector store named {name!r} ({ids}) was not made by vsync for {source!r}, target {target!r}.",
            f"To use it all the same, give --vector-store-id {info.id} (input vector-store-id); else choose another name.",
        )
    if info.status == "expired":
        raise StoreGone(f"The vector store {name!r} ({ids}) has expired.", "Delete it, or choose another name.")
    return info


def store_metadata(source: str, target: str, owner: str) -> dict[str, str]:
    return {METADATA_SOURCE: source, METADATA_TARGET: target, METADATA_OWNER: owner}


def gone(store_id: str) -> StoreGone:
    return StoreGone(
        f"There is no vector store {store_id!r} here: it was deleted, or the key (or embedded store) is another one.",
        "Check the id (vs_…) and the key. To start anew in another store, delete the manifest or use another --target.",
    )


def _unexpected(what: str, error: Refused) -> ApiUnavailable:
    remedy = (
        "An address usually ends in /v1: check OPENAI_BASE_URL." if error.status in {404, 405} else "Run again later."
    )
    return ApiUnavailable(
        f"{what[0].upper()}{what[1:]} was refused ({error.status} {error.code}): {error.message}.", remedy
    )


class VectorStore:
    """One store, ready for work. Rates: `uploads` for POST /files, `writes` for changes of this store."""

    def __init__(self, api: Api, store_id: str, uploads: SlidingWindow, writes: SlidingWindow) -> None:
        self.id = store_id
        self._api = api
        self._uploads = uploads
        self._writes = writes
        self._files = api.client.vector_stores.files
        self._batches = api.client.vector_stores.file_batches

    async def upload(self, filename: str, file: IO[bytes], size: int, media_type: str) -> str:
        """Uploads a File and gives its id. Raises Refused."""

        async def send() -> Any:
            async with self._uploads.admit():
                file.seek(0)
                return await self._api.client.files.create(file=(filename, file, media_type), purpose="assistants")

        answer = await self._api.ask(f"uploading {filename!r}", send, creates=True)
        self._api.traffic.bytes_uploaded += size
        return _id_of(answer, "the upload")

    async def attach(self, entry: NewEntry) -> StoreEntry:
        """Attaches one File. Raises Refused."""
        fields = entry.to_api()

        async def send() -> Any:
            async with self._writes.admit():
                return await self._files.create(vector_store_id=self.id, **fields)

        return _store_entry(await self._in_store(f"attaching {entry.file_id}", send), self._api.secrets)

    async def attach_batch(self, entries: Sequence[NewEntry]) -> str:
        """Attaches up to MAX_BATCH Files in one request and gives the batch's id. Raises Refused for all of them."""
        files: Any = [entry.to_api() for entry in entries]

        async def send() -> Any:
            async with self._writes.admit():
                # As `extra_body`: the SDK walks through typed arguments member by member, which for a full batch holds up
                # everything else for a fifth of a second.
                return await self._batches.create(self.id, extra_body={"files": files})

        return _id_of(await self._in_store(f"attaching {len(entries)} Files", send), "the batch")

    async def batch_progress(self, batch_id: str) -> BatchProgress:
        answer = await self._in_store(
            f"asking for the batch {batch_id}",
            lambda: self._batches.retrieve(batch_id, vector_store_id=self.id),
        )
        # The live API has answered with the store instead of the batch:
        # https://github.com/openai/openai-python/issues/2724
        if getattr(answer, "id", None) != batch_id:
            return BatchProgress(readable=False)
        counts = plain(getattr(answer, "file_counts", None)) or {}
        numbers = {key: counts.get(key) for key in ("in_progress", "completed", "failed", "cancelled", "total")}
        if not all(isinstance(number, int) for number in numbers.values()):
            return BatchProgress(readable=False)
        return BatchProgress(readable=True, **{key: int(number or 0) for key, number in numbers.items()})

    async def batch_entries(self, batch_id: str, status: str | None = None) -> list[StoreEntry]:
        """The entries of a batch, all or those of one status."""
        only: dict[str, Any] = {"filter": status} if status else {}
        found: list[StoreEntry] = []
        async for page in _pages(
            lambda after: self._api.ask(
                f"listing the batch {batch_id}",
                lambda: self._batches.list_files(
                    batch_id, vector_store_id=self.id, limit=PAGE, order="asc", **only, **after
                ),
            )
        ):
            found += [_store_entry(item, self._api.secrets) for item in page]
        return found

    async def entries(self) -> list[StoreEntry]:
        """All entries of the store."""
        found: dict[str, StoreEntry] = {}
        try:
            async for page in _pages(
                lambda after: self._in_store(
                    "listing the vector store", lambda: self._files.list(self.id, limit=PAGE, order="asc", **after)
                )
            ):
                # Pages shift when entries come and go meanwhile, so an id may be seen twice.
                found.update({item.id: _store_entry(item, self._api.secrets) for item in page})
        except Refused as error:
            raise _unexpected("listing the vector store", error) from error
        return list(found.values())

    async def entry(self, file_id: str) -> StoreEntry | None:
        """One entry, or None when the store has none of that id."""
        try:
            answer = await self._in_store(
                f"looking up {file_id}", lambda: self._files.retrieve(file_id, vector_store_id=self.id)
            )
        except Refused as error:
            if _not_there(error):
                return None
            raise
        return _store_entry(answer, self._api.secrets)

    async def retag(self, file_id: str, attributes: Mapping[str, AttributeValue]) -> None:
        """Replaces an entry's attributes. Raises Refused."""

        async def send() -> Any:
            async with self._writes.admit():
                return await self._files.update(file_id, vector_store_id=self.id, attributes=dict(attributes))

        await self._in_store(f"updating the attributes of {file_id}", send)

    async def remove(self, file_id: str) -> None:
        """Detaches an entry, then deletes its File. What is gone already is success. Raises Refused.

        In this order: a File that is deleted first stays listed in the store.
        """

        async def detach() -> Any:
            async with self._writes.admit():
                return await self._files.delete(file_id, vector_store_id=self.id)

        await _unless_gone(self._api.ask(f"detaching {file_id}", detach))
        await _unless_gone(self._api.ask(f"deleting {file_id}", lambda: self._api.client.files.delete(file_id)))

    async def search(self, query: str, limit: int, filters: Mapping[str, Any] | None) -> list[Hit]:
        chosen: dict[str, Any] = {"filters": filters} if filters else {}

        async def send() -> Any:
            return await self._api.client.vector_stores.search(self.id, query=query, max_num_results=limit, **chosen)

        page = await self._in_store("searching", send)
        return [_hit(item) for item in page.data]

    async def _in_store(self, what: str, send: Callable[[], Awaitable[T]]) -> T:
        """Asks for something in this store. A 404 can mean the store or what was asked for: then the store is asked."""
        try:
            return await self._api.ask(what, send)
        except Refused as error:
            if _not_there(error):
                await Stores(self._api).get(self.id)
            raise


async def _unless_gone(request: Awaitable[Any]) -> None:
    try:
        await request
    except Refused as error:
        if not _not_there(error):
            raise


def _not_there(error: Refused) -> bool:
    """Whether what was asked for does not exist. Some compatible servers say so with status 400."""
    if not error.by_api:
        return False
    return error.status in {404, 410} or (error.status == 400 and bool(_NOT_THERE.search(error.message)))


async def _pages(fetch: Callable[[dict[str, Any]], Awaitable[Any]]) -> AsyncIterator[list[Any]]:
    """Every page of a listing. Ends where the server repeats itself: some ignore the cursor."""
    after: dict[str, Any] = {}
    seen: set[str] = set()
    for _ in range(_MAX_PAGES):
        page = await fetch(after)
        items = getattr(page, "data", None)
        if not isinstance(items, list):
            raise not_of_the_api("a listing")
        if not items or _id_of(items[-1], "a listing") in seen:
            return
        yield items
        seen.add(items[-1].id)
        if getattr(page, "has_more", None) is False:
            return
        after = {"after": items[-1].id}


def _id_of(answer: Any, what: str) -> str:
    found = getattr(answer, "id", None)
    if not isinstance(found, str) or not found:
        raise not_of_the_api(what)
    return found


def _store_info(item: Any) -> StoreInfo:
    data = plain(item)
    if not isinstance(data, dict):
        data = {}
    counts = data.get("file_counts") or {}
    return StoreInfo(
        id=_id_of(item, "a request for a vector store"),
        name=data.get("name"),
        status=str(data.get("status") or ""),
        files=_whole(counts.get("total")),
        usage_bytes=_whole(data.get("usage_bytes")),
        created_at=_whole(data.get("created_at")),
        metadata=data.get("metadata") or {},
        in_progress=_whole(counts.get("in_progress")),
        failed=_whole(counts.get("failed")),
    )


def _store_entry(item: Any, secrets: Iterable[str]) -> StoreEntry:
    data = plain(item)
    if not isinstance(data, dict):
        data = {}
    error = data.get("last_error") or {}
    return StoreEntry(
        file_id=_id_of(item, "a request for a store entry"),
        status=str(data.get("status") or ""),
        attributes=data.get("attributes") or {},
        chunking=Chunking.from_api(data.get("chunking_strategy")),
        error_code=_CODE.sub("", redacted(str(error.get("code") or ""), secrets))[:64],
        error_message=redacted(str(error.get("message") or ""), secrets),
        created_at=_whole(data.get("created_at")),
    )


def _whole(value: object) -> int:
    """A number that a server gave, or 0 for what is none: none of them is worth a run."""
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]  # whatever JSON holds
    except (TypeError, ValueError, OverflowError):
        return 0


def _hit(item: Any) -> Hit:
    data = plain(item)
    pieces = [piece.get("text", "") for piece in data.get("content") or []]
    return Hit(
        file_id=str(data.get("file_id") or ""),
        filename=str(data.get("filename") or ""),
        score=float(data.get("score") or 0.0),
        attributes=data.get("attributes") or {},
        text="\n".join(pieces),
    )
