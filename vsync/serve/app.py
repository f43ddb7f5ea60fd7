"""The embedded store over HTTP: carries requests and responses, and knows nothing of the API itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
from typing import IO
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vsync.embedded import EmbeddedStore, Request, Response
from vsync.embedded.messages import MAX_BODY_BYTES, PIECE_BYTES, ApiError, too_large

_log = logging.getLogger(__name__)


def create_app(store: EmbeddedStore, api_key: str | None = None) -> FastAPI:
    """The API under `/v1`. Without a key every bearer will do, but one there must be.

    So no web page can use a store on its reader's machine: a browser does not send that header unasked.
    """
    app = FastAPI(title="vsync embedded store", openapi_url=None)
    app.mount("/v1", _Endpoint(store, api_key))
    return app


class _Endpoint:
    def __init__(self, store: EmbeddedStore, api_key: str | None) -> None:
        self._store = store
        self._api_key = api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            self._authorize(request)
            with tempfile.SpooledTemporaryFile(PIECE_BYTES) as body:
                await _spool(request, body)
                return _carried(await asyncio.to_thread(self._store.handle, _value_of(request, body)))
        except ApiError as error:
            return _carried(error.response())
        except OSError:
            _log.exception("%s %r could not be received", request.method, request.url.path)
            return _carried(ApiError(500, "The request could not be received.").response())

    def _authorize(self, request: HttpRequest) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError(401, "You didn't provide an API key.", code="missing_api_key")
        if self._api_key is not None and not secrets.compare_digest(token.strip().encode(), self._api_key.encode()):
            raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")


async def _spool(request: HttpRequest, body: IO[bytes]) -> None:
    async for part in request.stream():
        if body.tell() + len(part) > MAX_BODY_BYTES:
            raise too_large(f"The request body is larger than {MAX_BODY_BYTES} bytes.")
        body.write(part)
    body.seek(0)


def _value_of(request: HttpRequest, body: IO[bytes]) -> Request:
    return Request(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        query=parse_qs(request.url.query, keep_blank_values=True),
        headers=dict(request.headers),
        body=iter(lambda: body.read(PIECE_BYTES), b""),
    )


def _carried(response: Response) -> HttpResponse:
    # The server stamps the time itself; twice would be none, since clients cannot read a list of dates.
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    if isinstance(response.body, bytes):
        return HttpResponse(response.body, response.status, headers)
    return StreamingResponse(response.body, response.status, headers)
