"""The vector stores of a project: listed, looked up, created, opened."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from vsync.state.journal import Journal
from vsync.store.answers import check_id, store_info_of
from vsync.store.api_errors import AnswerLost, Refused, unexpected_refusal
from vsync.store.client import Api
from vsync.store.deleting import delete
from vsync.store.entries import METADATA_NONCE, StoreInfo
from vsync.store.lookup import look_up
from vsync.store.pages import PAGE, pages
from vsync.store.rate_limit import Rates
from vsync.store.refusals import not_there
from vsync.store.send_once import send_once
from vsync.store.vector_store import VectorStore


class Stores:
    """The vector stores of a project. Without `rates`, deletes keep the API's own limits as far as these are known."""

    def __init__(self, api: Api, rates: Rates | None = None) -> None:
        self._api = api
        self._deletes = (rates or Rates()).deletes

    async def list(self) -> list[StoreInfo]:
        """Every store once."""
        # Pages shift when stores are made or deleted meanwhile, so two pages may show the same store.
        return list({info.id: info async for page in self.pages() for info in page}.values())

    async def pages(self) -> AsyncIterator[Sequence[StoreInfo]]:
        """The pages of the listing, the oldest stores first. Two pages may show the same store."""
        client = self._api.client.vector_stores
        try:
            async for page in pages(
                lambda send: self._api.ask("listing the vector stores", send),
                lambda after: client.list(limit=PAGE, order="asc", **after),
                store_info_of,
            ):
                yield page
        except Refused as error:
            raise unexpected_refusal("listing the vector stores", error) from error

    def all_but(self, store_id: str) -> Callable[[], Awaitable[Sequence[StoreInfo]]]:
        """The question for all other stores."""

        async def others() -> Sequence[StoreInfo]:
            return [info for info in await self.list() if info.id != store_id]

        return others

    async def ids(self) -> Sequence[str]:
        return [info.id for info in await self.list()]

    async def ask_anything(self) -> None:
        """The smallest request there is. Its answer tells the server's time."""
        what = "asking for the time"
        try:
            await self._api.ask(what, lambda: self._api.client.vector_stores.list(limit=1))
        except Refused as error:
            raise unexpected_refusal(what, error) from error

    async def get(self, store_id: str) -> StoreInfo:
        """The store of that id. Raises StoreGone when it does not exist or has expired."""
        return await look_up(self._api, store_id)

    async def find(self, store_id: str) -> StoreInfo | None:
        """The store of that id, expired or not; None when there is none. Raises Refused."""

        async def send() -> StoreInfo:
            found = store_info_of(await self._api.client.vector_stores.retrieve(store_id))
            check_id(store_id, found.id)
            return found

        try:
            return await self._api.ask(f"looking up the vector store {store_id}", send)
        except Refused as error:
            if not_there(error):
                return None
            raise

    async def create(
        self,
        name: str,
        metadata: Mapping[str, str] | None = None,
        *,
        description: str | None = None,
        expires_after_days: int | None = None,
    ) -> StoreInfo:
        """A new store. A nonce in its metadata finds it again when the answer is lost.

        The nonce is the store's secret as well, with which manifests are signed (`state.signature`).
        """
        more: dict[str, Any] = {} if description is None else {"description": description}
        if expires_after_days is not None:
            more["expires_after"] = {"anchor": "last_active_at", "days": expires_after_days}
        nonce = secrets.token_hex(16)
        self._api.secrets.add(nonce)  # it signs manifests, and the SDK's log shows what is sent
        what = f"creating the vector store {name!r}"
        marked = {**(metadata or {}), METADATA_NONCE: nonce}
        sent_again = False

        async def send() -> StoreInfo:
            return store_info_of(await self._api.client.vector_stores.create(name=name, metadata=marked, **more))

        async def find_again() -> StoreInfo | None:
            nonlocal sent_again
            made = await self._with_nonce(nonce)
            sent_again = not made
            return made[0] if made else None

        try:
            info = await send_once(lambda: self._api.ask(what, send, once=True), find_again, wait=self._api.sleep)
        except Refused as error:
            raise unexpected_refusal(what, error) from error
        except AnswerLost as lost:
            raise lost.error from lost
        if sent_again:
            # The listing may have been too old to show the store of the lost request.
            await self._delete_twins(info, nonce)
        return info

    async def _with_nonce(self, nonce: str) -> Sequence[StoreInfo]:
        found = [info for info in await self.list() if info.metadata.get(METADATA_NONCE) == nonce]
        return sorted(found, key=lambda info: (info.created_at, info.id))

    async def _delete_twins(self, made: StoreInfo, nonce: str) -> None:
        """Deletes the other, empty stores that the requests for this store made."""
        twins = [twin.id for twin in await self._with_nonce(nonce) if twin.id != made.id and twin.files == 0]
        for twin in twins:
            await self.delete(twin)

    async def set_expiry(self, store_id: str, days: int) -> StoreInfo:
        """Has the store expire after so many days without use. Raises ApiRefused."""
        what = f"setting when the vector store {store_id} expires"

        async def send() -> StoreInfo:
            expiry: Any = {"anchor": "last_active_at", "days": days}
            return store_info_of(await self._api.client.vector_stores.update(store_id, expires_after=expiry))

        try:
            return await self._api.ask(what, send)
        except Refused as error:
            raise unexpected_refusal(what, error) from error

    async def delete(self, store_id: str) -> bool:
        """Deletes a store. Its Files stay. Raises Refused.

        False: there was no such store any more before this was asked, which is success as well.
        """
        request = self._api.client.vector_stores.with_raw_response.delete
        what = f"deleting the vector store {store_id}"
        return await delete(self._api, what, store_id, request, self._deletes)

    def open(
        self,
        store_id: str,
        rates: Rates | None = None,
        journal: Journal | None = None,
        still_ours: Callable[[], None] = lambda: None,
    ) -> VectorStore:
        """A store to work on. No request is made.

        | argument | meaning |
        | --- | --- |
        | `rates` | the rate limits to keep. Without them only the API's own limits hold: enough for reading |
        | `journal` | where uploads are recorded. Without it they are kept in memory only |
        | `still_ours` | called right before each request that attaches, changes or deletes; raises when another run has taken over |
        """
        return VectorStore(self._api, store_id, rates or Rates(), journal or Journal(), still_ours)
