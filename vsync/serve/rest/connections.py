"""How the server reaches the API for a caller: OpenAI's API, a compatible server, or the embedded store."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

from vsync.auth.api_address import OPENAI_API, normalised
from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport
from vsync.report.markup import store_url
from vsync.serve.rest.call_traffic import CallTraffic
from vsync.serve.rest.caller import Caller
from vsync.serve.rest.clients import MOST, Clients
from vsync.store import client
from vsync.store.poll_times import EMBEDDED, SERVER
from vsync.store.rate_limit import Rates, make_rates
from vsync.system.secrets import Secrets
from vsync.system.stop import Stop

_ATTEMPTS, _BUDGET_S, _ANSWER_S = 4, 35.0, 30.0
"""A caller waits for its answer, so a request is given up sooner than in a run: when the API is silent, after two tries and a
minute."""


@dataclass(slots=True)
class Connections:
    """Opens clients. With `store` they speak with that store; else with `base_url`, or with OpenAI where it is None."""

    base_url: str | None
    store: EmbeddedStore | None
    concurrency: int
    stop: Stop
    _tls: ssl.SSLContext | None = None
    """The certificates that are trusted: read once, since that takes 15 ms."""

    def pool(self, calls: int) -> Clients:
        """The clients for at most so many calls at the same time: each of them may come with a key of its own."""
        import httpx2
        import openai as openai  # now, so that the first call does not wait for it

        if self.store is None:
            self._tls = httpx2.create_ssl_context()
        return Clients(self.connect, self.rates, most=max(calls, MOST))

    @property
    def priced(self) -> bool:
        """Whether the calls go to OpenAI's own API, so that its prices hold."""
        address = OPENAI_API if self.base_url is None else normalised(self.base_url)
        return (
            self.store is None and store_url(address, "vs_1") is not None
        )  # OpenAI's API has an address in each region

    def rates(self) -> Rates:
        return make_rates(None, None, self.stop.pause, unlimited=self.store is not None)

    @contextlib.asynccontextmanager
    async def connect(self, caller: Caller) -> AsyncIterator[client.Api]:
        credentials = caller.credentials(self.base_url)
        async with client.connect(
            credentials,
            transport=None if self.store is None else EmbeddedTransport(self.store),
            concurrency=self.concurrency,
            sleep=self.stop.pause,
            stop=self.stop,
            secrets=Secrets(caller.api_key),
            poll_times=SERVER if self.store is None else EMBEDDED,
            patience=client.Patience(_ATTEMPTS, _BUDGET_S, _ANSWER_S),
            traffic=CallTraffic(),
            tls=self._tls,
        ) as api:
            # The SDK would take these from the server's own environment.
            api.client.organization, api.client.project = credentials.organization, credentials.project
            yield api
