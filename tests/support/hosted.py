"""OpenAI's API without a network: requests to it reach an embedded store in this process.

A run believes that it speaks with OpenAI's API: its manifest is kept in the repository or on the remote, and its rates
hold. A run with a base URL goes to that address, and a run with `--local` to its own file.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from vsync.auth.credentials import Credentials
from vsync.embedded import EmbeddedStore
from vsync.embedded.transport import EmbeddedTransport
from vsync.store import client
from vsync.store.poll_times import EMBEDDED

BATCH_DELAY_S = 0.0
"""How long a batch runs: it has ended when somebody looks. A test that needs one under way sets another number."""


@contextlib.contextmanager
def hosted(db: Path | None) -> Iterator[None]:
    """Meanwhile the store in that file answers for OpenAI's API. None: nothing is changed."""
    connect = client.connect

    @contextlib.asynccontextmanager
    async def to_the_store(credentials: Credentials, **given: Any) -> AsyncIterator[client.Api]:
        elsewhere = credentials.base_url is not None or given.get("transport") is not None
        if db is None or credentials.api_key is None or elsewhere:
            async with connect(credentials, **given) as api:
                yield api
            return
        given["poll_times"] = EMBEDDED
        with contextlib.closing(EmbeddedStore(db, batch_delay_s=BATCH_DELAY_S)) as store:
            given["transport"] = EmbeddedTransport(store)
            async with connect(credentials, **given) as api:
                yield api

    with mock.patch.object(client, "connect", to_the_store):
        yield
