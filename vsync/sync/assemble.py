"""From settings to all that a run of one target takes. Both composition roots use it; it reads no environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.config.settings import Settings
from vsync.config.targets import Target
from vsync.report.observer import Observer
from vsync.state.journal import Journal
from vsync.store.connect import connector, missing
from vsync.store.rate_limit import Rates, make_rates
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.workspace import Workspace, manifest_name, manifest_path, open_publication, seal_folder
from vsync.system.stop import Stop

if TYPE_CHECKING:
    from vsync.auth.identity_token import TokenSource
    from vsync.system.secrets import Secrets


def _journal(settings: Settings, workspace: Workspace, note: Callable[[str], None]) -> Journal:
    name = manifest_name(settings, manifest_path(settings, workspace.root), workspace.root)
    where = f"{name}\0{settings.manifest_branch}\0{'remote' if workspace.remote else 'local'}"
    key = f"{settings.target.name}-{hashlib.sha256(os.fsencode(where)).hexdigest()[:8]}"
    return Journal(seal_folder(settings, workspace), key, note)


class Assembled(NamedTuple):
    """All that a run of one target takes."""

    target: Target
    ports: Ports
    context: RunContext


def assemble(
    settings: Settings,
    credentials: Credentials,
    origin: Origin,
    workspace: Workspace,
    observer: Observer,
    stop: Stop,
    *,
    dry_run: bool,
    branch: str | None = None,
    token: TokenSource | None = None,
    secrets: Secrets | None = None,
    rates: Rates | None = None,
) -> Assembled:
    """All that a run of one target takes.

    `branch` is the branch whose push started the run. `token` and `secrets` are as for `connector`. `rates` are those
    of the run's other targets.
    """
    base = workspace.repository.resolve(settings.base, "base") if settings.base and workspace.repository else None
    target = target_in(workspace, settings)
    ports = Ports(
        source=workspace.source,
        publication=open_publication(settings, workspace, observer.note),
        connect=connector(
            credentials,
            concurrency=settings.concurrency,
            local=settings.local,
            root=workspace.root,
            log=observer.note,
            stop=stop,
            token=token,
            secrets=secrets,
        ),
        missing=missing(credentials, token),
        journal=_journal(settings, workspace, observer.note),
        rates=rates
        or make_rates(settings.uploads_per_minute, settings.writes_per_minute, pause=stop.pause, note=observer.note),
        at=workspace.at,
    )
    context = RunContext(
        settings,
        workspace.identity,
        origin,
        observer,
        stop,
        branch=target.branch or branch,
        base=base,
        dry_run=dry_run,
        warnings=workspace.warnings,
    )
    return Assembled(target, ports, context)


def target_in(workspace: Workspace, settings: Settings) -> Target:
    """The target of the settings, with the name of the open source and the paths that vsync itself uses there."""
    rules = replace(settings.target.rules, reserved=_reserved(settings, workspace.root))
    return replace(settings.target, source=workspace.identity.name, rules=rules)


def _reserved(settings: Settings, root: Path) -> tuple[str, ...]:
    manifest = manifest_path(settings, root)
    if manifest is None or not manifest.is_relative_to(root):
        return ()
    return (manifest.relative_to(root).as_posix(),)
