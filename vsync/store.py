"""One vector store, spoken to through the API: locate, upload, attach, ask for progress, list, retag, remove, search.

Answers become values here, and nothing of the SDK leaves this module. Each method is one step that `apply` arranges;
none of the SDK's helpers for uploading and polling is used: they have no deadline, raise at the first failed upload and
send no attributes (https://github.com/openai/openai-python, `lib/_vector_stores.py`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from .api import AnswerLost, Api, Refused, plain
from .documents import Attributes, AttributeValue, Chunking
from .errors import ApiUnavailable, StoreConflict, StoreGone, VsyncError
from .journal import Journal
from .pace import Rates, backoff
from .text import redacted

T = TypeVar("T")

MAX_BATCH = 2_000
PAGE = 100
_CODE = re.compile(r"[^A-Za-z0-9_.-]")
_ID = re.compile(r"(?!\.{1,2}\Z)[\w.:=+~@,|-]{1,512}", re.ASCII)
"""An id becomes part of an address: none that leads elsewhere is one."""

_MAX_MESSAGE = 2_000

_NOT_THERE = re.compile(r"not found|does not exist|no such", re.IGNORECASE)
_MAX_PAGES = 1_000_000 // PAGE
_MAX_TRIES = 5
"""How often something is made anew whose answer was lost: each time may leave a twin."""

_ANEW = (
    "To start anew in another store, run `vsync verify --repair` (in a workflow: `command: verify` with `args: --repair`): "
    "it makes one and uploads everything into it. Where the id is given, leave it out, or give that of another store and "
    "use another --target."
)
_SAYS_EXPIRED = re.compile(r"expired", re.IGNORECASE)

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
    status: str = ""
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
            async for page in pages(
                lambda send: self._api.ask("listing the vector stores", send),
                lambda after: client.list(limit=PAGE, order="asc", **after),
                _store_info,
            ):
                found += page
        except Refused as error:
            raise _unexpected("listing the vector stores", error) from error
        return found

    async def ids(self) -> Sequence[str]:
        return [info.id for info in await self.list()]

    async def get(self, store_id: str) -> StoreInfo:
        """The store of that id. Raises StoreGone when there is none or it has expired."""

        async def send() -> StoreInfo:
            found = _store_info(await self._api.client.vector_stores.retrieve(store_id))
            _about(store_id, found.id)
            return found

        try:
            info = await self._api.ask(f"looking up the vector store {store_id}", send)
        except Refused as error:
            if error.status in {400, 404}:
                raise gone(store_id) from error
            raise _unexpected("looking up the vector store", error) from error
        if info.status == "expired":
            raise StoreGone(f"The vector store {store_id} has expired: its entries are gone.", _ANEW)
        return info

    async def create(self, name: str, metadata: Mapping[str, str] | None = None) -> StoreInfo:
        """A new store. When an answer is lost, the store it made is found again by a nonce in its metadata."""
        nonce = secrets.token_hex(16)
        what = f"creating the vector store {name!r}"
        marked = {**(metadata or {}), METADATA_NONCE: nonce}

        async def send() -> StoreInfo:
            return _store_info(await self._api.client.vector_stores.create(name=name, metadata=marked))

        for attempt in range(_MAX_TRIES):
            try:
                made = await self._api.ask(what, send, once=True)
            except Refused as error:
                raise _unexpected(what, error) from error
            except AnswerLost as lost:
                if not lost.again or attempt + 1 == _MAX_TRIES:
                    raise lost.error from lost
                await self._api.sleep(backoff(attempt) if lost.wait_s is None else lost.wait_s)
                twins = await self._with_nonce(nonce)
                if twins:
                    return twins[0]
            else:
                return made if attempt == 0 else await self._only_one(nonce, made)
        raise AssertionError("the last try returns or raises")

    async def _with_nonce(self, nonce: str) -> Sequence[StoreInfo]:
        found = [info for info in await self.list() if info.metadata.get(METADATA_NONCE) == nonce]
        return sorted(found, key=lambda info: (info.created_at, info.id))

    async def _only_one(self, nonce: str, made: StoreInfo) -> StoreInfo:
        """Removes the empty twins of a store that was made by several requests; the list may have come too early for them."""
        twins = [twin.id for twin in await self._with_nonce(nonce) if twin.id != made.id and twin.files == 0]
        for twin in twins:
            await self._delete(twin)
        return made

    async def _delete(self, store_id: str) -> None:
        async def send() -> Any:
            return deleted(await self._api.client.vector_stores.delete(store_id))

        await unless_gone(self._api.ask(f"deleting the vector store {store_id}", send))

    def open(
        self,
        store_id: str,
        rates: Rates | None = None,
        journal: Journal | None = None,
        still_ours: Callable[[], None] = lambda: None,
    ) -> VectorStore:
        """A store to work on. Without rates or journal only to read: the API's own limits hold, and nothing is kept.

        `still_ours` is asked right before each request that attaches, changes or deletes, also when it waited for its turn
        or is sent again. It raises when another run has taken over.
        """
        return VectorStore(self._api, store_id, rates or Rates(), journal or Journal(), still_ours)


def choose_by_name(stores: Sequence[StoreInfo], name: str, source: str, target: str) -> StoreInfo | None:
    """The store of that name that vsync made for this source and target; None when there is none of that name.

    Raises StoreConflict when there are several, or one that is not ours: a name proves nothing. Empty twins, which runs leave
    that die while they make the store, are no reason to ask. Pure.
    """
    named = _without_twins([info for info in stores if info.name == name], source, target)
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


def _without_twins(named: Sequence[StoreInfo], source: str, target: str) -> Sequence[StoreInfo]:
    """Of stores that one first sync made, the one that holds something, or the oldest; all of them if others are among these."""
    made = {(info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET), info.owner) for info in named}
    if len(named) < 2 or len(made) > 1 or None in next(iter(made)) or made.pop()[:2] != (source, target):
        return named
    filled = [info for info in named if info.files]
    return filled or [min(named, key=lambda info: (info.created_at, info.id))]


def choose_by_metadata(stores: Sequence[StoreInfo], source: str, target: str) -> StoreInfo | None:
    """The store that vsync made for this source and target, whatever its name; StoreConflict when there are several. Pure."""
    made = [
        info
        for info in stores
        if (info.metadata.get(METADATA_SOURCE), info.metadata.get(METADATA_TARGET)) == (source, target)
        and info.status != "expired"
    ]
    if len(made) > 1:
        raise StoreConflict(
            f"There are {len(made)} vector stores of {source!r}, target {target!r}: {', '.join(info.id for info in made)}.",
            "Choose one with --vector-store-id (input vector-store-id).",
        )
    return made[0] if made else None


def owner_of_source(stores: Sequence[StoreInfo], source: str) -> str | None:
    """The owner that the stores of a source's other targets name; None when they name none, or several. Pure."""
    owners = {info.owner for info in stores if info.metadata.get(METADATA_SOURCE) == source} - {None}
    return owners.pop() if len(owners) == 1 else None


def store_metadata(source: str, target: str, owner: str) -> dict[str, str]:
    return {METADATA_SOURCE: source, METADATA_TARGET: target, METADATA_OWNER: owner}


def gone(store_id: str) -> StoreGone:
    return StoreGone(
        f"There is no vector store {store_id!r} here: it was deleted, or the key (or embedded store) is another one.",
        f"Check the id (vs_…) and the key. {_ANEW}",
    )


def _unexpected(what: str, error: Refused) -> ApiUnavailable:
    remedy = (
        "An address usually ends in /v1: check OPENAI_BASE_URL." if error.status in {404, 405} else "Run again later."
    )
    return ApiUnavailable(
        f"{what[0].upper()}{what[1:]} was refused ({error.status} {error.code}): {error.message}.", remedy
    )


class VectorStore:
    """One store, ready for work, within the rates. Uploads stand in the journal before they are sent."""

    def __init__(
        self,
        api: Api,
        store_id: str,
        rates: Rates,
        journal: Journal,
        still_ours: Callable[[], None] = lambda: None,
    ) -> None:
        self.id = store_id
        self._still_ours = still_ours
        self._api = api
        self._journal = journal
        self._uploads, self._attached, self._writes = rates.uploads, rates.attached, rates.writes(store_id)
        self._files = api.client.vector_stores.files
        self._batches = api.client.vector_stores.file_batches

    @property
    def max_batch(self) -> int:
        """How many Files one batch may attach: no more than the rate lets through in a minute."""
        return min(MAX_BATCH, self._attached.limit)

    async def upload(self, filename: str, file: IO[bytes], size: int, media_type: str) -> str:
        """Uploads a File and gives its id. Raises Refused.

        Sent again when its answer is lost: what the lost request may have made is looked for at the end of the run.
        """

        async def send() -> str:
            async with self._uploads.admit():
                file.seek(0)
                return id_of(
                    await self._api.client.files.create(file=(filename, file, media_type), purpose="assistants")
                )

        for attempt in range(_MAX_TRIES):
            ticket = await self._journal.sending(filename, size, self._api.traffic.date)
            try:
                file_id = await self._api.ask(f"uploading {filename!r}", send, once=True, limited=self._uploads.lower)
            except AnswerLost as lost:
                self._api.traffic.at_next_answer(self._journal.lose(ticket))
                if not lost.again or attempt + 1 == _MAX_TRIES:
                    raise lost.cause from lost
                await self._api.sleep(backoff(attempt) if lost.wait_s is None else lost.wait_s)
            except (Refused, VsyncError):
                self._journal.unmade(ticket)
                raise
            except BaseException:
                self._journal.lose(ticket)
                raise
            else:
                await self._journal.answered(ticket, file_id)
                self._api.traffic.bytes_uploaded += size
                return file_id
        raise AssertionError("the last try returns or raises")

    async def attach(self, entry: NewEntry) -> StoreEntry:
        """Attaches one File. Raises Refused, and AnswerLost: whether it is attached must then be asked."""
        fields = entry.to_api()

        async def send() -> StoreEntry:
            async with self._attached.admit(), self._writes.admit():
                self._still_ours()
                return self._entry(await self._files.create(vector_store_id=self.id, **fields))

        return await self._in_store(f"attaching {entry.file_id}", send, once=True, limited=self._limited)

    async def attach_batch(self, entries: Sequence[NewEntry]) -> str:
        """Attaches up to `max_batch` Files in one request and gives the batch's id.

        Raises Refused for all of them, and AnswerLost: which are attached is then found out by `newest_entries`.
        """
        files: Any = [entry.to_api() for entry in entries]

        async def send() -> str:
            async with self._attached.admit(len(files)), self._writes.admit():
                self._still_ours()
                # As `extra_body`: the SDK walks through typed arguments member by member, which for a full batch holds
                # up everything else for a fifth of a second.
                return id_of(await self._batches.create(self.id, extra_body={"files": files}))

        return await self._in_store(f"attaching {len(entries)} Files", send, once=True, limited=self._limited)

    def _limited(self) -> None:
        """A 429 does not say which of the limits it is for."""
        self._attached.lower()
        self._writes.lower()

    async def batch_progress(self, batch_id: str) -> BatchProgress:
        async def send() -> BatchProgress:
            return _progress(await self._batches.retrieve(batch_id, vector_store_id=self.id), batch_id)

        return await self._in_store(f"asking for the batch {batch_id}", send)

    async def batch_entries(self, batch_id: str, status: str | None = None) -> list[StoreEntry]:
        """The entries of a batch, all or those of one status."""
        only: dict[str, Any] = {"filter": status} if status else {}
        found: list[StoreEntry] = []
        async for page in pages(
            lambda send: self._api.ask(f"listing the batch {batch_id}", send),
            lambda after: self._batches.list_files(
                batch_id, vector_store_id=self.id, limit=PAGE, order="asc", **only, **after
            ),
            self._entry,
        ):
            found += page
        return found

    async def entries(self) -> list[StoreEntry]:
        """All entries of the store."""
        found: dict[str, StoreEntry] = {}
        try:
            async for page in pages(
                lambda send: self._in_store("listing the vector store", send),
                lambda after: self._files.list(self.id, limit=PAGE, order="asc", **after),
                self._entry,
            ):
                # Pages shift when entries come and go meanwhile, so an id may be seen twice.
                found.update({entry.file_id: entry for entry in page})
        except Refused as error:
            raise _unexpected("listing the vector store", error) from error
        return list(found.values())

    async def newest_entries(self, file_ids: Collection[str]) -> dict[str, StoreEntry]:
        """Those of the entries that the store has, the newest looked at first. Older ones than all of them are not paid for."""
        left, found = set(file_ids), dict[str, StoreEntry]()
        pages_without = 0
        try:
            async for page in pages(
                lambda send: self._in_store("listing the newest entries", send),
                lambda after: self._files.list(self.id, limit=PAGE, order="desc", **after),
                self._entry,
            ):
                seen = {entry.file_id: entry for entry in page}
                found |= {file_id: entry for file_id, entry in seen.items() if file_id in left}
                # Entries of other runs may stand between ours, but not whole pages of them.
                pages_without = 0 if seen.keys() & left else pages_without + 1
                left -= seen.keys()
                if not left or pages_without == 2:
                    break
        except Refused as error:
            raise _unexpected("listing the newest entries", error) from error
        return found

    async def entry(self, file_id: str) -> StoreEntry | None:
        """One entry, or None when the store has none of that id."""

        async def send() -> StoreEntry:
            found = self._entry(await self._files.retrieve(file_id, vector_store_id=self.id))
            _about(file_id, found.file_id)
            return found

        try:
            return await self._in_store(f"looking up {file_id}", send)
        except Refused as error:
            if not_there(error):
                return None
            raise

    async def retag(self, file_id: str, attributes: Mapping[str, AttributeValue]) -> None:
        """Replaces an entry's attributes. Raises Refused."""

        async def send() -> Any:
            async with self._writes.admit():
                self._still_ours()
                return id_of(await self._files.update(file_id, vector_store_id=self.id, attributes=dict(attributes)))

        await self._in_store(f"updating the attributes of {file_id}", send, limited=self._writes.lower)

    async def remove(self, file_id: str) -> None:
        """Detaches an entry, then deletes its File. What is gone already is success. Raises Refused.

        In this order: a File that is deleted first stays listed in the store.
        """

        async def send() -> Any:
            self._still_ours()
            return deleted(await self._api.client.files.delete(file_id))

        await self.detach(file_id)
        await unless_gone(self._api.ask(f"deleting {file_id}", send))

    async def detach(self, file_id: str) -> None:
        """Takes an entry out of the store and leaves its File. What is gone already is success. Raises Refused."""

        async def send() -> Any:
            async with self._writes.admit():
                self._still_ours()
                return deleted(await self._files.delete(file_id, vector_store_id=self.id))

        await unless_gone(self._in_store(f"detaching {file_id}", send, limited=self._writes.lower))

    async def search(self, query: str, limit: int, filters: Mapping[str, Any] | None) -> list[Hit]:
        chosen: dict[str, Any] = {"filters": filters} if filters else {}

        async def send() -> list[Hit]:
            page = await self._api.client.vector_stores.search(self.id, query=query, max_num_results=limit, **chosen)
            return [_hit(item) for item in _items(page)]

        return await self._in_store("searching", send)

    def _entry(self, item: Any) -> StoreEntry:
        return _store_entry(item, self._api.secrets)

    async def _in_store(
        self,
        what: str,
        send: Callable[[], Awaitable[T]],
        *,
        once: bool = False,
        limited: Callable[[], None] = lambda: None,
    ) -> T:
        """Asks for something in this store. Where a refusal may be about the store itself, the store is asked: StoreGone."""
        try:
            return await self._api.ask(what, send, once=once, limited=limited)
        except Refused as error:
            if not_there(error) or _is_of_what_expired(error):
                await Stores(self._api).get(self.id)
            raise


async def unless_gone(request: Awaitable[Any]) -> None:
    try:
        await request
    except Refused as error:
        if not not_there(error):
            raise


def not_there(error: Refused) -> bool:
    """Whether what was asked for does not exist. Some compatible servers say so with status 400."""
    if not error.by_api:
        return False
    return error.status in {404, 410} or (error.status == 400 and bool(_NOT_THERE.search(error.message)))


def _is_of_what_expired(error: Refused) -> bool:
    """Whether the store, or only what was asked for, has had its time."""
    return error.by_api and error.status == 400 and bool(_SAYS_EXPIRED.search(f"{error.code} {error.message}"))


async def pages(
    ask: Callable[[Callable[[], Awaitable[tuple[list[T], str | None]]]], Awaitable[tuple[list[T], str | None]]],
    fetch: Callable[[dict[str, Any]], Awaitable[Any]],
    read: Callable[[Any], T],
) -> AsyncIterator[list[T]]:
    """Every page of a listing, its items read. Ends where the server repeats itself: some ignore the cursor.

    What cannot be read fails inside of `ask`, and so is asked for once more.
    """
    after: dict[str, Any] = {}
    seen: set[str] = set()

    async def send() -> tuple[list[T], str | None]:
        page = await fetch(after)
        items = _items(page)
        found, last = [read(item) for item in items], id_of(items[-1]) if items else None
        if last is None or last in seen:
            return [], None
        seen.add(last)
        return found, None if getattr(page, "has_more", None) is False else last

    for _ in range(_MAX_PAGES):
        found, last = await ask(send)
        if found:
            yield found
        if last is None:
            return
        after = {"after": last}


def _items(page: Any) -> list[Any]:
    items = getattr(page, "data", None)
    if not isinstance(items, list):
        raise TypeError("a listing without its items")
    return items


def deleted(answer: Any) -> Any:
    """The answer to a deletion, if it says so: a proxy's page with status 200 would leave a twin that no run looks for."""
    if answer != "" and getattr(answer, "deleted", None) is not True:  # some servers answer with status 204 and nothing
        raise ValueError("the answer does not say that anything was deleted")
    return answer


def _about(wanted: str, found: str) -> None:
    """Makes sure that an answer is about what was asked for: else the run would go on with another store or File."""
    if wanted != found:
        raise ValueError(f"the answer is not about {wanted}")


def _progress(answer: Any, batch_id: str) -> BatchProgress:
    # The live API has answered with the store instead of the batch:
    # https://github.com/openai/openai-python/issues/2724
    if getattr(answer, "id", None) != batch_id:
        return BatchProgress(readable=False)
    counts = mapping(plain(getattr(answer, "file_counts", None)))
    numbers = {key: counts.get(key) for key in ("in_progress", "completed", "failed", "cancelled", "total")}
    if not all(isinstance(number, int) for number in numbers.values()):
        return BatchProgress(readable=False)
    status = text_of(getattr(answer, "status", None))
    return BatchProgress(readable=True, status=status, **{key: int(number or 0) for key, number in numbers.items()})


def id_of(answer: Any) -> str:
    """The id in an answer. Raises ValueError, as the SDK does for other answers that it cannot read."""
    found = getattr(answer, "id", None)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise ValueError("the answer has no id")
    return found


def _store_info(item: Any) -> StoreInfo:
    data = mapping(plain(item))
    counts = mapping(data.get("file_counts"))
    return StoreInfo(
        id=id_of(item),
        name=text_of(data.get("name")) or None,
        status=text_of(data.get("status")),
        files=whole(counts.get("total")),
        usage_bytes=whole(data.get("usage_bytes")),
        created_at=whole(data.get("created_at")),
        metadata={key: value for key, value in _attributes(data.get("metadata")).items() if isinstance(value, str)},
        in_progress=whole(counts.get("in_progress")),
        failed=whole(counts.get("failed")),
    )


def _store_entry(item: Any, secrets: Iterable[str]) -> StoreEntry:
    data = mapping(plain(item))
    error = mapping(data.get("last_error"))
    return StoreEntry(
        file_id=id_of(item),
        status=text_of(data.get("status")),
        attributes=_attributes(data.get("attributes")),
        chunking=Chunking.from_api(mapping(data.get("chunking_strategy"))),
        error_code=_CODE.sub("", redacted(text_of(error.get("code")), secrets))[:64],
        error_message=redacted(text_of(error.get("message")), secrets)[:_MAX_MESSAGE],
        created_at=whole(data.get("created_at")),
    )


def mapping(value: object) -> Mapping[str, Any]:
    """A JSON object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A text, with half characters made visible, which no manifest or report could hold; else an empty one."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""


def _attributes(value: object) -> Attributes:
    """The attributes that are such; whatever else a server gives is none that vsync has set."""
    return {
        text_of(key): text_of(item) if isinstance(item, str) else item
        for key, item in mapping(value).items()
        if isinstance(item, str | float | int)
    }


def whole(value: object) -> int:
    """A number that a server gave, or 0 for what is none: none of them is worth a run."""
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]  # whatever JSON holds
    except (TypeError, ValueError, OverflowError):
        return 0


def _hit(item: Any) -> Hit:
    data = mapping(plain(item))
    content, score = data.get("content"), data.get("score")
    pieces = [text_of(mapping(piece).get("text")) for piece in content] if isinstance(content, list) else []
    return Hit(
        file_id=text_of(data.get("file_id")),
        filename=text_of(data.get("filename")),
        score=float(score) if type(score) is float or (type(score) is int and abs(score) < 2**53) else 0.0,
        attributes=_attributes(data.get("attributes")),
        text="\n".join(pieces),
    )
