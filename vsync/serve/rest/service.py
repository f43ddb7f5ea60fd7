"""What the calls work with."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request

from vsync.manage.each import Working
from vsync.serve.rest.access_log import Call
from vsync.serve.rest.clients import Clients
from vsync.serve.rest.exchange import call_of, caller_in
from vsync.serve.rest.limits import Limits
from vsync.serve.rest.offered_batches import OfferedBatches
from vsync.store.client import Api
from vsync.store.rate_limit import Rates
from vsync.system.stop import Stop


class Session(NamedTuple):
    """One call's way to the API."""

    api: Api
    rates: Rates
    working: Working
    call: Call


@dataclass(frozen=True, slots=True)
class Service:
    """What all calls share.

    | field | meaning |
    | --- | --- |
    | `priced` | the API is OpenAI's own, so its prices hold |
    | `batches` | the request files that the operator offers; None: there are none |
    """

    clients: Clients
    limits: Limits
    stop: Stop
    concurrency: int = 16
    priced: bool = False
    batches: OfferedBatches | None = None

    @contextlib.asynccontextmanager
    async def session(self, request: Request) -> AsyncIterator[Session]:
        """The caller's way to the API, for the time of its call."""
        async with self.clients.of(caller_in(request.scope)) as client:
            working = Working(stop=self.stop, concurrency=self.concurrency)
            yield Session(client.api, client.rates, working, call_of(request.scope))
