"""`vsync stores`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from vsync.cli.context import Context, connection_of, pass_context, resolved
from vsync.cli.options import WithArgument, stores_options
from vsync.cli.terminal import put

if TYPE_CHECKING:
    from vsync.store.client import Api
    from vsync.store.connect import IfMissing


@click.group("stores")
def stores_group() -> None:
    """List, create and show vector stores."""


@stores_group.command("list")
@stores_options
@pass_context
def stores_list(context: Context, /, as_json: bool, **options: Any) -> None:
    """List the vector stores of the project."""

    async def question(api: Api) -> list[Any]:
        from vsync.store.stores import Stores

        return await Stores(api).list()

    _show_stores(_with_stores(context, options, question, if_missing="refuse"), as_json=as_json)


@stores_group.command("show", cls=WithArgument)
@stores_options
@click.argument("store_id")
@pass_context
def stores_show(context: Context, /, store_id: str, as_json: bool, **options: Any) -> None:
    """Show one vector store."""
    from vsync.store.store_id import check_store_id

    check_store_id(store_id, "The id")

    async def question(api: Api) -> Any:
        from vsync.errors import StoreGone
        from vsync.store.stores import Stores

        try:
            return await Stores(api).get(store_id)
        except StoreGone as error:
            raise StoreGone(error.message, "See `vsync stores list`.") from None

    _show_stores(_with_stores(context, options, question, if_missing="refuse"), as_json=as_json)


@stores_group.command("create", cls=WithArgument)
@stores_options
@click.argument("name")
@pass_context
def stores_create(context: Context, /, name: str, as_json: bool, **options: Any) -> None:
    """Create a vector store.

    To sync into it, give its id with --vector-store-id: a name alone does not prove that a store is yours.
    """

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
    return ask(connection_of(context, settings, embedded_file_of(settings), if_missing=if_missing), question)


def _show_stores(found: Any, *, as_json: bool) -> None:
    from vsync.manage.stores import store_data, store_lines

    if as_json:
        data = [store_data(info) for info in found] if isinstance(found, list) else store_data(found)
        put(sys.stdout, json.dumps(data, ensure_ascii=False, indent=2))
    else:
        put(sys.stdout, "\n".join(store_lines(found if isinstance(found, list) else [found])))
