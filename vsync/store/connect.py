"""How a run reaches its store: OpenAI's API, a compatible server, or the embedded store in a file."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from vsync.auth.credentials import Credentials
from vsync.errors import ConfigurationError, MissingCredentials
from vsync.system.atomic_write import give_to_owner_of, keep_out_of_git
from vsync.system.stop import Stop

if TYPE_CHECKING:
    from vsync.auth.identity_token import TokenSource
    from vsync.embedded import EmbeddedStore
    from vsync.store.client import Api
    from vsync.system.secrets import Secrets

DEFAULT_LOCAL_STORE = ".vsync/local.db"
"""The embedded store's file when none is named; it stands in the repository."""

Connect = Callable[[], AbstractAsyncContextManager["Api"]]


def connector(
    credentials: Credentials,
    *,
    concurrency: int,
    local: str | None,
    root: Path,
    log: Callable[[str], None] = lambda _: None,
    stop: Stop | None = None,
    token: TokenSource | None = None,
    secrets: Secrets | None = None,
) -> Connect | None:
    """A function that connects to the store; None when there is no way to authenticate. Nothing is opened or asked yet.

    | argument | meaning |
    | --- | --- |
    | `local` | the embedded store's file; empty: the default file below `root`; None: not the embedded store |
    | `log` | gets a line for each retry |
    | `token` | the source of the job's identity tokens, for keyless credentials |
    | `secrets` | new tokens are added to it |
    """
    if local is not None:
        return lambda: _connect_embedded(local_store_path(local, root), concurrency, log, stop)
    if credentials.identity is None:
        if credentials.api_key is None:
            return None
    elif token is None or token.missing is not None:
        return None

    def connect() -> AbstractAsyncContextManager[Api]:
        from vsync.store.client import connect

        return connect(
            credentials,
            concurrency=concurrency,
            log=log,
            sleep=stop.pause if stop else None,
            stop=stop,
            subject_token=token,
            secrets=secrets,
        )

    return connect


def missing(credentials: Credentials, token: TokenSource | None) -> MissingCredentials | None:
    """Why keyless credentials cannot be used here; None when they can be used, or when the credentials are not keyless."""
    return token.missing if credentials.identity is not None and token is not None else None


def local_store_path(given: str, root: Path) -> Path:
    """The embedded store's file. When none is given, the folder of the default file is made, and git ignores it."""
    if given:
        return Path(given)
    path = root / DEFAULT_LOCAL_STORE
    try:
        keep_out_of_git(path.parent)
    except OSError as error:
        raise ConfigurationError(
            f"The embedded store's folder {path.parent} cannot be made: {error.strerror}.",
            "Repair that, or name a file with --local (VSYNC_LOCAL).",
        ) from error
    return path


def open_embedded(path: Path) -> EmbeddedStore:
    """The embedded store in that file. The file is made when there is none."""
    from vsync.embedded import EmbeddedStore, EmbeddedStoreError

    try:
        store = EmbeddedStore(path)
    except EmbeddedStoreError as error:
        raise ConfigurationError(
            f"The embedded store cannot be opened: {error}.", "Check --local (VSYNC_LOCAL)."
        ) from error
    give_to_owner_of(path.parent, path)
    return store


@contextlib.asynccontextmanager
async def _connect_embedded(
    path: Path, concurrency: int, log: Callable[[str], None], stop: Stop | None
) -> AsyncIterator[Api]:
    from vsync.embedded.transport import EmbeddedTransport
    from vsync.store.client import connect
    from vsync.store.poll_times import EMBEDDED

    store = open_embedded(path)
    try:
        async with connect(
            Credentials(),
            transport=EmbeddedTransport(store),
            concurrency=concurrency,
            log=log,
            sleep=stop.pause if stop else None,
            stop=stop,
            poll_times=EMBEDDED,
        ) as api:
            yield api
    finally:
        store.close()
