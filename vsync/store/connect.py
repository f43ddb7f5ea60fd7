"""How a run reaches its store: OpenAI's API, a compatible server, or the embedded store in a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vsync.auth.credentials import Credentials
from vsync.errors import ConfigurationError, MissingCredentials
from vsync.store.embedded_file import EmbeddedFile
from vsync.system.atomic_write import give_to_owner_of
from vsync.system.stop import Stop

if TYPE_CHECKING:
    from vsync.auth.identity_token import TokenSource
    from vsync.embedded import EmbeddedStore
    from vsync.store.client import Api
    from vsync.system.secrets import Secrets

IfMissing = Literal["make", "refuse", "empty"]
"""What becomes of an embedded store whose file is not there: it is made, refused, or taken for an empty store."""

Connect = Callable[[], AbstractAsyncContextManager["Api"]]


def connector(
    credentials: Credentials,
    *,
    concurrency: int,
    embedded: EmbeddedFile | None,
    if_missing: IfMissing = "make",
    log: Callable[[str], None] = lambda _: None,
    stop: Stop | None = None,
    token: TokenSource | None = None,
    secrets: Secrets | None = None,
) -> Connect | None:
    """A function that connects to the store; None when there is no way to authenticate. Nothing is opened or asked yet.

    | argument | meaning |
    | --- | --- |
    | `embedded` | the embedded store's file; None: not the embedded store |
    | `if_missing` | what becomes of the embedded store when its file is not there |
    | `log` | gets a line for each retry |
    | `token` | the source of the job's identity tokens, for keyless credentials |
    | `secrets` | new tokens are added to it |
    """
    if embedded is not None:
        return lambda: _connect_embedded(embedded, if_missing, concurrency, log, stop)
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


def missing(
    credentials: Credentials, token: TokenSource | None = None, *, in_workflow: bool = False
) -> MissingCredentials:
    """What to say where there is no way to authenticate. Only on the command line the embedded store is a way out."""
    if credentials.identity is not None and token is not None and token.missing is not None:
        return token.missing
    if in_workflow:
        return MissingCredentials(
            "No OpenAI API key is given.",
            "Set the input openai-api-key (or OPENAI_API_KEY): the secret behind it may be missing or empty. "
            "Or use keyless access: identity-provider-id and service-account-id.",
        )
    return MissingCredentials(
        "No OpenAI API key is given.",
        "Set OPENAI_API_KEY, or use keyless access: OPENAI_IDENTITY_PROVIDER_ID and OPENAI_SERVICE_ACCOUNT_ID. "
        "To try without a key, use the embedded store: --local.",
    )


@contextlib.contextmanager
def opened_embedded(file: EmbeddedFile, if_missing: IfMissing = "make") -> Iterator[EmbeddedStore]:
    """The embedded store in that file."""
    if if_missing == "empty" and not file.path.exists():
        with (
            tempfile.TemporaryDirectory(prefix="vsync-") as folder,
            contextlib.closing(_open(Path(folder, "empty.db"))) as store,
        ):
            yield store
        return
    if if_missing == "make":
        file.make_folder()
    else:
        file.check_exists()
    with contextlib.closing(_open(file.path)) as store:
        yield store


def _open(path: Path) -> EmbeddedStore:
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
    file: EmbeddedFile, if_missing: IfMissing, concurrency: int, log: Callable[[str], None], stop: Stop | None
) -> AsyncIterator[Api]:
    from vsync.embedded.transport import EmbeddedTransport
    from vsync.store.client import connect
    from vsync.store.poll_times import EMBEDDED

    with opened_embedded(file, if_missing) as store:
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
