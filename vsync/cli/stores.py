"""`vsync stores`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from vsync.cli import completers
from vsync.cli.context import Context, connection_of, pass_context, resolved
from vsync.cli.environment import refuse_in_dry_run
from vsync.cli.headings import HeadedCommand
from vsync.cli.options import WithArgument, stores_options
from vsync.cli.terminal import put
from vsync.config.origin import origin

if TYPE_CHECKING:
    from vsync.store.client import Api
    from vsync.store.connect import IfMissing
    from vsync.store.entries import StoreInfo


@click.group("stores")
def stores_group() -> None:
    """List, create and show vector stores."""


@stores_group.command("list", cls=HeadedCommand)
@stores_options
@pass_context
def stores_list(context: Context, /, as_json: bool, **options: Any) -> None:
    """List the vector stores of the project."""

    async def question(api: Api) -> list[Any]:
        from vsync.store.stores import Stores

        return await Stores(api).list()

    found = _with_stores(context, options, question, if_missing="refuse")
    _show_stores(found, as_json=as_json)
    _remember(context, options, found)


@stores_group.command("show", cls=WithArgument)
@stores_options
@click.argument("store", metavar="ID|NAME", shell_complete=completers.stores)
@pass_context
def stores_show(context: Context, /, store: str, as_json: bool, **options: Any) -> None:
    """Show one vector store, by its id or its name."""

    async def question(api: Api) -> Any:
        from vsync.manage.find_store import find_store
        from vsync.store.stores import Stores

        return await find_store(Stores(api), store)

    _show_stores(_with_stores(context, options, question, if_missing="refuse"), as_json=as_json)


@stores_group.command("create", cls=WithArgument)
@stores_options
@click.argument("name")
@pass_context
def stores_create(context: Context, /, name: str, as_json: bool, **options: Any) -> None:
    """Create a vector store.

    To sync into it, give its id with --vector-store-id: a name alone does not prove that a store is yours.
    """
    refuse_in_dry_run(context.environ, "creates no store", "Unset the variable.")

    async def question(api: Api) -> Any:
        from vsync.store.stores import Stores

        return await Stores(api).create(name)

    _show_stores(_with_stores(context, options, question, if_missing="make"), as_json=as_json)


def _with_stores(
    context: Context, options: dict[str, Any], question: Callable[[Api], Any], *, if_missing: IfMissing
) -> Any:
    from vsync.store.session import ask
    from vsync.sync.workspace import embedded_file_of

    settings = resolved(context, options)
    return ask(
        connection_of(context, settings, embedded_file_of(settings, context.trusted), if_missing=if_missing), question
    )


def _remember(context: Context, options: dict[str, Any], found: list[StoreInfo]) -> None:
    """Keeps the listed stores for the shell's completion. A job of a workflow has no shell to complete."""
    from vsync.manage.listed_stores import ListedStore, cache_file, remember
    from vsync.sync.workspace import embedded_file_of

    file = cache_file(
        context.environ, context.credentials, embedded_file_of(resolved(context, options), context.trusted)
    )
    if file is not None and not origin(context.environ).in_workflow:
        remember(file, [ListedStore(info.id, info.name or "") for info in found])


def _show_stores(found: Any, *, as_json: bool) -> None:
    from vsync.manage.stores import store_data, store_lines

    if as_json:
        data = [store_data(info) for info in found] if isinstance(found, list) else store_data(found)
        put(sys.stdout, json.dumps(data, ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(store_lines(found if isinstance(found, list) else [found])))
