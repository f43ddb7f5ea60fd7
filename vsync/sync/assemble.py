"""From settings to all that a run of one target takes. Both composition roots use it; it reads no environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vsync.auth.api_address import api_address
from vsync.auth.credentials import Credentials
from vsync.config.origin import Origin
from vsync.config.settings import Settings
from vsync.config.targets import Target
from vsync.plan.check_rules import check_patterns
from vsync.report.observer import Observer
from vsync.source.base import Source
from vsync.state.journal import Journal
from vsync.state.journal_key import JournalKey
from vsync.store.connect import IfMissing, connector, missing
from vsync.store.rate_limit import Rates, make_rates
from vsync.sync.context import RunContext
from vsync.sync.ports import Ports
from vsync.sync.target_state import open_publication, place_of, unread_manifest
from vsync.sync.workspace import Workspace
from vsync.system.stop import Stop

if TYPE_CHECKING:
    from vsync.auth.identity_token import TokenSource
    from vsync.system.secrets import Secrets


def _journal(settings: Settings, workspace: Workspace, note: Callable[[str], None]) -> Journal:
    place = place_of(settings, workspace)
    where = f"{place.key}\0{settings.manifest_branch}\0{'remote' if workspace.remote else 'local'}"
    key = f"{settings.target.name}-{hashlib.sha256(os.fsencode(where)).hexdigest()[:8]}"
    there = os.fsdecode(os.path.realpath(place.seal_folder))
    return Journal(place.seal_folder, key, note, JournalKey(workspace.state_home, workspace.root, f"{there}\0{key}"))


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
    if_missing: IfMissing = "make",
    check_network: Callable[[], None] = lambda: None,
) -> Assembled:
    """All that a run of one target takes.

    `branch` is the branch whose push started the run. `token`, `secrets` and `if_missing` are as for `connector`. `rates`
    are those of the run's other targets. `check_network` is asked before a connection to an API is made.
    """
    base = workspace.repository.resolve(settings.base, "base") if settings.base and workspace.repository else None
    target = target_in(workspace, settings, credentials)
    source = workspace.reaching(workspace.source, target)
    check_patterns(source, target.rules, str(workspace.root))
    ports = Ports(
        source=source,
        publication=open_publication(settings, workspace, observer.note),
        connect=connector(
            credentials,
            concurrency=settings.concurrency,
            embedded=workspace.embedded,
            if_missing="empty" if dry_run else if_missing,
            log=observer.note,
            stop=stop,
            token=token,
            secrets=secrets,
        ),
        missing=missing(credentials, token, in_workflow=origin.in_workflow),
        check_network=check_network if workspace.embedded is None else lambda: None,
        embedded=workspace.embedded,
        journal=_journal(settings, workspace, observer.note),
        rates=rates
        or make_rates(
            settings.uploads_per_minute,
            settings.writes_per_minute,
            pause=stop.pause,
            note=observer.note,
            unlimited=workspace.embedded is not None,
        ),
        at=partial(_at, workspace, target),
        origin_refs=workspace.origin_refs,
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
        unread_manifest=unread_manifest(settings, workspace),
        shallow=workspace.repository is None or workspace.repository.is_shallow,
    )
    return Assembled(target, ports, context)


def _at(workspace: Workspace, target: Target, commit: str) -> Source | None:
    source = workspace.at(commit)
    return None if source is None else workspace.reaching(source, target)


def target_in(workspace: Workspace, settings: Settings, credentials: Credentials) -> Target:
    """The target of the settings, with the source's name, the API's address, and the paths that vsync itself uses there."""
    rules = replace(settings.target.rules, reserved=_reserved(settings, workspace))
    api = api_address(credentials, embedded=workspace.embedded is not None)
    return replace(settings.target, source=workspace.identity.name, api=api, rules=rules, repository=workspace.page)


def _reserved(settings: Settings, workspace: Workspace) -> tuple[str, ...]:
    """The paths of vsync's own files in the source. A folder ends in a slash."""
    manifest, embedded, root = place_of(settings, workspace).manifest, workspace.embedded, workspace.root
    files = [*([manifest] if manifest is not None else []), *(embedded.files if embedded is not None else ())]
    names = [file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)]
    if embedded is not None and embedded.seal_folder.is_relative_to(root):
        names.append(f"{embedded.seal_folder.relative_to(root).as_posix()}/")
    return tuple(names)
