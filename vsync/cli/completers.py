"""What the shell offers for the values of options and arguments. Reads only this machine, and makes no request."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from vsync.cli.context import Context
    from vsync.config.settings import Settings
    from vsync.manage.listed_stores import ListedStore

_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST = 200


def folders(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="dir")]


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


def types(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The values of --types."""
    return _items((kind, None) for kind in ("documentation", "any") if kind.startswith(incomplete))


def targets(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The targets of the config; where it names none, those of the manifest."""
    settings = _settings(ctx)
    # Config and manifest are files that others may have written: only names that vsync itself accepts reach the shell.
    names = _configured(settings) or _recorded(settings)
    return _items((name, None) for name in names if _TARGET.fullmatch(name) and name.startswith(incomplete))


def _configured(settings: Settings) -> list[str]:
    """The names in the config of the working tree: it is the one that somebody types from. A broken one has none."""
    from vsync.config.config_parser import parse_config
    from vsync.config.settings import DEFAULT_CONFIG, NO_CONFIG
    from vsync.config.target_config import MOST_BYTES
    from vsync.errors import ConfigurationError
    from vsync.system.regular_file import read_file

    if settings.config == NO_CONFIG:
        return []
    path = _top(settings) / (settings.config or DEFAULT_CONFIG)
    with contextlib.suppress(OSError, ConfigurationError):
        config = parse_config(read_file(path, MOST_BYTES), path.name)
        return [entry.name for entry in config.targets] if config.named else []
    return []


def _recorded(settings: Settings) -> list[str]:
    content = _manifest(settings)
    data = json.loads(content) if content else {}
    return sorted(data.get("targets", {}))


def _top(settings: Settings) -> Path:
    from vsync.git.discovery import repository_at

    return Path(settings.folder) if settings.folder is not None else repository_at(Path(settings.repo).absolute())


def store_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the stores that were listed last."""
    return _items((store.name, store.id) for store in _stores(ctx) if store.name.startswith(incomplete))


def store_ids(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _items((store.id, store.name) for store in _stores(ctx) if store.id.startswith(incomplete))


def stores(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names and ids of the stores that were listed last."""
    return [*store_names(ctx, param, incomplete), *store_ids(ctx, param, incomplete)]


def _items(found: Iterable[tuple[str, str | None]]) -> list[CompletionItem]:
    """Values with what the shell shows beside them. The shells' scripts cannot take values with a comma or a line break."""
    usable = {value: beside for value, beside in found if value and value.isprintable() and "," not in value}
    return [
        CompletionItem(value, help=beside if beside and beside.isprintable() else None)
        for value, beside in list(usable.items())[:_MOST]
    ]


def _settings(ctx: click.Context) -> Settings:
    """The settings as far as they are typed."""
    from vsync.config.settings import resolve

    context: Context = ctx.obj
    names = ("repo", "folder", "config", "manifest", "manifest_branch", "local", "commit", "push")
    given = {name.replace("_", "-"): ctx.params.get(name) for name in names}
    return resolve(given, context.environ)


def _manifest(settings: Settings) -> bytes | None:
    """The manifest: the file, else what this clone knows of the remote's."""
    from vsync.sync.embedded_place import embedded_file_of
    from vsync.sync.state_place import state_place
    from vsync.system.regular_file import read_file

    root = _top(settings).resolve()
    place = state_place(settings, root, root / ".vsync", embedded_file_of(settings))
    if place.manifest is not None and place.manifest.is_file():
        return read_file(place.manifest)
    if settings.folder is not None or settings.local is not None or place.manifest is None:
        return None
    from vsync.git.repository import Repository

    with contextlib.closing(Repository(root)) as repository:
        return repository.file(f"refs/remotes/origin/{settings.manifest_branch}", place.name)


def _stores(ctx: click.Context) -> list[ListedStore]:
    from vsync.manage.listed_stores import cache_file, recall
    from vsync.sync.embedded_place import embedded_file_of

    context: Context = ctx.obj
    file = cache_file(context.environ, context.credentials, embedded_file_of(_settings(ctx)))
    return recall(file) if file is not None else []
