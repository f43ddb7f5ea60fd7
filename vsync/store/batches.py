"""The batches of a project: listed, looked up, created, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vsync.errors import ApiUnavailable
from vsync.store.answers import check_id
from vsync.store.api_errors import Refused, answered, unexpected_refusal
from vsync.store.batch_info import BatchInfo, batch_info_of, listed_batch_of
from vsync.store.batch_permission import permission_named
from vsync.store.client import Api
from vsync.store.pages import PAGE, pages
from vsync.store.refusals import is_unknown_file, not_there
from vsync.system.retry import backoff

_NO_SUCH_FUNCTION = {404, 405, 501}

_TRIES_OF_A_NEW_FILE = 7
"""How often a batch is asked for whose input File the API does not know. The waits between take about 20 seconds."""


class Batches:
    """The batches of a project. Every method ends with a VsyncError when the run cannot go on."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._batches = api.client.batches

    async def list(self) -> list[BatchInfo]:
        """Every batch once, in the order of the listing: the API shows the newest first.

        A batch that stays hidden would be made and paid again, so a listing that may not be whole ends the run. What is no
        batch, and nothing of vsync, is left out.
        """
        found: dict[str, BatchInfo] = {}
        what = "listing the batches"
        try:
            with permission_named():
                # Pages shift when batches are made meanwhile, so two pages may show the same batch.
                async for page in pages(
                    lambda send: self._api.ask(what, send),
                    lambda after: self._batches.list(limit=PAGE, **after),
                    lambda item: listed_batch_of(item, self._api.secrets),
                    costly=True,
                ):
                    found.update({info.id: info for info in page if info is not None})
        except Refused as error:
            if error.status in _NO_SUCH_FUNCTION:
                raise answered(
                    ApiUnavailable(
                        f"Listing the batches was refused ({error.status}): {error.message.rstrip('.')}.",
                        "The server may have no Batch API. An address usually ends in /v1: check OPENAI_BASE_URL.",
                    ),
                    error,
                ) from error
            raise unexpected_refusal(what, error) from error
        return [*found.values()]

    async def get(self, batch_id: str) -> BatchInfo | None:
        """The batch of that id; None when there is none. Raises Refused."""
        try:
            with permission_named():
                return await self._api.ask(f"looking up the batch {batch_id}", lambda: self._look_up(batch_id))
        except Refused as error:
            if not_there(error):
                return None
            raise

    async def create(self, *, input_file_id: str, endpoint: str, window: str, metadata: Mapping[str, str]) -> BatchInfo:
        """A new batch: one that costs money, so no request is sent again whose answer is lost.

        Raises AnswerLost: then the caller must ask the listing whether the batch was made. Raises Refused when the API makes none.
        For some seconds the API may not know a File that was just uploaded. It says so and makes no batch, so it is asked again.
        """
        # The SDK's types name the endpoints of its own version.
        given: Any = {"endpoint": endpoint, "completion_window": window, "metadata": dict(metadata)}

        async def send() -> BatchInfo:
            return self._info(await self._batches.create(input_file_id=input_file_id, **given))

        with permission_named():
            for attempt in range(_TRIES_OF_A_NEW_FILE):
                try:
                    return await self._api.ask(f"creating the batch of {input_file_id}", send, once=True)
                except Refused as error:
                    if not is_unknown_file(error) or attempt + 1 == _TRIES_OF_A_NEW_FILE:
                        raise
                await self._api.sleep(backoff(attempt))
        raise AssertionError("the last try returns or raises")

    async def cancel(self, batch_id: str) -> BatchInfo:
        """Asks for the end of a batch, and gives its state: the API goes on for some minutes, or the batch had ended before.

        Raises Refused, also when there is no such batch.
        """
        import openai

        async def send() -> BatchInfo:
            try:
                found = self._info(await self._batches.cancel(batch_id))
            except (openai.BadRequestError, openai.ConflictError):
                # The API refuses to cancel what has ended, or ends already. By the state nobody needs to read its words.
                found = await self._look_up(batch_id)
                if not (found.ended or found.status == "cancelling"):
                    raise
            check_id(batch_id, found.id)
            return found

        with permission_named():
            return await self._api.ask(f"cancelling the batch {batch_id}", send)

    async def _look_up(self, batch_id: str) -> BatchInfo:
        found = self._info(await self._batches.retrieve(batch_id))
        check_id(batch_id, found.id)
        return found

    def _info(self, item: Any) -> BatchInfo:
        return batch_info_of(item, self._api.secrets)
