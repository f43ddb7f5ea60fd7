"""One vector store: upload, attach, ask for progress, list, change attributes, remove, search.

Answers become values; nothing of the SDK leaves this module. Each method is one step; `vsync.transfer` puts the steps in order.
The SDK's own helpers for upload and polling are not used (https://github.com/openai/openai-python, `lib/_vector_stores.py`):
they have no deadline, raise at the first failed upload, and send no attributes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import IO, Any, TypeVar

from vsync.documents.attributes import AttributeValue
from vsync.errors import VsyncError
from vsync.state.journal import Journal
from vsync.store.answers import check_id, deleted, hit_of, id_of, items_of, progress_of, store_entry_of
from vsync.store.api_errors import AnswerLost, Refused, unexpected_refusal
from vsync.store.client import Api
from vsync.store.entries import BatchProgress, Hit, NewEntry, StoreEntry
from vsync.store.lookup import look_up
from vsync.store.pages import PAGE, pages
from vsync.store.rate_limit import Rates
from vsync.store.refusals import not_there, says_expired, unless_gone
from vsync.store.send_once import send_once

T = TypeVar("T")

MAX_BATCH = 2_000
"""How many Files the API attaches in one batch at most."""


class VectorStore:
    """One store. Every change keeps the rates, and every upload is recorded in the journal before it is sent."""

    def __init__(
        self,
        api: Api,
        store_id: str,
        rates: Rates,
        journal: Journal,
        still_ours: Callable[[], None] = lambda: None,
    ) -> None:
        self.id = store_id
        self.poll_times = api.poll_times
        self._still_ours = still_ours
        self._api = api
        self._journal = journal
        self._uploads, self._attached, self._writes = rates.uploads, rates.attached, rates.writes(store_id)
        self._files = api.client.vector_stores.files
        self._batches = api.client.vector_stores.file_batches

    @property
    def max_batch(self) -> int:
        """How many Files one batch may attach: not more than the rate allows in a minute."""
        return min(MAX_BATCH, self._attached.limit)

    async def upload(self, filename: str, file: IO[bytes], size: int, media_type: str) -> str:
        """Uploads a File and returns its id. Raises Refused.

        When the answer is lost, the File is uploaded again. The end of the run looks for the File that the lost request may
        have made.
        """

        async def send() -> str:
            async with self._uploads.admit():
                file.seek(0)
                return id_of(
                    await self._api.client.files.create(file=(filename, file, media_type), purpose="assistants")
                )

        async def request() -> str:
            ticket = await self._journal.sending(filename, size, self._api.traffic.date)
            try:
                file_id = await self._api.ask(
                    f"uploading {filename!r}", send, once=True, of_document=True, limited=self._uploads.lower
                )
            except (AnswerLost, Refused, VsyncError) as error:
                if isinstance(error, AnswerLost) or (isinstance(error, Refused) and error.by_gateway):
                    # A gateway may also refuse the API's answer: then the File was made.
                    self._api.traffic.at_next_answer(self._journal.lose(ticket))
                else:
                    self._journal.unmade(ticket)
                raise
            except BaseException:
                self._journal.lose(ticket)
                raise
            await self._journal.answered(ticket, file_id)
            self._api.traffic.bytes_uploaded += size
            return file_id

        try:
            return await send_once(request, wait=self._api.sleep)
        except AnswerLost as lost:
            raise lost.cause from lost

    async def attach(self, entry: NewEntry) -> StoreEntry:
        """Attaches one File. Raises Refused, or AnswerLost: then the caller must ask whether the File is attached."""
        fields = entry.to_api()

        async def send() -> StoreEntry:
            async with self._attached.admit(), self._writes.admit():
                self._still_ours()
                return self._entry(await self._files.create(vector_store_id=self.id, **fields))

        return await self._in_store(
            f"attaching {entry.file_id}", send, once=True, of_document=True, limited=self._lower_both
        )

    async def attach_batch(self, entries: Sequence[NewEntry]) -> str:
        """Attaches up to `max_batch` Files in one request and returns the batch's id.

        Raises Refused when the server takes none of them, or AnswerLost: then `newest_entries` tells which are attached.
        """
        files: Any = [entry.to_api() for entry in entries]

        async def send() -> str:
            async with self._attached.admit(len(files)), self._writes.admit():
                self._still_ours()
                # `extra_body`, because the SDK walks through typed arguments member by member. For a full batch that would
                # block the event loop for a fifth of a second.
                return id_of(await self._batches.create(self.id, extra_body={"files": files}))

        return await self._in_store(
            f"attaching {len(entries)} Files", send, once=True, of_document=True, limited=self._lower_both
        )

    def _lower_both(self) -> None:
        """Lowers both rates: a 429 does not say which limit was exceeded."""
        self._attached.lower()
        self._writes.lower()

    async def batch_progress(self, batch_id: str) -> BatchProgress:
        async def send() -> BatchProgress:
            return progress_of(await self._batches.retrieve(batch_id, vector_store_id=self.id), batch_id)

        return await self._in_store(f"asking for the batch {batch_id}", send)

    async def batch_entries(self, batch_id: str, status: str | None = None) -> list[StoreEntry]:
        """The entries of a batch; with `status`, only the entries of that status."""
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
        # Pages shift when entries are added or removed meanwhile, so two pages may show the same entry.
        return list({entry.file_id: entry async for page in self.pages() for entry in page}.values())

    async def pages(self, status: str | None = None) -> AsyncIterator[list[StoreEntry]]:
        """The pages of the listing, the oldest entries first; with `status`, only the entries of that status."""
        only: dict[str, Any] = {"filter": status} if status else {}
        try:
            async for page in pages(
                lambda send: self._in_store("listing the vector store", send),
                lambda after: self._files.list(self.id, limit=PAGE, order="asc", **only, **after),
                self._entry,
            ):
                yield page
        except Refused as error:
            raise unexpected_refusal("listing the vector store", error) from error

    async def newest_entries(self, file_ids: Collection[str]) -> dict[str, StoreEntry]:
        """The entries of these Files, looked for among the store's newest entries. Files without an entry are left out.

        The listing is read from the newest entry, and only as far as these Files' entries can be.
        """
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
                # A few entries of other runs may stand between ours, but not two whole pages.
                pages_without = 0 if seen.keys() & left else pages_without + 1
                left -= seen.keys()
                if not left or pages_without == 2:
                    break
        except Refused as error:
            raise unexpected_refusal("listing the newest entries", error) from error
        return found

    async def entry(self, file_id: str, *, listed: bool = False) -> StoreEntry | None:
        """The entry of a File; None when the store has no entry of that id.

        `listed`: the store has just been listed. Then it need not be looked up to know that the entry is gone, and not the store.
        """

        async def send() -> StoreEntry:
            found = self._entry(await self._files.retrieve(file_id, vector_store_id=self.id))
            check_id(file_id, found.file_id)
            return found

        try:
            what = f"looking up {file_id}"
            return await (self._api.ask(what, send) if listed else self._in_store(what, send))
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

        what = f"updating the attributes of {file_id}"
        await self._in_store(what, send, of_document=True, limited=self._writes.lower)

    async def remove(self, file_id: str) -> bool:
        """Detaches an entry, then deletes its File. An entry or File that does not exist any more is success. Raises Refused.

        False: the store had no such entry any more.

        The entry goes first: the store goes on listing an entry whose File was deleted first.
        """

        async def send() -> Any:
            self._still_ours()
            return deleted(await self._api.client.files.with_raw_response.delete(file_id), file_id)

        was_there = await self.detach(file_id)
        await unless_gone(self._api.ask(f"deleting {file_id}", send, of_document=True))
        return was_there

    async def detach(self, file_id: str) -> bool:
        """Takes an entry out of the store and keeps its File. Raises Refused.

        False: the store had no such entry any more before this was asked, which is success as well.
        """
        tries = 0

        async def send() -> Any:
            nonlocal tries
            async with self._writes.admit():
                self._still_ours()
                tries += 1
                return deleted(await self._files.with_raw_response.delete(file_id, vector_store_id=self.id), file_id)

        what = f"detaching {file_id}"
        removed = await unless_gone(self._in_store(what, send, of_document=True, limited=self._writes.lower))
        return removed or tries > 1  # an earlier try, whose answer was lost, may have removed it

    async def check_answers(self) -> None:
        """Asks for the store, which takes no document. Raises the error that ends the run when the API does not answer."""
        await look_up(self._api, self.id)

    async def search(self, query: str, limit: int, filters: Mapping[str, Any] | None) -> list[Hit]:
        chosen: dict[str, Any] = {"filters": filters} if filters else {}

        async def send() -> list[Hit]:
            page = await self._api.client.vector_stores.search(self.id, query=query, max_num_results=limit, **chosen)
            return [hit_of(item) for item in items_of(page)]

        return await self._in_store("searching", send)

    def _entry(self, item: Any) -> StoreEntry:
        return store_entry_of(item, self._api.secrets)

    async def _in_store(
        self,
        what: str,
        send: Callable[[], Awaitable[T]],
        *,
        once: bool = False,
        of_document: bool = False,
        limited: Callable[[], None] = lambda: None,
    ) -> T:
        """Sends a request about this store. When a refusal may be about the store itself, looks it up, and so raises StoreGone."""
        try:
            return await self._api.ask(what, send, once=once, of_document=of_document, limited=limited)
        except Refused as error:
            if not_there(error) or says_expired(error):
                await look_up(self._api, self.id)
            raise
