"""The project's Files: listed, looked up, deleted; and whether a vector store lists a File."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from vsync.store.answers import check_id, id_of, uploaded_file_of
from vsync.store.api_errors import Refused, unexpected_refusal
from vsync.store.client import Api
from vsync.store.deleting import delete
from vsync.store.entries import UploadedFile
from vsync.store.pages import PAGE, pages
from vsync.store.rate_limit import Rates
from vsync.store.refusals import not_there, says_expired

PURPOSE = "assistants"
_PAGE_OF_NEW_FILES = 1_000
_PAGE_OF_ALL_FILES = 10_000
"""The largest page that the API allows."""


class Files:
    """The Files of a project. Without `rates`, deletes keep the API's own limits as far as these are known."""

    def __init__(self, api: Api, rates: Rates | None = None) -> None:
        self._api = api
        self._deletes = (rates or Rates()).deletes

    async def since(self, time: int, purpose: str = PURPOSE) -> list[UploadedFile]:
        """The Files of that purpose made at that time or later. The newest come first, and the pages of older Files are not asked for."""
        found: dict[str, UploadedFile] = {}
        client = self._api.client.files
        size = _PAGE_OF_NEW_FILES if time > 0 else _PAGE_OF_ALL_FILES
        try:
            async for page in pages(
                lambda send: self._api.ask("listing the Files", send),
                lambda after: client.list(purpose=purpose, limit=size, order="desc", **after),
                uploaded_file_of,
                size=size,
            ):
                found.update({file.id: file for file in page if file.created_at >= time})
                if page[-1].created_at < time:
                    break
        except Refused as error:
            raise unexpected_refusal("listing the Files", error) from error
        return list(found.values())

    async def all(self) -> dict[str, UploadedFile]:
        """Every File by its id, whatever its purpose."""
        return {file.id: file async for page in self.pages() for file in page}

    async def pages(self, purpose: str | None = None) -> AsyncIterator[list[UploadedFile]]:
        """The pages of the listing; with `purpose`, of the Files of that purpose. Two pages may show the same File."""
        only: dict[str, Any] = {} if purpose is None else {"purpose": purpose}
        client = self._api.client.files
        try:
            async for page in pages(
                lambda send: self._api.ask("listing the Files", send),
                lambda after: client.list(limit=_PAGE_OF_ALL_FILES, **only, **after),
                uploaded_file_of,
                size=_PAGE_OF_ALL_FILES,
            ):
                yield page
        except Refused as error:
            raise unexpected_refusal("listing the Files", error) from error

    async def names(self) -> dict[str, str]:
        """The name of every File by its id, whatever its purpose."""
        return {file_id: file.filename for file_id, file in (await self.all()).items()}

    async def exists(self, file_id: str) -> bool:
        """Whether there is a File of that id."""
        try:
            return await self.find(file_id) is not None
        except Refused as error:
            raise unexpected_refusal(f"looking up {file_id}", error) from error

    async def find(self, file_id: str) -> UploadedFile | None:
        """The File of that id; None when there is none. Raises Refused."""

        async def send() -> UploadedFile:
            found = uploaded_file_of(await self._api.client.files.retrieve(file_id))
            check_id(file_id, found.id)
            return found

        try:
            return await self._api.ask(f"looking up {file_id}", send)
        except Refused as error:
            if not_there(error):
                return None
            raise

    async def is_in(self, store_id: str, file_id: str) -> bool:
        """Whether a store lists the File: one request. A store that does not exist any more lists nothing. Raises Refused."""
        files = self._api.client.vector_stores.files
        try:
            await self._api.ask(
                f"looking for {file_id} in {store_id}", lambda: files.retrieve(file_id, vector_store_id=store_id)
            )
        except Refused as error:
            if not_there(error):
                return False
            raise
        return True

    async def listed_in(self, store_id: str) -> set[str]:
        """The ids of all Files that a store lists. A store that does not exist any more lists nothing. Raises Refused."""
        found: set[str] = set()
        files = self._api.client.vector_stores.files
        try:
            async for page in pages(
                lambda send: self._api.ask(f"listing {store_id}", send),
                lambda after: files.list(store_id, limit=PAGE, order="asc", **after),
                id_of,
            ):
                found.update(page)
        except Refused as error:
            if not (not_there(error) or says_expired(error)):
                raise
            return set()
        return found

    async def delete(self, file_id: str) -> bool:
        """Deletes a File. Raises Refused.

        False: there was no such File any more before this was asked, which is success as well.
        """
        request = self._api.client.files.with_raw_response.delete
        what = f"deleting {file_id}"
        return await delete(self._api, what, file_id, request, self._deletes)
