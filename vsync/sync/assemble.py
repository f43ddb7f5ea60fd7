"""From settings to a job: opens the source, finds manifest and seal, and prepares the way to the store.

Both composition roots use it. It reads no environment; what it opens, `Place.close()` closes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.config.settings import DEFAULT_LOCAL_STORE, NO_MANIFEST, Settings
from vsync.documents.document import Recipe
from vsync.documents.selection import Rules
from vsync.errors import ConfigurationError
from vsync.plan.scan import Brief
from vsync.report.observer import Observer
from vsync.state.journal import Journal
from vsync.store.rate_limit import Rates
from vsync.sync.run import Connect, Job
from vsync.sync.workspace import Place, manifest_name, manifest_path, open_publication, seal_folder
from vsync.system.atomic_write import give_to_owner_of, keep_out_of_git
from vsync.system.stop import Stop

if TYPE_CHECKING:
    from vsync.auth.identity_token import TokenSource
    from vsync.embedded import EmbeddedStore
    from vsync.errors import MissingCredentials
    from vsync.store.client import Api
    from vsync.system.secrets import Secrets


def _journal(settings: Settings, place: Place, note: Callable[[str], None]) -> Journal:
    name = manifest_name(settings, manifest_path(settings, place.root), place.root)
    where = f"{name}\0{settings.manifest_branch}\0{'remote' if place.remote else 'local'}"
    key = f"{settings.target}-{hashlib.sha256(os.fsencode(where)).hexdigest()[:8]}"
    return Journal(seal_folder(settings, place), key, note)


def make_job(
    settings: Settings,
    credentials: Credentials,
    origin: Origin,
    place: Place,
    observer: Observer,
    stop: Stop,
    *,
    dry_run: bool,
    token: TokenSource | None = None,
    secrets: Secrets | None = None,
    rates: Rates | None = None,
) -> Job:
    """The job of one target. `token` and `secrets` as for `connector`; `rates` are those of the run's other targets."""
    base = place.repository.resolve(settings.base, "base") if settings.base and place.repository else None
    recipe = Recipe(place.identity.name, settings.target, settings.attributes, settings.chunking)
    rules = Rules(settings.include, settings.exclude, settings.allow_secrets, reserved=_reserved(settings, place.root))
    return Job(
        settings=settings,
        brief=Brief(recipe, rules, settings.full, base),
        identity=place.identity,
        origin=origin,
        source=place.source,
        publication=open_publication(settings, place, observer.note),
        connect=connector(settings, credentials, place.root, observer.note, stop, token, secrets),
        observer=observer,
        stop=stop,
        dry_run=dry_run,
        keep_manifest=settings.manifest != NO_MANIFEST,
        branch=settings.branch,
        warnings=place.warnings,
        missing=missing(credentials, token),
        journal=_journal(settings, place, observer.note),
        rates=rates or make_rates(settings, stop, observer.note),
        at=place.at,
    )


_LONG_WAIT_S = 5.0


def make_rates(settings: Settings, stop: Stop, note: Callable[[str], None] = lambda text: None) -> Rates:
    """The rates of a run, which its targets share. `note` is told of long waits."""
    limits = f"per minute: uploads {settings.uploads_per_minute}, changes of a store {settings.writes_per_minute}"

    async def pause(wait_s: float) -> None:
        if wait_s > _LONG_WAIT_S:
            note(f"Waiting {wait_s:.0f} s for a rate limit ({limits}).")
        await stop.pause(wait_s)

    return Rates(
        uploads_per_minute=settings.uploads_per_minute,
        writes_per_minute=settings.writes_per_minute,
        sleep=pause,
    )


def _reserved(settings: Settings, root: Path) -> tuple[str, ...]:
    manifest = manifest_path(settings, root)
    if manifest is None or not manifest.is_relative_to(root):
        return ()
    return (manifest.relative_to(root).as_posix(),)


def connector(
    settings: Settings,
    credentials: Credentials,
    root: Path,
    log: Callable[[str], None] = lambda _: None,
    stop: Stop | None = None,
    token: TokenSource | None = None,
    secrets: Secrets | None = None,
) -> Connect | None:
    """How to reach the store; None when there is no way to authenticate. Nothing is opened or asked for yet.

    `token` gives the job's identity token, for keyless credentials; tokens that come are added to `secrets`.
    """
    if settings.local is not None:
        return lambda: _embedded(local_store_path(settings.local or "", root), settings, log, stop)
    if credentials.identity is None:
        if credentials.api_key is None:
            return None
    elif token is None or token.missing is not None:
        return None

    def connect() -> contextlib.AbstractAsyncContextManager[Api]:
        from vsync.store.client import connect

        return connect(
            credentials,
            concurrency=settings.concurrency,
            log=log,
            sleep=stop.pause if stop else None,
            stop=stop,
            subject_token=token,
            secrets=secrets,
        )

    return connect


def missing(credentials: Credentials, token: TokenSource | None) -> MissingCredentials | None:
    """Why keyless credentials cannot be used here; None when they can, or when there are none."""
    return token.missing if credentials.identity is not None and token is not None else None


def local_store_path(given: str, root: Path) -> Path:
    """The embedded store's file; the default one stands in the repository, kept out of git."""
    if given:
        return Path(given)
    folder = (root / DEFAULT_LOCAL_STORE).parent
    try:
        keep_out_of_git(folder)
    except OSError as error:
        raise ConfigurationError(
            f"The embedded store's folder {folder} cannot be made: {error.strerror}.",
            "Mend that, or give a file with --local (VSYNC_LOCAL).",
        ) from error
    return root / DEFAULT_LOCAL_STORE


def open_embedded(path: Path) -> EmbeddedStore:
    """The embedded store in that file."""
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
async def _embedded(
    path: Path, settings: Settings, log: Callable[[str], None], stop: Stop | None
) -> AsyncIterator[Api]:
    from vsync.embedded.transport import EmbeddedTransport
    from vsync.store.client import connect
    from vsync.store.poll_times import EMBEDDED

    store = open_embedded(path)
    try:
        async with connect(
            Credentials(),
            transport=EmbeddedTransport(store),
            concurrency=settings.concurrency,
            log=log,
            sleep=stop.pause if stop else None,
            stop=stop,
            poll_times=EMBEDDED,
        ) as api:
            yield api
    finally:
        store.close()
